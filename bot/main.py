"""What the program's commands do, once the command line is read: one function a command.

Settings, log, parts and a surface are brought together here. Knows nothing of how any part works.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from bot import doctor as checks
from bot import logs, manifest
from bot.app import App, begin_writer, fetch_model, open_app
from bot.chat import author, open_chat
from bot.commands.call import Mistaken
from bot.commands.knowledge import listing, pick_source
from bot.commands.pages import ALL, manuscripts
from bot.config import Config, SettingError, load
from bot.desk import EXPECTED
from bot.learning import summary
from bot.progress import Bars
from bot.rooms import Unbound
from bot.shows import ROOM, TENANT, choose_show
from chains import about_models
from memory import Show
from vectorstore import Query, Sight

_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130


def run(what: str, **given: Any) -> int:
    """Carry out the command ``what``; gives the program's exit status. What is wrong on the person's
    side is one sentence on standard error."""
    work: Callable[..., Awaitable[int]] = _WORK[what]
    setting = given.pop("writer", "") or None
    try:
        config = load(writer=setting)
        handler = logs.start(config.settings.home, config.settings.log_level, config.secrets())
    except (SettingError, OSError) as error:
        return _complain(error, _USAGE)
    try:
        return asyncio.run(_within(work, config, given))
    except (*EXPECTED, Mistaken, Unbound) as error:
        return _complain(error, _FAILED)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        logs.stop(handler)


async def _within(work: Callable[..., Awaitable[int]], config: Config, given: dict[str, Any]) -> int:
    async with AsyncExitStack() as stack:
        return await work(stack, config, **given)


def _complain(error: BaseException, status: int) -> int:
    sys.stderr.write(f"dramaturg: {error}\n")
    return status


def _print(text: str) -> None:
    """Markdown as a terminal shows it; as it stands where it is piped on."""
    console = Console(soft_wrap=not sys.stdout.isatty())
    if sys.stdout.isatty():
        console.print(Markdown(text))
    else:
        sys.stdout.write(f"{text}\n")


async def _learn(stack: AsyncExitStack, config: Config, *, paths: Sequence[Path], show: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show)
    with Bars() as bars:
        done = await app.learning.learn(chosen, paths, author(config), bars.tell)
    _print(f"**{chosen.name}**: {summary(done)}")
    return 0 if done.entries or done.sources or done.unchanged else _FAILED


async def _forget(stack: AsyncExitStack, config: Config, *, source: str, show: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show)
    found = await pick_source(app.ledger.sources, chosen, source)
    await app.ledger.sources.forget(TENANT, chosen.id, found.id)
    await app.librarian.settle()
    _print(f"**{found.title}** and its {found.pieces} passages are forgotten.")
    return 0


async def _sources(stack: AsyncExitStack, config: Config, *, show: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show)
    rows = [
        f"{number}. {source.title} ({source.media}, {source.pieces} passages, {source.learned:%Y-%m-%d}) {source.uri}"
        for number, source in enumerate(await app.ledger.sources.listing(TENANT, chosen.id), 1)
    ]
    entries = await app.ledger.canon.listing(TENANT, chosen.id)
    _print("\n".join([f"**{chosen.name}**: {len(entries)} canon entries, {len(rows)} sources", "", *rows]))
    return 0


async def _search(stack: AsyncExitStack, config: Config, *, text: str, show: str, explain: bool) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show)
    await app.librarian.settle()
    lore = await app.lore(chosen)
    names = tuple(name.name for name in lore.names.within(text))
    found = await app.index.search(Query(Sight(TENANT, chosen.id), text, names=names))
    _print(listing(found, explain))
    return 0 if found.hits else _FAILED


async def _reindex(stack: AsyncExitStack, config: Config) -> int:
    app = await open_app(stack, config.settings, anew=True)
    await app.ledger.outbox.everything()
    with Bars() as bars:
        records = await app.librarian.settle(bars.counter("Indexing"))
    _print(f"The index is rebuilt: {records} records, {await app.index.count()} passages.")
    return 0


async def _export(stack: AsyncExitStack, config: Config, *, to: Path | None, thread: str, show: str) -> int:
    app = await open_app(stack, config.settings)
    chosen = await choose_show(app, show)
    talk = await app.rooms.enter(await _thread(app, chosen, thread), spare=ALL)
    file = manuscripts(talk, app.formats, to.name if to else "")[0]
    if to is None:
        sys.stdout.write(file.data.decode())
    else:
        to.write_bytes(file.data)
        _print(f"Written to {to}.")
    return 0


async def _thread(app: App, show: Show, title: str) -> Any:
    threads = [one for one in await app.ledger.threads.listing(ROOM, 1000) if one.show == show.id and one.head]
    found = [one for one in threads if title.casefold() in one.title.casefold()]
    if not found:
        raise Mistaken(f"No conversation of {show.name} is called “{title}”." if title else "Nothing was written yet.")
    return found[0].scope


async def _doctor(stack: AsyncExitStack, config: Config) -> int:
    report = await checks.examine(config)
    _print(report.text)
    return 0 if report.sound else _FAILED


async def _config(stack: AsyncExitStack, config: Config) -> int:
    for setting in config.effective():
        sys.stdout.write(f"{setting.name} = {setting.value or '(empty)'}  # {setting.origin}\n")
    return 0


async def _models(stack: AsyncExitStack, config: Config, *, fetch: str) -> int:
    if not fetch:
        _print(about_models(config.settings.writer))
        return 0
    writer = await fetch_model(fetch, config.settings.cache)
    _print(f"It is here. Use it with `dramaturg --writer {writer}`.")
    return 0


async def _slack(stack: AsyncExitStack, config: Config) -> int:
    try:
        serving = importlib.import_module("bot.serving")
    except ModuleNotFoundError as error:
        raise Mistaken(f"Slack needs more packages ({error.name} is missing): install dramaturg[slack].") from None
    writer = begin_writer(stack, config.settings)
    try:
        status: int = await serving.serve_slack(stack, config, writer)
    except serving.Misconfigured as error:
        raise Mistaken(str(error)) from None
    return status


async def _manifest(stack: AsyncExitStack, config: Config, *, platform: str, url: str) -> int:
    if platform != "slack":
        raise Mistaken(f"There is a manifest for slack, not for {platform}.")
    sys.stdout.write(f"{manifest.as_json(url)}\n")
    return 0


async def _chat(
    stack: AsyncExitStack,
    config: Config,
    *,
    message: str | None,
    show: str,
    format: str,
    resume: bool,
) -> int:
    writer = begin_writer(stack, config.settings)
    return await open_chat(
        stack, config, writer, message=message, show=show, form=format or config.settings.format, resume=resume
    )


_WORK: dict[str, Callable[..., Awaitable[int]]] = {
    "chat": _chat,
    "learn": _learn,
    "forget": _forget,
    "sources": _sources,
    "search": _search,
    "reindex": _reindex,
    "export": _export,
    "doctor": _doctor,
    "config": _config,
    "models": _models,
    "slack": _slack,
    "manifest": _manifest,
}
