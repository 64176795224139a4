"""Fence: text from people and documents made safe to stand in a prompt.

Retrieved and typed text is data. It must not be able to close the fence it stands in, to speak with
a chat template's control tokens, or to pass itself off as another numbered note. Knows nothing of
budgets or models.
"""

import re

OPEN = "<notes>"
CLOSE = "</notes>"

# Characters nobody sees: tags, zero-width space, word joiner, bidi overrides, BOM, controls.
# ZWJ and ZWNJ stay: emoji, Persian and Indic scripts need them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(
    r"<(?=\s*[|｜])|(?<=[|｜])\s*>"  # <|im_start|>, <|eot_id|>, <｜User｜>
    r"|<(?=\s*(?:/\s*)?(?:s|bos|eos|pad|unk|mask|start_of_turn|end_of_turn|end_of_utterance|think|tool_call|tool_response|notes)\b\s*/?\s*>?)"
    r"|<(?=\s*<)|(?<=>)\s*>",  # <<SYS>>
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"\[(\s*(?:/\s*)?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\s*)\]", re.IGNORECASE
)
_ROLE = re.compile(
    r"^([^\S\n]*)(#{1,6}\s*)(?=(?:system|instructions?|user|assistant|response|input)[^\S\n]*+:?[^\S\n]*+$)",
    re.IGNORECASE | re.MULTILINE,
)
MARKER = re.compile(r"\[(\d{1,3})\]|【(\d{1,3})】")
_MARKED = re.compile(r"(?<![ \t])[ \t]*+(?:\[\d{1,3}\]|【\d{1,3}】)")


def safe(text: str) -> str:
    """``text`` without unseen characters, and with control tokens and fence marks made harmless:
    angle brackets of such tokens become ‹ ›, their square brackets ( )."""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub(lambda m: "‹" if "<" in m.group() else "›", text)
    text = _BRACKETED.sub(r"(\1)", text)
    return _ROLE.sub(r"\1", text)


def note(text: str) -> str:
    """``safe`` text that can stand as one numbered note: it has no [n] of its own and no empty lines."""
    text = MARKER.sub(lambda m: f"({m.group(1) or m.group(2)})", safe(text))
    return " ".join(line for part in text.split("\n") if (line := part.strip()))


def unmarked(text: str) -> str:
    """``text`` without citation markers: an earlier answer's numbers mean nothing in a new prompt."""
    return _MARKED.sub("", text)
