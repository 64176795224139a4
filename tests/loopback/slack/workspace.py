"""What a loopback Slack holds: workspaces with people, channels, messages and files.

Knows nothing of HTTP or sockets; the rules of the Web API are in `methods`.
"""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

_clock = itertools.count(1)


def new_ts() -> str:
    """A message's timestamp: growing and unique over all workspaces."""
    return f"{int(time.time())}.{next(_clock):06d}"


@dataclass
class Message:
    """A message as people see it. ``stream`` is None, "open", "stopped" or "dead"."""

    channel: str
    ts: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    stream: str | None = None
    begun: float = 0.0
    only_for: str = ""
    files: list[dict[str, Any]] = field(default_factory=list)
    bot: bool = False
    edits: int = 0

    @property
    def shown(self) -> str:
        """All words a person reads in it."""
        return "\n".join([self.text, *(_words(block) for block in self.blocks)]).strip("\n")

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """By their label."""
        found = [e for block in self.blocks if block["type"] == "actions" for e in block["elements"]]
        return {element["text"]["text"]: element for element in found if element["type"] == "button"}

    def public(self) -> dict[str, Any]:
        """As the Web API and events give it."""
        given: dict[str, Any] = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        if self.thread_ts:
            given["thread_ts"] = self.thread_ts
        if self.bot:
            given |= {"bot_id": "B" + self.user[1:], "app_id": "A1"}
        return given | {name: value for name in ("blocks", "files") if (value := getattr(self, name))}


@dataclass
class Channel:
    """``kind`` is "channel", "group" or "im"; ``members`` by id."""

    id: str
    name: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class Workspace:
    """One team with our app installed: its tokens' owner, its bot user, and what is in it."""

    id: str
    bot: str
    token: str
    people: dict[str, str] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    bytes: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    sessions: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)

    def add_channel(self, channel: str, name: str, *members: str, kind: str = "channel") -> Channel:
        self.channels[channel] = Channel(channel, name, kind, {self.bot, *members})
        return self.channels[channel]

    def message(self, channel: str, ts: str) -> Message | None:
        found = self.channels.get(channel)
        return found.messages.get(ts) if found else None

    def from_bot(self, channel: str, thread: str | None = None) -> list[Message]:
        """What our bot posted there, in order; of one thread where it is given."""
        every = self.channels[channel].messages.values()
        return [one for one in every if one.user == self.bot and (thread is None or thread == one.thread_ts)]


def _words(block: dict[str, Any]) -> str:
    """The words of a block."""
    match block["type"]:
        case "markdown":
            return str(block["text"])
        case "section" | "header":
            return str(block.get("text", {}).get("text", ""))
        case "context":
            return " ".join(element.get("text", "") for element in block["elements"])
        case _:
            return ""
