"""Nobody sees what another tenant, room or person keeps: not in what is found, not in a prompt, a page, its
receipts or the log; whatever they ask for, and whatever they say they are."""

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.events import Attach, Inbound, Out, Reply, Sent
from chains.message import Message
from chains.written import Written
from memory import Scope, Status
from tests.bot.canaries import ASK, DIRECT, NAMES, TENANTS, Place, World, canaries, canary, places, settle
from vectorstore import Found, Query, Sight
from vectorstore.embedding import Embedder
from vectorstore.index import Index
from vectorstore.sight import Where

QUERIES, AT_ONCE = 5_000, 8
ALL = ("accepted", "proposed", "retired", "learned", "said")
LOOKS = ("why all", "canon", "canon Mara", "sources", "shows", "note", "remember", "settings", "takes", "export a.md")


class Watched:
    """A writer, and every prompt that it was given, with the tenant it was given for."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self.card = replace(writer.card, small=False)
        self.prompts: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def write(self, messages: Sequence[Message], *args: Any, tenant: str, **more: Any) -> Written:
        self.prompts.append((tenant, "\n".join(message.text for message in messages)))
        written: Written = await self._writer.write(messages, *args, tenant=tenant, **more)
        return written


class Unfiltered:
    """A store that heeds no filter but what sort of record is asked for: what the tests here must be able to see."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def find(self, where: Where, *asked: Any) -> Any:
        lanes = {one: {"must": [{"key": "origin", "match": {"value": one.value}}]} for one in where.lanes}
        return await self._store.find(replace(where, lanes=lanes), *asked)


class Stage:
    """Keeps what was shown."""

    def __init__(self) -> None:
        self.outs: list[Out] = []

    async def show(self, out: Out) -> None:
        self.outs.append(out)

    async def finish(self, reply: Reply) -> Sent:
        return Sent(("1",), "", reply.status == "complete")


@dataclass(slots=True)
class Seen:
    """What came to one place, and what of it is another's."""

    place: Place
    texts: list[object]

    @property
    def leaks(self) -> set[str]:
        return canaries(self.texts) - self.place.seen


class House:
    """All ten tenants at one program."""

    def __init__(self, talks: Any, world: World, writers: Sequence[Watched]) -> None:
        self.talks, self.world = talks, world
        self.writer = writers[0]
        self._limit = asyncio.Semaphore(AT_ONCE)

    async def do(self, place: Place, what: str, scope: Scope | None = None, target: str = "") -> Seen:
        """``what`` is said, done where it begins with a slash, or pressed where it has a ``target``; all that is
        shown for it, and kept with it."""
        name, _, rest = what[1:].partition(" ")
        command = what.startswith("/")
        inbound = Inbound(
            "action" if target else "command" if command else "message",
            f"{place.room}.{place.person}.{what}.{target}",  # as in every other tenant
            scope or place.scope,
            NAMES[place.person],
            rest if command else what,
            name=name if command else "",
            target=target,
            who=f"U{place.person}",
        )
        async with self._limit:
            stage = Stage()
            reply = await self.talks.respond(inbound, stage)
        texts = [one.file.data.decode() if isinstance(one, Attach) else one for one in stage.outs]
        if reply.turn:
            for take in await self.talks.app.ledger.turns.takes(inbound.scope, reply.turn):
                texts += [take.text, dict(take.receipts)]
        return Seen(place, texts)

    async def all(self, asked: Iterable[tuple[Place, str]]) -> list[Seen]:
        return list(await asyncio.gather(*(self.do(place, what) for place, what in asked)))


@pytest.fixture
def house(build: Any) -> Any:
    """``await house(tenants=3, index=...)``: so many tenants, all ten if not said, and everything they keep."""

    async def make(tenants: int = TENANTS, **parts: Any) -> House:
        writers: list[Watched] = []

        def through(writer: Any) -> Watched:
            writers.append(Watched(writer))
            return writers[-1]

        talks = await build(through=through, turns=AT_ONCE, tenant_turns=AT_ONCE, **parts)
        world = await settle(talks.app.ledger, tenants)
        await talks.app.librarian.settle()
        return House(talks, world, writers)

    return make


def sight(world: World, place: Place, **more: Any) -> Sight:
    """What the one who asks in this place may see, turns from the first one on."""
    show = world.shows[place.tenant, place.show]
    return replace(Sight(show.tenant, show.id, world.threads[place], {"main": 9}), **more)


def found_by(found: Found) -> set[str]:
    hits = [*found.hits, *(hit for hit, _ in found.missed)]
    return canaries(one for hit in hits for one in (hit.text, hit.passage, *hit.joined))


