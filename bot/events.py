"""Events: what comes in from a surface, what is shown on it, and what a person really saw.

The only words surfaces and dialogue share. Knows nothing of any platform's types.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from memory import Scope

InboundKind = Literal["message", "edit", "delete", "command", "action", "form", "stop", "open"]


@dataclass(frozen=True, slots=True)
class File:
    """A file by name: from a person (``url`` is where the platform has it, ``path`` where the surface
    put its bytes, ``uri`` what it is known as when it is learned) or to one."""

    name: str
    path: str = ""
    data: bytes = b""
    media: str = "application/octet-stream"
    url: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person did. ``event_id`` is the same for every redelivery. For a command,
    ``name`` is its verb without the slash and ``text`` its arguments as typed. ``author`` is a name to
    show and write with, ``who`` the platform's own id of that person ("" where the name is all there is).
    ``message`` is the platform's id of the message this brings, ``target`` of the one it is about;
    ``sent`` is when the person sent it. ``origin`` holds opaque platform matter (tokens, URLs): never
    stored, never logged."""

    kind: InboundKind
    event_id: str
    scope: Scope
    author: str
    text: str = ""
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    files: tuple[File, ...] = ()
    who: str = ""
    message: str = ""
    sent: datetime | None = None
    origin: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """More of the answer. Deltas joined are the whole answer."""

    delta: str


@dataclass(frozen=True, slots=True)
class Final:
    """The whole page as it ends, with the citation markers the streamed text did not have yet.
    A surface that can edit replaces what it showed; the terminal finishes its last lines with it
    and says under the page which earlier sentence stands on what. At most one, before ``Cite``."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Work in progress. ``done``/``total`` draw a bar where ``total`` is known (> 0)."""

    id: str
    title: str
    state: Literal["running", "done", "failed"]
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Cite:
    """[``n``] in the text stands for ``title``."""

    n: int
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about the page, under it: new facts, a removed marker, what the index could not give."""

    text: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to press. ``action`` is a command's verb, ``ref`` its arguments. ``ask`` is what whoever
    presses it says after that, ``turn`` the page it is about where that is not the one it stands under."""

    action: str
    label: str
    ref: str = ""
    ask: str = ""
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """What the person may change and send: it is put at their prompt, where there is one."""

    text: str


@dataclass(frozen=True, slots=True)
class Attach:
    file: File


@dataclass(frozen=True, slots=True)
class Fail:
    """What went wrong, as a sentence to the person; ``ref`` finds the details in the log."""

    say: str
    ref: str = ""


Out = Text | Final | Step | Cite | Note | Offer | Fill | Attach | Fail


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of an answer. ``status`` says how it ended, ``turn`` which turn it was ("" for a
    command). ``scope`` is where the person goes on (after /open, /show); None: where they are."""

    status: Literal["complete", "stopped", "failed"]
    turn: str = ""
    reason: str = ""
    leave: bool = False
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The truth about what a person saw: the platform's message ids and the text shown."""

    ids: tuple[str, ...]
    text: str
    complete: bool


class Stage(Protocol):
    """Where a reply is played. A surface supplies one per reply; unknown outs are dropped."""

    async def show(self, out: Out) -> None: ...

    async def finish(self, reply: Reply) -> Sent: ...


Respond = Callable[[Inbound, Stage], Awaitable[Reply]]
"""What a surface calls for every Inbound: the dialogue plays the answer onto the stage, finishes it,
and returns how it ended. Called again with a ``stop`` while an answer is played, it stops that one."""
