"""OpenVINO: a GGUF model on the CPU, all conversations in one batch.

Runs in the engine's own process. GenAI's continuous batching brings the prefix cache, the batching
and the sampling; this file brings requests in and text out. Knows nothing of the pipe.
"""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import openvino_genai

from chains.errors import WriterError
from chains.local import gguf
from chains.local.ask import Ask, defuse, too_long
from chains.local.prefixes import Prefixes
from chains.local.prepared import place, workshop
from chains.local.scorer import Scorer
from chains.local.trickle import Trickle
from chains.local.wire import Frame, Spec

_BLOCK = 32  # tokens in a block of the cache, as OpenVINO's CPU plugin lays it out
_BLOCKS = 4096  # blocks that are remembered as read
_GRAPH = "openvino_model.xml"
_SEPARATOR = "<|endoftext|>"  # between documents, in the training of most models
_ALONE = ("", "local")  # the terminal: there are no others
_REASON = openvino_genai.GenerationFinishReason
_STATUS = openvino_genai.GenerationStatus


@dataclass(slots=True)
class _Take:
    n: int
    trickle: Trickle
    ids: list[int] = field(default_factory=list)
    told: int = 0
    over: bool = False

    def untold(self) -> int:
        """How many tokens came since the last frame."""
        fresh = len(self.ids) - self.told
        self.told = len(self.ids)
        return fresh


@dataclass(slots=True)
class _Run:
    ask: Ask
    prompt: list[int]
    handle: Any
    takes: list[_Take]


class Engine:
    """``special`` are the tokens that steer the model and therefore must not come from a text."""

    def __init__(self, pipe: Any, context: int, special: Sequence[str], scorer: Callable[[], Scorer]) -> None:
        self._pipe = pipe
        self._tokenizer = pipe.get_tokenizer()
        self._context = context
        self._special = tuple(special)
        self._make_scorer = scorer
        self._eos = self._tokenizer.get_eos_token_id()
        self._separator = _SEPARATOR if _SEPARATOR in special else self._tokenizer.get_eos_token()
        self._runs: dict[int, _Run] = {}
        self._prefixes = Prefixes(_BLOCK, _BLOCKS)

    @property
    def busy(self) -> bool:
        return bool(self._runs) or bool(self._pipe.has_non_finished_requests())

    def card(self) -> Frame:
        return {"context": self._context, "choose": True, "keeps": True}

    def begin(self, ask: Ask) -> list[Frame]:
        ids = self._encode(self._render(ask.messages, ask.tenant))
        prompt = [int(token) for token in ids.data[0]]
        room = self._context - len(prompt)
        if room < 1:
            raise WriterError(too_long(len(prompt), self._context))
        handle = self._pipe.add_request(ask.id, ids, self._settings(ask, min(ask.tokens, room)))
        takes = [_Take(n, Trickle(self._decode, ask.stop)) for n in range(ask.takes)]
        self._runs[ask.id] = _Run(ask, prompt, handle, takes)
        return [{"on": "begun", "id": ask.id, "prompt": len(prompt), "reused": self._prefixes.reused(prompt)}]

    def stop(self, request: int) -> list[Frame]:
        run = self._runs.pop(request, None)
        if run is None:
            return []
        run.handle.stop()
        if any(take.ids for take in run.takes):  # or it was stopped before its prompt was read to the end
            self._remember(run)
        return [_done(run, take, "stopped") for take in run.takes if not take.over]

    def step(self) -> list[Frame]:
        self._pipe.step()
        return [frame for run in list(self._runs.values()) for frame in self._read(run)]

    def count(self, texts: list[str]) -> list[int]:
        return [int(self._encode(text).shape[1]) if text else 0 for text in texts]

    def score(self, messages: list[tuple[str, str]], options: list[str], tenant: str) -> list[float]:
        """Called in a thread of its own: the first call compiles the scorer, and each reads a prompt."""
        text = self._render(messages, tenant)
        prompt = self._ids(text)
        tails = [self._tail(text, prompt, defuse(option, self._special)) for option in options]
        size = len(prompt) + max(len(tail) for tail in tails)
        if size > self._context:
            raise WriterError(too_long(size, self._context))
        return self._scorer.score(prompt, tails)

    @cached_property
    def _scorer(self) -> Scorer:
        return self._make_scorer()

    def _tail(self, text: str, prompt: list[int], option: str) -> list[int]:
        """The option's tokens as the model would read them after the prompt."""
        whole = self._ids(text + option)
        tail = whole[len(prompt) :] if whole[: len(prompt)] == prompt else self._ids(option)
        if not tail:
            raise WriterError("An option to choose from is empty: give each of them a word.")
        return tail

    def _ids(self, text: str) -> list[int]:
        return [int(token) for token in self._encode(text).data[0]]

    def _read(self, run: _Run) -> list[Frame]:
        frames: list[Frame] = []
        while run.handle.can_read():
            for key, output in run.handle.read().items():
                frames += self._follow(run, run.takes[key], output)
        if run.handle.get_status() == _STATUS.IGNORED:
            reason = "The prompt does not fit into the engine's cache: shorten it, or give the cache more memory."
            frames += [_done(run, take, "failed", reason) for take in run.takes if not take.over]
        if all(take.over for take in run.takes):
            self._runs.pop(run.ask.id)
            run.handle.stop()
            self._remember(run)
        return frames

    def _follow(self, run: _Run, take: _Take, output: Any) -> list[Frame]:
        """One sequence got further: its new text, and its end if this was it."""
        if take.over:
            return []
        take.ids += output.generated_ids
        ended = output.finish_reason != _REASON.NONE
        text = ""
        if run.ask.takes == 1:
            text = take.trickle.feed(output.generated_ids)
        elif ended:  # takes are shown whole, and the engine itself stops them: making text of each token costs as much
            text = take.trickle.feed(take.ids)
        if ended:
            text += take.trickle.finish()
        frames: list[Frame] = []
        if text:
            frames.append({"on": "text", "id": run.ask.id, "take": take.n, "text": text, "tokens": take.untold()})
        if ended or take.trickle.stopped:
            cut = output.finish_reason == _REASON.LENGTH and not take.trickle.stopped
            frames.append(_done(run, take, "length" if cut else "complete"))
        return frames

    def _remember(self, run: _Run) -> None:
        for take in run.takes:
            self._prefixes.remember(run.prompt + take.ids[:-1])

    def _render(self, messages: Sequence[tuple[str, str]], tenant: str) -> str:
        *before, last = messages
        begun = last[1] if last[0] == "assistant" else ""
        asked = before if last[0] == "assistant" else messages
        history = [{"role": role, "content": defuse(text, self._special)} for role, text in asked]
        try:
            text = str(self._tokenizer.apply_chat_template(history, add_generation_prompt=True))
        except RuntimeError as error:
            raise WriterError(f"The model's chat template refuses this conversation: {error}") from error
        return self._salt(tenant) + text + defuse(begun, self._special)

    def _salt(self, tenant: str) -> str:
        """The prefix cache knows blocks of tokens by all that comes before them. What a tenant's
        prompt begins with is no other's, so that nobody can time what others have asked. (On notes
        and questions about them it costs .01 nats a token of the answer.)"""
        if tenant in _ALONE:
            return ""
        return hashlib.sha256(tenant.encode()).hexdigest()[:8] + self._separator

    def _settings(self, ask: Ask, limit: int) -> Any:
        drawn = ask.sampling
        config = openvino_genai.GenerationConfig()
        config.eos_token_id = self._eos
        config.max_new_tokens = limit
        config.rng_seed = drawn["seed"]
        config.repetition_penalty = drawn["repetition_penalty"]
        if drawn["no_repeat_ngram"]:
            config.no_repeat_ngram_size = drawn["no_repeat_ngram"]
        if ask.stop:
            config.stop_strings = set(ask.stop)
            config.include_stop_str_in_output = True  # the trickle cuts; what it was shown must not be taken back
        if drawn["temperature"] > 0:
            config.do_sample = True
            config.temperature = drawn["temperature"]
            config.top_p = drawn["top_p"]
            config.min_p = drawn["min_p"]
            config.num_return_sequences = ask.takes
            if drawn["top_k"]:
                config.top_k = drawn["top_k"]
        return config

    def _encode(self, text: str) -> Any:
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids))) if ids else ""


