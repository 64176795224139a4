"""Search: one query over canon, sources and earlier turns, to a few hits with their reasons.

Phrasings to vectors, arms by the engine, fusion, small boosts, choice, neighbours. Knows nothing of
the engine behind it, of the ledger or of prompts.

``Hit.signals``: ``dense``, ``bm25``, ``name``, ``kind`` and ``recency`` are the shares that sum to
``score``, which is relative to this search. ``cosine`` (greatest, over the phrasings) and
``coverage`` (greatest share of the asked words found in the passage, stop words aside) are absolute:
they tell a match from the best of nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Protocol

from vectorstore.choice import Candidate, choose, join
from vectorstore.errors import EmbedderDown, IndexFault
from vectorstore.fusion import Shares, fuse, raw
from vectorstore.passage import Origin, Passage
from vectorstore.query import Found, Hit, Query
from vectorstore.sight import Where, visible
from vectorstore.store import Arm, Asked, Readable, Stored

DEPTH = 100  # candidates an arm
POOL = 48  # candidates of an origin that are read and weighed
KIND = 0.1  # what a preferred kind adds to a score
RECENCY = 0.05  # what the newest turn gains over the first
SHORT = 160  # characters under which a hit is completed by its neighbours


class Embeds(Protocol):
    """What a search needs of an embedder; raises EmbedderDown."""

    async def aembed_queries(self, texts: Sequence[str]) -> list[list[float]]: ...


async def search(engine: Readable, embedder: Embeds, query: Query) -> Found:
    """Never raises for an index that cannot answer: what is missing stands in ``trouble``."""
    started = perf_counter()
    trouble = ""
    hits: list[Hit] = []
    missed: list[tuple[Hit, str]] = []
    where = visible(query)
    if where is not None and query.limit > 0:
        asked, trouble = await _asked(embedder, query)
        try:
            candidates = await _candidates(engine, where, asked, query)
            hits, missed = choose(candidates, query.caps, query.limit)
            hits = await _completed(engine, where, hits)
        except IndexFault as fault:
            hits, missed, trouble = [], [], str(fault)
    return Found(tuple(hits), tuple(missed), trouble, (perf_counter() - started) * 1000)


async def _asked(embedder: Embeds, query: Query) -> tuple[Asked, str]:
    texts = tuple(dict.fromkeys(text for text in (query.text, *query.also) if text.strip()))
    asked = Asked(texts, (), query.names, DEPTH)
    if not texts:
        return asked, ""
    try:
        return replace(asked, vectors=tuple(await embedder.aembed_queries(texts))), ""
    except EmbedderDown as fault:
        return asked, f"Found by words alone: {fault}"


async def _candidates(engine: Readable, where: Where, asked: Asked, query: Query) -> list[Candidate]:
    arms = await engine.arms(where, asked)
    shares = fuse(arms)
    pool = _pool(arms, shares)
    if not pool:
        return []
    cosines = raw(arms, "dense")
    return [
        _weighed(stored, shares[stored.passage.id], cosines.get(stored.passage.id), query)
        for stored in await engine.read(where, pool, asked.texts)
    ]


def _pool(arms: Sequence[Arm], shares: Mapping[str, Shares]) -> list[str]:
    """The best of each origin, so that no origin drowns another before the caps are known."""
    origins: dict[Origin, set[str]] = {}
    for arm in arms:
        origins.setdefault(arm.origin, set()).update(arm.scores)
    pool: list[str] = []
    for ids in origins.values():
        pool += sorted(ids, key=lambda one: (-sum(shares[one].values()), one))[:POOL]
    return pool


def _weighed(stored: Stored, shares: Shares, cosine: float | None, query: Query) -> Candidate:
    passage, base = stored.passage, sum(shares.values())
    signals = dict(shares)
    if passage.kind in query.kinds:
        signals["kind"] = base * KIND
    if passage.origin is Origin.TURN:
        newest = max(query.sight.branches.values(), default=0)
        signals["recency"] = base * RECENCY * min(1.0, passage.depth / max(newest, 1))
    score = round(sum(signals.values()), 5)
    if cosine is not None:
        signals["cosine"] = cosine
    return Candidate(stored, score, {**signals, "coverage": stored.coverage})


async def _completed(engine: Readable, where: Where, hits: list[Hit]) -> list[Hit]:
    """Short hits with what stands beside them in their record, under the same headings."""
    wanted = {one.id: place for place, hit in enumerate(hits) if _short(hit) for one in _beside(hit)}
    if not wanted:
        return hits
    told = {one.id for hit in hits for one in hit.joined}
    found = await engine.read(where, sorted(wanted.keys() - told), ())
    for passage in sorted((one.passage for one in found), key=lambda one: -one.order):
        hit = hits[wanted[passage.id]]
        if _short(hit) and passage.path == hit.passage.path:
            hits[wanted[passage.id]] = join(hit, [passage])
    return hits


def _short(hit: Hit) -> bool:
    return hit.passage.origin is not Origin.TURN and len(hit.text) < SHORT


def _beside(hit: Hit) -> list[Passage]:
    """The places before and after; whether a passage is there, the engine knows."""
    first, last = hit.joined[0], hit.joined[-1]
    return [replace(first, order=first.order - 1), replace(last, order=last.order + 1)]
