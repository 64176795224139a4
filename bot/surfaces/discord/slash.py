"""Slash: the commands told to Discord when they changed, and what comes back with one.

Knows nothing of what they do.
"""

import hashlib
import json
import logging
from pathlib import Path

import discord
from discord.http import Route

from bot.surfaces.discord.table import FILE, Json, commands

log = logging.getLogger(__name__)


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
