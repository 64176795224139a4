"""Item: what is answered together, from its first letter to its reply. Knows nothing of queues."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.events import Inbound, Reply, Stage
from memory import Kept


@dataclass(slots=True, eq=False)
class Item:
    """``stage`` is set where the surface holds it itself, ``came`` is the loop's time, ``halt`` is set when
    its turn must stop, ``ended`` when it has its reply. ``late``: it came too late to be answered."""

    kept: list[Kept]
    inbound: Inbound
    stage: Stage | None
    came: float
    ended: "asyncio.Future[Reply]"
    late: bool = False
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    @property
    def head(self) -> Kept:
        return self.kept[0]

    @property
    def number(self) -> int:
        return self.head.number

    @property
    def numbers(self) -> set[int]:
        return {kept.number for kept in self.kept}

    @property
    def happened(self) -> bool:
        """Whether it tells what is done already: an edit or a deletion comes only once, so it is never refused."""
        return self.inbound.kind in ("edit", "delete")

    @property
    def order(self) -> tuple[datetime, int]:
        """By when it was said; a platform may deliver late. What was begun before goes first."""
        begun = datetime.min.replace(tzinfo=UTC)
        return begun if self.head.attempts else self.inbound.sent or self.head.received, self.number

    def end(self, reply: Reply) -> None:
        if not self.ended.done():
            self.ended.set_result(reply)


def item(kept: list[Kept], inbound: Inbound, stage: Stage | None = None, *, late: bool = False) -> Item:
    loop = asyncio.get_running_loop()
    return Item(kept, inbound, stage, loop.time(), loop.create_future(), late)
