"""The program's command line: reads argv and nothing else does.

Each command is carried out by the function of the same name in `bot.main`, which is imported only
then, so that ``--help`` answers at once. Knows nothing of models, search or storage.
"""

import importlib
import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

app = typer.Typer(
    name="dramaturg",
    help="A co-writer for writers' rooms, grounded in your show's canon.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Show = Annotated[str, typer.Option("--show", metavar="NAME", help="The show to work on (default: the last one).")]
Tenant = Annotated[
    str,
    typer.Option("--tenant", metavar="ID", help="A Slack workspace or Discord server, whose shows are meant instead."),
]
Format = Annotated[str, typer.Option("--format", metavar="F", help="What to write: chat, plot, host, dialogue, ...")]
Continue = Annotated[bool, typer.Option("--continue", help="Go on with the latest conversation.")]
Writer = Annotated[
    str, typer.Option("--writer", metavar="W", help="The model that writes: local:..., hf:..., openai:...")
]
Ask = Annotated[str | None, typer.Argument(metavar="[MESSAGE]", help="One message; without it, a conversation opens.")]


def _do(what: str, **given: Any) -> None:
    raise typer.Exit(importlib.import_module("bot.main").run(what, **given))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dramaturg {importlib.metadata.version('dramaturg')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main_options(
    context: typer.Context,
    show: Show = "",
    format: Format = "",
    resume: Continue = False,
    writer: Writer = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        _do("chat", message=None, show=show, format=format, resume=resume, writer=writer)
    given = {"show": show, "format": format, "resume": resume, "writer": writer}
    _hand_on(context, {name: value for name, value in given.items() if value})


def _hand_on(context: typer.Context, given: dict[str, Any]) -> None:
    """What stands before a command counts for it, too; what it does not take is not passed over in silence."""
    name, group = str(context.invoked_subcommand), context.command
    command = group.get_command(context, name) if isinstance(group, typer.core.TyperGroup) else None
    takes = {one.name: one.opts[0] for one in group.params}
    known = {one.name for one in command.params} if command else set()
    for option in given:
        if option not in known:
            context.fail(f"{takes[option]} means nothing to '{name}'.")
    context.default_map = {name: given}


@app.command()
def chat(
    message: Ask = None, show: Show = "", format: Format = "", resume: Continue = False, writer: Writer = ""
) -> None:
    """Open the conversation, or answer one MESSAGE (also read from standard input)."""
    _do("chat", message=message, show=show, format=format, resume=resume, writer=writer)


@app.command()
def learn(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    show: Show = "",
    tenant: Tenant = "",
) -> None:
    """Learn documents: bibles, scripts, research, chat exports."""
    _do("learn", paths=paths, show=show, tenant=tenant)


@app.command()
def forget(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its title, path or number.")],
    show: Show = "",
    tenant: Tenant = "",
) -> None:
    """Forget a learned source and all its passages."""
    _do("forget", source=source, show=show, tenant=tenant)


@app.command()
def sources(show: Show = "", tenant: Tenant = "") -> None:
    """List what was learned."""
    _do("sources", show=show, tenant=tenant)


@app.command()
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    show: Show = "",
    tenant: Tenant = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show each signal's share in a passage's rank.")] = False,
) -> None:
    """Show what the index finds for TEXT."""
    _do("search", text=text, show=show, tenant=tenant, explain=explain)


@app.command()
def reindex() -> None:
    """Rebuild the index from the ledger."""
    _do("reindex")


@app.command()
def export(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where to (.md or .fountain); else standard output.")
    ] = None,
    thread: Annotated[
        str, typer.Option("--thread", metavar="TITLE", help="Which conversation (default: the latest).")
    ] = "",
    show: Show = "",
    tenant: Tenant = "",
) -> None:
    """Write a conversation's pages as Markdown or Fountain."""
    _do("export", to=to, thread=thread, show=show, tenant=tenant)


@app.command()
def doctor() -> None:
    """Check the set-up: what is configured, what is wrong, how to mend it."""
    _do("doctor")


@app.command()
def config() -> None:
    """Print the effective settings and where each came from."""
    _do("config")


@app.command()
def models(
    fetch: Annotated[str, typer.Option("--fetch", metavar="ID", help="Fetch a model from the hub.")] = "",
) -> None:
    """Say which models are bundled, which are recommended, and fetch one."""
    _do("models", fetch=fetch)


@app.command()
def slack(writer: Writer = "") -> None:
    """Serve Slack (docs/slack.md says how to set it up)."""
    _do("slack", writer=writer)


@app.command()
def discord(
    writer: Writer = "",
    sync: Annotated[
        bool, typer.Option("--sync", help="Tell Discord the slash commands, also if they have not changed.")
    ] = False,
) -> None:
    """Serve Discord (docs/discord.md says how to set it up)."""
    _do("discord", writer=writer, sync=sync)


@app.command()
def serve(writer: Writer = "") -> None:
    """Serve every platform that is configured, in one program with one page of health."""
    _do("serve", writer=writer)


@app.command()
def manifest(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="slack or discord")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Your public address, for HTTP mode.")] = "",
) -> None:
    """Print the app's description, to paste where the platform asks for it."""
    _do("manifest", platform=platform, url=url)


def main() -> None:
    """The program's entry point."""
    if hasattr(sys.stdout, "reconfigure"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


if __name__ == "__main__":
    main()
