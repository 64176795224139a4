"""Slash: the commands that Discord shows, made from the table, and told to Discord when they changed.

Knows nothing of what they do.
"""

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord
from discord.http import Route

from bot.commands import Command
from bot.surfaces.discord.verbs import STORY, here

log = logging.getLogger(__name__)

Json = dict[str, Any]

TEXT, FILE = 3, 11
FILES = ("file", "file_2", "file_3")
SAID = "what"
_WORD = re.compile(r"\b[A-Z]+\b")
_CHOICES = re.compile(r"[a-z]+(?: \| [a-z]+)+")


def commands(table: Sequence[Command] | None = None) -> list[Json]:
    """All commands as Discord takes them."""
    story = _command(
        STORY, "Begin a story here, in a thread of its own.", [_text(SAID, "What to write", required=False)]
    )
    return [story, *(_command(one.name, one.help, _options(one)) for one in (here() if table is None else table))]


async def tell(client: discord.Client, home: Path, *, anew: bool = False) -> bool:
    """Tell Discord the commands where they are not as it was told last, or ``anew``. Whether it was told."""
    wanted = commands()
    user = client.application_id or 0
    mark = hashlib.sha256(json.dumps([Route.BASE, user, wanted], sort_keys=True).encode()).hexdigest()
    kept = home / "discord-commands"
    if not anew and kept.is_file() and kept.read_text("utf-8") == mark:
        return False
    await client.http.bulk_upsert_global_commands(user, wanted)
    kept.write_text(mark, "utf-8")
    return True


def said(data: Json) -> str:
    """What was given to a command, as it would be typed after its name."""
    return " ".join(str(one["value"]) for one in data.get("options", ()) if one["type"] != FILE)


def shared_files(data: Json) -> list[Json]:
    """The attachments that were given to a command."""
    known = data.get("resolved", {}).get("attachments", {})
    return [known[str(one["value"])] for one in data.get("options", ()) if one["type"] == FILE]


def _command(name: str, about: str, options: list[Json]) -> Json:
    """Usable in servers and in direct messages to the bot."""
    return {
        "type": 1,
        "name": name,
        "description": about[:100],
        "options": options,
        "contexts": [0, 1],
        "integration_types": [0],
    }


def _options(command: Command) -> list[Json]:
    usage = command.usage
    if command.completes == "path":
        if usage.startswith("["):  # what it writes; here it hands files over
            return [_text("name", usage, required=False)]
        return [
            {"type": FILE, "name": name, "description": "What to learn", "required": name == FILES[0]} for name in FILES
        ]
    if not usage:
        return []
    words = dict.fromkeys(_WORD.findall(usage))
    option = _text(next(iter(words)).lower() if len(words) == 1 else SAID, usage, required=not usage.startswith("["))
    if _CHOICES.fullmatch(usage):
        option["choices"] = [{"name": word, "value": word} for word in usage.split(" | ")]
    elif command.completes:
        option["autocomplete"] = True
    return [option]


def _text(name: str, about: str, *, required: bool) -> Json:
    return {"type": TEXT, "name": name, "description": about[:100], "required": required}