def _done(run: _Run, take: _Take, finish: str, reason: str = "") -> Frame:
    take.over = True
    counts = {"tokens": take.untold(), "generated": len(take.ids)}
    return {"on": "done", "id": run.ask.id, "take": take.n, "finish": finish, "reason": reason, **counts}


def load(spec: Spec, send: Callable[[Frame], None]) -> Engine:
    """Raises WriterError where the file is not a model that can chat."""
    path = Path(spec.model)
    head = gguf.head(path)
    if not head.template:
        raise WriterError(f"{path.name} has no chat template: take the instruct (chat) version of this model.")
    prepared = place(Path(spec.cache), path, f"openvino-{openvino_genai.__version__}")
    try:
        pipe = _open(path, prepared, spec, send)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise WriterError(f"OpenVINO cannot load {path.name} ({reason}): try another GGUF file.") from error
    context = min(head.context, spec.context) if spec.context else head.context
    return Engine(pipe, context, gguf.special(path), partial(Scorer, str(prepared / _GRAPH), spec.threads))


def _open(path: Path, prepared: Path, spec: Spec, send: Callable[[Frame], None]) -> Any:
    """The pipeline; the first time the graph is made from the file and kept, since that is quicker to
    open and the scorer reads it too."""
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.cache_size = max(1, round(spec.cache_gb))
    properties: dict[str, Any] = {"INFERENCE_NUM_THREADS": spec.threads} if spec.threads else {}
    if not (prepared / _GRAPH).is_file():
        send({"on": "progress", "say": f"preparing {path.name}", "share": 0.0})
        with workshop(prepared) as bench:
            source = _beside(path, bench)
            properties["enable_save_ov_model"] = True
            pipe = openvino_genai.ContinuousBatchingPipeline(str(source), scheduler, "CPU", properties)
            source.unlink()
        send({"on": "progress", "say": f"preparing {path.name}", "share": 1.0})
        return pipe
    tokenizer = openvino_genai.Tokenizer(str(path))
    return openvino_genai.ContinuousBatchingPipeline(str(prepared), tokenizer, scheduler, "CPU", **properties)


def _beside(path: Path, bench: Path) -> Path:
    """The file under a name in the workshop: what GenAI makes, it writes next to its source."""
    source = bench / path.name
    try:
        source.symlink_to(path.resolve())
    except OSError:  # Windows, without the right to link
        shutil.copyfile(path, source)
    return source
