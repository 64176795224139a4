"""The manifest and docs/slack.md say what the program is and asks for."""

import json
import subprocess
import sys
from pathlib import Path

from bot.commands import AT_A_PROMPT, TABLE, Command
from bot.manifest import SCOPES, slack

ROOT = Path(__file__).parents[4]


def test_the_program_prints_it_as_json(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "manifest", "slack", "--url", "https://bot.example.org/"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"DRAMATURG_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert json.loads(done.stdout) == slack("https://bot.example.org")


def test_its_verbs_come_from_the_table_of_commands():
    told = slack()["display_information"]["long_description"]
    assert all(one.name in told for one in TABLE if one.name not in AT_A_PROMPT)
    told = slack(table=[Command("juggle", "", "Juggle.")])["display_information"]["long_description"]
    assert "juggle" in told


def test_it_keeps_slacks_limits():
    made = slack()
    assert len(made["display_information"]["description"]) <= 140
    assert 174 <= len(made["display_information"]["long_description"]) <= 4000
    assert len(made["features"]["agent_view"]["agent_description"]) <= 300
    assert len(made["features"]["slash_commands"][0]["usage_hint"]) <= 1000


def test_by_socket_it_names_no_address_and_over_http_the_same_one_everywhere():
    by_socket, over_http = slack(), slack("https://x.org")
    assert by_socket["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in json.dumps(by_socket)
    assert over_http["settings"]["socket_mode_enabled"] is False
    assert json.dumps(over_http).count("https://x.org/slack/events") == 3
    assert "tokens_revoked" in over_http["settings"]["event_subscriptions"]["bot_events"]


def test_the_docs_say_what_each_scope_is_for():
    told = (ROOT / "docs" / "slack.md").read_text("utf-8")
    assert [scope for scope, why in SCOPES.items() if f"| `{scope}` | {why} |" not in told] == []
