"""What the bot may answer to an interaction: the first answer, and what follows under its token.

The first answer must come within seconds and only once; the token lives a quarter of an hour.
"""

import time
from collections.abc import Callable
from typing import Any

from tests.loopback.discord import rules
from tests.loopback.discord.call import Call
from tests.loopback.discord.messages import change, place, put_in, remove
from tests.loopback.discord.rules import Refused, bad
from tests.loopback.discord.wire import Json
from tests.loopback.discord.world import EPHEMERAL, LOADING, Interaction, Message, new_id

COMMAND, COMPONENT, COMPLETION, FORM = 2, 3, 4, 5
MESSAGE, THINKING, LATER, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9

UNKNOWN = Refused(404, 10062, "Unknown interaction")
UNKNOWN_WEBHOOK = Refused(404, 10015, "Unknown Webhook")


def _allowed(met: Interaction) -> set[int]:
    if met.kind == COMPLETION:
        return {CHOICES}
    found = {MESSAGE, THINKING}
    if met.kind == COMPONENT or (met.kind == FORM and met.source):
        found |= {LATER, UPDATE}
    return found if met.kind == FORM else found | {MODAL}


def callback(call: Call) -> Json | None:
    met = call.world.interactions.get(int(call.ids["interaction"]))
    if met is None or met.token != call.ids["token"]:
        raise UNKNOWN
    if met.answer:
        raise Refused(400, 40060, "Interaction has already been acknowledged.")
    took = time.monotonic() - met.born
    if took > call.limits.answer_within:
        raise UNKNOWN
    kind, data = call.body.get("type"), call.body.get("data") or {}
    if kind not in _allowed(met):
        raise bad("type", f"Value must be one of {sorted(_allowed(met))}.")
    _take(call, met, kind, data)
    met.answer, met.took = kind, took
    met.answered.set()
    return _told(call, met) if call.query.get("with_response") in ("1", "true", "True") else None


def _take(call: Call, met: Interaction, kind: int, data: Json) -> None:
    if kind == MESSAGE:
        met.message = _new(call, met, data)
    elif kind == THINKING:
        met.message = _begin(call, met, data.get("flags", 0) & EPHEMERAL | LOADING)
        met.message.record()
        _publish(call, met.message)
    elif kind == UPDATE:
        assert met.source
        met.message = met.source
        change(_with(call, data), met.channel, met.source)
    elif kind == LATER:
        met.message = met.source
    elif kind == CHOICES:
        rules.check_choices(data.get("choices") or [])
        met.choices = data.get("choices") or []
    else:
        rules.check_modal(data)
        met.modal = data
        call.world.views.append(data)


def _with(call: Call, body: Json) -> Call:
    return Call(**{name: getattr(call, name) for name in Call.__dataclass_fields__} | {"body": body})


def _begin(call: Call, met: Interaction, flags: int) -> Message:
    kind = 20 if met.kind == COMMAND else 19 if met.source else 0
    reply = met.source if kind == 19 else None
    made = Message(new_id(), met.channel, call.world.me, type=kind, flags=flags, reply_to=reply, interaction=met)
    made.through_webhook = True
    made.only_for = met.user if flags & EPHEMERAL else None
    return made


def _new(call: Call, met: Interaction, data: Json) -> Message:
    rules.check_message(data, files=bool(call.files))
    made = _begin(call, met, data.get("flags", 0))
    # An answer to a press refers to the pressed message, whose author is the bot: it pings nobody.
    put_in(call, made, data)
    _publish(call, made)
    return made


def _publish(call: Call, made: Message) -> None:
    place(made.channel, made)
    call.news.message("MESSAGE_CREATE", made)


def _told(call: Call, met: Interaction) -> Json:
    shown: Json = {"id": str(met.id), "type": met.kind}
    resource: Json = {"type": met.answer}
    if met.message and met.answer in (MESSAGE, THINKING, UPDATE):
        hidden, loading = bool(met.message.flags & EPHEMERAL), bool(met.message.flags & LOADING)
        shown |= {"response_message_id": str(met.message.id)}
        shown |= {"response_message_loading": loading, "response_message_ephemeral": hidden}
    if met.message and met.answer in (MESSAGE, UPDATE):
        resource["message"] = call.show(met.message)
    return {"interaction": shown, "resource": resource}


# -- under its token --


def _met(call: Call) -> Interaction:
    every = call.world.interactions.values()
    met = next((one for one in every if one.token == call.ids["token"]), None)
    if met is None or int(call.ids["app"]) != call.world.me.id:
        raise UNKNOWN_WEBHOOK
    if time.monotonic() - met.born > call.limits.token_life:
        raise Refused(401, 50027, "Invalid Webhook Token")
    if not met.answer or met.answer in (CHOICES, MODAL):
        raise UNKNOWN_WEBHOOK
    return met


def _named(call: Call) -> tuple[Interaction, Message]:
    met = _met(call)
    if call.ids["message"] == "@original":
        found = met.message
    else:
        found = next((one for one in [met.message, *met.followups] if one and str(one.id) == call.ids["message"]), None)
    if found is None or found.deleted is not None:
        raise rules.UNKNOWN_MESSAGE
    return met, found


def follow_up(call: Call) -> Json:
    """The first one after a "thinking" answer takes its place, and its privacy."""
    met = _met(call)
    if met.message and met.message.flags & LOADING and met.answer == THINKING:
        return _fill(call, met.message)
    made = _new(call, met, call.body or {})
    met.followups.append(made)
    return call.show(made)


def _fill(call: Call, message: Message) -> Json:
    rules.check_message(call.body or {}, files=bool(call.files))
    message.flags &= ~LOADING
    return change(call, message.channel, message, quiet=True)


def edit(call: Call) -> Json:
    _, message = _named(call)
    if message.flags & LOADING:
        return _fill(call, message)
    return change(call, message.channel, message)


def get(call: Call) -> Json:
    return call.show(_named(call)[1])


def delete(call: Call) -> None:
    remove(call.news, [_named(call)[1]])


CALLS: dict[str, Callable[[Call], Any]] = {
    "POST /interactions/{interaction}/{token}/callback": callback,
    "POST /webhooks/{app}/{token}": follow_up,
    "GET /webhooks/{app}/{token}/messages/{message}": get,
    "PATCH /webhooks/{app}/{token}/messages/{message}": edit,
    "DELETE /webhooks/{app}/{token}/messages/{message}": delete,
}
