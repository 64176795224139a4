"""What Discord takes and what it refuses: lengths, counts, shapes, and who a message would ping.

A malformed call is refused, so that what passes here is what Discord would take. Knows nothing of HTTP.
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.loopback.discord.world import BITS, Channel, Message, User, World

Json = dict[str, Any]

USER, ROLE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>")
NAME = re.compile(r"^[-_'\w]{1,32}$", re.UNICODE)
FENCED = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


class Refused(Exception):
    """The call ends with this status, code and message, and nothing has happened."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors

    @property
    def body(self) -> Json:
        given = {"message": self.message, "code": self.code}
        return given | ({"errors": self.errors} if self.errors else {})


MISSING_ACCESS = Refused(403, 50001, "Missing Access")
MISSING_PERMISSIONS = Refused(403, 50013, "Missing Permissions")
UNKNOWN_CHANNEL = Refused(404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = Refused(404, 10008, "Unknown Message")
ARCHIVED = Refused(400, 50083, "Thread is archived")


def bad(path: str, why: str) -> Refused:
    """An invalid form body, with the field's name, as the real one tells it."""
    inner: Json = {"_errors": [{"code": "BASE_TYPE_BAD", "message": why}]}
    for name in reversed(path.split(".")):
        inner = {name: inner}
    return Refused(400, 50035, "Invalid Form Body", inner)


def _text(given: Json, name: str, most: int, least: int = 1, *, where: str = "", needed: bool = True) -> str:
    value = given.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise bad(f"{where}{name}", f"Must be between {least} and {most} in length.")
    return value


# -- messages --


def check_message(given: Json, *, files: bool = False, new: bool = True) -> None:
    """A message's body; of a ``new`` one something must be there to see."""
    _text(given, "content", 2000, 0, needed=False)
    check_embeds(given.get("embeds") or [])
    check_components(given.get("components") or [])
    check_allowed(given.get("allowed_mentions"))
    nonce = given.get("nonce")
    if nonce is not None and not (isinstance(nonce, str | int) and len(str(nonce)) <= 25):
        raise bad("nonce", "Must be 25 or fewer in length.")
    if given.get("flags", 0) & (1 << 15):
        raise bad("flags", "This loopback knows no Components V2.")
    if new and not ((given.get("content") or "").strip() or given.get("embeds") or given.get("components") or files):
        raise Refused(400, 50006, "Cannot send an empty message")


def check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > 10:
        raise bad("embeds", "Must be 10 or fewer in length.")
    total = 0
    for number, one in enumerate(embeds):
        where = f"embeds.{number}."
        parts = [_text(one, "title", 256, where=where, needed=False)]
        parts.append(_text(one, "description", 4096, where=where, needed=False))
        parts.append(_text(one.get("footer") or {}, "text", 2048, where=where, needed=False))
        parts.append(_text(one.get("author") or {}, "name", 256, where=where, needed=False))
        if len(one.get("fields") or []) > 25:
            raise bad(f"{where}fields", "Must be 25 or fewer in length.")
        for line in one.get("fields") or []:
            parts += [_text(line, "name", 256, where=where), _text(line, "value", 1024, where=where)]
        total += sum(map(len, parts))
    if total > 6000:
        raise bad("embeds", "Embed size exceeds maximum size of 6000")


def check_components(rows: list[Json]) -> None:
    if len(rows) > 5:
        raise bad("components", "Must be 5 or fewer in length.")
    ids: list[str] = []
    for number, row in enumerate(rows):
        where = f"components.{number}."
        held = row.get("components") or []
        if row.get("type") != 1 or not 1 <= len(held) <= 5:
            raise bad(where + "components", "Must be between 1 and 5 in length.")
        if any(one["type"] in SELECTS for one in held) and len(held) > 1:
            raise bad(where + "components", "A select menu fills its row.")
        for one in held:
            _check_component(one, where)
            ids += [one["custom_id"]] if "custom_id" in one else []
    if len(ids) != len(set(ids)):
        raise bad("components", "Component custom id cannot be duplicated")


SELECTS = (3, 5, 6, 7, 8)


def _check_component(one: Json, where: str) -> None:
    if one["type"] == 2:
        _text(one, "label", 80, where=where, needed=not one.get("emoji"))
        if one.get("style") not in (1, 2, 3, 4, 5):
            raise bad(where + "style", "Must be one of 1, 2, 3, 4, 5.")
        if one["style"] == 5:
            _text(one, "url", 512, where=where)
        else:
            _text(one, "custom_id", 100, where=where)
    elif one["type"] in SELECTS:
        _check_select(one, where)
    else:
        raise bad(where + "type", "Value of field must be one of (2, 3, 5, 6, 7, 8).")


def _check_select(one: Json, where: str) -> None:
    _text(one, "custom_id", 100, where=where)
    _text(one, "placeholder", 150, 0, where=where, needed=False)
    if one["type"] != 3:
        return
    options = one.get("options") or []
    if not 1 <= len(options) <= 25:
        raise bad(where + "options", "Must be between 1 and 25 in length.")
    if len({option.get("value") for option in options}) != len(options):
        raise bad(where + "options", "The specified option value is already used")
    for option in options:
        _text(option, "label", 100, where=where)
        _text(option, "value", 100, where=where)
        _text(option, "description", 100, where=where, needed=False)


def check_modal(given: Json) -> None:
    _text(given, "title", 45)
    _text(given, "custom_id", 100)
    rows = given.get("components") or []
    if not 1 <= len(rows) <= 5:
        raise bad("components", "Must be between 1 and 5 in length.")
    ids = []
    for one, where in modal_inputs(given):
        ids.append(one.get("custom_id"))
        if one["type"] == 4:
            _check_input(one, where)
        elif one["type"] in SELECTS:
            _check_select(one, where)
        elif one["type"] not in (19, 21, 22, 23):
            raise bad(where + "type", "This component cannot be in a modal.")
    if len(ids) != len(set(ids)):
        raise bad("components", "Component custom id cannot be duplicated")


def modal_inputs(given: Json) -> Iterator[tuple[Json, str]]:
    """Every field of a form, with where it stands."""
    for number, row in enumerate(given["components"]):
        where = f"components.{number}."
        if row["type"] == 1:
            if len(row["components"]) != 1 or row["components"][0]["type"] != 4:
                raise bad(where + "components", "A row of a modal holds one text input.")
            _text(row["components"][0], "label", 45, where=where)
            yield row["components"][0], where
        elif row["type"] == 18:
            _text(row, "label", 45, where=where)
            _text(row, "description", 100, where=where, needed=False)
            yield row["component"], where
        elif row["type"] != 10:
            raise bad(where + "type", "Value of field must be one of (1, 10, 18).")


def _check_input(one: Json, where: str) -> None:
    _text(one, "custom_id", 100, where=where)
    _text(one, "placeholder", 100, 0, where=where, needed=False)
    value = _text(one, "value", 4000, 0, where=where, needed=False)
    least, most = one.get("min_length") or 0, one.get("max_length") or 4000
    if one.get("style") not in (1, 2) or not 0 <= least <= 4000 or not 1 <= most <= 4000 or least > most:
        raise bad(where + "max_length", "Must be between 1 and 4000.")
    if len(value) > most:
        raise bad(where + "value", "Must not be longer than max_length.")


# -- commands --


def check_commands(commands: list[Json]) -> None:
    """The whole table of slash commands, as a bulk overwrite sends it."""
    if sum(one.get("type", 1) == 1 for one in commands) > 100:
        raise Refused(400, 30032, "Maximum number of application commands reached (100)")
    names = [(one.get("type", 1), one.get("name")) for one in commands]
    if len(names) != len(set(names)):
        raise Refused(400, 50035, "Application command names must be unique")
    for number, one in enumerate(commands):
        where = f"{number}."
        if one.get("type", 1) == 1:
            _check_named(one, where)
            _check_options(one.get("options") or [], where, 0)
            if _size(one) > 8000:
                raise bad(where + "description", "Command exceeds maximum size (8000)")
        else:
            _text(one, "name", 32, where=where)


def _check_named(one: Json, where: str) -> None:
    name = _text(one, "name", 32, where=where)
    if not NAME.match(name) or name != name.lower():
        raise bad(where + "name", "Command name is invalid")
    _text(one, "description", 100, where=where)


def _check_options(options: list[Json], where: str, depth: int) -> None:
    if len(options) > 25:
        raise bad(where + "options", "Must be 25 or fewer in length.")
    names = [one.get("name") for one in options]
    if len(names) != len(set(names)):
        raise bad(where + "options", "Option names must be unique")
    kinds = {one["type"] in (1, 2) for one in options}
    if len(kinds) > 1:
        raise bad(where + "options", "Sub-command and sub-command group option types are mutually exclusive to others")
    needed = [bool(one.get("required")) for one in options]
    if needed != sorted(needed, reverse=True):
        raise bad(where + "options", "Required options must be placed before non-required options")
    for number, one in enumerate(options):
        inner = f"{where}options.{number}."
        _check_named(one, inner)
        if one["type"] in (1, 2):
            if (one["type"] == 2 and depth > 0) or depth > 1:
                raise bad(inner + "type", "Groups cannot be nested")
            _check_options(one.get("options") or [], inner, depth + 1)
        else:
            _check_option(one, inner)


def _check_option(one: Json, where: str) -> None:
    if one["type"] not in range(3, 12):
        raise bad(where + "type", "Unknown option type")
    choices = one.get("choices") or []
    if len(choices) > 25 or (choices and one.get("autocomplete")):
        raise bad(where + "choices", "Must be 25 or fewer, and none beside autocomplete.")
    for choice in choices:
        _text(choice, "name", 100, where=where)
        if one["type"] == 3:
            _text(choice, "value", 100, where=where)
    if one.get("max_length") is not None and not 1 <= one["max_length"] <= 6000:
        raise bad(where + "max_length", "Must be between 1 and 6000.")
    if one.get("min_length") is not None and not 0 <= one["min_length"] <= 6000:
        raise bad(where + "min_length", "Must be between 0 and 6000.")


def _size(one: Json) -> int:
    """Characters of names, descriptions and values, in all of it."""
    own = len(one.get("name", "")) + len(one.get("description", ""))
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in one.get("choices") or [])
    return own + choices + sum(_size(inner) for inner in one.get("options") or [])


