"""Doctor: looks at every part as it is set up, says what is wrong and how to mend it.

Opens what a conversation would open and nothing more. Knows nothing of how anything is shown.
"""

import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

from bot.app import App, begin_writer, open_app
from bot.config import Config
from bot.desk import EXPECTED
from bot.learning import many
from bot.settings import Settings
from bot.shows import TENANT

_SDKS = {"slack": "slack_bolt", "discord": "discord"}


@dataclass(frozen=True, slots=True)
class Report:
    """``text`` is Markdown; ``sound`` is False when something must be mended."""

    text: str
    sound: bool


async def examine(config: Config) -> Report:
    """Open everything once and look."""
    rows = [f"**dramaturg {version('dramaturg')}** on Python {sys.version.split()[0]}", ""]
    good = True
    async with AsyncExitStack() as stack:
        try:
            app = await open_app(stack, config.settings)
        except EXPECTED as error:
            rows.append(f"- ✗ ledger and index: {error}")
            good = False
        else:
            found, good = await _parts(app)
            rows += found
        writer = begin_writer(stack, config.settings)
        try:
            await writer.ready()
        except EXPECTED as error:
            rows.append(f"- ✗ writer {config.settings.writer}: {error}")
            good = False
        else:
            card = writer.card
            size = "small: formats guide it slot by slot" if card.small else "large: formats instruct it"
            rows.append(f"- ✓ writer {card.name}: {card.context} tokens of context, {size}")
    served, complete = _platforms(config.settings)
    rows, good = [*rows, *served], good and complete
    rows += [f"- settings from {place}" for place in sorted(set(config.origins.values()))]
    rows += ["", "All is well." if good else "Mend what is marked ✗, then run `dramaturg doctor` again."]
    return Report("\n".join(rows), good)


def _platforms(settings: Settings) -> tuple[list[str], bool]:
    """What `dramaturg serve` would serve, and whether it could."""
    rows, complete = [], True
    for name, token in (("slack", settings.slack_bot_token), ("discord", settings.discord_token)):
        given = bool(token.get_secret_value()) or (name == "slack" and bool(settings.slack_client_id))
        here = find_spec(_SDKS[name]) is not None
        complete = complete and (here or not given)
        packages = "" if here else f", but its packages are missing: install dramaturg[{name}]"
        mark = "✓" if given and here else "✗" if given else "·"
        state = "configured" if given else f"not configured (docs/{name}.md)"
        more = f": {_discord(settings)}" if given and name == "discord" else ""
        rows.append(f"- {mark} {name} {state}{more}{packages if given else ''}")
    return rows, complete


def _discord(settings: Settings) -> str:
    reads = "with" if settings.discord_message_content else "without"
    threads = "a mention opens a thread" if settings.discord_threads == "open" else "conversations stay in the channel"
    return f"{reads} the Message Content Intent, {threads}"


async def _parts(app: App) -> tuple[list[str], bool]:
    settings = app.settings
    shows = await app.ledger.shows.all(TENANT)
    rows = [f"- ✓ ledger {settings.ledger or settings.home / 'ledger.db'}: {many(len(shows), 'show', 'shows')}"]
    behind = await app.ledger.outbox.count()
    late = f", {many(behind, 'record', 'records')} to come" if behind else ""
    good = True
    try:
        where, passages = await app.index.place(), await app.index.count()
        rows.append(f"- ✓ index {where}: {many(passages, 'passage', 'passages')}{late}")
    except EXPECTED as error:
        good = False
        rows.append(f"- ✗ index {settings.index or settings.home / 'index'}{late}: {error}")
    try:
        await app.embedder.aembed_query("Who keeps the key?")
        rows.append(f"- ✓ embedder {app.embedder.name}: {await app.embedder.dimension()} dimensions")
    except EXPECTED as error:
        good = False
        rows.append(f"- ✗ embedder {app.embedder.name}: {error}")
    rows.append(f"- ✓ formats: {', '.join(app.formats)}")
    rows += [f"- ✗ format: {problem}" for problem in app.problems]
    return rows, good and not app.problems
