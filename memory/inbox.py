"""Inbox: what came in from a platform, from the moment it is acknowledged until it is answered.

A letter is kept before its platform hears that we have it, so that nothing is lost; it is known by
its event and by its message, so that nothing is answered twice. Knows nothing of how an answer
comes about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from memory.conversation import Scope


class LetterState(StrEnum):
    """WAITING until taken, WORKING while it is answered; a letter found WORKING at start belongs to a
    program that died. DONE is answered, REFUSED was told to come again, WITHDRAWN was deleted or
    stopped by its author, STALE came too late, DEAD ended every program that took it. EXPECTED has not
    come yet: its edit or its deletion was faster."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STALE = "stale"
    DEAD = "dead"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person did. ``event`` is the same for every redelivery, ``message`` the platform's id of
    the message it brings ("" for what is no message). ``files`` are (name, where to fetch it from,
    media type). ``sent`` is when the person sent it, where the platform says so."""

    kind: str
    event: str
    scope: Scope
    author: str
    text: str = ""
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    message: str = ""
    files: tuple[tuple[str, str, str], ...] = ()
    sent: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter as the inbox has it. ``number`` grows as letters come. ``head`` is the number of the
    letter it is answered together with (its own where alone), None while it waits. ``sending`` says
    that its answer was about to be shown, ``ids`` which messages it became, as far as they are known."""

    number: int
    letter: Letter
    state: LetterState
    received: datetime
    head: int | None = None
    attempts: int = 0
    sending: bool = False
    ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a person's edit or deletion met: the letter ``number``, whether it still waited, the ``event``
    of the head it is answered with, and all ``letters`` of that answer as they are now, without the
    deleted."""

    number: int
    event: str
    waiting: bool
    letters: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """What a person changed their message to, as it is to be read now: with the ``name`` of a command,
    or without one where it is something said."""

    text: str
    name: str = ""
