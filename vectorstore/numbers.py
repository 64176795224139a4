"""Numbers: one a candidate of a search, and what is done with all of them alike. Knows nothing of passages."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def standard(numbers: Numbers) -> Numbers:
    """In standard deviations from the mean; zeros where all are alike."""
    if not len(numbers):
        return np.zeros(0)
    centred = numbers - numbers.mean()
    spread = sqrt(float(centred @ centred) / len(numbers))
    return np.zeros(len(numbers)) if spread < 1e-6 else np.array(centred / spread)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two unit vectors; 0 where one is empty."""
    return float(np.dot(np.asarray(one, np.float32), np.asarray(other, np.float32))) if len(one) else 0.0
