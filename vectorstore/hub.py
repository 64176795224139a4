"""Any sentence-transformers model, by hub id or folder.

Runs in the embedder's process only, and is imported only there: it loads torch. Knows nothing of
pipes or passages.
"""

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from transformers.utils import logging

from vectorstore.errors import EmbedderDown


class Hub:
    """``name`` is a hub id or a folder; raises EmbedderDown when it cannot be loaded."""

    def __init__(self, name: str) -> None:
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(name, trust_remote_code=False)
        except (OSError, ValueError) as fault:
            why = (str(fault).splitlines() or [type(fault).__name__])[0].rstrip(".")
            raise EmbedderDown(
                f"The embedding model {name!r} could not be loaded ({why}); "
                "check its name or folder, or set the embedder to 'bundled'."
            ) from fault

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """float32 [texts, dimensions], each of length 1."""
        found = self._model.encode(texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32)

    def passages(self, texts: list[str]) -> tuple[NDArray[np.float32], list[bytes]]:
        """Vectors alone: nothing was learned about this model's pieces."""
        return self.encode(texts), [b""] * len(texts)

    def questions(self, texts: list[str]) -> tuple[NDArray[np.float32], list[bytes]]:
        return self.passages(texts)
