"""What can go wrong with the index and with reading documents; every message is one sentence for the
reader that says what to do.

Knows nothing of where the messages are shown.
"""

from pathlib import Path


class VectorStoreError(Exception):
    """Anything this folder gives up on."""


class IndexFault(VectorStoreError):
    """Anything the index, the store behind it or the embedder could not do."""


class StoreLocked(IndexFault):
    """Another living program has the store open."""


class StoreDamaged(IndexFault):
    """The store's files cannot be read, or were made by another embedder; rebuilding mends it."""


class StoreAway(IndexFault):
    """The server that keeps the index does not answer now; it may in a while, and nothing is lost meanwhile."""


class StoreGone(IndexFault):
    """The server has no such collection (any more)."""


class StoreUnmade(StoreGone):
    """The same; who knows how many numbers a vector has may make it."""


class EmbedderDown(IndexFault):
    """No vectors can be had now; search by words still works."""


class WorkerDied(IndexFault):
    """A child process ended in mid-call."""


class Refused(VectorStoreError):
    """A loader's reason for not reading a document; it does not know the file's name."""


class Unreadable(VectorStoreError):
    """A file that was not read. ``reason`` is a phrase that names the cause and, where there is one, the remedy."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} was not read: {reason}.")
        self.path = path
        self.reason = reason
