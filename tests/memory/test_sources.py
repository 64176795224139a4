"""A document is learned, replaced and forgotten as a whole."""

import pytest

from memory import NotFound, Piece
from memory.store.reach import new_id

PIECES = tuple(Piece(n, f"text {n}", ("Part", f"{n}"), n + 1, "Ana", "2026-01-01") for n in range(3))


async def put(ledger, show, digest="d1", pieces=PIECES, title="The Book", uri="/a/book.md", licence="CC0"):
    return await ledger.sources.put(show.tenant, show.id, title, uri, "markdown", digest, licence, pieces)


async def test_a_document_is_learned_once_with_its_pieces_in_order(ledger, show, talk):
    source, changed = await put(ledger, show, pieces=reversed(PIECES))
    assert changed
    assert source.pieces == 3
    assert await ledger.sources.pieces(show.tenant, show.id, source.id) == PIECES
    assert await talk.drain() == [("source", source.id)]
    its_show = await ledger.shows.get(show.tenant, show.id)
    assert await ledger.indexable.source(source.id) == (source, PIECES, its_show)
    assert await put(ledger, show) == (source, False)
    assert await talk.drain() == []


async def test_a_changed_document_replaces_its_pieces_and_keeps_its_id(ledger, show, talk):
    old, _ = await put(ledger, show)
    await talk.drain()
    new, changed = await put(ledger, show, "d2", PIECES[:1])
    assert (changed, new.id, new.pieces) == (True, old.id, 1)
    assert await ledger.sources.pieces(show.tenant, show.id, new.id) == PIECES[:1]
    assert await talk.drain() == [("source", new.id)]


async def test_a_new_licence_is_kept_without_touching_the_pieces(ledger, show):
    await put(ledger, show)
    source, changed = await put(ledger, show, pieces=(), licence="CC-BY")
    assert (changed, source.licence, source.pieces) == (True, "CC-BY", 3)


async def test_a_forgotten_source_is_gone_and_the_index_hears_of_it(ledger, show, talk):
    source, _ = await put(ledger, show)
    await talk.drain()
    assert await ledger.sources.forget(show.tenant, show.id, source.id) == source
    assert await ledger.sources.listing(show.tenant, show.id) == ()
    assert await ledger.indexable.source(source.id) is None
    assert await talk.drain() == [("source", source.id)]
    with pytest.raises(NotFound):
        await ledger.sources.pieces(show.tenant, show.id, source.id)


async def test_a_source_is_found_by_its_address_its_title_or_the_start_of_its_id(ledger, show):
    one, _ = await put(ledger, show)
    two, _ = await put(ledger, show, title="the  BOOK", uri="/b/book.md")
    for what in (one.id, one.uri, one.id[:8].upper()):
        assert await ledger.sources.find(show.tenant, show.id, what) == (one,)
    assert await ledger.sources.find(show.tenant, show.id, "The book") == (one, two)
    for what in ("", one.id[:3], "%%%%", new_id()):
        assert await ledger.sources.find(show.tenant, show.id, what) == ()
