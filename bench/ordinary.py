"""The ordinary way: the same weights behind LangChain's own parts, as its documentation puts them together.

A chat history that grows, a vector store as retriever, a prompt template, and HuggingFacePipeline. Its
embeddings come from our own process: only the turn is compared, and theirs would take longer.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import transformers
from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_community.llms import HuggingFacePipeline
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.documents import Document
from langchain_core.messages import trim_messages
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.measure import since
from bench.room import example, settings
from chains.claims import RULES_SMALL
from chains.formats.load import load_formats
from chains.local.weights import open_model
from chains.local.wire import Spec
from vectorstore.langchain import LangChainEmbedder

CHUNK = 800  # characters: about what our passages of the example show have
_LEFT = 16  # tokens kept free beside the prompt and the answer


def documents(folder: Path) -> list[Document]:
    """The folder's Markdown, loaded and split."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    loader = DirectoryLoader(str(folder), glob="**/*.md", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"})
    return RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=0).split_documents(loader.load())


def pipeline(writer: str, cache: str, **given: Any) -> tuple[HuggingFacePipeline, Any, int]:
    """The writer's weights as LangChain's pipeline, its tokenizer, and its context in tokens."""
    kind, _, name = writer.partition(":")
    if kind not in ("local", "hf"):
        raise SystemExit(f"There is no ordinary way to drive {writer} here: use --no-peers.")
    transformers.logging.disable_progress_bar()
    place = cache or str(settings(Path(), writer).cache)
    model, tokenizer = open_model(Spec("", name, place), lambda said: None)
    # The model brings settings of its own for drawing; greedy decoding has no use for them.
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=model.generation_config.eos_token_id, pad_token_id=tokenizer.eos_token_id
    )
    made = transformers.pipeline("text-generation", model=model, tokenizer=tokenizer, return_full_text=False, **given)
    context = int(getattr(model.config, "max_position_embeddings", 0) or 2048)
    return HuggingFacePipeline(pipeline=made, model_id=name), tokenizer, context


class Course:
    """A conversation about the example show that is brought to its lengths. ``question(depth)`` is what is
    said, ``answer`` what was answered to it before the measured turns; ``tokens`` are written a turn and
    ``passages`` looked up, as many as ours."""

    def __init__(
        self, writer: str, cache: str, answer: str, question: Callable[[int], str], tokens: int, passages: int
    ) -> None:
        llm, self._tokenizer, context = pipeline(writer, cache, max_new_tokens=tokens, do_sample=False)
        store = InMemoryVectorStore.from_documents(documents(example()), LangChainEmbedder())
        self._answer, self._question = answer, question
        self._history = InMemoryChatMessageHistory()
        retriever = store.as_retriever(search_kwargs={"k": passages})
        self._chain = self._linked(llm, retriever, context - tokens - _LEFT)

    def _linked(self, llm: Any, retriever: Any, room: int) -> Any:
        form = load_formats().named["chat"]
        system = f"{RULES_SMALL}\n\n{form.contract.strip()}\n\nExample:\n{form.example.strip()}"
        template = ChatPromptTemplate.from_messages(
            [
                ("system", system),
                MessagesPlaceholder("history"),
                ("human", f"Notes:\n{{notes}}\n\n{{message}}\n\n{form.closing}"),
            ]
        )
        # Whole turns from the oldest on are left out once the prompt is as long as the model reads.
        trimmed = trim_messages(
            max_tokens=room, strategy="last", include_system=True, start_on="human", token_counter=self.count
        )
        lookup = RunnableLambda(lambda given: given["message"]) | retriever | RunnableLambda(_joined)
        chain = RunnablePassthrough.assign(notes=lookup) | template | trimmed | RunnableLambda(self._written) | llm
        return RunnableWithMessageHistory(
            chain, lambda session: self._history, input_messages_key="message", history_messages_key="history"
        )

    def count(self, messages: Sequence[Any]) -> int:
        return len(self._tokenizer(self._text(messages))["input_ids"])

    def _text(self, messages: Sequence[Any]) -> str:
        roles = {"human": "user", "ai": "assistant"}
        turned = [{"role": roles.get(one.type, one.type), "content": one.content} for one in messages]
        return str(self._tokenizer.apply_chat_template(turned, tokenize=False, add_generation_prompt=True))

    def _written(self, messages: Sequence[Any]) -> str:
        self._prompt = messages
        return self._text(messages)

    def _grow(self, depth: int) -> None:
        self._history.clear()
        for past in range(1, depth + 1):
            self._history.add_user_message(self._question(past))
            self._history.add_ai_message(self._answer)

    def _turn(self, text: str) -> tuple[float, float]:
        """Milliseconds to the first text and to the end."""
        began, first = time.perf_counter(), 0.0
        for chunk in self._stream(text):
            first = first or (since(began) if chunk else 0.0)
        return first, since(began)

    def _stream(self, text: str) -> Iterator[str]:
        given = {"message": text}
        for chunk in self._chain.stream(given, config={"configurable": {"session_id": "bench"}}):
            yield str(chunk)

    def measure(self, depths: Sequence[int], repeats: int) -> dict[str, float]:
        """Medians by depth. One turn before them all warms up."""
        self._turn(self._question(1))
        out: dict[str, float] = {}
        for depth in depths:
            self._grow(depth - 1)
            times = []
            for n in range(repeats):
                if depth == 1:
                    self._grow(0)
                times.append(self._turn(self._question(depth + n)))
            out |= {
                f"ttft_ms_turn_{depth}": median(first for first, _ in times),
                f"model_ttft_ms_turn_{depth}": median(first for first, _ in times),
                f"total_ms_turn_{depth}": median(total for _, total in times),
                f"prompt_tokens_turn_{depth}": self.count(self._prompt),
                f"reused_share_turn_{depth}": 0.0,
            }
        return out


def _joined(found: Sequence[Document]) -> str:
    return "\n".join(f"[{n}] {one.page_content}" for n, one in enumerate(found, 1))
