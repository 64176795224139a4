"""The table of commands: every verb once, as data.

Knows nothing of what the verbs do (`bot.commands`' other files) nor of any platform.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Completes = Literal["", "format", "show", "thread", "canon", "path", "source", "command", "steer"]


@dataclass(frozen=True, slots=True)
class Command:
    """``usage`` is what follows the name (``[NAME]``); ``completes`` says what its argument is, so that
    a surface can complete it; ``help`` is one sentence."""

    name: str
    usage: str
    help: str
    completes: Completes = ""
    aliases: tuple[str, ...] = ()


TABLE: tuple[Command, ...] = (
    Command("help", "[COMMAND]", "What can be done here, or how one command works.", "command"),
    Command("format", "[NAME]", "What to write from now on; without a name, what it is now.", "format"),
    Command("formats", "", "The formats there are."),
    Command("show", "[NAME]", "Work on a show (a new name starts one); without a name, which it is now.", "show"),
    Command("shows", "", "The shows there are."),
    Command("learn", "PATH...", "Learn documents: bibles, scripts, research, chat exports.", "path"),
    Command("sources", "", "What was learned."),
    Command("forget", "SOURCE", "Forget a learned source, by title, path or number.", "source"),
    Command(
        "canon",
        "[NAME | history NAME | edit NAME: TEXT | retire NAME | accept NAME | reject NAME]",
        "The show's canon: list, read, edit, retire; decide what is proposed.",
        "canon",
    ),
    Command(
        "keep",
        '["QUOTE" | NAME: TEXT | SENTENCE] [as KIND]',
        "Make the last page, a quoted part of it, or a text of yours canon.",
    ),
    Command("search", "TEXT", "What the index finds, with scores."),
    Command(
        "why",
        "[TURN] [all]",
        "What the last page stands on, and what was left out; with `all`, every signal of every passage.",
    ),
    Command("again", "[HOW]", "Write the last page again, darker, shorter, however you say.", "steer"),
    Command("edit", "[TEXT]", "Change the last page by hand: what you make of it is a take of its own, and yours."),
    Command("takes", "[N]", "The takes of the last page; with a number, choose one."),
    Command("undo", "", "Take the last turn back."),
    Command("redo", "", "Bring back what undo took."),
    Command("rewind", "TURN [HOW]", "Go back to a turn, by its number, and answer it anew; /redo comes forward again."),
    Command("rate", "up | down", "Say whether the last page was good."),
    Command("settings", "", "This room's show, format, note, and who may change canon."),
    Command("note", "[TEXT | off]", "Pin a note to this thread that every answer heeds; without a text, show it."),
    Command(
        "remember",
        "[TEXT | mine: TEXT | forget N]",
        "What every page here heeds, or yours alone: list, add, forget.",
    ),
    Command("threads", "", "The conversations of this show."),
    Command("open", "THREAD", "Go on with another conversation, by number or title; `new` starts one.", "thread"),
    Command("rename", "TITLE", "Give this conversation a title."),
    Command("export", "[FILE.md | FILE.fountain]", "This conversation's pages as a clean manuscript.", "path"),
    Command("stop", "", "Stop the answer that is being written."),
    Command("quit", "", "Leave; everything is kept.", aliases=("exit",)),
)


AT_A_PROMPT = frozenset({"quit", "open", "threads"})
"""Verbs of surfaces that have no threads of their own."""


def find(name: str, table: Iterable[Command] = TABLE) -> Command | None:
    """The command of that name or alias, without its slash, however it is cased."""
    wanted = name.casefold()
    return next((command for command in table if wanted in (command.name, *command.aliases)), None)
