"""How the loopback's things look in JSON, in the REST API and in events alike.

Also the rule of the MESSAGE_CONTENT intent: without it, the words of others are empty unless they
were written to the bot.
"""

import time
from datetime import UTC, datetime
from typing import Any

from tests.loopback.discord.world import (
    BITS,
    DM,
    EPHEMERAL,
    FORUM,
    Attachment,
    Channel,
    Guild,
    Message,
    Role,
    User,
    born,
)

Json = dict[str, Any]


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(one: User) -> Json:
    given: Json = {"id": str(one.id), "username": one.name.lower(), "global_name": one.name, "discriminator": "0"}
    given |= {"avatar": None, "public_flags": 0}
    return given | ({"bot": True, "discriminator": "0001", "global_name": None} if one.bot else {})


def role(one: Role) -> Json:
    colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    given: Json = {"id": str(one.id), "name": one.name, "color": 0, "colors": colors, "hoist": False, "position": 1}
    given |= {"permissions": str(one.permissions), "managed": bool(one.bot), "mentionable": one.mentionable}
    return given | {"flags": 0} | ({"tags": {"bot_id": str(one.bot)}} if one.bot else {})


def member(guild: Guild, one: User, *, full: bool = True) -> Json:
    """Without ``user`` as messages carry it."""
    given: Json = {"roles": [str(held) for held in sorted(guild.members.get(one.id, ()))], "flags": 0, "deaf": False}
    given |= {"joined_at": stamp(born(guild.id)), "mute": False, "pending": False, "nick": guild.nicks.get(one.id)}
    given |= {"avatar": None, "premium_since": None, "communication_disabled_until": None}
    return given | ({"user": user(one)} if full else {})


def channel(one: Channel) -> Json:
    given: Json = {"id": str(one.id), "type": one.kind, "last_message_id": _last(one), "flags": 0}
    if one.kind == DM:
        assert one.recipient
        return given | {"recipients": [user(one.recipient)]}
    assert one.guild
    given |= {"guild_id": str(one.guild.id), "name": one.name, "rate_limit_per_user": 0}
    if one.is_thread:
        return given | _thread(one)
    given |= {"position": 0, "parent_id": None, "nsfw": False, "topic": None, "permission_overwrites": _overwrites(one)}
    if one.kind == FORUM:
        given |= {"available_tags": one.tags, "default_reaction_emoji": None, "default_sort_order": None}
    return given


def _last(one: Channel) -> str | None:
    return str(max(one.messages)) if one.messages else None


def _overwrites(one: Channel) -> list[Json]:
    denied = sum(BITS[name] for name in one.denied)
    if not denied or not one.guild:
        return []
    return [{"id": str(one.guild.bot.id), "type": 1, "allow": "0", "deny": str(denied)}]


def _thread(one: Channel) -> Json:
    assert one.parent
    assert one.owner
    meta = {"archived": one.archived, "locked": one.locked, "auto_archive_duration": 1440}
    meta |= {"archive_timestamp": stamp(born(one.id)), "create_timestamp": stamp(born(one.id))}
    given: Json = {"parent_id": str(one.parent.id), "owner_id": str(one.owner.id), "thread_metadata": meta}
    given |= {"message_count": len(one.messages), "member_count": 1, "total_message_sent": len(one.ever)}
    if one.joined and one.guild:
        me = {"id": str(one.id), "user_id": str(one.guild.bot.id), "join_timestamp": stamp(time.time()), "flags": 0}
        given["member"] = me
    return given


