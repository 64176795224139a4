"""Model: an engine's process as a LangChain chat model, asynchronous only.

LangChain over local transformers has no working async; here the loop never waits for a token.
Knows nothing of which engine it is.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, agenerate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from chains.errors import EngineLost
from chains.format import Sampling
from chains.local.process import Process
from chains.local.wire import Frame
from chains.message import Message
from chains.written import Usage, Written

_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}


class LocalChat(BaseChatModel):
    """``sampling``, ``tokens`` and ``tenant`` are defaults; each call may bring its own."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    process: Process
    sampling: Sampling = Sampling()
    tokens: int = 320
    tenant: str = ""

    @property
    def _llm_type(self) -> str:
        return "dramaturg-local"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("A local writer is asynchronous: use ainvoke or astream.")

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
        frames = self._write(pairs, stop or (), 1, kwargs)
        async with aclosing(frames):
            async for frame in frames:
                yield ChatGenerationChunk(message=_chunk(frame))

    async def takes(
        self, messages: Sequence[Message], sampling: Sampling, *, n: int, tokens: int, stop: Sequence[str], tenant: str
    ) -> list[Written]:
        """``n`` answers drawn in one batch from one prompt. Greedy sampling would draw one n times
        over, so a temperature of 0 becomes the default one."""
        if n > 1 and sampling.temperature <= 0:
            sampling = replace(sampling, temperature=Sampling().temperature)
        given = {"sampling": sampling, "tokens": tokens, "tenant": tenant}
        texts = [""] * n
        ends: list[Frame] = [{}] * n
        usage = Usage()
        frames = self._write([(m.role, m.text) for m in messages], stop, n, given)
        async with aclosing(frames):
            async for frame in frames:
                match frame["on"]:
                    case "begun":
                        usage = Usage(prompt=frame["prompt"], reused=frame["reused"])
                    case "text":
                        texts[frame["take"]] += frame["text"]
                    case "done":
                        ends[frame["take"]] = frame
        return [
            Written(text, end["finish"], replace(usage, generated=end["generated"]), end["reason"])
            for text, end in zip(texts, ends, strict=True)
        ]

    async def scores(self, messages: Sequence[Message], options: Sequence[str], tenant: str) -> list[float]:
        pairs = [(m.role, m.text) for m in messages]
        value: list[float] = await self._value("score", messages=pairs, options=list(options), tenant=tenant)
        return value

    async def count(self, texts: Sequence[str]) -> list[int]:
        value: list[int] = await self._value("count", texts=list(texts))
        return value

    async def _value(self, do: str, **fields: Any) -> Any:
        """One answer; asked once more where the process died on it."""
        try:
            return [frame async for frame in self.process.exchange(do, **fields)][-1]["value"]
        except EngineLost:
            return [frame async for frame in self.process.exchange(do, **fields)][-1]["value"]

    async def _write(
        self, pairs: list[tuple[str, str]], stop: Sequence[str], n: int, given: dict[str, Any]
    ) -> AsyncGenerator[Frame, None]:
        """The frames of one request. A process that dies before the first word is shown is asked
        once more; after it, the words stay and the caller decides."""
        sampling: Sampling = given.get("sampling") or self.sampling
        fields = {
            "messages": pairs,
            "sampling": asdict(sampling) | {"seed": secrets.randbits(31) if sampling.seed is None else sampling.seed},
            "tokens": given.get("tokens") or self.tokens,
            "stop": list(stop),
            "takes": n,
            "tenant": given.get("tenant") or self.tenant,
        }
        shown = False
        try:
            async with aclosing(self.process.exchange("write", n, **fields)) as frames:
                async for frame in frames:
                    shown = shown or frame["on"] == "text"
                    yield frame
                return
        except EngineLost:
            if shown:
                raise
        async with aclosing(self.process.exchange("write", n, **fields)) as frames:
            async for frame in frames:
                yield frame


def _chunk(frame: Frame) -> AIMessageChunk:
    """Usage is given piece by piece, the way LangChain adds it up, so that it is right at any cut."""
    match frame["on"]:
        case "begun":
            return AIMessageChunk(content="", usage_metadata=_usage(frame["prompt"], 0, frame["reused"]))
        case "text":
            return AIMessageChunk(content=frame["text"], usage_metadata=_usage(0, frame["tokens"]))
    ending = {"finish_reason": frame["finish"], "reason": frame["reason"]}
    usage = _usage(0, frame["tokens"])
    return AIMessageChunk(content="", response_metadata=ending, usage_metadata=usage, chunk_position="last")


def _usage(prompt: int, generated: int, reused: int = 0) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=prompt,
        output_tokens=generated,
        total_tokens=prompt + generated,
        input_token_details={"cache_read": reused},
    )
