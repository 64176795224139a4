"""What the docs say is there: commands and options of the program, words with a slash, links, settings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import app
from bot.commands import find
from bot.settings import reference
from bot.surfaces.discord.verbs import STORY
from memory import KINDS, Status

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<to>[^)\s]+)\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def lines_of(page: Path) -> Iterator[str]:
    """Lines of the program that are shown to be typed."""
    for fence in FENCE.finditer(page.read_text("utf-8")):
        for line in fence["body"].splitlines():
            typed = line.removeprefix("$ ").removeprefix("uv run ")
            if fence["language"] in ("console", "sh") and typed.split(" ")[0] == "dramaturg":
                yield typed


def slashes(page: Path) -> set[str]:
    """Commands in code marks, wherever they stand in them: `/keep`, `/takes 1`."""
    marked = re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text("utf-8")))
    spoken = [word for code in marked for word in re.findall(r"(?:^|\s)/([a-z]+)\b(?!/)", code)]
    typed = [
        line[1:].split(" ")[0]
        for fence in FENCE.finditer(page.read_text("utf-8"))
        for line in fence["body"].splitlines()
        if re.match(r"/[a-z]+( |$)", line)
    ]
    return {*spoken, *typed}


class Misread(Exception):
    """The program would not understand this command line."""


def parsed(words: list[str]) -> list[str]:
    """Reads a command line as the program would, and does nothing of it; the commands it named."""
    command: Any = typer.main.get_command(app)
    names: list[str] = []
    context: Any = None
    try:
        while True:
            context = command.make_context(command.name, list(words), parent=context)
            rest = [*context._protected_args, *context.args]
            if not hasattr(command, "commands") or not rest:
                return names
            name, command, words = command.resolve_command(context, rest)
            names.append(name)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        raise Misread(error.format_message()) from error


@pages
def test_every_command_line_is_one_the_program_understands(page: Path) -> None:
    for line in lines_of(page):
        words = shlex.split(line)[1:]
        try:
            parsed(words)
        except Misread as error:
            raise AssertionError(f"{page.name} shows `{line}`: {error}") from None


@pytest.mark.parametrize("line", ["lern x", "learn", "export --too x", "chat --format", "forget a b", "--nonsense"])
def test_a_command_line_the_program_does_not_understand_would_be_found(line: str) -> None:
    with pytest.raises(Misread):
        parsed(line.split())


def test_the_docs_show_what_there_is_to_type() -> None:
    shown = {name for page in PAGES for line in lines_of(page) for name in parsed(shlex.split(line)[1:])}
    command: Any = typer.main.get_command(app)
    assert shown == set(command.commands), "every command of the program is shown somewhere"


@pages
def test_every_command_with_a_slash_is_in_the_table(page: Path) -> None:
    assert [name for name in sorted(slashes(page)) if find(name) is None and name != STORY] == []


def test_the_docs_speak_of_commands_with_a_slash() -> None:
    assert {"why", "again", "takes", "undo", "keep", "canon", "learn", "note"} <= {
        name for page in PAGES for name in slashes(page)
    }


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    for match in LINK.finditer(FENCE.sub("", page.read_text("utf-8"))):
        to, _, heading = match["to"].partition("#")
        if to.startswith(("http:", "https:", "mailto:")):
            continue
        target = (page.parent / to).resolve() if to else page
        assert target.exists(), f"{page.name} links to {match['to']}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the project"
        if heading:
            assert heading in headings(target), f"{page.name} links to {match['to']}"


def headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in titles}


def test_the_settings_page_is_what_the_program_says_of_its_settings() -> None:
    told = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert reference().strip() in told, "write it anew from bot.settings.reference()"


@pages
def test_no_page_has_a_gap_left_for_somebody_to_fill(page: Path) -> None:
    assert not re.findall(r"<!--|TODO|FIXME|MEASURED|\bXXX\b", page.read_text("utf-8"))


def test_the_concepts_page_names_every_kind_and_status() -> None:
    told = (ROOT / "docs" / "concepts.md").read_text("utf-8")
    assert [word for word in (*KINDS, *Status) if f"`{word}`" not in told] == []


def test_the_readmes_two_commands_are_the_first_that_are_shown() -> None:
    shown = [fence["body"].strip() for fence in FENCE.finditer((ROOT / "README.md").read_text("utf-8"))]
    assert shown[:2] == ["uv run dramaturg", "uv run pytest"]
