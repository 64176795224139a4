"""What the program's commands do besides conversing: one function a command.

Each opens the parts it needs and prints. Knows nothing of how any part works.
"""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from bot import doctor as checks
from bot.app import App, fetch_model, open_app
from bot.commands.call import Mistaken
from bot.commands.knowledge import listing, pick_source
from bot.commands.pages import manuscripts
from bot.config import Config, author
from bot.learning import many, summary
from bot.progress import Bars
from bot.shows import TENANT, choose_show, known_show
from bot.times import day
from chains import about_models
from memory import Scope, Show
from vectorstore import Query, Sight

FAILED = 1


def _print(text: str) -> None:
    """Markdown as a terminal shows it; as it stands where it is piped on."""
    console = Console(soft_wrap=not sys.stdout.isatty())
    if sys.stdout.isatty():
        console.print(Markdown(text))
    else:
        sys.stdout.write(f"{text}\n")


async def learn(stack: AsyncExitStack, config: Config, *, paths: Sequence[Path], show: str, tenant: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show, tenant or TENANT)
    with Bars() as bars:
        done = await app.learning.learn(chosen, paths, author(config.settings), bars.tell)
    _print(f"**{chosen.name}**: {summary(done)}")
    return 0 if done.entries or done.sources or done.unchanged else FAILED


async def forget(stack: AsyncExitStack, config: Config, *, source: str, show: str, tenant: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await known_show(app, show, tenant or TENANT)
    found = await pick_source(app.ledger.sources, chosen, source, "dramaturg sources")
    await app.ledger.sources.forget(chosen.tenant, chosen.id, found.id)
    await app.librarian.settle()
    _print(f"**{found.title}** is forgotten, with {many(found.pieces, 'passage', 'passages')}.")
    await app.index.settled()
    return 0


async def sources(stack: AsyncExitStack, config: Config, *, show: str, tenant: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await known_show(app, show, tenant or TENANT)
    rows = [
        f"{number}. {source.title} ({source.media}, {many(source.pieces, 'passage', 'passages')}, {day(source.learned)}) {source.uri}"
        for number, source in enumerate(await app.ledger.sources.listing(chosen.tenant, chosen.id), 1)
    ]
    entries = await app.ledger.canon.listing(chosen.tenant, chosen.id)
    canon, learned = many(len(entries), "canon entry", "canon entries"), many(len(rows), "source", "sources")
    _print("\n".join([f"**{chosen.name}**: {canon}, {learned}", "", *rows]))
    return 0


async def search(stack: AsyncExitStack, config: Config, *, text: str, show: str, tenant: str, explain: bool) -> int:
    app = await open_app(stack, config.settings)
    chosen = await known_show(app, show, tenant or TENANT)
    await app.librarian.settle()
    lore = await app.lore(chosen)
    names = tuple(name.name for name in lore.names.within(text))
    found = await app.index.search(Query(Sight(chosen.tenant, chosen.id), text, names=names))
    _print(listing(found, explain=explain))
    return 0 if found.hits else FAILED


async def reindex(stack: AsyncExitStack, config: Config) -> int:
    app = await open_app(stack, config.settings, anew=True)
    with Bars() as bars:
        records = await app.librarian.settle(bars.counter("Indexing"))
    _print(f"The index is rebuilt: {records} records, {await app.index.count()} passages.")
    return 0


async def export(stack: AsyncExitStack, config: Config, *, to: Path | None, thread: str, show: str, tenant: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await known_show(app, show, tenant or TENANT)
    talk = await app.rooms.whole(await _thread(app, chosen, thread))
    file = manuscripts(talk, app.formats, to.name if to else "")[0]
    if to is None:
        sys.stdout.write(file.data.decode())
    else:
        try:
            to.write_bytes(file.data)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise Mistaken(f"{to} cannot be written ({reason}); name another file with --to.") from None
        _print(f"Written to {to}.")
    return 0


async def _thread(app: App, show: Show, title: str) -> Scope:
    threads = [one for one in await app.ledger.threads.of_show(show.tenant, show.id) if one.head]
    found = [one for one in threads if title.casefold() in one.title.casefold()]
    if not found:
        raise Mistaken(f"No conversation of {show.name} is called “{title}”." if title else "Nothing was written yet.")
    return found[0].scope


async def doctor(stack: AsyncExitStack, config: Config) -> int:
    report = await checks.examine(config)
    _print(report.text)
    return 0 if report.sound else FAILED


async def config(stack: AsyncExitStack, config: Config) -> int:
    for setting in config.effective():
        sys.stdout.write(f"{setting.name} = {setting.value or '(empty)'}  # {setting.origin}\n")
    return 0


async def models(stack: AsyncExitStack, config: Config, *, fetch: str) -> int:
    if not fetch:
        _print(about_models(config.settings.writer))
        return 0
    writer = await fetch_model(fetch, config.settings.cache)
    _print(f"It is here. Use it with `dramaturg --writer {writer}`.")
    return 0
