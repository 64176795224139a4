"""Serving Discord: its SDK is loaded only here. Knows nothing of how answers come about."""

import asyncio
import sys
from contextlib import AsyncExitStack, suppress

import discord as sdk

from bot.commands.call import Mistaken
from bot.config import Config
from bot.learning import many
from bot.manifest import invite
from bot.render.safe import line
from bot.serving.health import show_health
from bot.serving.house import House, Served, open_house, say, until_told
from bot.settings import Settings
from bot.surfaces.discord.client import Line
from bot.surfaces.discord.completing import Completing
from bot.surfaces.discord.door import Door
from bot.surfaces.discord.ears import Ears
from bot.surfaces.discord.files import Incoming
from bot.surfaces.discord.inbound import PLATFORM
from bot.surfaces.discord.places import Places
from bot.surfaces.discord.reception import House as Desk
from bot.surfaces.discord.reception import Reception
from bot.surfaces.discord.serve import Misconfigured, Station
from bot.surfaces.discord.shared import Shared
from bot.surfaces.discord.slash import tell
from bot.surfaces.discord.surface import DiscordSurface
from bot.surfaces.shown import Pages
from memory import NotFound, Scope


async def discord(stack: AsyncExitStack, config: Config, *, sync: bool = False) -> int:
    """Serve Discord; gives the exit status. Raises Mistaken where it cannot be reached as it is set up."""
    check(config.settings)
    house = await open_house(stack, config.settings)
    served = await open_discord(stack, house, sync=sync)
    await show_health(stack, [served], config.settings.health_host, config.settings.health_port)
    return await until_told(served.run)


def check(settings: Settings) -> None:
    """Raises Mistaken."""
    if not settings.discord_token.get_secret_value():
        raise Mistaken("Discord needs discord_token; docs/discord.md shows where to find it.")


async def open_discord(stack: AsyncExitStack, house: House, *, sync: bool = False) -> Served:
    settings, ledger, gate = house.settings, house.app.ledger, house.room.gate
    places = Places(settings.discord_threads)
    incoming = Incoming(settings.home / "incoming", settings.discord_files, proxy=settings.discord_proxy)
    shared = Shared(places, ledger.inbox, incoming)
    notices, hosts = settings.home / "discord-notices.json", settings.link_hosts.split()
    surface = DiscordSurface(places, shared, notices, settings.discord_burst, hosts)
    gate.serve(PLATFORM, surface)
    deciders = _roles(settings)
    door = Door(gate, ledger.inbox, ledger.threads, places, surface, deciders)
    formats = tuple(house.app.formats)

    reception = Reception(
        Desk(
            gate=gate,
            inbox=ledger.inbox,
            threads=ledger.threads,
            shows=ledger.shows,
            channels=places,
            page=Pages(ledger.threads, ledger.turns, ledger.inbox),
            completing=Completing(house.room.complete, ledger.shows, formats),
            formats=formats,
            deciders=deciders,
            mode=settings.discord_threads,
        ),
        surface.heard,
    )

    async def begin(client: sdk.Client) -> int:
        await tell(client, settings.home, anew=sync)
        await surface.begin()
        return await gate.recover(PLATFORM)

    async def forget(scope: Scope) -> None:
        """A thread is gone with all that was said in it."""
        with suppress(NotFound):
            for turn in await ledger.threads.every_turn(scope):
                await ledger.turns.forget(scope, turn.id, "")
            house.app.librarian.ring()

    ears = Ears(forget, door, reception, places, settings.home / "discord-heard.json", begin)
    address = Line(
        settings.discord_token.get_secret_value(),
        settings.discord_base_url,
        settings.discord_gateway_url,
        settings.discord_proxy,
        settings.discord_message_content,
    )
    station = Station(address, ears, _trouble)

    async def last() -> None:
        """While there is a line: nothing more is written, and what was being written says so."""
        await gate.close()
        await surface.close()

    async def run(over: asyncio.Event) -> int:
        try:
            return await station.keep(over, lambda client: _greet(client, ears.left), last)
        except Misconfigured as error:
            raise Mistaken(str(error)) from None

    return Served(PLATFORM, run, lambda: station.heard, lambda: station.deaf < 30)


def _greet(client: sdk.Client, left: int) -> None:
    guilds = len(client.guilds)
    where = f"in {guilds} server{'s' if guilds != 1 else ''} as {line(str(client.user))}"
    say(f"Listening to Discord {where}." + (f" {many(left, 'message', 'messages')} from before." if left else ""))
    if not guilds:
        say(f"Invite it into a server: {invite(str(client.application_id))}")


def _trouble(text: str) -> None:
    sys.stderr.write(f"dramaturg: {text}\n")
    sys.stderr.flush()


def _roles(settings: Settings) -> tuple[str, ...]:
    return tuple(role.strip().casefold() for role in settings.discord_deciders.split(",") if role.strip())
