"""Pipes, scripts and terminals without a cursor get plain text."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.events import Cite, Fail, Final, Inbound, Note, Offer, Reply, Stage, Step, Text
from bot.surfaces.plain import converse, one_shot
from bot.surfaces.terminal import terminal
from memory import Scope

SCOPE = Scope("terminal", "local", "desk", "t")
ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio, sys
from bot.events import Reply, Step, Text
from bot.surfaces.plain import one_shot
from memory import Scope

async def respond(said, stage):
    if said.kind == "stop":
        return Reply("complete")
    await stage.show(Step("w", "loading the writer", "running"))
    for n in range(4000):
        await stage.show(Text(f"line {n} \\x1b[31m\\n"))
    reply = Reply("complete")
    await stage.finish(reply)
    return reply

sys.exit(asyncio.run(one_shot(respond, "go", scope=Scope("terminal", "local", "d", "t"), author="eva",
                              out=sys.stdout, err=sys.stderr)))
"""


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_a_pipe_gets_the_page_with_its_markers_and_nothing_else(script: Any) -> None:
    after = [
        Step("s", "searching", "running"),
        Final("Green. [1]"),
        Cite(1, "The lamp"),
        Note("n"),
        Offer("again", "again"),
    ]
    told = script("Green.", after)
    out, err = io.StringIO(), io.StringIO()
    status = await one_shot(told.respond, "what?", scope=SCOPE, author="eva", out=out, err=err)
    assert status == 0
    assert out.getvalue() == "Green. [1]\n\n[1] The lamp\n"
    assert err.getvalue() == "searching\nn\n"
    assert told.sent[0].text == "Green. [1]"


async def test_a_terminal_without_a_cursor_sees_it_grow_and_quotes_what_it_cites(script: Any) -> None:
    told = script("The lamp is green.", [Final("The lamp is green. [1]"), Cite(1, "The lamp")])
    out = Tty()
    await one_shot(told.respond, "what?", scope=SCOPE, author="eva", out=out, err=io.StringIO())
    assert out.getvalue() == "The lamp is green.\n\n[1] The lamp — “The lamp is green.”\n"
    assert "\x1b" not in out.getvalue()


async def test_a_failure_is_a_sentence_on_stderr_and_status_1(caplog: Any) -> None:
    async def respond(said: Inbound, stage: Stage) -> Reply:
        raise ValueError("secret details")

    out, err = io.StringIO(), io.StringIO()
    assert await one_shot(respond, "x", scope=SCOPE, author="eva", out=out, err=err) == 1
    assert "please try again" in err.getvalue()
    assert "secret details" not in out.getvalue() + err.getvalue()


async def test_a_failed_reply_says_why_once(script: Any) -> None:
    told = script("", [Fail("The index is gone.", "7F3A")])
    told.reply = Reply("failed", reason="The index is gone.")
    err = io.StringIO()
    assert await one_shot(told.respond, "x", scope=SCOPE, author="eva", out=io.StringIO(), err=err) == 1
    assert err.getvalue() == "The index is gone. (ref 7F3A)\n"


async def test_an_interrupt_stops_the_answer_and_keeps_what_there_is(script: Any) -> None:
    told = script("The tide comes in.", hold=2)
    out = io.StringIO()
    running = asyncio.create_task(one_shot(told.respond, "x", scope=SCOPE, author="e", out=out, err=io.StringIO()))
    await asyncio.wait_for(told.started.wait(), 10)
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 130
    assert "The tide comes in.".startswith(out.getvalue().strip())
    assert told.texts("stop") == [""]


async def test_lines_of_a_pipe_are_a_conversation_with_numbers_for_offers(script: Any) -> None:
    told = script("Yes.", [Offer("again", "darker", "darker")])
    read, write = os.pipe()
    os.write(write, "hällo\n\n1\n/quit now\nnever read".encode())
    os.close(write)
    out = io.StringIO()
    assert await converse(told.respond, scope=SCOPE, author="eva", source=read, out=out, err=io.StringIO()) == 0
    os.close(read)
    heard = [(said.kind, said.name, said.text) for said in told.heard]
    assert heard == [("message", "", "hällo"), ("action", "again", "darker"), ("command", "quit", "now")]
    assert out.getvalue() == "Yes.\nYes.\n"


def start() -> "subprocess.Popen[str]":
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stdout=pipe, stderr=pipe, text=True)


def test_a_reader_that_goes_away_is_no_error() -> None:
    with start() as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == "loading the writer\n"
        assert program.wait(60) == 141


def test_a_whole_page_goes_through_a_pipe() -> None:
    with start() as program:
        out, _ = program.communicate(timeout=60)
        assert out.splitlines()[-1] == "line 3999 "
        assert program.returncode == 0


@pytest.mark.parametrize(
    ("environ", "tty", "interactive", "color"),
    [
        ({"TERM": "xterm-256color"}, True, True, True),
        ({"TERM": "dumb"}, True, False, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True, True),
        ({"TERM": "xterm"}, False, False, False),
    ],
)
def test_a_terminal_is_judged_by_the_customs(
    environ: dict[str, str], tty: bool, interactive: bool, color: bool
) -> None:
    stream = Tty() if tty else io.StringIO()
    found = terminal(environ, stream, stream)
    assert (found.interactive, found.color) == (interactive, color)


def test_which_terminals_wrap_their_lines_anew_is_known() -> None:
    reflow = {name: terminal({"TERM": name}, Tty(), Tty()).reflows for name in ("xterm-256color", "linux", "screen")}
    assert reflow == {"xterm-256color": True, "linux": False, "screen": False}
    assert terminal({"TERM": "screen-256color", "TMUX": "x"}, Tty(), Tty()).reflows
    assert not terminal({"TERM": "xterm", "XTERM_VERSION": "XTerm(390)"}, Tty(), Tty()).reflows


async def test_text_of_a_stage_that_ended_is_not_written(script: Any) -> None:
    late: list[Stage] = []

    async def respond(said: Inbound, stage: Stage) -> Reply:
        late.append(stage)
        await stage.show(Text("Yes."))
        await stage.finish(Reply("complete"))
        await stage.show(Text(" Late."))
        return Reply("complete")

    out = io.StringIO()
    await one_shot(respond, "x", scope=SCOPE, author="eva", out=out, err=io.StringIO())
    assert out.getvalue() == "Yes.\n"
