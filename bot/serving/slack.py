"""Serving Slack: its SDK is loaded only here. Knows nothing of how answers come about."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bot.commands.call import Mistaken
from bot.config import Config, environment
from bot.manifest import SCOPES
from bot.serving.house import House, Served, open_house, say
from bot.settings import Settings
from bot.surfaces.shown import Pages
from bot.surfaces.slack.api import Apis
from bot.surfaces.slack.door import Door
from bot.surfaces.slack.door import House as DoorHouse
from bot.surfaces.slack.files import Incoming
from bot.surfaces.slack.inbound import PLATFORM
from bot.surfaces.slack.outlet import ROLL_AFTER
from bot.surfaces.slack.serve import Access, Installed, Line, Misconfigured, bolt, serve
from bot.surfaces.slack.surface import Manners, SlackSurface
from memory import Show


async def slack(stack: AsyncExitStack, config: Config) -> int:
    """Serve Slack; gives the exit status. Raises Mistaken where it cannot be reached as it is set up."""
    check(config.settings)
    house = await open_house(stack, config.settings)
    served = await open_slack(stack, house)
    return await served.run(asyncio.Event())


def check(settings: Settings) -> None:
    """Raises Mistaken."""
    try:
        _access(settings)
        _beware()
    except Misconfigured as error:
        raise Mistaken(str(error)) from None


async def open_slack(stack: AsyncExitStack, house: House) -> Served:
    """Slack's own library ends by signal, so ``run`` does."""
    settings, ledger, gate = house.settings, house.app.ledger, house.room.gate
    access = _access(settings)
    installed = Installed(access, ledger.engine if access.client_id else None)
    await installed.open()
    apis = Apis(installed, access.base_url, access.proxy)
    incoming = Incoming(settings.home / "incoming", settings.slack_files)
    manners = Manners(settings.slack_burst, settings.slack_roll or ROLL_AFTER, tuple(settings.link_hosts.split()))
    gate.serve(PLATFORM, SlackSurface(apis, ledger.inbox, incoming, manners))
    pages = Pages(ledger.threads, ledger.turns, ledger.inbox)
    door = Door(gate, DoorHouse(ledger.inbox, ledger.shows, tuple(house.app.formats), pages, _prompts), apis)

    line = Line(door)

    async def begin() -> int:
        return await gate.recover(PLATFORM)

    async def run(over: asyncio.Event) -> int:
        try:
            return await serve(
                stack,
                access,
                bolt(access, installed, sorted(SCOPES)),
                door,
                begin=begin,
                say=say,
                host=settings.slack_host,
                port=settings.slack_port or (0 if access.socket else 3000),
                ping=settings.slack_ping,
                line=line,
            )
        except Misconfigured as error:
            raise Mistaken(str(error)) from None

    return Served(PLATFORM, run, lambda: line.heard, lambda: line.well, heeds=False)


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
