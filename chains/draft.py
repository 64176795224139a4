"""Draft: from a prompt to a written page, in whichever way the writer can.

A small writer fills a format's skeleton; a large one gets it as an instruction. Where the prompt
begins the answer, so does the page. Knows nothing of how the prompt came about or where text is shown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from chains.asking import Told
from chains.format import Format, Sampling, Skeleton
from chains.material import Material, gather
from chains.message import Message
from chains.names import Names
from chains.plan import outline
from chains.prompt import Prompt
from chains.skeleton import Pen, fill
from chains.writer import Card
from chains.written import Written

Show = Callable[[str], Awaitable[None]]

_BYTES_A_TOKEN = 3.5


class Writer(Pen, Protocol):
    """Also writes freely, piece by piece."""

    card: Card

    async def write(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        tokens: int,
        stop: Sequence[str] = (),
        tenant: str,
        on_text: Show | None = None,
        halt: asyncio.Event | None = None,
    ) -> Written: ...


async def draft(
    writer: Writer,
    form: Format,
    prompt: Prompt,
    *,
    request: str,
    meaning: str,
    before: str,
    steer: str = "",
    last: str = "",
    said: Sequence[str],
    told: Sequence[Told],
    names: Names,
    sampling: Sampling,
    tenant: str,
    on_text: Show,
    halt: asyncio.Event,
) -> Written:
    """The page, streamed to ``on_text`` as it comes; the pieces join to the text returned.

    ``request`` is what the person asked, ``meaning`` the same with its *she* and *there* put in, ``before`` the page
    that this one goes on from, ``steer`` how it should differ from ``last``, the page that it takes the place of,
    ``said`` what was said before, oldest first, ``told`` what of it may answer a question,
    latest first, ``names`` the canon's. ``halt`` ends it within two tokens. Never raises for what the model does: see Written.finish.
    """
    if form.skeleton is None or not (writer.card.small or form.skeleton.told):
        return await _freely(writer, form, prompt, prompt.messages, sampling, tenant, on_text, halt)
    material = await asyncio.to_thread(
        gather,
        prompt.messages,
        request,
        meaning=meaning,
        before=before,
        steer=steer,
        last=last,
        said=said,
        told=told,
        passages=prompt.passages,
        names=names,
    )
    if writer.card.small:
        return await fill(form.skeleton, material, writer, sampling=sampling, tenant=tenant, on_text=on_text, halt=halt)
    messages = _instructed(form.skeleton, material, prompt, writer.card)
    return await _freely(writer, form, prompt, messages, sampling, tenant, on_text, halt)


async def _freely(
    writer: Writer,
    form: Format,
    prompt: Prompt,
    messages: tuple[Message, ...],
    sampling: Sampling,
    tenant: str,
    on_text: Show,
    halt: asyncio.Event,
) -> Written:
    """Write on from the prompt. A local engine that dies has restarted by itself: then the answer is
    taken up once more where it broke off."""
    if prompt.lead:
        await on_text(prompt.lead)
    bounds = {"tokens": prompt.reserved or form.tokens, "stop": form.stop, "tenant": tenant}
    written = await writer.write(messages, sampling, **bounds, on_text=on_text, halt=halt)  # type: ignore[arg-type]
    text = prompt.lead + written.text
    if written.finish == "failed" and writer.card.prefill and not halt.is_set():
        taken_up = (*_without_lead(messages), Message("assistant", text)) if text else messages
        more = await writer.write(taken_up, sampling, **bounds, on_text=on_text, halt=halt)  # type: ignore[arg-type]
        written, text = more, text + more.text
    return replace(written, text=text)


def _without_lead(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return messages[:-1] if messages[-1].role == "assistant" else messages


def _instructed(skeleton: Skeleton, material: Material, prompt: Prompt, card: Card) -> tuple[Message, ...]:
    """The skeleton as the last words of the prompt, where there is room for it."""
    form = outline(skeleton, material)
    needed = len(form.encode()) / _BYTES_A_TOKEN
    if prompt.tokens + prompt.reserved + needed > card.context:
        return prompt.messages
    *before, last = prompt.messages
    return (*before, replace(last, text=f"{last.text}\n\n{form}"))
