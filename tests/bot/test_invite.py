"""What Discord is asked for: the same in the docs, in the manifest and in the address that invites the bot."""

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.commands import AT_A_PROMPT, TABLE
from bot.commands.call import Mistaken
from bot.config import load
from bot.manifest import RIGHTS, discord, invite, manifest
from bot.surfaces.discord.table import commands

DOCS = (Path(__file__).parents[2] / "docs" / "discord.md").read_text("utf-8")
NAME = re.compile(r"[-_a-z0-9]{1,32}")


def test_the_docs_give_each_permission_and_what_for() -> None:
    rows = dict(re.findall(r"^\| ([A-Z][\w ]+) \| ([^|]+) \|$", DOCS, re.MULTILINE))
    assert {name: why for name, (_, why) in RIGHTS.items()} == {name: rows[name] for name in RIGHTS}


def test_the_docs_give_the_number_and_the_address_that_the_program_gives() -> None:
    assert DOCS.count(str(discord()["permissions"])) == 2
    assert invite("APPLICATION_ID") in DOCS


def test_the_address_asks_for_a_bot_with_commands_and_no_more_than_it_says() -> None:
    asked = parse_qs(urlsplit(invite("42")).query)
    assert asked["client_id"] == ["42"]
    assert asked["scope"] == ["bot applications.commands"]
    held = int(asked["permissions"][0])
    assert [bit for bit in range(64) if held >> bit & 1] == sorted(bit for bit, _ in RIGHTS.values())
    assert not held >> 3 & 1, "never an administrator"


def test_discord_is_told_of_every_verb_that_has_a_meaning_there_within_its_limits() -> None:
    told = {one["name"]: one for one in commands()}
    assert set(told) == {"story", *(one.name for one in TABLE if one.name not in AT_A_PROMPT)}
    assert len(told) <= 100
    for name, one in told.items():
        assert NAME.fullmatch(name)
        assert 1 <= len(one["description"]) <= 100
        required = [option["required"] for option in one["options"]]
        assert required == sorted(required, reverse=True), f"/{name}: what must be given comes first"
        for option in one["options"]:
            assert NAME.fullmatch(option["name"])
            assert 1 <= len(option["description"]) <= 100
            assert not (option.get("choices") and option.get("autocomplete"))


async def test_the_manifest_is_printed_for_the_platforms_there_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = load({}, folder=tmp_path, user=tmp_path)
    async with AsyncExitStack() as stack:
        assert await manifest(stack, config, platform="discord", url="") == 0
        assert json.loads(capsys.readouterr().out) == discord()
        with pytest.raises(Mistaken, match="not for teams"):
            await manifest(stack, config, platform="teams", url="")
