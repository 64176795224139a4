"""Footing: which passages a page stands on: by its words, and by its meaning where they leave a doubt.

Knows nothing of how the page came about, nor which model compares meanings.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

from chains import Cited, Names, Page, Written, ground, weigh
from vectorstore import IndexFault

KEPT = 512
"""Passages whose vectors are kept: those of a conversation come again and again."""

log = logging.getLogger(__name__)


class Embedder(Protocol):
    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors."""
        ...


class Footing:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, list[float]] = OrderedDict()

    async def __call__(
        self,
        text: str,
        passages: Sequence[Cited],
        names: Names,
        said: Sequence[str],
        *,
        preface: str = "",
        source: int = 0,
    ) -> Page:
        """``preface`` and ``source`` as ``weigh`` takes them."""
        # Pure, but long enough to be felt by who else is being answered.
        weighed = await asyncio.to_thread(weigh, text, passages, names, preface=preface, source=source)
        likeness = await self._likeness(weighed.doubtful, passages)
        return await asyncio.to_thread(ground, text, passages, names, said, likeness, weighed=weighed)

    async def of(self, written: Written, passages: Sequence[Cited], names: Names, said: Sequence[str]) -> Page:
        """The page of what was written. What was quoted is new to nobody and rests on no talk; what was recalled has
        its source there."""
        if written.quoted:
            passages = [one for one in passages if one.origin != "turn" and not written.recalled]
            said = [*said, written.text]
        return await self(written.text, passages, names, said, preface=written.preface, source=written.source)

    async def _likeness(self, sentences: Sequence[str], passages: Sequence[Cited]) -> Mapping[str, Sequence[float]]:
        """The cosine of each sentence to each passage; nothing where the embedder does not answer."""
        if not sentences:
            return {}
        texts = [f"{passage.title}. {passage.text}" for passage in passages]
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        try:
            made = await self._embedder.aembed_documents([*sentences, *new])
        except IndexFault as fault:
            log.warning("A page was grounded by its words alone: %s", fault)
            return {}
        self._known |= zip(new, made[len(sentences) :], strict=True)
        near = [self._known[text] for text in texts]
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return {
            sentence: [_cosine(vector, passage) for passage in near]
            for sentence, vector in zip(sentences, made, strict=False)
        }


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
