"""The program as a person starts it: real processes, real pipes, a real terminal, the example show."""

import asyncio
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from memory import Scope, TakeStatus
from memory.ledger import Ledger

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "forty-metres-short"
QUESTION = "Where does Odile keep the Drawer Key?"
SLOW_TO_LOAD = ("torch", "transformers", "openvino", "qdrant_edge", "langchain", "langchain_core", "sqlalchemy",
                "alembic", "numpy", "prompt_toolkit", "bot.main")  # fmt: skip


class Program:
    """The program in a home of its own, started from a folder that is not the project's."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DRAMATURG_")}
        mine = {"DRAMATURG_HOME": str(self.home), "DRAMATURG_CACHE": str(cache), "DRAMATURG_WRITER": "echo"}
        self.env = {**kept, **mine, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder), "TERM": "xterm-256color"}

    def line(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot.cli", *words]

    def run(self, *words: str, said: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.line(*words),
            input=said,
            cwd=self.folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
        )

    def tells(self, *words: str, said: str = "", **env: str) -> str:
        """What it prints when all is well."""
        done = self.run(*words, said=said, **env)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def complains(self, *words: str, status: int = 1, **env: str) -> str:
        """The one sentence on standard error."""
        done = self.run(*words, **env)
        assert done.returncode == status, done.stderr + done.stdout
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("dramaturg: ")
        return done.stderr.removeprefix("dramaturg: ").strip()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A folder whose home knows the example show, learned by the program; with what it said."""
    program = Program(tmp_path_factory.mktemp("learned"), cache)
    told = program.tells("learn", str(EXAMPLE), "--show", "Forty Metres Short")
    (program.folder / "told").write_text(told, "utf-8")
    return program.folder


@pytest.fixture
def program(learned: Path, cache: Path, tmp_path: Path) -> Program:
    shutil.copytree(learned / "home", tmp_path / "home")
    return Program(tmp_path, cache)


@pytest.fixture
def fresh(cache: Path, tmp_path: Path) -> Program:
    return Program(tmp_path, cache)


class Terminal:
    """A program on a pseudo-terminal: what is typed goes in, what is drawn comes out."""

    def __init__(self, program: Program, *words: str) -> None:
        self.screen = ""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            program.line(*words),
            cwd=program.folder,
            env=program.env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, pattern: str, start: int = 0) -> None:
        """Waits until this is to be seen after ``start``."""
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.plain[start:]):
            assert time.monotonic() < deadline, f"waited in vain for {pattern}: {self.plain[-2000:]}"
            self._read()

    def end(self) -> int:
        deadline = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.plain[-2000:]}"
            self._read()
        return self.process.returncode

    @property
    def plain(self) -> str:
        """Without colours and cursor moves."""
        return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[=>])", "", self.screen)

    def _read(self) -> None:
        ready, _, _ = select.select([self._master], [], [], 0.1)
        with suppress(OSError):  # the other end is closed
            read = os.read(self._master, 65536).decode("utf-8", "replace") if ready else ""
            # prompt_toolkit asks where the cursor is; a terminal answers.
            if "\x1b[6n" in read:
                os.write(self._master, b"\x1b[1;1R")
            self.screen += read

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Any]:
    opened: list[Terminal] = []

    def open_terminal(program: Program, *words: str) -> Terminal:
        opened.append(Terminal(program, *words))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


