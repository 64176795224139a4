"""What can go wrong in the index, as sentences for the person who will read them."""

from pathlib import Path


class VectorStoreError(Exception):
    """Whatever the index or the reading of documents gives up on."""


class Refused(VectorStoreError):
    """A loader's reason for not reading a document; it does not know the file's name."""


class Unreadable(VectorStoreError):
    """A file that was not read. ``reason`` is a phrase that names the cause and, where there is one, the remedy."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} was not read: {reason}.")
        self.path = path
        self.reason = reason
