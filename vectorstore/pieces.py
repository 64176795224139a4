"""Pieces: a small vector for every word piece of a text where it stands, and how near a passage's come to a question's.

A passage is kept in four bits a number; a question, which is not kept, in floats. Knows nothing of the model
they come from, of stores or of weights.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 64  # numbers of a piece
_HALF = WIDTH // 2  # bytes they take: each holds one number of the first half and one of the second
_ROW = _HALF + 2  # and what brings them back to length 1, in two more
_TOP = 7  # levels on either side of 0
_ZERO = 8  # the level that is 0
_ALONE = 1 << 18  # multiplications up to which the linear algebra wakes no second thread, which would cost more


def pack(vectors: NDArray[np.float32]) -> bytes:
    """[pieces, WIDTH] of any length to 34 bytes a piece; what is kept of each is its direction."""
    greatest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True, initial=0.0), 1e-9)
    levels = np.rint(vectors * (_TOP / greatest))
    lengths = np.maximum(np.linalg.norm(levels, axis=1, keepdims=True), 1.0)
    places = (levels + _ZERO).astype(np.uint8)
    halves = places[:, :_HALF] | places[:, _HALF:] << 4
    return np.hstack([halves, (1 / lengths).astype("<f2").view(np.uint8)]).tobytes()


def nearest(passages: Sequence[bytes], asked: NDArray[np.float32]) -> NDArray[np.float32]:
    """[passages, asked pieces]: the greatest product of each asked piece, [asked pieces, WIDTH], with any
    of the packed passage's; 0 where a passage has none."""
    best = np.zeros((len(passages), len(asked)), np.float32)
    sizes = np.array([len(one) // _ROW for one in passages], np.intp)
    held = sizes > 0
    if len(asked) and held.any():
        starts = np.cumsum(sizes) - sizes
        best[held] = np.maximum.reduceat(_products(b"".join(passages), asked), starts[held], axis=0)
    return best


def _products(packed: bytes, asked: NDArray[np.float32]) -> NDArray[np.float32]:
    """[pieces, asked pieces], a few pieces at a time: what is unpacked stays in the processor's cache."""
    rows = np.frombuffer(packed, np.uint8).reshape(-1, _ROW)
    lengths = np.ascontiguousarray(rows[:, _HALF:]).view("<f2").astype(np.float32)
    across = np.ascontiguousarray(asked.T)
    shift = _ZERO * across.sum(axis=0)
    products = np.empty((len(rows), len(asked)), np.float32)
    step = max(1, _ALONE // (WIDTH * len(asked)))
    levels = np.empty((step, WIDTH), np.float32)
    for start in range(0, len(rows), step):
        part = rows[start : start + step, :_HALF]
        some = levels[: len(part)]
        some[:, :_HALF] = part & 15
        some[:, _HALF:] = part >> 4
        np.matmul(some, across, out=products[start : start + step])
    return np.array((products - shift) * lengths, np.float32)
