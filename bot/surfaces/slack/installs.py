"""Installs: which workspaces have the app and by which token: one from the settings, or many by OAuth, kept by
Bolt's own SQLAlchemy stores beside the ledger's tables.

Knows nothing of events or answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore

from bot.surfaces.slack.api import web_client

STATE_LIVES = 600
"""Seconds between the button that begins an installation and its end."""


class Misconfigured(Exception):
    """Slack cannot be reached as it is set up; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Access:
    """How we get in. With ``client_id`` and ``client_secret`` any workspace may install the app; else
    ``bot_token`` is the one workspace's."""

    base_url: str
    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    client_id: str = ""
    client_secret: str = ""
    proxy: str = ""

    @property
    def socket(self) -> bool:
        return bool(self.app_token)

    def check(self) -> None:
        """Raises Misconfigured."""
        if self.client_id and self.bot_token:
            raise Misconfigured("Set slack_bot_token for one workspace, or slack_client_id for many, not both.")
        if not (self.bot_token or (self.client_id and self.client_secret)):
            raise Misconfigured("Slack needs slack_bot_token (xoxb-…); docs/slack.md shows where to find it.")
        if not (self.app_token or self.signing_secret):
            raise Misconfigured(
                "Slack needs slack_app_token (xapp-…) to connect by socket, or slack_signing_secret for HTTP."
            )
        if self.client_id and not self.signing_secret:
            raise Misconfigured("Installing into many workspaces goes over HTTP: set slack_signing_secret too.")


class Installed:
    """The token of each workspace. ``engine`` is the ledger's, where installations are kept;
    one workspace needs none."""

    def __init__(self, access: Access, engine: Any = None) -> None:
        self._access = access
        self.store: AsyncSQLAlchemyInstallationStore | None = None
        self.states: AsyncSQLAlchemyOAuthStateStore | None = None
        if access.client_id and engine is not None:
            self.store = AsyncSQLAlchemyInstallationStore(access.client_id, engine)
            self.states = AsyncSQLAlchemyOAuthStateStore(STATE_LIVES, engine)

    async def open(self) -> None:
        """Makes the tables where they are not there yet. Raises Misconfigured."""
        if self.store and self.states:
            await self.store.create_tables()  # type: ignore[no-untyped-call]  # as the SDK has it
            await self.states.create_tables()  # type: ignore[no-untyped-call]
        elif self._access.client_id:
            raise Misconfigured("Installing into many workspaces needs a ledger to keep their tokens in.")

    async def __call__(self, team: str) -> str:
        if self.store is None:
            return self._access.bot_token
        bot = await self.store.async_find_bot(enterprise_id=None, team_id=team)
        if bot is None or not bot.bot_token:
            raise Misconfigured(f"The app is not installed in workspace {team} any more; install it again.")
        return bot.bot_token


def bolt(access: Access, installed: Installed, scopes: Sequence[str]) -> AsyncApp:
    """Bolt's app: it checks signatures and finds workspaces. Our own messages are told apart by ``inbound``:
    Bolt would also drop that somebody deleted one."""
    secret = access.signing_secret or "unused over a socket"
    if installed.store is None:
        client = web_client(access.bot_token, access.base_url, access.proxy)
        return AsyncApp(client=client, signing_secret=secret, ignoring_self_events_enabled=False)
    return AsyncApp(
        ignoring_self_events_enabled=False,
        client=web_client(None, access.base_url, access.proxy),
        signing_secret=secret,
        oauth_settings=AsyncOAuthSettings(
            client_id=access.client_id,
            client_secret=access.client_secret,
            scopes=list(scopes),
            authorization_url=urljoin(access.base_url, "/oauth/v2/authorize"),
            installation_store=installed.store,
            state_store=installed.states,
        ),
    )
