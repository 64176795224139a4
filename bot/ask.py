"""Ask: one take to be written, and the prompt that asks a writer for it.

Knows nothing of stages, storage, search or which model writes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.lore import Lore
from bot.order import Order
from bot.passages import BOT
from chains import Card, Cited, Dropped, Format, Prompt, Question, Sampling, Told, claims, fit, stated, texts
from memory import Conversation, Take, Turn
from vectorstore import Found

UNREAD = "a small model reads only what bears on the message, and no pinned canon"


class Writer(Protocol):
    card: Card

    async def count(self, texts: Sequence[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """One take to be written: the turn it answers, what came before it, what it should be, what is looked up for
    it and being found. ``person`` is who says it for the first time, "" for a further take."""

    talk: Conversation
    turn: Turn
    take: Take
    order: Order
    asked: Question
    found: "asyncio.Task[Found]"
    person: str = ""

    @property
    def meaning(self) -> str:
        """The message with its *she* and *there* put in; "" where it has none."""
        return self.asked.also[0] if self.asked.also else ""

    @property
    def said(self) -> list[str]:
        """The window as plain texts, oldest first: what a page may take names from besides canon."""
        return [text for turn in self.talk.window for text in (turn.text, turn.take.text if turn.take else "") if text]

    def told(self, passages: Sequence[Cited]) -> tuple[Told, ...]:
        """What of the talk may answer the message, latest first: the window's turns, then those before that are among
        the ``passages``."""
        before = sorted((one for one in passages if one.origin == "turn"), key=lambda one: one.depth)
        earlier = [("", one.text) if one.speaker == BOT else (one.text, "") for one in before]
        return stated([*earlier, *((turn.text, turn.take.text if turn.take else "") for turn in self.talk.window)])

    def sampling(self, form: Format) -> Sampling:
        """A further take is drawn with another seed, so that the same again is not the same again."""
        if form.sampling.seed is None:
            return form.sampling
        return replace(form.sampling, seed=form.sampling.seed + self.take.number - 1)


async def compose(ask: Ask, form: Format, found: Found, lore: Lore, writer: Writer, *, exact: bool) -> Prompt:
    """Fit what there is into the writer's context, counted in its own tokens; too carefully where it is not loaded
    yet, and so not ``exact``."""
    small = writer.card.small
    wanted = claims(
        ask.talk,
        ask.order.request,
        ask.turn.author,
        form,
        writer.card,
        meaning=ask.meaning,
        hits=found.hits,
        pinned=() if small else lore.pinned,
        cast=() if small else lore.cast(ask.talk.window),
        times=lore.times,
        steer=ask.order.steer,
        previous=ask.order.previous,
        onward=ask.order.onward,
    )
    counted = texts(wanted)
    counts = await writer.count(counted) if exact else [len(text.encode()) // 2 + 1 for text in counted]
    prompt = fit(wanted, dict(zip(counted, counts, strict=True)), writer.card, form)
    there = {passage.id for passage in prompt.passages}
    read = {hit.passage.record for hit in found.hits if hit.passage.id in there}
    unread = [Dropped(f"pinned: {one.name}", 0, UNREAD) for one in lore.pinned if small and one.id not in read]
    return replace(prompt, dropped=(*prompt.dropped, *unread))
