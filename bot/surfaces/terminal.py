"""Terminal: what the terminal at hand can do, and styled lines as the characters it takes.

Knows nothing of conversations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.text import Text

# These leave lines as they are when the window becomes narrower; nearly all others wrap them anew.
_NO_REFLOW = ("linux", "rxvt", "screen", "vt")


@dataclass(frozen=True, slots=True)
class Terminal:
    """``interactive``: a person sits at it and the cursor can be moved. ``reflows``: it wraps its
    lines anew when it is resized."""

    interactive: bool
    color: bool
    reflows: bool = True


def terminal(environ: Mapping[str, str], source: TextIO, sink: TextIO) -> Terminal:
    """What ``sink`` and ``source`` (stdout, stdin) are, judged as the NO_COLOR and TERM customs say."""
    term = environ.get("TERM", "")
    interactive = source.isatty() and sink.isatty() and term not in {"dumb", "unknown"}
    color = sink.isatty() and term not in {"dumb", "unknown"} and not environ.get("NO_COLOR")
    plain_xterm = "XTERM_VERSION" in environ
    reflows = "TMUX" in environ or not (term.startswith(_NO_REFLOW) or plain_xterm)
    return Terminal(interactive, color, reflows)


def ansi(lines: Sequence[Text], color: bool) -> list[str]:
    """Lines with their escape sequences; bold, dim and italic stay without colour."""
    console = Console(
        file=StringIO(), force_terminal=True, color_system="standard", no_color=not color, width=10_000, soft_wrap=True
    )
    written = []
    for line in lines:
        with console.capture() as captured:
            console.print(line, end="", highlight=False)
        written.append(captured.get())
    return written
