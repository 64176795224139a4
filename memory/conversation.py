"""Conversation: who speaks where, and the tree of turns a thread is.

Knows nothing of storage, models, search or platforms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from memory.profile import Preference


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may see. Every ledger call takes one.

    ``platform`` is ``terminal``, ``slack`` or ``discord``; ``tenant`` the Slack team, the
    Discord guild, or ``local``; ``room`` the channel; ``thread`` the surface's own name for
    the conversation, empty for a call about the whole room.
    """

    platform: str
    tenant: str
    room: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """One fictional world or programme. Canon and sources belong to a show.

    ``canon_version`` grows by one with every change of the show's canon.
    """

    id: str
    tenant: str
    name: str
    brief: str = ""
    style: str = ""
    canon_version: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """A channel and what it is set to. ``show`` is a show's id, or None while unbound. ``deciders`` are
    the people who may change canon here, by the platform's ids; none means everyone."""

    scope: Scope
    show: str | None = None
    format: str = "chat"
    note: str = ""
    deciders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recap:
    """What happened before the window: ``text`` covers every turn up to depth ``upto``."""

    text: str
    upto: int


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation: a tree of turns with a head. ``note`` is steering the room pinned to it."""

    id: str
    scope: Scope
    show: str
    title: str = ""
    format: str = "chat"
    note: str = ""
    branch: str = "main"
    head: str | None = None
    recap: Recap | None = None
    created: datetime | None = None
    touched: datetime | None = None


class TakeStatus(StrEnum):
    """WRITING until it ends; a take found WRITING at start belongs to a program that died. WITHDRAWN was
    deleted where it was shown: nobody is given it any more."""

    WRITING = "writing"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


INTERRUPTED = "The program ended in the middle of this answer."
BROKEN_OFF = "This answer broke off before its end."
"""A stopped take's reasons when nobody stopped it: it may be written on."""


@dataclass(frozen=True, slots=True)
class Take:
    """One alternative answer to a turn. ``text`` is what was really shown, no more.

    ``receipts`` is JSON the writing side made (passages, drops, tokens, times): kept, and read here only to take out
    of its passages what is forgotten.
    """

    id: str
    turn: str
    number: int
    text: str
    status: TakeStatus
    reason: str = ""
    writer: str = ""
    steer: str = ""
    receipts: Mapping[str, Any] = field(default_factory=dict)
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person said plus the bot's answer. ``depth`` counts from 1 along the path.

    ``take`` is the chosen answer, None while there is none.
    """

    id: str
    thread: str
    parent: str | None
    depth: int
    branch: str
    author: str
    text: str
    format: str
    take: Take | None = None
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What a recap is to tell next: the ``turns`` that left the window, oldest first; ``recap`` tells what
    was before them."""

    recap: Recap | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn under way. ``fresh`` is False when its event was delivered before: then ``turn`` and
    ``take`` are what the first delivery made, as they are now."""

    turn: Turn
    take: Take
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """The one read of a turn: everything memory knows that the next answer needs.

    ``window`` holds the latest turns of the path to the head, oldest first, at most the
    number asked for; what lies before it is in ``thread.recap`` and in the index. ``profile``
    holds what the room, and the person who asks, want of every page.
    """

    show: Show
    room: Room
    thread: Thread
    window: tuple[Turn, ...] = ()
    profile: tuple[Preference, ...] = ()
