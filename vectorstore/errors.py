"""What can go wrong with the index; every message is one sentence for the reader that says what to do.

Knows nothing of where the messages are shown.
"""


class IndexFault(Exception):
    """Anything the index, the store behind it or the embedder could not do."""


class StoreLocked(IndexFault):
    """Another living program has the store open."""


class StoreDamaged(IndexFault):
    """The store's files cannot be read, or were made by another embedder; rebuilding mends it."""


class EmbedderDown(IndexFault):
    """No vectors can be had now; search by words still works."""


class WorkerDied(IndexFault):
    """A child process ended in mid-call."""
