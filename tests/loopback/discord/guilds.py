"""People, servers and the table of slash commands as the REST API gives and takes them."""

from collections.abc import Callable
from typing import Any

from tests.loopback.discord import rules, wire
from tests.loopback.discord.call import Call, guild_of
from tests.loopback.discord.rules import Refused, bad
from tests.loopback.discord.wire import Json
from tests.loopback.discord.world import DM, Channel, User, World, new_id


def me(call: Call) -> Json:
    return wire.user(call.world.me) | {"verified": True, "mfa_enabled": False, "email": None, "flags": 0}


def application(call: Call) -> Json:
    given: Json = {"id": str(call.world.me.id), "name": "dramaturg", "description": "", "icon": None, "flags": 0}
    given |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64}
    return given | {"owner": wire.user(User(1, "Owner")), "bot": wire.user(call.world.me)}


def get_user(call: Call) -> Json:
    found = call.world.users.get(int(call.ids["user"]))
    if found is None:
        raise Refused(404, 10013, "Unknown User")
    return wire.user(found)


def open_dm(call: Call) -> Json:
    person = call.world.users.get(int((call.body or {}).get("recipient_id") or 0))
    if person is None:
        raise Refused(400, 50033, "Invalid Recipient(s)")
    return wire.channel(dm_with(call.world, person))


def dm_with(world: World, person: User) -> Channel:
    for one in world.channels.values():
        if one.kind == DM and one.recipient is person:
            return one
    made = Channel(new_id(), "", DM, recipient=person)
    world.channels[made.id] = made
    return made


def my_guilds(call: Call) -> list[Json]:
    every = [one for one in call.world.guilds.values() if one.here]
    return [{"id": str(one.id), "name": one.name, "icon": None, "owner": False, "features": []} for one in every]


def get_guild(call: Call) -> Json:
    return wire.guild(guild_of(call))


def guild_channels(call: Call) -> list[Json]:
    return [wire.channel(one) for one in guild_of(call).channels.values() if not one.is_thread]


def guild_roles(call: Call) -> list[Json]:
    return [wire.role(one) for one in guild_of(call).roles.values()]


def get_member(call: Call) -> Json:
    guild = guild_of(call)
    asked = int(call.ids["user"])
    if asked not in guild.members:
        raise Refused(404, 10007, "Unknown Member")
    return wire.member(guild, guild.users[asked])


def list_members(call: Call) -> list[Json]:
    guild = guild_of(call)
    return [wire.member(guild, guild.users[one]) for one in guild.members]


def _table(call: Call) -> int | None:
    if int(call.ids["app"]) != call.world.me.id:
        raise Refused(403, 20012, "You are not authorized to perform this action on this application")
    return guild_of(call).id if "guild" in call.ids else None


def list_commands(call: Call) -> list[Json]:
    return call.world.commands.get(_table(call), [])


def set_commands(call: Call) -> list[Json]:
    table = _table(call)
    if not isinstance(call.body, list):
        raise bad("_", "Only iterables may be used in a ListType")
    rules.check_commands(call.body)
    ids = {one["name"]: one["id"] for one in call.world.commands.get(table, [])}
    call.world.commands[table] = [_registered(call, one, table, ids) for one in call.body]
    return call.world.commands[table]


def _registered(call: Call, one: Json, table: int | None, ids: dict[str, str]) -> Json:
    fixed: Json = {"id": ids.get(one["name"]) or str(new_id()), "application_id": str(call.world.me.id)}
    fixed |= {"version": str(new_id()), "type": one.get("type", 1), "default_member_permissions": None, "nsfw": False}
    fixed |= {"dm_permission": True, "contexts": None, "integration_types": [0]}
    return fixed | one | ({"guild_id": str(table)} if table else {})


CALLS: dict[str, Callable[[Call], Any]] = {
    "GET /users/@me": me,
    "GET /users/@me/guilds": my_guilds,
    "POST /users/@me/channels": open_dm,
    "GET /users/{user}": get_user,
    "GET /oauth2/applications/@me": application,
    "GET /applications/@me": application,
    "GET /applications/{app}/commands": list_commands,
    "PUT /applications/{app}/commands": set_commands,
    "GET /applications/{app}/guilds/{guild}/commands": list_commands,
    "PUT /applications/{app}/guilds/{guild}/commands": set_commands,
    "GET /guilds/{guild}": get_guild,
    "GET /guilds/{guild}/channels": guild_channels,
    "GET /guilds/{guild}/roles": guild_roles,
    "GET /guilds/{guild}/members": list_members,
    "GET /guilds/{guild}/members/{user}": get_member,
}
