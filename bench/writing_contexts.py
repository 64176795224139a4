"""Four prompts for one message, by the product's own question, search and layout: without passages, with some at random,
with those the search finds, and with those that hold the answer. They differ in their passages alone.

Knows nothing of what is measured with them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from bot.app import App
from bot.ask import Ask, compose
from bot.dialogue import SMALL_LIMIT
from bot.order import Order
from bot.passages import of_entry
from bot.rooms import fresh
from bot.shows import ROOM
from chains import Format, Message, Prompt, question
from chains.writer import Writer
from memory import Conversation, Entry, Show, Take, TakeStatus, Turn
from vectorstore import Found, Hit, Passage, Query, Sight

NONE, OURS = "none", "retrieved"
CONTEXTS = (NONE, "random", OURS, "gold")


@dataclass(frozen=True, slots=True)
class Asked:
    """The prompts of one message by context, and whether the search found what holds the answer."""

    prompts: Mapping[str, Prompt]
    hit: bool


class Contexts:
    """Of one show, which the room works on; ``entries`` are its canon. ``names`` are those contexts that are wanted."""

    def __init__(
        self, app: App, writer: Writer, show: Show, entries: Sequence[Entry], names: Sequence[str], seed: int = 7
    ) -> None:
        self._app, self._writer, self._names = app, writer, names
        self._passages = {entry.id: of_entry(show, entry) for entry in entries}
        self._chance = Random(seed)

    async def of(self, message: str, form: str, gold: Sequence[str] = (), *, whole: str = "") -> Asked:
        """``gold`` are ids of the entries that hold the answer; or, where nobody has said which those are, what a
        search for ``whole`` finds that has it in it. Chosen at random is of neither, and as much as was found."""
        talk = await self._app.rooms.look(fresh(ROOM))
        chosen = self._app.formats[form]
        found = await self._search(message, talk, chosen)
        best = tuple(_hit(one) for entry in gold for one in self._passages[entry])
        if whole:
            best = (await self._search(whole, talk, chosen)).hits
        there = {hit.passage.record for hit in (*found.hits, *best)}
        given = {
            "none": (),
            "random": self._random(len(found.hits), there),
            "retrieved": found.hits,
            "gold": best,
        }
        prompts = {
            name: await self._prompt(message, talk, chosen, hits) for name, hits in given.items() if name in self._names
        }
        records = {hit.passage.record for hit in found.hits}
        return Asked(prompts, bool(records & {hit.passage.record for hit in best}))

    async def alone(self, message: str, form: str, takes: int) -> list[str]:
        """What the model writes to the prompt with what was found when it is left alone: no skeleton, no judging."""
        chosen = self._app.formats[form]
        prompt = (await self.of(message, form)).prompts[OURS]
        drawn = await self._writer.takes(
            prompt.messages, chosen.sampling, n=takes, tokens=prompt.reserved, stop=chosen.stop, tenant="local"
        )
        return [one.text for one in drawn]

    async def _search(self, message: str, talk: Conversation, form: Format) -> Found:
        asked = question(message, talk, (await self._app.lore(talk.show)).names, form)
        limit = min(asked.limit, SMALL_LIMIT) if self._writer.card.small else asked.limit
        query: Query = replace(asked, limit=limit).query(Sight(talk.show.tenant, talk.show.id))
        return await self._app.index.search(query)

    async def _prompt(self, message: str, talk: Conversation, form: Format, hits: Sequence[Hit]) -> Prompt:
        lore, found = await self._app.lore(talk.show), Found(tuple(hits))
        asked = question(message, talk, lore.names, form)
        finding = asyncio.get_running_loop().create_task(_known(found))
        turn = Turn("bench", talk.thread.id, None, 1, "main", "Ana", message, form.name)
        take = Take("bench", "bench", 1, "", TakeStatus.WRITING)
        ask = Ask(talk, turn, take, Order(form.name, message, message), asked, finding)
        return await compose(ask, form, await finding, lore, self._writer, exact=True)

    def _random(self, many: int, there: set[str]) -> tuple[Hit, ...]:
        others = [one for record, cut in self._passages.items() if record not in there for one in cut]
        return tuple(_hit(one) for one in self._chance.sample(others, min(many, len(others))))


async def likelihoods(writer: Writer, prompt: Prompt, options: Sequence[str]) -> list[float]:
    """The mean log-likelihood of each option's tokens as the answer, in nats."""
    asked: tuple[Message, ...] = prompt.messages[:-1] if prompt.lead else prompt.messages
    return await writer.choose(asked, options, tenant="local")


def _hit(passage: Passage) -> Hit:
    return Hit(passage, 1.0, passage.text)


async def _known(found: Found) -> Found:
    return found
