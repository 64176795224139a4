"""Skeleton writer: the program writes the form of a page, a small model fills its blanks.

Headings, labels and who speaks when come from canon and the request. Each blank is drawn in a few
takes, judged, and only then shown, word by word: nothing shown is ever taken back. Knows nothing of
which model it is, of how passages were found, or of platforms.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random
from time import perf_counter
from typing import Protocol, TypeVar

from chains.errors import WriterError
from chains.format import Line, Sampling, Skeleton, Slot
from chains.material import Material, sentences
from chains.message import Message
from chains.onward import begun, ending
from chains.plan import SLOT, known, plan, put
from chains.quotation import Quotation
from chains.slots import Judged, again, best, content, judge, strays, trim, without_strays
from chains.words import words
from chains.written import Usage, Written

TAKES = 6
ROUNDS = 3
END = 400  # characters of the page to go on from that the model reads before what it writes

_T = TypeVar("_T")

Show = Callable[[str], Awaitable[None]]


class Pen(Protocol):
    """What a skeleton needs of a writer: several takes of one text, and the likelihood of options."""

    async def takes(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        n: int,
        tokens: int,
        stop: Sequence[str] = (),
        tenant: str,
    ) -> list[Written]: ...

    async def choose(self, messages: Sequence[Message], options: Sequence[str], *, tenant: str) -> list[float]: ...


async def fill(
    skeleton: Skeleton,
    material: Material,
    pen: Pen,
    *,
    sampling: Sampling,
    tenant: str,
    on_text: Show | None = None,
    halt: asyncio.Event | None = None,
) -> Written:
    """Write a page. The pieces given to ``on_text`` join to the text returned, also when halted.

    Ends ``complete``, ``stopped`` (halted) or ``failed`` (the writer failed; ``reason`` says why).
    """
    desk = _Desk(skeleton, material, pen, sampling, tenant, on_text, halt)
    try:
        for line, values in plan(skeleton, material):
            await desk.line(line, values)
    except _Halted:
        return desk.written("stopped")
    except _Failed as error:
        return desk.written("failed", str(error))
    return desk.written("complete")


class _Halted(Exception):
    """The person said stop."""


class _Failed(Exception):
    """The writer gave up; the text says why."""


class _Desk:
    """One page being written: what was shown, what the model reads, what was used up."""

    def __init__(
        self,
        skeleton: Skeleton,
        material: Material,
        pen: Pen,
        sampling: Sampling,
        tenant: str,
        on_text: Show | None,
        halt: asyncio.Event | None,
    ) -> None:
        self._slots = {slot.name: slot for slot in skeleton.slots}
        self._material, self._pen, self._sampling, self._tenant = material, pen, sampling, tenant
        self._on_text, self._halt = on_text, halt
        # The worked example is there to be followed, not to be copied.
        self._rules = "\n".join(message.text for message in material.messages if message.role == "system")
        self._random = Random(sampling.seed)
        self._shown = ""
        self._seen = f"{ending(material.before, END)}\n" if material.before else ""
        self._quotation = Quotation()  # what of it was said
        self._openings: dict[str, list[str]] = {}
        self._kept = dict(begun(skeleton, material.before).kept)
        self._usage = Usage()
        self._start = perf_counter()

    def written(self, finish: str, reason: str = "") -> Written:
        usage = replace(self._usage, total_ms=(perf_counter() - self._start) * 1000)
        said = self._quotation
        quoted = bool(said.text)
        return Written(self._shown, finish, usage, reason, said.preface, said.recalled, quoted, said.source)  # type: ignore[arg-type]

    async def line(self, line: Line, values: Mapping[str, str]) -> None:
        """Write one line: its words at once, its slots as they are drawn."""
        if not line.show and (not self._shown or self._shown.endswith("\n\n")):
            return
        if "{quote}" in line.show:
            self._quotation = self._material.quotation
        shown = SLOT.split(put(line.show, values))
        seen = SLOT.split(put(line.show if line.seen is None else line.seen, values))
        before, seen_before = ("\n" if self._shown else "") + shown[0], ("\n" if self._seen else "") + seen[0]
        if any(letter.isalnum() for letter in before) or len(shown) == 1:
            await self._say(before, seen_before)
            before = seen_before = ""
        for name, after_shown, after_seen in zip(shown[1::2], shown[2::2], seen[2::2], strict=True):
            # Markup alone ("**", "- ") waits for the words it belongs to.
            text = await self._fill(self._slots[name], values, seen_before)
            await self._say(before, seen_before)
            before = seen_before = ""
            for word in re.findall(r"\s*\S+", text):
                await self._say(word, word)
            await self._say(after_shown, after_seen)

    async def _say(self, shown: str, seen: str) -> None:
        if self._halt is not None and self._halt.is_set():
            raise _Halted
        self._seen += seen
        if not shown:
            return
        if not self._shown:
            self._usage = replace(self._usage, first_ms=(perf_counter() - self._start) * 1000)
        self._shown += shown
        if self._on_text is not None:
            await self._on_text(shown)

    async def _fill(self, slot: Slot, values: Mapping[str, str], before: str) -> str:
        """What stands in the slot; ``before`` is what the model reads after all that was said so far."""
        if slot.choices:
            return await self._choose(slot, values, before)
        if not slot.kept:
            return await self._draw(slot, values, before)
        if slot.name not in self._kept:
            self._kept[slot.name] = await self._draw(slot, values, before)
        return self._kept[slot.name]

    async def _choose(self, slot: Slot, values: Mapping[str, str], before: str) -> str:
        options = [put(choice, values) for choice in slot.choices if known(choice, values)]
        asked = {word.casefold() for word in words(self._material.request)}
        named = [option for option in options if option.strip(".").casefold() in asked]
        if named:
            return named[0]
        try:
            odds = await self._heed(self._pen.choose(self._prefix(before), options, tenant=self._tenant))
        except WriterError:
            # Not every writer can weigh options; the format names its likeliest first.
            return options[0]
        return max(zip(odds, options, strict=True), key=lambda pair: pair[0])[1]

    async def _draw(self, slot: Slot, values: Mapping[str, str], before: str) -> str:
        """A few takes of a slot, at most ROUNDS times; then what can be saved; then a quotation."""
        speaker = values.get(slot.voice, "")
        tried: list[Judged] = []
        for heat in range(ROUNDS):
            opening = self._opening(slot, values)
            sampling = replace(self._sampling, temperature=self._sampling.temperature + 0.1 * heat)
            drawn = await self._takes(self._prefix(before + opening), sampling, slot)
            judged = [
                judge(
                    _join(opening, one.text),
                    cut=one.finish == "length",
                    opening=opening,
                    slot=slot,
                    material=self._material,
                    page=f"{self._rules}\n{self._material.before}\n{self._shown}",
                    speaker=speaker,
                )
                for one in drawn
            ]
            chosen = best(judged)
            if chosen is not None:
                return chosen.text
            tried += judged
        return (
            self._saved(slot, tried)
            or self._quoted(slot, speaker)
            or max(tried, key=lambda one: len(one.text)).text
            or self._material.request
            or "…"
        )

    async def _takes(self, messages: Sequence[Message], sampling: Sampling, slot: Slot) -> list[Written]:
        drawn = await self._heed(
            self._pen.takes(messages, sampling, n=TAKES, tokens=slot.tokens, stop=slot.stop, tenant=self._tenant)
        )
        use = self._usage
        self._usage = replace(
            use,
            # Of the first draw only: later ones find the cache that it left.
            prompt=use.prompt or drawn[0].usage.prompt,
            reused=use.reused if use.prompt else drawn[0].usage.reused,
            generated=use.generated + sum(one.usage.generated for one in drawn),
        )
        if all(one.finish == "failed" for one in drawn):
            raise _Failed(drawn[0].reason)
        return drawn

    def _opening(self, slot: Slot, values: Mapping[str, str]) -> str:
        """The next opening in a shuffled pack, so that none comes twice before all came once."""
        if not self._material.latin:
            return ""
        pack = self._openings.setdefault(slot.name, [])
        usable = [one for one in pack if known(one, values)]
        if not usable:
            shuffled = self._random.sample(slot.openings, len(slot.openings))
            pack[:] = sorted(shuffled, key=lambda one: put(one, values) in self._material.before)
            usable = [one for one in pack if known(one, values)]
        if not usable:
            return ""
        pack.remove(usable[0])
        return put(usable[0], values)

    def _prefix(self, opening: str) -> list[Message]:
        # A trailing space would split the next word's token; the model writes that space itself.
        return [*self._material.messages, Message("assistant", (self._seen + opening).rstrip(" "))]

    def _saved(self, slot: Slot, tried: Sequence[Judged]) -> str:
        cut = [
            trim(without_strays(one.text, slot, self._material), slot, cut=False)
            for one in tried
            if one.fault == "new name"
        ]
        return max((text for text in cut if len(words(text)) > 2 and not again(text, self._shown)), key=len, default="")

    def _quoted(self, slot: Slot, speaker: str) -> str:
        """The canon's own words: the passages' sentence nearest to the request that was not said yet."""
        asked = content(self._material.request)
        fit = [
            s
            for text in self._material.passages
            for s in sentences(text)
            if 2 < len(words(s)) <= (slot.words or slot.tokens)
            and not again(s, self._shown)
            and not strays(s, self._material)
            and not (speaker and speaker in s)
        ]
        return max(fit, key=lambda s: len(content(s) & asked), default="")

    async def _heed(self, work: Coroutine[object, object, _T]) -> _T:
        """Await the pen, but drop it as soon as the person says stop."""
        if self._halt is None:
            return await work
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._halt.wait())
        try:
            await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if doing.done() and not self._halt.is_set():
                return doing.result()
            raise _Halted
        finally:
            for task in (doing, stopping):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def _join(opening: str, text: str) -> str:
    return f"{opening.rstrip(' ')}{text}" if opening else text.lstrip()
