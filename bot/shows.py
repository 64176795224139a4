"""Shows on the command line: which one is meant, and the example that comes along.

Knows nothing of writing, search or how anything is shown.
"""

from pathlib import Path

from bot.app import App
from bot.commands.call import Mistaken
from memory import Scope, Show

TENANT = "local"
ROOM = Scope("terminal", TENANT, "terminal")
UNTITLED = "Untitled show"
EXAMPLE = "Forty Metres Short"
_FOLDER = "forty-metres-short"


async def choose_show(app: App, name: str, tenant: str = TENANT) -> Show:
    """The show of that name, new if need be; without a name the settings' or the last one used; else
    the only one there is, or one without a title. Of another ``tenant``, a Slack workspace's or a Discord
    server's id, it must be named unless there is one alone. Raises Mistaken."""
    if tenant != TENANT:
        return await _of_tenant(app, name, tenant)
    if wanted := name or app.settings.show:
        show = await app.ledger.shows.ensure(TENANT, wanted)
    else:
        show = await last_show(app) or await app.ledger.shows.ensure(TENANT, UNTITLED)
    await app.ledger.shows.bind(ROOM, show.id)
    return show


async def known_show(app: App, name: str, tenant: str = TENANT) -> Show:
    """The show of that name, for what only looks: a slip of the pen begins no show. Raises Mistaken."""
    if name and await app.ledger.shows.find(tenant, name) is None:
        every = await app.ledger.shows.all(tenant)
        there = f"there {'is' if len(every) == 1 else 'are'} {', '.join(show.name for show in every) or 'none'}"
        raise Mistaken(f"There is no show “{name}”; {there}. `dramaturg learn PATH --show NAME` starts one.")
    return await choose_show(app, name, tenant)


async def _of_tenant(app: App, name: str, tenant: str) -> Show:
    if name:
        return await app.ledger.shows.ensure(tenant, name)
    every = await app.ledger.shows.all(tenant)
    if len(every) != 1:
        there = ", ".join(show.name for show in every) or "none yet"
        raise Mistaken(f"Say which show of {tenant} with --show NAME; there is {there}.")
    return every[0]


async def last_show(app: App) -> Show | None:
    """The show the terminal worked on last, or the first there is."""
    room = await app.ledger.shows.room(ROOM)
    if room.show is not None:
        return await app.ledger.shows.get(TENANT, room.show)
    every = await app.ledger.shows.all(TENANT)
    return every[0] if every else None


def example_folder() -> Path | None:
    """Where the example show's files are: beside the packages, or inside the installed one."""
    here = Path(__file__).parent
    for folder in (here / "examples" / _FOLDER, here.parent / "examples" / _FOLDER):
        if folder.is_dir():
            return folder
    return None
