"""Address: where an index is kept when it is kept in a Qdrant server.

Loads nothing heavy. Knows nothing of connections.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

COLLECTION = "dramaturg"
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` is the server's REST address, without a login. ``patience`` are the seconds a search waits for it."""

    url: str
    api_key: str = field(default="", repr=False)
    collection: str = COLLECTION
    patience: int = 5

    @staticmethod
    def names(index: str) -> bool:
        """Whether the setting names a server and not a folder."""
        return index.lower().startswith(("http://", "https://"))

    @staticmethod
    def mistake(index: str) -> str:
        """What is wrong with a server's URL, as the end of a sentence; "" if nothing is."""
        try:
            parts = urlsplit(index)
            parts.port  # noqa: B018 - raises for what is no port
        except ValueError:
            return "it is no URL"
        if parts.username is not None or parts.password is not None:
            return "it holds a login; give the server's key as index_api_key"
        if not parts.hostname or parts.query or parts.fragment:
            return "write a server as http://HOST:6333 or https://HOST:6333"
        return ""

    @property
    def port(self) -> int | None:
        """What the SDK is to take where the URL names none: Qdrant's own, and behind a path a proxy's."""
        parts = urlsplit(self.url)
        return None if parts.path.strip("/") else 6333

    @property
    def exposed(self) -> bool:
        """Whether the key would go over a network in the clear."""
        parts = urlsplit(self.url)
        return bool(self.api_key) and parts.scheme == "http" and parts.hostname not in _LOCAL
