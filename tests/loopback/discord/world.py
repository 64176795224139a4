"""What a loopback Discord holds: people, servers ("guilds"), channels, threads, messages, interactions.

Ids are real snowflakes, so that their age can be read from them. Knows nothing of HTTP or sockets;
how these things look on the wire is in `wire`, what may be sent is in `rules`.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

EPOCH_MS = 1_420_070_400_000
TEXT, DM, NEWS, PUBLIC_THREAD, FORUM = 0, 1, 5, 11, 15
HAS_THREAD, EPHEMERAL, LOADING = 1 << 5, 1 << 6, 1 << 7

BITS = {
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "MANAGE_THREADS": 1 << 34,
    "CREATE_PUBLIC_THREADS": 1 << 35,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}
USUAL = sum(bit for name, bit in BITS.items() if name not in ("MANAGE_MESSAGES", "MANAGE_THREADS", "MENTION_EVERYONE"))

_counter = itertools.count(1)


def new_id(ago: float = 0.0) -> int:
    """A snowflake; ``ago`` seconds old."""
    return (int(time.time() * 1000 - ago * 1000) - EPOCH_MS) << 22 | next(_counter) % (1 << 22)


def born(snowflake: int) -> float:
    """Seconds since 1970 of the moment it was made."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


@dataclass
class User:
    id: int
    name: str
    bot: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass
class Role:
    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False
    bot: int = 0


@dataclass(frozen=True)
class Shown:
    """What people could read in a message from the moment ``at`` (monotonic seconds) on."""

    at: float
    content: str
    components: list[dict[str, Any]]
    embeds: list[dict[str, Any]]
    attachments: list[dict[str, Any]]


@dataclass
class Message:
    """A message as people see it. ``pings`` names everybody it notified: "everyone", "user:1", "role:2"."""

    id: int
    channel: "Channel"
    author: User
    content: str = ""
    type: int = 0
    flags: int = 0
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list["Attachment"] = field(default_factory=list)
    reply_to: "Message | None" = None
    reply_channel: int = 0
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    nonce: str = ""
    edited: float | None = None
    deleted: float | None = None
    thread: "Channel | None" = None
    only_for: User | None = None
    interaction: "Interaction | None" = None
    through_webhook: bool = False
    pings: list[str] = field(default_factory=list)
    history: list[Shown] = field(default_factory=list)

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """By their words, or their picture where they have none."""
        every = [one for row in self.components for one in row["components"] if one["type"] == 2]
        return {one.get("label") or one["emoji"]["name"]: one for one in every}

    @property
    def shown(self) -> str:
        """All words a person reads in it now."""
        words = [self.content, *(f"{e.get('title', '')}\n{e.get('description', '')}".strip() for e in self.embeds)]
        return "\n".join(word for word in words if word)

    @property
    def gaps(self) -> list[float]:
        """Seconds between one state of it and the next."""
        moments = [one.at for one in self.history]
        return [later - earlier for earlier, later in itertools.pairwise(moments)]

    def record(self) -> None:
        shown = [{"id": one.id, "name": one.name, "size": len(one.data)} for one in self.attachments]
        self.history.append(Shown(time.monotonic(), self.content, self.components, self.embeds, shown))


@dataclass
class Attachment:
    id: int
    name: str
    data: bytes
    media: str = "text/plain"


@dataclass
class Channel:
    """A text channel, forum, thread or DM. ``messages`` are there now; ``ever`` keeps deleted and private ones too."""

    id: int
    name: str
    kind: int = TEXT
    guild: "Guild | None" = None
    recipient: User | None = None
    parent: "Channel | None" = None
    owner: User | None = None
    archived: bool = False
    locked: bool = False
    joined: bool = False
    denied: set[str] = field(default_factory=set)
    tags: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    ever: list[Message] = field(default_factory=list)
    typing: list[float] = field(default_factory=list)

    @property
    def is_thread(self) -> bool:
        return self.kind == PUBLIC_THREAD

    @property
    def rules(self) -> "Channel":
        """Where its permissions are set: a thread has those of the channel it is in."""
        return self.parent or self

    def by(self, user: User) -> list[Message]:
        """What this user has there now and for all to see, in order."""
        return [one for one in self.messages.values() if one.author is user]


@dataclass
class Guild:
    """One server. Everybody has ``everyone``'s rights; the bot has those of its own role on top."""

    id: int
    name: str
    owner: User
    bot: User
    everyone: Role
    own: Role
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, set[int]] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    nicks: dict[int, str] = field(default_factory=dict)
    file_limit: int = 10 * 1024 * 1024
    here: bool = True

    def permissions(self, user: User, channel: Channel | None = None) -> int:
        """As the real ones are added up, for the parts a test can set."""
        roles = [self.roles[role] for role in self.members.get(user.id, ())]
        held = self.everyone.permissions
        for role in roles:
            held |= role.permissions
        if channel and user is self.bot:
            for name in channel.rules.denied:
                held &= ~BITS[name]
        return held

    def may(self, user: User, channel: Channel, right: str) -> bool:
        return bool(self.permissions(user, channel) & BITS[right])


@dataclass
class Interaction:
    """A press, a command or a form on its way to the bot, and all that came of it."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    born: float
    data: dict[str, Any]
    source: Message | None = None
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: int = 0
    took: float = 0.0
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: dict[str, Any] | None = None
    choices: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """All that was answered on it, privately or not."""
        every = [self.message, *self.followups]
        return "\n".join(one.shown for one in every if one and one.deleted is None and not one.flags & LOADING)


@dataclass
class World:
    """Everything there is. ``me`` is the bot's own user; its id is its application's id too."""

    me: User = field(default_factory=lambda: User(new_id(), "dramaturg", bot=True))
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    interactions: dict[int, Interaction] = field(default_factory=dict)
    commands: dict[int | None, list[dict[str, Any]]] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)

    def message(self, snowflake: int) -> Message | None:
        """Any message that ever was."""
        every = (one for channel in self.channels.values() for one in channel.ever)
        return next((one for one in every if one.id == snowflake), None)

    def by_bot(self) -> list[Message]:
        """Every message our bot ever sent, wherever, deleted and private ones too."""
        return [one for channel in self.channels.values() for one in channel.ever if one.author is self.me]
