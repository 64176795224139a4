"""Rows become nouns, and the joins that fetch what a noun needs. Knows nothing of who may see them."""

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, or_, select

from memory.canon import Entry, Status
from memory.conversation import Recap, Room, Scope, Show, Take, TakeStatus, Thread, Turn
from memory.sources import Source
from memory.tables import entries, entry_versions, path, recaps, rooms, shows, sources, takes, threads, turns

heads = turns.alias("heads")

# Of an entry's versions: the one in force and, beside it, a newer one that waits.
current = or_(entry_versions.c.version == entries.c.in_force, entry_versions.c.version == entries.c.newest)


def threads_with_recap(*more: ColumnElement[Any], spare: int = 0) -> Select[Any]:
    """Threads, their shows, their heads' depths and the latest recap that is on their path. ``spare``
    leaves out a recap that reaches into that many turns before the head."""
    older = recaps.alias("older")
    latest = (
        select(older.c.number)
        .join(path, and_(path.c.thread == older.c.thread, path.c.turn == older.c.turn))
        .where(older.c.thread == threads.c.id, older.c.upto <= heads.c.depth - spare)
        .order_by(older.c.upto.desc(), older.c.number.desc())
        .limit(1)
        .correlate(threads, heads)
        .scalar_subquery()
    )
    return (
        select(threads, shows, heads.c.depth, recaps, *more)
        .select_from(threads)
        .join(shows, shows.c.id == threads.c.show)
        .outerjoin(heads, heads.c.id == threads.c.head)
        .outerjoin(recaps, recaps.c.number == latest)
    )


def turns_with_take(*more: ColumnElement[Any], receipts: bool = True) -> Select[Any]:
    """Turns, each with its chosen take, and their threads (for the condition on who may see). Receipts are ten times
    what the page is: who reads many turns reads them ``receipts=False``."""
    kept = [column for column in takes.c if receipts or column is not takes.c.receipts]
    return (
        select(turns, *kept, *more)
        .select_from(turns)
        .join(threads, threads.c.id == turns.c.thread)
        .outerjoin(takes, takes.c.id == turns.c.chosen)
    )


def versions(*more: ColumnElement[Any]) -> Select[Any]:
    """Versions of canon entries, their entries, and their shows (for the condition on who may see)."""
    return (
        select(entry_versions, entries.c.show, entries.c.in_force, *more)
        .select_from(entry_versions)
        .join(entries, entries.c.id == entry_versions.c.entry)
        .join(shows, shows.c.id == entries.c.show)
    )


def show_of(row: RowMapping) -> Show:
    c = shows.c
    return Show(row[c.id], row[c.tenant], row[c.name], row[c.brief], row[c.style], row[c.canon_version])


def room_of(row: RowMapping | None, scope: Scope) -> Room:
    whole = Scope(scope.platform, scope.tenant, scope.room)
    if row is None or row[rooms.c.format] is None:
        return Room(whole)
    return Room(whole, row[rooms.c.show], row[rooms.c.format], row[rooms.c.note], tuple(row[rooms.c.deciders] or ()))


def scope_of(row: RowMapping) -> Scope:
    c = threads.c
    return Scope(row[c.platform], row[c.tenant], row[c.room], row[c.key])


def thread_of(row: RowMapping) -> Thread:
    c = threads.c
    recap = None if row[recaps.c.number] is None else Recap(row[recaps.c.text], row[recaps.c.upto])
    return Thread(
        id=row[c.id],
        scope=scope_of(row),
        show=row[c.show],
        title=row[c.title],
        format=row[c.format],
        note=row[c.note],
        branch=row[c.branch],
        head=row[c.head],
        recap=recap,
        created=row[c.created],
        touched=row[c.touched],
    )


def take_of(row: RowMapping) -> Take:
    c = takes.c
    return Take(
        id=row[c.id],
        turn=row[c.turn],
        number=row[c.number],
        text=row[c.text],
        status=TakeStatus(row[c.status]),
        reason=row[c.reason],
        writer=row[c.writer],
        steer=row[c.steer],
        receipts=row.get(c.receipts, {}),
        created=row[c.created],
    )


def turn_of(row: RowMapping) -> Turn:
    return turn_with(row, None if row[takes.c.id] is None else take_of(row))


def turn_with(row: RowMapping, take: Take | None) -> Turn:
    c = turns.c
    return Turn(
        id=row[c.id],
        thread=row[c.thread],
        parent=row[c.parent],
        depth=row[c.depth],
        branch=row[c.branch],
        author=row[c.author],
        text=row[c.text],
        format=row[c.format],
        take=take,
        created=row[c.created],
    )


def entry_of(row: RowMapping) -> Entry:
    c = entry_versions.c
    return Entry(
        id=row[c.entry],
        show=row[entries.c.show],
        kind=row[c.kind],
        name=row[c.name],
        text=row[c.text],
        aliases=tuple(row[c.aliases]),
        tags=tuple(row[c.tags]),
        starts=row[c.starts],
        ends=row[c.ends],
        origin=row[c.origin],
        status=Status(row[c.status]),
        version=row[c.version],
        who=row[c.who],
        when=row[c.created],
    )


def source_of(row: RowMapping) -> Source:
    c = sources.c
    return Source(
        id=row[c.id],
        show=row[c.show],
        title=row[c.title],
        uri=row[c.uri],
        media=row[c.media],
        digest=row[c.digest],
        licence=row[c.licence],
        pieces=row[c.pieces],
        learned=row[c.learned],
    )
