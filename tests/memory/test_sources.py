"""A document is learned, replaced and forgotten as a whole."""

from dataclasses import replace

import pytest

from memory import NotFound, Piece, TakeStatus
from memory.ledger import Ledger
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


async def test_a_forgotten_source_leaves_the_receipts_of_its_shows_pages_and_no_others(ledger, show, scope, talk):
    source, _ = await put(ledger, show)
    other, _ = await put(ledger, show, title="Another", uri="/b")
    begun = await ledger.turns.begin(scope, "ana", "What does it say?", "chat", "")
    its = {"n": 1, "record": source.id, "title": source.title, "origin": "source", "place": "Part", "text": "text 1"}
    old = {name: its[name] for name in its if name != "record"}  # as it was kept before records were named
    stays = its | {"record": other.id, "title": other.title}, old | {"origin": "canon"}
    receipts = {"writer": "echo", "passages": [its, old, *stays]}
    await ledger.turns.finish(scope, begun.take.id, "It says text 1. [1]", TakeStatus.COMPLETE, receipts=receipts)
    plain = await talk.say("And who wrote it?")
    elsewhere = replace(scope, room="C2")
    await ledger.threads.open(elsewhere, (await ledger.shows.ensure(scope.tenant, "Another show")).id)
    there = await ledger.turns.begin(elsewhere, "ana", "What does it say?", "chat", "")
    await ledger.turns.finish(elsewhere, there.take.id, "That. [1]", TakeStatus.COMPLETE, receipts={"passages": [old]})
    await ledger.sources.forget(show.tenant, show.id, source.id)
    gone = {"text": "", "place": "", "forgotten": True}
    page = (await ledger.turns.get(scope, begun.turn.id)).take
    assert dict(page.receipts) == {"writer": "echo", "passages": [its | gone, old | gone, *stays]}
    assert page.text == "It says text 1. [1]"
    assert (await ledger.turns.get(scope, plain.id)).take.receipts == plain.take.receipts
    assert (await ledger.turns.get(elsewhere, there.turn.id)).take.receipts["passages"] == [old]


async def test_the_text_of_a_forgotten_source_is_not_in_the_ledgers_files_any_more(tmp_path):
    async with await Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        show = await ledger.shows.ensure("T1", "The Salt Road")
        source, _ = await put(ledger, show, pieces=[Piece(n, f"Zebrafish {n} " * 50) for n in range(50)])
    assert "Zebrafish" in contents(tmp_path)
    async with await Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        await ledger.sources.forget("T1", show.id, source.id)
    assert "Zebrafish" not in contents(tmp_path)


def contents(folder):
    return "".join(path.read_text("latin-1") for path in folder.iterdir())


async def test_a_source_is_found_by_its_address_its_title_or_the_start_of_its_id(ledger, show):
    one, _ = await put(ledger, show)
    two, _ = await put(ledger, show, title="the  BOOK", uri="/b/book.md")
    for what in (one.id, one.uri, one.id[:8].upper()):
        assert await ledger.sources.find(show.tenant, show.id, what) == (one,)
    assert await ledger.sources.find(show.tenant, show.id, "The book") == (one, two)
    for what in ("", one.id[:3], "%%%%", new_id()):
        assert await ledger.sources.find(show.tenant, show.id, what) == ()
