"""The Web API's rules: every method checks what the real one checks and answers in its words.

A malformed call is refused, so that what passes here is what Slack would take. Knows nothing of
HTTP: a method gets a workspace and arguments and gives the answer's body.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.loopback.slack.workspace import Message, Workspace, new_ts

Args = dict[str, Any]


class Refused(Exception):
    """The call ends with ``ok: false`` and this error."""


@dataclass
class Limits:
    """What a test may tighten. ``stream_life`` is how many seconds a stream can be appended to."""

    stream_life: float = 300.0
    trigger_life: float = 3.0
    streams: bool = True
    triggers: dict[str, float] = field(default_factory=dict)


def _need(args: Args, *names: str) -> None:
    for name in names:
        if not args.get(name):
            raise Refused("invalid_arguments" if name != "channel" else "channel_not_found")


def _channel(team: Workspace, args: Args, key: str = "channel") -> Any:
    found = team.channels.get(args.get(key, ""))
    if found is None:
        raise Refused("channel_not_found")
    if team.bot not in found.members:
        raise Refused("not_in_channel")
    return found


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    if not isinstance(blocks, list) or len(blocks) > 50:
        raise Refused("invalid_blocks")
    if sum(len(block.get("text", "")) for block in blocks if block.get("type") == "markdown") > 12_000:
        raise Refused("msg_blocks_too_long")
    ids = [e["action_id"] for block in blocks for e in block.get("elements", []) if "action_id" in e]
    if len(ids) != len(set(ids)):
        raise Refused("invalid_blocks")
    for block in blocks:
        _check_block(block)


def _check_block(block: dict[str, Any]) -> None:
    elements = block.get("elements", [])
    match block.get("type"):
        case "markdown":
            ok = bool(block.get("text"))
        case "section":
            ok = 0 < len(block.get("text", {}).get("text", "")) <= 3000
        case "header":
            ok = 0 < len(block["text"]["text"]) <= 150
        case "context":
            ok = 0 < len(elements) <= 10 and all(0 < len(e["text"]) <= 3000 for e in elements)
        case "actions":
            ok = 0 < len(elements) <= 25 and all(_button_ok(e) for e in elements)
        case "context_actions":
            ok = 0 < len(elements) <= 5 and all(
                len(e[side]["text"]["text"]) <= 75 and len(e[side]["value"]) <= 2000
                for e in elements
                if e["type"] == "feedback_buttons"
                for side in ("positive_button", "negative_button")
            )
        case "input":
            ok = bool(block.get("label")) and bool(block.get("element"))
        case "divider":
            ok = True
        case _:
            ok = False
    if not ok:
        raise Refused("invalid_blocks")


def _button_ok(element: dict[str, Any]) -> bool:
    if element["type"] != "button":
        return True
    label = element["text"]
    return label["type"] == "plain_text" and 0 < len(label["text"]) <= 75 and len(element.get("value", "")) <= 2000


def _content(args: Args) -> tuple[str, list[dict[str, Any]]]:
    markdown, text, blocks = args.get("markdown_text"), args.get("text"), args.get("blocks") or []
    if isinstance(blocks, str):
        blocks = json.loads(blocks)
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if markdown and len(markdown) > 12_000:
        raise Refused("msg_too_long")
    if not (markdown or text or blocks):
        raise Refused("no_text")
    if text and len(text) > 40_000:
        raise Refused("msg_too_long")
    check_blocks(blocks)
    # A person sees blocks; text beside them is for notifications.
    return (markdown or ("" if blocks else text) or ""), blocks


def _metadata(args: Args) -> dict[str, Any]:
    given = args.get("metadata") or {}
    given = json.loads(given) if isinstance(given, str) else given
    if given and not (given.get("event_type") and isinstance(given.get("event_payload"), dict)):
        raise Refused("invalid_metadata_format")
    return dict(given)


def _parent(channel: Any, args: Args) -> str | None:
    thread = args.get("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("thread_not_found")
    return thread or None


def post(team: Workspace, args: Args, limits: Limits) -> Args:
    channel = _channel(team, args)
    text, blocks = _content(args)
    message = Message(channel.id, new_ts(), team.bot, text, _parent(channel, args), blocks, _metadata(args), bot=True)
    channel.messages[message.ts] = message
    return {"channel": channel.id, "ts": message.ts, "message": message.public()}


def ephemeral(team: Workspace, args: Args, limits: Limits) -> Args:
    channel = _channel(team, args)
    _need(args, "user")
    if args["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks = _content(args)
    message = Message(channel.id, new_ts(), team.bot, text, args.get("thread_ts"), blocks, bot=True)
    message.only_for = args["user"]
    channel.messages[message.ts] = message
    return {"message_ts": message.ts}


def _mine(team: Workspace, args: Args) -> Message:
    channel = _channel(team, args)
    message = channel.messages.get(args.get("ts", ""))
    if message is None or message.only_for:
        raise Refused("message_not_found")
    if message.user != team.bot:
        raise Refused("cant_update_message")
    return message


def update(team: Workspace, args: Args, limits: Limits) -> Args:
    message = _mine(team, args)
    _live(message, limits)
    if message.stream == "open":
        raise Refused("streaming_state_conflict")
    message.text, message.blocks = _content(args)
    message.metadata = _metadata(args) or message.metadata
    message.edits += 1
    return {"channel": message.channel, "ts": message.ts, "text": message.text}


def delete(team: Workspace, args: Args, limits: Limits) -> Args:
    message = _mine(team, args)
    del team.channels[message.channel].messages[message.ts]
    return {"channel": message.channel, "ts": message.ts}


def _live(message: Message, limits: Limits) -> None:
    if message.stream == "open" and time.monotonic() - message.begun > limits.stream_life:
        message.stream = "dead"


def _append(message: Message, args: Args) -> None:
    markdown, chunks = args.get("markdown_text"), args.get("chunks") or []
    if markdown and chunks:
        raise Refused("invalid_arguments")
    for chunk in [{"type": "markdown_text", "text": markdown}] if markdown else chunks:
        match chunk.get("type"):
            case "markdown_text":
                if not chunk["text"] or len(chunk["text"]) > 12_000:
                    raise Refused("msg_too_long")
                message.text += chunk["text"]
            case "task_update":
                if not (chunk.get("id") and chunk.get("title")) or len(chunk["title"]) > 256:
                    raise Refused("invalid_chunks")
                if chunk.get("status") not in ("pending", "in_progress", "complete", "error"):
                    raise Refused("invalid_chunks")
                message.tasks[chunk["id"]] = chunk
            case _:
                raise Refused("invalid_chunks")
    if len(message.text) > 12_000:
        raise Refused("msg_too_long")


_STREAM = {"channel", "thread_ts", "markdown_text", "chunks", "recipient_user_id", "recipient_team_id"} | {
    "task_display_mode",
    "icon_emoji",
    "icon_url",
    "username",
}
"""What chat.startStream takes. The real one may ignore more; what counts on it is refused here."""


def start_stream(team: Workspace, args: Args, limits: Limits) -> Args:
    if set(args) - _STREAM:
        raise Refused("invalid_arguments")
    channel = _channel(team, args)
    if not limits.streams:
        raise Refused("method_not_supported_for_channel_type")
    _need(args, "thread_ts")
    if channel.kind != "im":
        for name in ("recipient_user_id", "recipient_team_id"):
            if not args.get(name):
                raise Refused(f"missing_{name}")
    message = Message(channel.id, new_ts(), team.bot, "", _parent(channel, args), bot=True)
    message.stream, message.begun = "open", time.monotonic()
    _append(message, args)
    channel.messages[message.ts] = message
    return {"channel": channel.id, "ts": message.ts}


def _open(team: Workspace, args: Args, limits: Limits) -> Message:
    message = _mine(team, args)
    _live(message, limits)
    if message.stream != "open":
        raise Refused("message_not_in_streaming_state")
    return message


def append_stream(team: Workspace, args: Args, limits: Limits) -> Args:
    message = _open(team, args, limits)
    if not (args.get("markdown_text") or args.get("chunks")):
        raise Refused("no_text")
    _append(message, args)
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(team: Workspace, args: Args, limits: Limits) -> Args:
    message = _open(team, args, limits)
    _append(message, args)
    check_blocks(args.get("blocks") or [])
    message.blocks = args.get("blocks") or []
    message.metadata = _metadata(args)
    message.stream = "stopped"
    return {"channel": message.channel, "ts": message.ts, "message": message.public()}


def set_status(team: Workspace, args: Args, limits: Limits) -> Args:
    _channel(team, args, "channel_id")
    if not args.get("thread_ts") or not isinstance(args.get("status"), str):
        raise Refused("invalid_arguments")
    team.statuses[args["channel_id"], args["thread_ts"]] = args["status"]
    return {}


def session_status(team: Workspace, args: Args, limits: Limits) -> Args:
    _channel(team, args, "channel_id")
    if args.get("status") not in ("active", "processing", "suspended", "closed"):
        raise Refused("invalid_arguments")
    if not args.get("thread_ts"):
        raise Refused("invalid_thread_ts")
    team.sessions[args["channel_id"], args["thread_ts"]] = args["status"]
    return {"agent_status": args["status"]}


def prompts(team: Workspace, args: Args, limits: Limits) -> Args:
    _channel(team, args, "channel_id")
    given = args.get("prompts") or []
    if args.get("thread_ts") or not 0 < len(given) <= 4 or not all(p.get("title") and p.get("message") for p in given):
        raise Refused("invalid_arguments")
    team.prompts[args["channel_id"]] = given
    return {}


def open_view(team: Workspace, args: Args, limits: Limits) -> Args:
    born = limits.triggers.pop(args.get("trigger_id", ""), None)
    if born is None:
        raise Refused("invalid_trigger_id")
    if time.monotonic() - born > limits.trigger_life:
        raise Refused("expired_trigger_id")
    view = json.loads(args["view"]) if isinstance(args.get("view"), str) else args.get("view") or {}
    sound = view.get("type") == "modal" and 0 < len(view.get("title", {}).get("text", "")) <= 24
    if not sound or not view.get("submit") or len(view.get("private_metadata", "")) > 3000:
        raise Refused("invalid_arguments")
    for block in view["blocks"]:
        _check_block(block)
        for option in block["element"].get("options", []):
            if len(option["text"]["text"]) > 75 or len(option["value"]) > 150:
                raise Refused("invalid_arguments")
    team.views.append(view)
    return {"view": {"id": f"V{len(team.views)}", **view}}


def user(team: Workspace, args: Args, limits: Limits) -> Args:
    if args.get("user") not in team.people:
        raise Refused("user_not_found")
    name = team.people[args["user"]]
    return {"user": {"id": args["user"], "name": name.lower(), "profile": {"display_name": name, "real_name": name}}}


def channel_info(team: Workspace, args: Args, limits: Limits) -> Args:
    channel = _channel(team, args)
    return {"channel": {"id": channel.id, "name": channel.name, "is_im": channel.kind == "im"}}


def replies(team: Workspace, args: Args, limits: Limits) -> Args:
    """The newest apps get 15 objects a call."""
    channel = _channel(team, args)
    _need(args, "ts")
    found = [m for m in channel.messages.values() if not m.only_for and args["ts"] in (m.ts, m.thread_ts)]
    found = [m for m in found if float(m.ts) > float(args.get("oldest") or 0)]
    given = []
    for message in found[: min(int(args.get("limit") or 15), 15)]:
        public = message.public()
        if args.get("include_all_metadata") and message.metadata:
            public["metadata"] = message.metadata
        given.append(public)
    return {"messages": given, "has_more": len(found) > len(given)}


def upload_url(team: Workspace, args: Args, limits: Limits) -> Args:
    if not args.get("filename") or int(args.get("length") or 0) <= 0:
        raise Refused("invalid_arguments")
    file = f"F{len(team.files) + 1}{team.id}"
    team.files[file] = {"id": file, "name": args["filename"]}
    return {"file_id": file, "upload_url": f"upload/{team.id}/{file}"}


def complete_upload(team: Workspace, args: Args, limits: Limits) -> Args:
    given = json.loads(args["files"]) if isinstance(args.get("files"), str) else args.get("files") or []
    if not given or any(file["id"] not in team.bytes for file in given):
        raise Refused("file_not_found")
    files = [team.files[file["id"]] for file in given]
    if args.get("channel_id"):
        channel = _channel(team, {"channel": args["channel_id"]})
        message = Message(channel.id, new_ts(), team.bot, args.get("initial_comment") or "", _parent(channel, args))
        message.files, message.bot = files, True
        channel.messages[message.ts] = message
    return {"files": files}


def auth_test(team: Workspace, args: Args, limits: Limits) -> Args:
    return {"url": "https://loopback.test/", "team": team.id, "user": "dramaturg", "team_id": team.id} | {
        "user_id": team.bot,
        "bot_id": "B" + team.bot[1:],
    }


METHODS: dict[str, Callable[[Workspace, Args, Limits], Args]] = {
    "agents.sessions.setStatus": session_status,
    "assistant.threads.setStatus": set_status,
    "assistant.threads.setSuggestedPrompts": prompts,
    "auth.test": auth_test,
    "chat.appendStream": append_stream,
    "chat.delete": delete,
    "chat.postEphemeral": ephemeral,
    "chat.postMessage": post,
    "chat.startStream": start_stream,
    "chat.stopStream": stop_stream,
    "chat.update": update,
    "conversations.info": channel_info,
    "conversations.replies": replies,
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": upload_url,
    "users.info": user,
    "views.open": open_view,
}

PINGS = re.compile(r"<[!@#]")
