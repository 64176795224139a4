"""Typed: what a person typed, as Inbound. Knows nothing of how it was typed or is shown."""

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from bot.events import Inbound, Offer
from bot.render.safe import clean
from memory import Scope

PATIENCE = 3.0
"""Seconds a stopped answer has to end by itself when the person leaves."""

_COMMAND = re.compile(r"/([^\W\d_][\w-]*)(?:\s+(.*))?$", re.DOTALL)
_STOP = re.compile(r"/?stop[.!]?", re.IGNORECASE)
_LEARN = re.compile(
    r"(?:please |(?:can|could|would|will) you (?:please )?)?(?:learn|read|study|import|add)(?: (?:this|that|these|those|it|them|the))?"
    r"(?: (?:file|document|bible|script|notes?|attachment)s?)?(?:,? please)?\W*",
    re.IGNORECASE,
)


def inbound(text: str, scope: Scope, author: str, offers: Sequence[Offer] = ()) -> Inbound:
    """``/verb arguments`` is a command, the number of an offer is that offer, all else a message."""
    text = clean(text).strip()
    event = uuid4().hex
    if found := _COMMAND.match(text):
        return Inbound("command", event, scope, author, text=(found[2] or "").strip(), name=found[1].lower())
    if re.fullmatch(r"[1-9]\d?", text, re.ASCII) and int(text) <= len(offers):
        offer = offers[int(text) - 1]
        return Inbound("action", event, scope, author, text=offer.ref, name=offer.action)
    return Inbound("message", event, scope, author, text=text)


def as_verb(inbound: Inbound) -> Inbound:
    """A platform's message that is a command: ``/takes 3`` after the mention, where there are no slash commands in
    threads. The word *stop* alone stops, and *learn this* with a file learns it."""
    if _STOP.fullmatch(inbound.text):
        return replace(inbound, kind="stop", text="")
    if inbound.files and _LEARN.fullmatch(" ".join(inbound.text.split())):
        return replace(inbound, kind="command", name="learn", text="")
    if found := _COMMAND.match(inbound.text):
        return replace(inbound, kind="command", name=found[1].lower(), text=(found[2] or "").strip())
    return inbound


def stop(scope: Scope, author: str) -> Inbound:
    """The person wants the answer that is being written to end."""
    return Inbound("stop", uuid4().hex, scope, author)
