"""The embedder against the library its model comes from."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from vectorstore.embedding import Embedder, batched_by_length
from vectorstore.errors import EmbedderDown

TEXTS = [
    "Who had seven sons?",
    "",
    "The lighthouse keeper's daughter counted the boats. " * 40,
    "林黛玉住在潇湘馆。",
    "Émigré naïveté; 1889! 🙂",
    "a",
]


async def test_bundled_vectors_are_those_of_sentence_transformers_and_hf_takes_a_folder(embedder: Embedder) -> None:
    from vectorstore.minilm import bundled_folder  # noqa: PLC0415 - loads OpenVINO, for this test only

    peer = Embedder(f"hf:{bundled_folder()}")
    theirs = np.array(await peer.aembed_documents(TEXTS))
    dimension = await peer.dimension()
    await peer.close()
    ours = np.array(await embedder.aembed_documents(TEXTS))
    assert dimension == await embedder.dimension() == ours.shape[1] == 384
    assert (ours * theirs).sum(axis=1).min() >= 0.999


async def test_documents_come_back_in_the_order_given(embedder: Embedder) -> None:
    texts = [f"word {n} " * (n * 7 % 50 + 1) for n in range(30)]
    together = np.array(await embedder.aembed_documents(texts))
    alone = np.array([await embedder.aembed_query(text) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-3
    assert await embedder.aembed_documents([]) == []


def test_the_synchronous_langchain_methods_answer_too(embedder: Embedder) -> None:
    assert np.dot(embedder.embed_query("a bell"), embedder.embed_documents(["x", "a bell"])[1]) > 0.999


def test_batches_hold_every_text_once_longest_first() -> None:
    texts = ["x" * (n * 37 % 900) for n in range(200)]
    batches = list(batched_by_length(texts))
    places = [place for batch in batches for place in batch]
    assert sorted(places) == list(range(200))
    # Beyond 256 tokens texts count as equally long: the rest is cut off.
    assert all(min(len(texts[a]), 762) >= min(len(texts[b]), 762) - 3 for a, b in pairwise(places))
    assert all(len(batch) <= 64 for batch in batches)


async def test_a_model_that_is_not_there_is_named_with_what_to_do() -> None:
    missing = Embedder("hf:/nowhere/model")
    with pytest.raises(EmbedderDown, match=r"'/nowhere/model' could not be loaded .* check its name or folder"):
        await missing.aembed_query("x")
    await missing.close()
    with pytest.raises(EmbedderDown, match="write 'bundled' or 'hf:'"):
        Embedder("mini")


def test_importing_the_embedder_and_the_index_loads_no_model_library() -> None:
    code = (
        "import sys, vectorstore.embedding, vectorstore.index; "
        "heavy = {'torch', 'transformers', 'openvino', 'qdrant_edge', 'sentence_transformers'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