@pytest.mark.parametrize("words", [["--help"], ["learn", "--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(fresh: Program, words: list[str]) -> None:
    code = (
        f"import sys; from bot.cli import app\ntry: app({words!r})\nexcept SystemExit as end: print('ended', end.code)\n"
        f"print('loaded', *(name for name in {SLOW_TO_LOAD!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=fresh.folder, env=fresh.env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["ended 0", "loaded"]


def test_learning_the_example_tells_what_became_of_it(learned: Path) -> None:
    told = (learned / "told").read_text("utf-8")
    assert told.startswith(
        "**Forty Metres Short**: Learned: 25 canon entries, 1 kept apart as not accepted, 4 sources, "
    )
    assert "skipped" not in told


def test_a_message_on_the_command_line_and_one_on_standard_input_are_answered_alike(program: Program) -> None:
    given = program.tells("chat", QUESTION)
    piped = program.tells("chat", said=QUESTION + "\n")
    assert given == piped
    assert re.search(r"^\[1\] \w", given, re.MULTILINE), "its source stands under it"


def test_a_conversation_goes_on_is_exported_and_listed(program: Program) -> None:
    program.tells("chat", QUESTION)
    program.tells("chat", "--continue", "--show", "forty metres short", "And who may open it?")
    program.tells("export", "--to", "draft.md")
    program.tells("export", "--to", "draft.fountain")
    markdown = (program.folder / "draft.md").read_text("utf-8")
    assert markdown.startswith("# Where does Odile keep the Drawer Key?")
    assert markdown.count("\n---\n") == 1, "two pages"
    assert "[1]" not in markdown
    assert (program.folder / "draft.fountain").read_text("utf-8").startswith("Title: Where does Odile")
    assert program.tells("export", "--thread", "odile keep") == markdown
    assert "No conversation" in program.complains("export", "--thread", "nowhere")
    assert ".md or .fountain" in program.complains("export", "--to", "draft.pdf")
    for nowhere in ("nowhere/draft.md", "draft.md/draft.md"):
        assert "name another file with --to" in program.complains("export", "--to", nowhere)


def test_a_conversation_of_a_workspace_is_exported_whatever_its_room(program: Program) -> None:
    async def talk() -> None:
        async with await Ledger.open(f"sqlite:///{program.home / 'ledger.db'}") as ledger:
            show = await ledger.shows.ensure("T1", "The Salt Road")
            for room, said in (("C1", "Where is the heron?"), ("C2", "Who rows?")):
                scope = Scope("slack", "T1", room, "1.0")
                await ledger.threads.open(scope, show.id)
                begun = await ledger.turns.begin(scope, "ana", said, "chat")
                await ledger.turns.finish(scope, begun.take.id, f"A page of {room}.", TakeStatus.COMPLETE)

    asyncio.run(talk())
    assert "A page of C2." in program.tells("export", "--tenant", "T1")
    assert "A page of C1." in program.tells("export", "--tenant", "T1", "--show", "the salt road", "--thread", "heron")
    assert "No conversation" in program.complains("export", "--tenant", "T1", "--thread", "drawer key")


def test_sources_are_listed_searched_and_forgotten(program: Program) -> None:
    listed = program.tells("sources")
    assert "25 canon entries, 4 sources" in listed
    assert "3. The Gap Report: Span Eve" in listed
    found = program.tells("search", "Who keeps the Drawer Key?", "--explain")
    assert found.startswith("**1. Drawer Key** (canon)")
    assert re.search(r"words -?\d\.\d\d", found)
    assert "is forgotten, with" in program.tells("forget", "the gap report: span eve")
    assert "Gap Report: Span Eve" not in program.tells("sources")
    assert "No source is called" in program.complains("forget", "the gap report: span eve")


def test_what_is_learned_for_a_workspace_is_its_own(program: Program) -> None:
    bible = program.folder / "bible.md"
    bible.write_text("The heron keeps the ledger of the salt works.\n", "utf-8")
    assert "Say which show of T1" in program.complains("learn", str(bible), "--tenant", "T1")
    assert program.tells("learn", str(bible), "--tenant", "T1", "--show", "The Salt Road").startswith(
        "**The Salt Road**"
    )
    assert "1 source" in program.tells("sources", "--tenant", "T1")
    assert "(source)" in program.tells("search", "Who keeps the ledger of the salt works?", "--tenant", "T1")
    assert "heron" not in program.tells("search", "Who keeps the ledger of the salt works?")
    assert program.tells("sources").startswith("**Forty Metres Short**")
    assert "There is no show “The Salt Road”" in program.complains("sources", "--show", "The Salt Road")
    assert "is forgotten" in program.tells("forget", "1", "--tenant", "T1")


def test_reindex_gives_the_same_search(program: Program) -> None:
    asked = ("search", "Why does Petra row on Thursdays?", "--explain")
    before = program.tells(*asked)
    shutil.rmtree(program.home / "index")
    assert "The index is rebuilt: 30 records" in program.tells("reindex")
    assert program.tells(*asked) == before


def test_doctor_finds_a_sound_set_up_and_names_what_is_wrong_with_another(program: Program) -> None:
    told = program.tells("doctor")
    assert "All is well." in told
    for part in ("✓ ledger", "✓ index", "✓ embedder bundled", "✓ formats", "✓ writer echo"):
        assert part in told
    wrong = program.run("doctor", DRAMATURG_WRITER="local:nowhere.gguf")
    assert wrong.returncode == 1
    assert "✗ writer local:nowhere.gguf: There is no model file" in wrong.stdout


def test_config_tells_every_setting_and_hides_secrets(fresh: Program) -> None:
    secrets = {"DRAMATURG_WRITER_API_KEY": "sk-verysecret", "DRAMATURG_LEDGER": "postgresql://me:hunter2@db/x"}
    told = fresh.tells("config", **secrets)
    assert "sk-verysecret" not in told
    assert "hunter2" not in told
    assert "writer_api_key = (hidden)  # environment" in told
    assert "writer = echo  # environment" in told
    assert "window = 12  # default" in told


@pytest.mark.parametrize(
    ("words", "env", "status", "sentence"),
    [
        (["config"], {"DRAMATURG_WRITR": "x"}, 2, "DRAMATURG_WRITR in the environment is unknown; did you mean"),
        (["config"], {"DRAMATURG_WINDOW": "many"}, 2, "DRAMATURG_WINDOW in the environment cannot be used"),
        (["chat", "--format", "sonnet", "Hello"], {}, 1, "There is no format “sonnet”; there are "),
        (["export"], {}, 1, "Nothing was written yet."),
        (["sources", "--show", "Fourty Metres"], {}, 1, "There is no show “Fourty Metres”; there are none."),
    ],
)
def test_what_is_wrong_is_one_sentence(
    fresh: Program, words: list[str], env: dict[str, str], status: int, sentence: str
) -> None:
    assert sentence in fresh.complains(*words, status=status, **env)


def test_options_before_a_command_count_for_it_and_none_is_passed_over(fresh: Program) -> None:
    assert fresh.tells("--writer", "echo:say=Yes.", "--show", "Foo", "chat", "Who rings?") == "Yes.\n"
    assert fresh.tells("--show", "foo", "sources").startswith("**Foo**: 0 canon entries, 0 sources")
    refused = fresh.run("--writer", "echo", "sources")
    assert refused.returncode == 2
    assert "--writer means nothing to 'sources'." in refused.stderr


def test_a_second_program_in_the_same_home_is_told_which_process_has_it(program: Program, terminal: Any) -> None:
    first = terminal(program, "chat")
    first.until(r"Forty Metres Short \(25 canon entries\)")
    said = program.complains("sources")
    named = re.search(r"process (\d+)", said)
    assert named, said
    assert os.getsid(int(named[1])) == first.process.pid, "a process of the first program"
    first.type("\x04")
    assert first.end() == 0
    assert "25 canon entries" in program.tells("sources")


def test_a_person_at_a_terminal_asks_looks_why_leaves_and_comes_back(program: Program, terminal: Any) -> None:
    desk = terminal(program)
    desk.until(r"/help lists the rest")
    desk.type(QUESTION + "\r")
    desk.until(r"\[1\] \w")
    seen = len(desk.plain)
    desk.type("/why\r")
    desk.until(r"Written by echo", seen)
    desk.type("\x04")
    assert desk.end() == 0
    back = terminal(program, "--continue")
    back.until(re.escape(QUESTION))
    back.type("/quit\r")
    assert back.end() == 0


def test_leaving_in_mid_answer_keeps_what_was_shown(program: Program, terminal: Any) -> None:
    words = " ".join(f"word{n}" for n in range(300))
    desk = terminal(program, "--writer", f"echo:slow=0.05,say={words}")
    desk.until(r"/help lists the rest")
    desk.type("Count.\r")
    desk.until(r"word6 ")
    desk.type("\x04")
    assert desk.end() == 0
    assert re.search(r"word0 word1 .*word5", program.tells("export"))


def test_the_bundled_model_answers_from_canon_with_its_source(program: Program) -> None:
    told = program.tells("chat", QUESTION, DRAMATURG_WRITER="local:smollm2-135m-instruct")
    page, _, cited = told.partition("\n\n[1] ")
    assert "flour tin" in page
    assert "[1]" in page
    assert cited.split("\n")[0] in ("Drawer Key", "Odile Marrow")


def test_the_bundled_model_writes_a_scene_in_its_form(program: Program) -> None:
    wrote = {"DRAMATURG_WRITER": "local:smollm2-135m-instruct"}
    told = program.tells("chat", "--format", "dialogue", "Odile refuses a wheelbarrow. Two exchanges.", **wrote)
    assert re.search(r"^\*\*(INT\.|EXT\.) .+ - (DAY|NIGHT)\*\*", told, re.MULTILINE)
    assert re.search(r"^\*\*ODILE", told, re.MULTILINE)
    program.tells("export", "--to", "scene.fountain")
    script = (program.folder / "scene.fountain").read_text("utf-8")
    assert re.search(r"^(INT\.|EXT\.) .+ - (DAY|NIGHT)$", script, re.MULTILINE)
    assert re.search(r"^ODILE[A-Z ]*\n\S", script, re.MULTILINE)