def asking(world: World, chance: random.Random) -> tuple[Query, set[str]]:
    """Somebody's question, with what may be found by it. Two in five are honest; the others name a show, a thread or
    a tenant that is not theirs."""
    here, there = chance.sample(list(world.threads), 2)
    own, seen, foreign = sight(world, here), here.seen, sight(world, there)
    theirs = canary(chance.choice(("canon", "style", "source", "idea")), there.tenant, there.show)
    said = f"{NAMES[there.person]} says {canary('said', *there.own)}"
    statuses = ALL if chance.random() < 0.2 else Query(own, "").statuses
    if "proposed" in statuses:
        seen |= {canary("idea", here.tenant, here.show)}
    match chance.choice(("honest", "honest", "whole", "part", "odd")):
        case "whole" if here.tenant != there.tenant:
            name = chance.choice(("tenant", "show"))
            own, seen = replace(own, **{name: getattr(foreign, name)}), set()
        case "part" if own.show != foreign.show:
            own, seen = replace(own, thread=foreign.thread, branches={"main": 99}), seen - here.said
        case "odd":
            name, part = chance.choice(("tenant", "show")), chance.choice(("*", "%", "", own.tenant.lower(), " "))
            own, seen = replace(own, **{name: part}), set()
    words = chance.choice((ASK, ASK, ASK, "Mara at the harbour", "Who says it?", f"Who says {theirs}?", said))
    return Query(own, words, names=("Mara",), statuses=statuses), seen


async def test_of_five_thousand_questions_none_finds_what_is_anothers(house: Any, index: Index) -> None:
    world, chance, seen = (await house()).world, random.Random(7), set[str]()
    for _ in range(QUERIES // AT_ONCE):
        asked = [asking(world, chance) for _ in range(AT_ONCE)]
        every = await asyncio.gather(*(index.search(query) for query, _ in asked))
        for (query, allowed), found in zip(asked, map(found_by, every), strict=True):
            assert found <= allowed, query
            seen |= found
    assert not [place for place in places() if not place.shelf | place.said <= seen], "each finds their own"


async def test_no_page_prompt_receipt_or_log_tells_what_is_anothers(house: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    made, chance = await house(), random.Random(7)
    asked = await made.all((place, ASK) for place in places())
    looked = await made.all((place, f"/{look}") for place in places() for look in chance.sample(LOOKS, 4))
    assert {seen.place: seen.leaks for seen in (*asked, *looked) if seen.leaks} == {}
    shown: dict[Place, set[str]] = {place: set() for place in places()}
    for seen in (*asked, *looked):
        shown[seen.place] |= canaries(seen.texts)
    assert not [place for place, found in shown.items() if not found >= place.shelf], "each is told their own"
    assert len(made.writer.prompts) == len(shown), "each prompt was read"
    for tenant, prompt in made.writer.prompts:
        held = canaries([prompt])
        readers = [place for place in shown if canary("note", *place.own) in held]
        assert [place.scope.tenant for place in readers] == [tenant]
        assert held <= readers[0].seen
        assert held >= readers[0].asked | readers[0].said
    assert canaries(record.getMessage() for record in caplog.records) == set()


FORGED = ("canon {}", "canon edit {}: mine", "canon retire {}", "canon history {}", "forget {}", "why {}", "takes {}")
FORGED += ("rewind {}", "search {}", "remember forget {}", "show {}", "edit {}", "rate {}")
PRESSED = ("why", "again", "keep", "takes", "edit", "rewind", "rate")


async def test_who_names_what_is_anothers_gets_nothing_and_changes_nothing(house: Any) -> None:
    made: House = await house(tenants=2)
    theirs, ours = Place(0, DIRECT, 0), Place(1, DIRECT, 0)
    private, shelf = await kept(made, theirs)
    of_show, of_tenant = (replace(theirs, person=1), replace(theirs, room=0)), (replace(theirs, room=2), ours)
    for intruder in (*of_show, *of_tenant):
        for name in (*private, *(shelf if intruder in of_tenant else ()), ASK):
            for command in FORGED:
                assert (await made.do(intruder, "/" + command.format(name))).leaks == set(), command
            for command in PRESSED:
                assert (await made.do(intruder, f"/{command}", target=name)).leaks == set(), command
    for part in ("platform", "room", "thread"):
        scope = replace(ours.scope, **{part: getattr(theirs.scope, part)})
        for what in (f"{ASK} Of this {part}?", *(f"/{look}" for look in LOOKS)):
            assert (await made.do(ours, what, scope)).leaks == set(), (scope, what)
    assert await kept(made, theirs) == (private, shelf)


async def kept(house: House, place: Place) -> tuple[dict[str, str], dict[str, str]]:
    """What a place, and its show, have in the ledger, by ids."""
    ledger, scope, show = house.talks.app.ledger, place.scope, house.world.shows[place.tenant, place.show]
    talk, held = await ledger.threads.conversation(scope), await ledger.profile.held(scope, f"U{place.person}")
    private: list[Any] = [*talk.window, *(turn.take for turn in talk.window), talk.thread, *held]
    entries = await ledger.canon.listing(show.tenant, show.id, statuses=tuple(Status))
    shelf = [talk.show, *entries, *await ledger.sources.listing(show.tenant, show.id)]
    return {row.id: repr(row) for row in private}, {row.id: repr(row) for row in shelf}


async def test_without_the_filter_these_tests_see_what_is_anothers(
    house: Any, index: Index, embedder: Embedder
) -> None:
    """Shows that they can fail."""
    bare = Index(Unfiltered(index._store), embedder)
    made, chance = await house(tenants=3, index=bare), random.Random(7)
    for query, allowed in (asking(made.world, chance) for _ in range(50)):
        assert not found_by(await bare.search(query)) <= allowed
    asked = await made.all((place, ASK) for place in places(3))
    assert sum(bool(seen.leaks) for seen in asked) >= 0.9 * len(asked)
    leaking = [prompt for _, prompt in made.writer.prompts if len({found[-3] for found in canaries([prompt])}) > 1]
    assert leaking
