"""Cited: what the receipts of pages keep of a source, and how it is taken out when the source is forgotten.

Knows nothing of receipts but that each of their ``passages`` has a ``record``, a ``title`` and an ``origin``, and that
its ``text`` and its ``place`` are the source's words.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.sources import Source
from memory.tables import takes, threads, turns

_WORDS = {"text": "", "place": "", "forgotten": True}


async def take_out(tx: AsyncConnection, source: Source) -> None:
    """From every page of the source's show. That a page stood on it stays, with its title."""
    written = type_coerce(takes.c.receipts, Text)
    # What was kept before receipts named records is known by its title.
    named = or_(*(written.contains(json.dumps(name, ensure_ascii=False)) for name in (source.id, source.title)))
    stood = select(takes.c.id, takes.c.receipts).join(turns, turns.c.id == takes.c.turn)
    mine = stood.join(threads, threads.c.id == turns.c.thread).where(threads.c.show == source.show, named)
    for take, receipts in (await tx.execute(mine)).all():
        rows = [_without(row, source) for row in receipts.get("passages", ())]
        await tx.execute(update(takes).where(takes.c.id == take).values(receipts={**receipts, "passages": rows}))


def _without(row: Mapping[str, Any], source: Source) -> Mapping[str, Any]:
    its = row["record"] == source.id if "record" in row else (row["origin"], row["title"]) == ("source", source.title)
    return {**row, **_WORDS} if its else row