def guild(one: Guild) -> Json:
    """As GUILD_CREATE gives it."""
    every = list(one.channels.values())
    given: Json = {"id": str(one.id), "name": one.name, "icon": None, "splash": None, "discovery_splash": None}
    given |= {"owner_id": str(one.owner.id), "region": "", "afk_channel_id": None, "afk_timeout": 300}
    given |= {"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0}
    given |= {"roles": [role(held) for held in one.roles.values()], "emojis": [], "features": [], "mfa_level": 0}
    given |= {"system_channel_id": None, "system_channel_flags": 0, "rules_channel_id": None, "banner": None}
    given |= {"premium_tier": 0, "preferred_locale": "en-US", "nsfw_level": 0, "stickers": [], "description": None}
    given |= {"joined_at": stamp(born(one.id)), "large": False, "unavailable": False, "member_count": len(one.members)}
    given |= {"voice_states": [], "presences": [], "stage_instances": [], "guild_scheduled_events": []}
    given["members"] = [member(one, one.users[held]) for held in one.members]
    given["channels"] = [channel(place) for place in every if not place.is_thread]
    given["threads"] = [channel(place) for place in every if place.is_thread and not place.archived]
    return given


def attachment(one: Attachment, url: str) -> Json:
    given = {"id": str(one.id), "filename": one.name, "size": len(one.data), "content_type": one.media}
    return given | {"url": url, "proxy_url": url}


class Sight:
    """What the bot may see of messages: what its intents and the moment allow. ``url_of`` signs a file's address."""

    def __init__(self, me: User, url_of: Any) -> None:
        self.me = me
        self.url_of = url_of

    def message(self, one: Message, content: bool, *, event: bool = False, deep: bool = True) -> Json:
        """A message in JSON; with what an event adds when ``event``; ``content`` says whether words of others show."""
        open_ = content or one.author is self.me or one.channel.kind == DM or self.me in one.mentions
        place = one.channel
        given: Json = {"id": str(one.id), "channel_id": str(place.id), "author": user(one.author), "type": one.type}
        given |= {"content": one.content if open_ else "", "embeds": one.embeds if open_ else []}
        given |= {"components": one.components if open_ else [], "timestamp": stamp(born(one.id)), "tts": False}
        given["attachments"] = [attachment(file, self.url_of(place, file)) for file in one.attachments] if open_ else []
        given |= {"edited_timestamp": stamp(one.edited) if one.edited else None, "flags": one.flags, "pinned": False}
        given |= {"mention_roles": [str(held) for held in one.mention_roles], "mention_everyone": one.mention_everyone}
        given["mentions"] = [self._mentioned(place, held, event) for held in one.mentions]
        if one.nonce:
            given["nonce"] = one.nonce
        if one.through_webhook:
            given |= {"webhook_id": str(self.me.id), "application_id": str(self.me.id)}
        if one.interaction:
            given["interaction_metadata"] = self._interaction(one)
        if one.thread:
            given["thread"] = channel(one.thread)
        if place.is_thread:
            given["position"] = len(place.messages)
        if event and place.guild:
            given |= {"guild_id": str(place.guild.id), "member": member(place.guild, one.author, full=False)}
        return given | self._reference(one, content, deep)

    def _mentioned(self, place: Channel, one: User, event: bool) -> Json:
        given = user(one)
        if event and place.guild and one.id in place.guild.members:
            given["member"] = member(place.guild, one, full=False)
        return given

    def _interaction(self, one: Message) -> Json:
        met = one.interaction
        assert met
        given: Json = {"id": str(met.id), "type": met.kind, "user": user(met.user)}
        given["authorizing_integration_owners"] = {}
        if met.source:
            given["interacted_message_id"] = str(met.source.id)
        if met.kind == 5:
            given["triggering_interaction_metadata"] = {**given, "type": 3}
        return given

    def _reference(self, one: Message, content: bool, deep: bool) -> Json:
        if not one.reply_to and not one.reply_channel:
            return {}
        target = one.reply_to
        refers: Json = {"type": 0, "channel_id": str(target.channel.id if target else one.reply_channel)}
        if one.channel.guild:
            refers["guild_id"] = str(one.channel.guild.id)
        if target:
            refers["message_id"] = str(target.id)
        given: Json = {"message_reference": refers}
        if deep and target and not target.flags & EPHEMERAL:
            gone = target.deleted is not None
            given["referenced_message"] = None if gone else self.message(target, content, deep=False)
        return given
