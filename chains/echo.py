"""Echo: a model without weights. Deterministic, quick, shipped: the double for everything above it.

It says again what it was given: of the passages in the prompt those that touch the question, each
with its [n], so that grounding can be seen to work. Knows nothing of the program around it.

A script steers it, ``echo:slow=0.01,fail=after3words``:
``slow=SECONDS`` before each word; ``fail=start`` or ``fail=after<N>words``; ``say=TEXT`` answers
with this text and is last, since all that follows belongs to it.
"""

import asyncio
import math
import random
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, agenerate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from chains.errors import WriterError
from chains.format import Sampling
from chains.local.trickle import Hold
from chains.message import Message
from chains.written import Usage, Written

_WORD = re.compile(r"\s*\S+\s*?")
_PASSAGE = re.compile(r"^\W*\[(\d{1,3})\]\s*(.+?)(?=^\W*\[\d{1,3}\]|\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+")
_ROLES = {"human": "user", "ai": "assistant"}
_MOST = 3


@dataclass(frozen=True, slots=True)
class Script:
    """``fail`` is the number of words after which it fails; -1 never does."""

    slow: float = 0.0
    fail: int = -1
    say: str = ""


def script(text: str) -> Script:
    """Reads what follows ``echo:``. Raises WriterError where it is no script."""
    made = Script()
    if not text:
        return made
    text, _, say = text.partition("say=")
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        words = re.fullmatch(r"start|after(\d+)words?", value)
        if key == "slow" and re.fullmatch(r"\d*\.?\d+", value):
            made = replace(made, slow=float(value))
        elif key == "fail" and words:
            made = replace(made, fail=int(words[1] or 0))
        else:
            raise WriterError(
                f"The echo writer knows slow=SECONDS, fail=start, fail=after3words and say=TEXT, not {part!r}."
            )
    return replace(made, say=say)


class EchoChat(BaseChatModel):
    """Takes ``sampling``, ``tokens`` (words, here) and ``tenant`` with each call, as local models do."""

    script: Script = Script()

    @property
    def _llm_type(self) -> str:
        return "dramaturg-echo"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("The echo writer is asynchronous: use ainvoke or astream.")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        pairs = [(_ROLES.get(message.type, message.type), str(message.text)) for message in messages]
        sampling: Sampling = kwargs.get("sampling") or Sampling()
        bound: int = kwargs.get("tokens") or 10_000
        yield _chunk("", prompt=sum(len(text.split()) for _, text in pairs))
        hold = Hold(stop or ())
        words = _WORD.findall(self._answer(pairs, sampling))
        for n, word in enumerate(words[:bound]):
            await self._pace(n)
            if text := hold.feed(word):
                yield _chunk(text, generated=1)
            if hold.stopped:
                break
        await self._pace(min(len(words), bound), slow=False)
        if rest := hold.finish():
            yield _chunk(rest)
        yield _chunk("", finish="length" if len(words) > bound and not hold.stopped else "stop")

    async def takes(
        self, messages: Sequence[Message], sampling: Sampling, *, n: int, tokens: int, stop: Sequence[str], tenant: str
    ) -> list[Written]:
        pairs = [(message.role, message.text) for message in messages]
        prompt = sum(len(text.split()) for _, text in pairs)
        await self._pace(0)
        written = []
        for take in range(n):
            words = _WORD.findall(self._answer(pairs, replace(sampling, seed=(sampling.seed or 0) + take)))
            hold = Hold(stop)
            text = hold.feed("".join(words[:tokens])) + hold.finish()
            cut = len(words) > tokens and not hold.stopped
            written.append(Written(text, "length" if cut else "complete", Usage(prompt, 0, min(len(words), tokens))))
        return written

    async def scores(self, messages: Sequence[Message], options: Sequence[str], tenant: str) -> list[float]:
        """The more of an option's words the prompt holds, the likelier: log of (1 + held) / (2 + all)."""
        known = _terms(" ".join(message.text for message in messages))
        return [math.log((1 + len(_terms(option) & known)) / (2 + len(_terms(option)))) for option in options]

    async def count(self, texts: Sequence[str]) -> list[int]:
        """A token is a word here."""
        return [len(text.split()) for text in texts]

    async def _pace(self, n: int, slow: bool = True) -> None:
        if self.script.fail == n:
            raise WriterError("The echo writer fails here, as its script says: ask again.")
        await asyncio.sleep(self.script.slow if slow else 0)

    def _answer(self, pairs: Sequence[tuple[str, str]], sampling: Sampling) -> str:
        *_, (role, last) = pairs
        begun = last if role == "assistant" else ""
        asked = next((text for role, text in reversed(pairs) if role == "user"), "")
        text = self.script.say or _grounded(pairs, asked, sampling.seed or 0)
        return text[len(begun) :] if begun and text.startswith(begun) else text


def _grounded(pairs: Sequence[tuple[str, str]], asked: str, seed: int) -> str:
    """The first sentence of the passages nearest to what is asked; the seed chooses among orders."""
    question = _terms(_PASSAGE.sub("", asked)) or _terms(asked)
    found = {int(n): text for _, said in pairs for n, text in _PASSAGE.findall(said)}
    if not found:
        return "You said: " + " ".join(_PASSAGE.sub("", asked).split())
    near = sorted(found, key=lambda n: (-len(_terms(found[n]) & question), n))[:_MOST]
    if seed:
        random.Random(seed).shuffle(near)
    return " ".join(f"{_first(found[n])} [{n}]." for n in near)


def _first(text: str) -> str:
    """The first sentence of a passage that says something, without its full stop."""
    sentences = [" ".join(part.split()) for part in _SENTENCE.split(text.strip())]
    said = next((sentence for sentence in sentences if len(sentence.split()) > 3), sentences[0])
    return said.rstrip(".!?…。！？ ")


def _terms(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w+", text)}


def _chunk(text: str, *, prompt: int = 0, generated: int = 0, finish: str = "") -> ChatGenerationChunk:
    usage = UsageMetadata(input_tokens=prompt, output_tokens=generated, total_tokens=prompt + generated)
    ending: dict[str, Any] = {"finish_reason": finish} if finish else {}
    last = "last" if finish else None
    return ChatGenerationChunk(
        message=AIMessageChunk(content=text, usage_metadata=usage, response_metadata=ending, chunk_position=last)
    )
