"""Ten tenants that know nothing of one another, and a word in everything that one of them keeps.

In each tenant five rooms, three people, two shows; all of them have the same names in every tenant, and say the
same but for the canary in it. The fifth room of each person is theirs alone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from memory import Draft, Piece, Scope, Show, Status, TakeStatus
from memory.ledger import Ledger

TENANTS, ROOMS, PEOPLE = 10, 5, 3
SHOWS = ("The Salt Road", "Deep Water")
NAMES = ("Ana", "Ben", "Cleo")
DIRECT = ROOMS - 1
_CANARY = re.compile(r"xq[a-z]+qx")
ASK = "What is the password of the lighthouse, and who keeps it?"


def canary(kind: str, *where: int) -> str:
    """A word that stands nowhere else."""
    return f"xq{kind}{''.join(chr(ord('a') + number) for number in where)}qx"


def canaries(texts: Iterable[object]) -> set[str]:
    return {found for text in texts for found in _CANARY.findall(str(text))}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one person talks: each has a thread in every room, and a room that nobody else has."""

    tenant: int
    room: int
    person: int

    @property
    def scope(self) -> Scope:
        platform, direct = ("slack", "discord")[self.tenant % 2], self.room == DIRECT
        room = f"D{self.person}" if direct else f"C{self.room}"
        return Scope(platform, f"T{self.tenant}", room, f"th{self.person}")

    @property
    def show(self) -> int:
        return int(self.room in (2, 3))

    @property
    def own(self) -> tuple[int, int, int]:
        return self.tenant, self.room, self.person

    @property
    def shelf(self) -> set[str]:
        """What is on the shelf of the show."""
        kinds = ("canon", "style", "source")
        return {canary(kind, self.tenant, self.show) for kind in kinds}

    @property
    def said(self) -> set[str]:
        return {canary("said", *self.own)}

    @property
    def asked(self) -> set[str]:
        """What pages here are to heed: of the thread, of the room, of the person in all rooms."""
        room = (self.tenant, self.room, self.person if self.room == DIRECT else 0)
        return {canary("note", *self.own), canary("wish", *room), canary("mine", self.tenant, self.person)}

    @property
    def seen(self) -> set[str]:
        """All that may be seen here."""
        return self.shelf | self.said | self.asked


@dataclass(slots=True)
class World:
    """``shows`` by tenant and number, ``threads`` the ledger's ids by place."""

    shows: dict[tuple[int, int], Show] = field(default_factory=dict)
    threads: dict[Place, str] = field(default_factory=dict)


def places(tenants: int = TENANTS) -> Iterator[Place]:
    """Neighbours are of different tenants."""
    for room, person, tenant in product(range(ROOMS), range(PEOPLE), range(tenants)):
        yield Place(tenant, room, person)


async def settle(ledger: Ledger, tenants: int = TENANTS) -> World:
    """All that each of them keeps."""
    world = World()
    for tenant, number in product(range(tenants), range(len(SHOWS))):
        world.shows[tenant, number] = await _shelve(ledger, tenant, number)
    for place in places(tenants):
        show, scope, here = world.shows[place.tenant, place.show], place.scope, place.person
        await ledger.shows.bind(scope, show.id)
        world.threads[place] = (await ledger.threads.open(scope, show.id)).id
        await ledger.threads.set_note(scope, f"The light is seen from afar, {canary('note', *place.own)}.")
        room = (place.tenant, place.room, here if place.room == DIRECT else 0)
        await ledger.profile.keep(scope, "", f"Nobody says {canary('wish', *room)}.", f"U{here}")
        await ledger.profile.keep(scope, f"U{here}", f"I like {canary('mine', place.tenant, here)}.", f"U{here}")
        said = f"In our scene somebody stands at the door and says the password: {canary('said', *place.own)}."
        begun = await ledger.turns.begin(scope, NAMES[here], said, "chat", f"{place.room}.{here}.first")
        await ledger.turns.finish(scope, begun.take.id, f"So be it: {said}", TakeStatus.COMPLETE)
    return world


async def _shelve(ledger: Ledger, tenant: int, number: int) -> Show:
    show = await ledger.shows.ensure(f"T{tenant}", SHOWS[number])

    def word(kind: str) -> str:
        return f"The password of the lighthouse is {canary(kind, tenant, number)}"

    async def add(kind: str, name: str, text: str, status: Status = Status.ACCEPTED) -> None:
        await ledger.canon.add(show.tenant, show.id, Draft(kind, name, text), "ana", status)

    await add("character", "Mara", f"Mara keeps the lighthouse. {word('canon')}.")
    await add("style", "Tone", f"Write plainly. {word('style')}, and it is whispered.")
    await add("place", "Harbour", f"{word('idea')}, somebody proposes.", Status.PROPOSED)
    pieces = [Piece(0, f"{word('source')}, the log of the harbour says."), Piece(1, "Who keeps it, nobody wrote down.")]
    await ledger.sources.put(show.tenant, show.id, "Harbour log", "file:///log.txt", "text", "d", "", pieces)
    return show
