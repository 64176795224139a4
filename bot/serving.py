"""Serving: puts the parts together for a chat platform and serves it until told to stop.

The composition root of the platforms; each surface's SDK is loaded only here. Knows nothing of how
answers come about.
"""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bot.app import begin_writer, open_app, open_conversing
from bot.commands.call import Mistaken
from bot.config import Config, Settings, environment
from bot.manifest import SCOPES
from bot.surfaces.slack.api import Apis
from bot.surfaces.slack.door import Door, House
from bot.surfaces.slack.files import Incoming
from bot.surfaces.slack.inbound import PLATFORM
from bot.surfaces.slack.outlet import ROLL_AFTER
from bot.surfaces.slack.serve import Access, Installed, Misconfigured, bolt, serve
from bot.surfaces.slack.surface import Manners, SlackSurface
from memory import Show


async def slack(stack: AsyncExitStack, config: Config) -> int:
    """Serve Slack; gives the exit status. Raises Mistaken where it cannot be reached as it is set up."""
    try:
        return await _slack(stack, config.settings)
    except Misconfigured as error:
        raise Mistaken(str(error)) from None


async def _slack(stack: AsyncExitStack, settings: Settings) -> int:
    access = _access(settings)
    _beware()
    writer = begin_writer(stack, settings)
    app = await open_app(stack, settings)
    room = await open_conversing(stack, app, writer)
    installed = Installed(access, app.ledger.engine)
    await installed.open()
    apis = Apis(installed, access.base_url, access.proxy)
    incoming = Incoming(settings.home / "incoming", settings.slack_files)
    manners = Manners(settings.slack_burst, settings.slack_roll or ROLL_AFTER, tuple(settings.link_hosts.split()))
    room.gate.serve(PLATFORM, SlackSurface(apis, app.ledger.inbox, incoming, manners))
    house = House(app.ledger.inbox, app.ledger.shows, tuple(app.formats), _prompts)

    async def begin() -> int:
        return await room.gate.recover(PLATFORM)

    return await serve(
        stack,
        access,
        bolt(access, installed, sorted(SCOPES)),
        Door(room.gate, house, apis),
        begin=begin,
        say=_say,
        host=settings.slack_host,
        port=settings.slack_port or (0 if access.socket else 3000),
        ping=settings.slack_ping,
    )


def _access(settings: Settings) -> Access:
    access = Access(
        base_url=settings.slack_base_url,
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        proxy=settings.slack_proxy,
    )
    access.check()
    return access


def _beware() -> None:
    """Bolt reads these by itself, and then forgets the token it was given."""
    if {"SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"} <= set(environment()):
        raise Misconfigured(
            "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are set in the environment, and Slack's library would use them "
            "instead of your token; unset them (ours are DRAMATURG_SLACK_CLIENT_ID and _SECRET)."
        )


def _prompts(show: Show | None) -> Sequence[tuple[str, str]]:
    """What somebody may want to say first."""
    if show is None:
        return [("Choose a show", "/show"), ("What can you do?", "/help")]
    return [
        (f"What is {show.name}?"[:75], f"What is {show.name} about, in three sentences?"),
        ("What is canon?", "/canon"),
        ("Draft a scene", "Draft a short scene with two people of the show."),
        ("What can you do?", "/help"),
    ]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
