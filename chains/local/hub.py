"""Hub: any causal model of the transformers library with a chat template, on a GPU where there is one.

Runs in the engine's own process. One request is written at a time, in a thread, in the order they
came; the takes of one request are one batch. Only safetensors are read, and no code that comes with
a model is run. Knows nothing of the pipe.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

import jinja2
import torch
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

from chains.errors import WriterError
from chains.local.ask import Ask, defuse, too_long
from chains.local.reading import Shelf
from chains.local.trickle import Trickle
from chains.local.weights import open_model
from chains.local.wire import Frame, Spec

_LOOKUP = {"prompt_lookup_num_tokens": 8, "max_matching_ngram_size": 3}  # words of the prompt, tried as a guess
Send = Callable[[Frame], None]


@dataclass(slots=True)
class _Take:
    n: int
    trickle: Trickle
    ids: list[int] = field(default_factory=list)
    over: bool = False
    ended: bool = False


@dataclass(slots=True)
class _Run:
    ask: Ask
    prompt: list[int]
    room: int
    takes: list[_Take]
    told: Event = field(default_factory=Event)


class Engine:
    busy = False  # all work is done in threads: the process's main loop only takes requests

    def __init__(self, model: Any, tokenizer: Any, context: int, cache_bytes: int, send: Send) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._context = context
        self._send = send
        self._special = tuple(map(str, tokenizer.all_special_tokens))
        self._ends = _ends(model, tokenizer)
        self._shelf = Shelf(cache_bytes)
        self._rewinds = _rewinds(model.config)
        self._runs: dict[int, _Run] = {}
        self._queue: SimpleQueue[_Run] = SimpleQueue()

    def start(self) -> None:
        Thread(target=self._work, daemon=True, name="writing").start()

    def card(self) -> Frame:
        known = {"context": self._context, "choose": True, "keeps": self._rewinds}
        return known | {"parameters": self._model.num_parameters()}

    def begin(self, ask: Ask) -> list[Frame]:
        prompt = self._ids(self._render(ask.messages))
        room = self._context - len(prompt)
        if room < 1:
            raise WriterError(too_long(len(prompt), self._context))
        takes = [_Take(n, Trickle(self._decode, ask.stop)) for n in range(ask.takes)]
        run = _Run(ask, prompt, min(ask.tokens, room), takes)
        self._runs[ask.id] = run
        self._queue.put(run)
        return []

    def stop(self, request: int) -> list[Frame]:
        if (run := self._runs.get(request)) is not None:
            run.told.set()
        return []

    def step(self) -> list[Frame]:
        return []

    def count(self, texts: list[str]) -> list[int]:
        return [len(self._ids(text)) for text in texts]

    def score(self, messages: list[tuple[str, str]], options: list[str], tenant: str) -> list[float]:
        scores = []
        for option in options:
            logits, ids = self.logits(messages, option, tenant)
            likely = torch.log_softmax(logits.float(), dim=-1)
            scores.append(float(likely[torch.arange(len(ids)), torch.tensor(ids)].mean()))
        return scores

    @torch.inference_mode()
    def logits(self, messages: list[tuple[str, str]], continuation: str, tenant: str) -> tuple[torch.Tensor, list[int]]:
        """What the model expects at each token of a continuation: [tokens, vocabulary], and the ids."""
        text = self._render(messages)
        prompt = self._ids(text)
        whole = self._ids(text + defuse(continuation, self._special))
        ids = whole[len(prompt) :] if whole[: len(prompt)] == prompt else self._ids(continuation)
        if not ids:
            raise WriterError("An option to choose from is empty: give each of them a word.")
        if len(prompt) + len(ids) > self._context:
            raise WriterError(too_long(len(prompt) + len(ids), self._context))
        cache, known = self._read(tenant, prompt)
        fed = torch.tensor([(prompt + ids)[known:-1]], device=self._model.device)
        logits = self._model(input_ids=fed, cache=cache, use_cache=True, logits_to_keep=len(ids)).logits[0]
        self._keep(tenant, (prompt + ids)[:-1], cache)
        return logits.cpu(), ids

    def _work(self) -> None:
        while True:
            run = self._queue.get()
            try:
                self._write(run)
            except torch.OutOfMemoryError:
                reason = "The graphics card has no memory left for this: shorten the prompt, or ask for fewer takes."
                self._end(run, "failed", reason)
            self._runs.pop(run.ask.id)

    @torch.inference_mode()
    def _write(self, run: _Run) -> None:
        if run.told.is_set():
            self._send({"on": "begun", "id": run.ask.id, "prompt": len(run.prompt), "reused": 0})
            return self._end(run, "stopped")
        cache, known = self._read(run.ask.tenant, run.prompt)
        self._send({"on": "begun", "id": run.ask.id, "prompt": len(run.prompt), "reused": known})
        rows = len(run.takes)
        if rows > 1:
            cache = self._widen(run, cache, known)
        ids = torch.tensor([run.prompt] * rows, device=self._model.device)
        torch.manual_seed(run.ask.sampling["seed"])
        self._model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=self._settings(run, guess=known == 0),
            cache=cache,
            stopping_criteria=StoppingCriteriaList([_Watch(self, run)]),
        )
        self._end(run, "stopped" if run.told.is_set() else "length")
        held = (run.prompt + run.takes[0].ids)[: cache.get_seq_length()]
        if rows == 1 and len(held) == cache.get_seq_length():
            self._keep(run.ask.tenant, held, cache)
        return None

    def _widen(self, run: _Run, cache: Any, known: int) -> Any:
        """Reads the prompt once and gives each take its own copy of what was read."""
        fed = torch.tensor([run.prompt[known:-1]], device=self._model.device)
        if fed.shape[1]:
            self._model(input_ids=fed, cache=cache, use_cache=True, logits_to_keep=1)
        wide = copy.deepcopy(cache)
        self._keep(run.ask.tenant, run.prompt[:-1], cache)
        wide.batch_repeat_interleave(len(run.takes))
        return wide

    def follow(self, run: _Run, take: _Take, fresh: Sequence[int]) -> None:
        """One take got further by these tokens: its new text, and its end if they end it."""
        if take.over:
            return
        ended = next((at for at, token in enumerate(fresh) if token in self._ends), -1)
        fresh = fresh[: ended + 1] if ended >= 0 else fresh
        take.ids += fresh
        text = take.trickle.feed(fresh) + (take.trickle.finish() if ended >= 0 else "")
        self._send({"on": "text", "id": run.ask.id, "take": take.n, "text": text, "tokens": len(fresh)})
        if ended >= 0 or take.trickle.stopped:
            self._done(run, take, "complete")

    def _end(self, run: _Run, finish: str, reason: str = "") -> None:
        for take in run.takes:
            if not take.over:
                if text := take.trickle.finish():
                    self._send({"on": "text", "id": run.ask.id, "take": take.n, "text": text, "tokens": 0})
                self._done(run, take, finish, reason)

    def _done(self, run: _Run, take: _Take, finish: str, reason: str = "") -> None:
        take.over = True
        counts = {"tokens": 0, "generated": len(take.ids)}
        self._send({"on": "done", "id": run.ask.id, "take": take.n, "finish": finish, "reason": reason, **counts})

    def _read(self, tenant: str, prompt: list[int]) -> tuple[Any, int]:
        return self._shelf.take(tenant, prompt if self._rewinds else prompt[:1], self._model.config)

    def _keep(self, tenant: str, ids: list[int], cache: Any) -> None:
        if self._rewinds:
            self._shelf.put(tenant, ids, cache)

    def _render(self, messages: Sequence[tuple[str, str]]) -> str:
        *before, last = messages
        begun = last[1] if last[0] == "assistant" else ""
        asked = before if last[0] == "assistant" else messages
        history = [{"role": role, "content": defuse(text, self._special)} for role, text in asked]
        try:
            text = self._tokenizer.apply_chat_template(history, add_generation_prompt=True, tokenize=False)
        except jinja2.TemplateError as error:
            raise WriterError(f"The model's chat template refuses this conversation: {error}") from error
        return str(text) + defuse(begun, self._special)

    def _settings(self, run: _Run, guess: bool) -> GenerationConfig:
        drawn = run.ask.sampling
        warm = drawn["temperature"] > 0
        how: dict[str, Any] = {"do_sample": warm}
        if warm:
            how |= {key: drawn[key] for key in ("temperature", "top_p", "top_k", "min_p")}
        elif guess and len(run.takes) == 1 and self._rewinds:
            how |= _LOOKUP  # not on a cache that holds something: transformers would read the prompt into it again
        return GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=run.room,
            eos_token_id=sorted(self._ends),
            pad_token_id=min(self._ends),
            repetition_penalty=drawn["repetition_penalty"],
            no_repeat_ngram_size=drawn["no_repeat_ngram"],
            use_cache=True,
            **how,
        )

    def _ids(self, text: str) -> list[int]:
        return [int(token) for token in self._tokenizer(text, add_special_tokens=False)["input_ids"]]

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


class _Watch(StoppingCriteria):
    """Asked after every step whether to go on: the place where text leaves and a stop comes in."""

    def __init__(self, engine: Engine, run: _Run) -> None:
        self._engine = engine
        self._run = run
        self._seen = len(run.prompt)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        fresh = input_ids[:, self._seen :].tolist()
        self._seen = input_ids.shape[1]
        for take, ids in zip(self._run.takes, fresh, strict=True):
            self._engine.follow(self._run, take, ids)
        told = self._run.told.is_set()
        return torch.tensor([told or take.over for take in self._run.takes], device=input_ids.device)


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    given = model.generation_config.eos_token_id
    told = given if isinstance(given, list) else [given]
    return frozenset(int(token) for token in [*told, tokenizer.eos_token_id] if token is not None)


def _rewinds(config: Any) -> bool:
    """Whether what was read can be cut back: not where layers forget (sliding windows, recurrence)."""
    layers = getattr(config, "layer_types", None) or ["full_attention"]
    return set(layers) == {"full_attention"}


def load(spec: Spec, send: Send) -> Engine:
    if spec.threads:
        torch.set_num_threads(spec.threads)
    model, tokenizer = open_model(spec, send)
    context = int(getattr(model.config, "max_position_embeddings", 0) or 2048)
    context = min(context, spec.context) if spec.context else context
    engine = Engine(model, tokenizer, context, int(spec.cache_gb * 2**30), send)
    engine.start()
    return engine