def check_choices(choices: list[Json]) -> None:
    if len(choices) > 25:
        raise bad("data.choices", "Must be 25 or fewer in length.")
    for choice in choices:
        _text(choice, "name", 100, where="data.choices.")
        if isinstance(choice.get("value"), str):
            _text(choice, "value", 100, where="data.choices.")


# -- pings --


def check_allowed(allowed: Json | None) -> None:
    if not allowed:
        return
    parse = allowed.get("parse") or []
    if set(parse) - {"users", "roles", "everyone"}:
        raise bad("allowed_mentions.parse", "Value must be one of {'users', 'roles', 'everyone'}.")
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            raise bad("allowed_mentions.parse", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.')


def mentioned(world: World, channel: Channel, text: str) -> tuple[list[User], list[int], bool]:
    """People, roles and "everyone" that a text names; nothing inside code."""
    text = FENCED.sub("", text)
    people = [world.users[int(one)] for one in dict.fromkeys(USER.findall(text)) if int(one) in world.users]
    roles = [int(one) for one in dict.fromkeys(ROLE.findall(text))]
    known = [one for one in roles if channel.guild and one in channel.guild.roles]
    return people, known, bool(re.search(r"@(everyone|here)\b", text))


def pings(world: World, message: Message, allowed: Json | None) -> list[str]:
    """Whom a message of the bot notifies. Without the field everything in it pings, and the one replied to."""
    people, roles, everyone = mentioned(world, message.channel, message.content)
    target = message.reply_to.author if message.reply_to else None
    if allowed is None:
        found = ["everyone"] * everyone + [f"user:{one.id}" for one in people] + [f"role:{one}" for one in roles]
        return found + ([f"user:{target.id}"] if target and target is not message.author else [])
    parse = allowed.get("parse") or []
    users = [one for one in people if "users" in parse or str(one.id) in map(str, allowed.get("users") or [])]
    named = [one for one in roles if "roles" in parse or str(one) in map(str, allowed.get("roles") or [])]
    found = ["everyone"] * (everyone and "everyone" in parse)
    found += [f"user:{one.id}" for one in users] + [f"role:{one}" for one in named]
    if allowed.get("replied_user") and target and target is not message.author:
        found.append(f"user:{target.id}")
    return found


# -- rights --


def need(channel: Channel, me: User, *rights: str) -> None:
    """Refused unless the bot may see the channel and do this in it."""
    guild = channel.guild
    if guild is None:
        return
    if not guild.here or not guild.permissions(me, channel) & BITS["VIEW_CHANNEL"]:
        raise MISSING_ACCESS
    for right in rights:
        if not guild.permissions(me, channel) & BITS[right]:
            raise MISSING_PERMISSIONS


def may_write(channel: Channel, me: User) -> None:
    if channel.is_thread:
        need(channel, me, "SEND_MESSAGES_IN_THREADS")
        if channel.locked:
            raise ARCHIVED
    else:
        need(channel, me, "SEND_MESSAGES")
