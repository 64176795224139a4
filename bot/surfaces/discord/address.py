"""Address: where Discord is. The one place that tells discord.py of another REST base or gateway.

The library has no parameter for either: it reads them from these two class attributes, in its client
and in what answers interactions. They are set before a client is made. Knows nothing of clients.
"""

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


def aim(base_url: str, gateway_url: str = "") -> None:
    """Use Discord at ``base_url`` (with its version, no slash at the end) and its gateway at
    ``gateway_url``; without one, the gateway that the REST side names is used."""
    Route.BASE = base_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
