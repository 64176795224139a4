"""The log is one JSON line an event, and holds no secret."""

import json
import logging
import random
import re
import stat
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.logs import redact, ref, report, start, stop

dice = random.Random(7)


def made(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(dice.choice(alphabet) for _ in range(count))


SECRETS = [
    *(f"xoxb-{made(12, string.digits)}-{made(13, string.digits)}-{made(24)}" for _ in range(4)),
    f"xoxp-{made(12, string.digits)}-{made(32)}",
    f"xoxa-2-{made(30)}",
    f"xoxe.xoxp-1-{made(60)}",
    f"xoxe-1-{made(60)}",
    *(f"xapp-1-A{made(10)}-{made(13, string.digits)}-{made(64)}" for _ in range(3)),
    *(f"M{made(23)}.{made(6)}.{made(27)}" for _ in range(3)),
    f"OD{made(24)}.G{made(5)}.{made(38)}",
    f"mfa.{made(84)}",
    *(f"sk-{made(48)}" for _ in range(3)),
    f"sk-ant-api03-{made(90)}",
    f"sk-proj-{made(60)}",
    f"hf_{made(34)}",
    f"ghp_{made(36)}",
    f"AIza{made(35)}",
    f"eyJ{made(20)}.{made(40)}.{made(43)}",
    f"https://hooks.slack.com/services/T{made(8)}/B{made(8)}/{made(24)}",
    f"https://hooks.slack.com/commands/T{made(8)}/{made(12)}/{made(24)}",
    f"https://hooks.slack.com/actions/T{made(8)}/{made(12)}/{made(24)}",
    f"https://discord.com/api/webhooks/{made(18, string.digits)}/{made(68)}",
    f"https://discord.com/api/v10/interactions/{made(18, string.digits)}/{made(80)}/callback",
]
KNOWN = "a quite ordinary phrase"


class Boom(RuntimeError):
    pass


@pytest.fixture
def log(tmp_path: Path) -> Iterator[logging.Logger]:
    handler = start(tmp_path / "home", "INFO", [KNOWN])
    yield logging.getLogger("bot.test")
    stop(handler)


def written(tmp_path: Path) -> str:
    return (tmp_path / "home" / "dramaturg.log").read_text("utf-8")


def test_thirty_secrets_are_seeded() -> None:
    assert len(set(SECRETS)) >= 30 - 1 + len([KNOWN])


@pytest.mark.parametrize("secret", [*SECRETS, KNOWN], ids=range(len(SECRETS) + 1))
def test_a_secret_is_in_no_message_argument_field_or_traceback(
    log: logging.Logger, tmp_path: Path, secret: str
) -> None:
    core = secret.rsplit("/", 2)[-1] if "callback" not in secret else secret.split("/")[-2]
    log.warning(f"message with {secret} in it")
    log.warning("argument %s and %r", secret, {"token": secret})
    log.warning("field", extra={"given": secret})
    try:
        try:
            raise Boom(f"refused for {secret}")
        except Boom as cause:
            raise ConnectionError(f'POST failed: {{"value":"{secret}"}}') from cause
    except ConnectionError as problem:
        report(log, "It broke.", problem)
    text = written(tmp_path)
    assert core not in text
    assert text.count("[redacted]") >= 6
    assert "Boom" in text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("api_key='hunter2hunter2'", "hunter2hunter2"),
        ('{"client_secret": "s3cr3ts3cr3t"}', "s3cr3ts3cr3t"),
        ("response_url=https://example.org/abc/def", "example.org/abc"),
        ("postgresql+asyncpg://eva:geheim@db/name", "geheim"),
        ("GET /x?token=abcdefgh&y=1", "abcdefgh"),
        ("DRAMATURG_WRITER_API_KEY=abcdefgh", "abcdefgh"),
    ],
)
def test_what_stands_after_a_telling_word_is_left_out(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mara said: the secret is out.",
        "prompt=812 tokens=40 reused=700",
        "https://example.org/page and a.file.name.md",
        "the token ring of the ferry",
        "3f2b8c1e-7a55-4b5e-9a55-0123456789ab",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_every_event_is_one_line_of_json_whatever_it_says(log: logging.Logger, tmp_path: Path) -> None:
    log.info("two\nlines and \x1b[2J", extra={"turn": "t1"})
    try:
        raise ValueError("deep\ninside")
    except ValueError as problem:
        name = report(log, "It broke.", problem)
    first, second = map(json.loads, written(tmp_path).splitlines())
    assert (first["level"], first["where"], first["say"], first["turn"]) == (
        "INFO",
        "bot.test",
        "two\nlines and \x1b[2J",
        "t1",
    )
    assert second["ref"] == name
    assert "ValueError: deep" in second["error"]


def test_a_reference_is_four_characters_a_person_can_say() -> None:
    assert all(re.fullmatch(r"[0-9A-F]{4}", ref()) for _ in range(50))


def test_only_its_owner_can_read_the_log(log: logging.Logger, tmp_path: Path) -> None:
    log.warning("x")
    assert stat.S_IMODE((tmp_path / "home" / "dramaturg.log").stat().st_mode) == 0o600


def test_other_libraries_chatter_stays_out(log: logging.Logger, tmp_path: Path) -> None:
    logging.getLogger("httpx").info("GET something")
    log.info("ours")
    assert "GET" not in written(tmp_path)
    assert "ours" in written(tmp_path)
