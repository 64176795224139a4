"""Scorer: exact log-likelihoods from the model that the OpenVINO engine writes with.

Continuous batching gives a likelihood only for the word it chose, and none for what its prefix cache
skipped. So a second, stateful compilation of the same weights reads prompt and options here, when
first asked. Knows nothing of requests, text or tenants.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino

_CHUNK = 128  # tokens read at once: their logits take 200 KB each
_ROWS = 16  # options read at once
_JUNK = 512  # columns of the state that are no longer part of any prompt, before it is begun anew

_EXACT = {"KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "INFERENCE_PRECISION_HINT": "f32"}


class Scorer:
    """Keeps what it has read, so that the next options on a longer prompt cost only what is new.

    The state's columns are never cut: those that do not belong to the prompt at hand are masked."""

    def __init__(self, model: str, threads: int = 0) -> None:
        properties: dict[str, Any] = dict(_EXACT)
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        compiled = openvino.Core().compile_model(model, "CPU", properties)
        self._request = compiled.create_infer_request()
        self._columns: list[int | None] = []
        self._rows = 1

    def score(self, prompt: Sequence[int], options: Sequence[Sequence[int]]) -> list[float]:
        """The mean log-likelihood of each option's tokens after the prompt, in nats."""
        scores: list[float] = []
        for start in range(0, len(options), _ROWS):
            first = self._read(prompt)
            scores += self._continue(len(prompt), first, options[start : start + _ROWS])
        return scores

    def forget(self) -> None:
        self._request.reset_state()
        self._columns = []
        self._rows = 1

    def _read(self, prompt: Sequence[int]) -> Any:
        """Log-likelihoods of whatever may follow the prompt: [vocabulary]."""
        known = self._keep(prompt)
        last: Any = None
        for start in range(known, len(prompt), _CHUNK):
            piece = list(prompt[start : start + _CHUNK])
            self._columns += piece
            last = self._infer(np.array([piece]), np.arange(start, start + len(piece))[None], self._mask(1))
        return _log_softmax(last[0, -1])

    def _keep(self, prompt: Sequence[int]) -> int:
        """Masks the columns that are not this prompt's; returns how many of its tokens are known.
        Its last token is always read again, for what may follow it."""
        known, place = 0, 0
        while place < len(self._columns) and known < len(prompt) - 1:
            if self._columns[place] is not None:
                if self._columns[place] != prompt[known]:
                    break
                known += 1
            place += 1
        self._columns[place:] = [None] * (len(self._columns) - place)
        if self._columns.count(None) > _JUNK or not known:
            self.forget()
            return 0
        return known

    def _continue(self, place: int, first: Any, options: Sequence[Sequence[int]]) -> list[float]:
        longest = max(len(option) for option in options)
        sums = [float(first[option[0]]) for option in options]
        if longest > 1:
            ids = np.zeros((len(options), longest - 1), dtype=np.int64)
            fresh = np.zeros_like(ids)
            for row, option in enumerate(options):
                ids[row, : len(option) - 1] = option[:-1]
                fresh[row, : len(option) - 1] = 1
            positions = np.broadcast_to(np.arange(place, place + longest - 1), ids.shape)
            logits = self._infer(ids, positions, np.concatenate([self._mask(len(options)), fresh], axis=1))
            self._columns += [None] * (longest - 1)
            for row, option in enumerate(options):
                for column, token in enumerate(option[1:]):
                    sums[row] += float(_log_softmax(logits[row, column])[token])
        return [total / len(option) for total, option in zip(sums, options, strict=True)]

    def _infer(self, ids: Any, positions: Any, mask: Any) -> Any:
        rows = len(ids)
        self._request.infer(
            {
                "input_ids": ids,
                "position_ids": positions,
                "attention_mask": mask,
                "beam_idx": np.zeros(rows, dtype=np.int32),
            }
        )
        self._rows = rows
        return self._request.get_output_tensor(0).data

    def _mask(self, rows: int) -> Any:
        mask = np.array([column is not None for column in self._columns], dtype=np.int64)
        return np.broadcast_to(mask, (rows, len(mask)))


def _log_softmax(logits: Any) -> Any:
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())
