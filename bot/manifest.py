"""Manifest: our app as Slack and Discord want it described, made from the table of commands.

Knows nothing of how the app works.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from bot.commands import AT_A_PROMPT, TABLE, Command
from bot.commands.call import Mistaken
from bot.config import Config
from bot.surfaces.discord.table import commands

SCOPES: dict[str, str] = {
    "app_mentions:read": "hear when somebody mentions it",
    "assistant:write": "show that it is at work, its stop button, and suggested prompts",
    "channels:history": "hear answers in threads of public channels it was invited to",
    "channels:read": "know a channel's name",
    "chat:write": "answer",
    "commands": "have /dramaturg",
    "files:read": "read files that you ask it to learn",
    "files:write": "hand over exports",
    "groups:history": "hear answers in threads of private channels it was invited to",
    "groups:read": "know a private channel's name",
    "im:history": "hear direct messages to it",
    "mpim:history": "hear group messages it is part of",
    "users:read": "call people by their names",
}
"""Each scope the app asks for, and what for."""

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)
_MANY = ("app_uninstalled", "tokens_revoked")
_ABOUT = "A co-writer for writers' rooms, grounded in your show's canon."


def slack(url: str = "", table: Sequence[Command] = TABLE) -> dict[str, Any]:
    """The app's manifest: by socket, or with ``url`` (https://host) over HTTP."""
    verbs = ", ".join(one.name for one in table if one.name not in AT_A_PROMPT)
    request = {"request_url": f"{url.rstrip('/')}/slack/events"} if url else {}
    slash: dict[str, Any] = {
        "command": "/dramaturg",
        "description": _ABOUT[:100],
        "usage_hint": "what to write, or a verb such as help, show, canon",
        "should_escape": True,
    }
    prompts = [
        {"title": "What can you do?", "message": "/help"},
        {"title": "Which show is this?", "message": "/show"},
        {"title": "What is canon?", "message": "/canon"},
    ]
    return {
        "display_information": {
            "name": "Dramaturg",
            "description": _ABOUT,
            "long_description": f"{_ABOUT} Mention it in a channel to begin a thread; in the thread no mention is needed. "
            "It writes with what it learned of your show, says what each sentence stands on, and keeps what you accept. "
            f"It also understands: {verbs}.",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "agent_view": {"agent_description": _ABOUT, "suggested_prompts": prompts},
            "bot_user": {"display_name": "dramaturg", "always_online": True},
            "slash_commands": [slash | ({"url": request["request_url"]} if request else {})],
        },
        "oauth_config": {
            "scopes": {"bot": sorted(SCOPES)},
            **({"redirect_urls": [f"{url.rstrip('/')}/slack/oauth_redirect"]} if url else {}),
        },
        "settings": {
            "event_subscriptions": {"bot_events": sorted({*EVENTS, *(_MANY if url else ())}), **request},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


INVITE = "https://discord.com/oauth2/authorize?client_id={id}&scope=bot+applications.commands&permissions={rights}"

RIGHTS: dict[str, tuple[int, str]] = {
    "View Channels": (10, "hear when somebody mentions it"),
    "Send Messages": (11, "answer in a channel, where threads are not wanted"),
    "Attach Files": (15, "hand over exports"),
    "Read Message History": (16, "answer as a reply, and read up what came while it was away"),
    "Create Public Threads": (35, "open a thread for a story"),
    "Send Messages in Threads": (38, "answer there"),
}
"""Each permission the bot asks for, its bit, and what for."""


def invite(application: str) -> str:
    """Where a server's owner adds the bot."""
    return INVITE.format(id=application, rights=sum(1 << bit for bit, _ in RIGHTS.values()))


def discord() -> dict[str, Any]:
    """What Discord asks for when a bot is set up. The commands are told by the program itself."""
    return {
        "invite": invite("APPLICATION_ID"),
        "permissions": sum(1 << bit for bit, _ in RIGHTS.values()),
        "permissions_for": {name: why for name, (_, why) in RIGHTS.items()},
        "privileged_intents": [],
        "commands": commands(),
    }


async def manifest(stack: AsyncExitStack, config: Config, *, platform: str, url: str) -> int:
    """Print a platform's app manifest; gives the exit status."""
    if platform not in ("slack", "discord"):
        raise Mistaken(f"There is a manifest for slack and for discord, not for {platform}.")
    made = slack(url) if platform == "slack" else discord()
    sys.stdout.write(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    return 0
