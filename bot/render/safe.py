"""Safe: text from a model, a document or a person, with everything removed that acts instead of
being read: escape sequences, control characters, bidi overrides, invisible and tag characters.

Legitimate scripts stay as they are: emoji joined by ZWJ, Persian ZWNJ, Indic joiners, Hebrew and
Arabic with their direction marks. Knows nothing of any platform's markup.
"""

import re

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erasing
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"
)
_BREAK = re.compile("\r\n?|\u2028|\u2029|\x0b|\x0c|\x85")
_NEVER = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 and C1, without tab and newline
    "\u202a-\u202e\u2066-\u2069"  # bidi embeddings, overrides, isolates
    "\u200b\u2060-\u2065\u206a-\u206f\ufeff\u180e\ufff9-\ufffb"  # invisible
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"  # tags and unassigned, default-ignorable
)
_SURROGATE = re.compile("[\ud800-\udfff]")

# A joiner is kept where it shapes a word: after a letter (or mark) of a script that joins ...
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ua840-\ua8ff\ufb50-\ufdff\ufe70-\ufefc"
# ... and ZWJ between two pictures, the first one perhaps with a skin tone or a variation selector.
_PICTURE = "\u00a9\u00ae\u200d\u203c-\u3299\U0001f000-\U0001faff"
_JOINER = re.compile(
    f"(?<![{_JOINING}])\u200c|(?<![{_JOINING}{_PICTURE}\ufe0f])\u200d|(?<=[{_PICTURE}\ufe0f])\u200d(?![{_PICTURE}])"
)
# One variation selector may follow what it varies; the supplement only follows a Han character.
_VARIATION = re.compile(
    "(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+|(?<![\u3400-\u9fff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]+"
)
_UNFINISHED = re.compile("(?:[\x1b\x90\x98\x9b\x9d-\x9f][^\n]{0,4096}|[\r\u200c\u200d\ufe00-\ufe0f]+)\\Z")


def clean(text: str) -> str:
    """``text`` as it may be shown anywhere. Newlines are ``\\n``; doing it twice changes nothing."""
    text = _BREAK.sub("\n", _ESCAPE.sub("", text))
    text = _SURROGATE.sub("\ufffd", _NEVER.sub("", text))
    while (joined := _VARIATION.sub("", _JOINER.sub("", text))) != text:
        text = joined
    return text


def line(text: str) -> str:
    """``text`` clean and on one line: a title, a label, a file's name."""
    return " ".join(clean(text).split())


class Cleaner:
    """Cleans a text that comes in deltas, for places where what is written cannot be taken back.
    An escape sequence or a joiner is held until it is clear how it ends."""

    def __init__(self) -> None:
        self._raw = ""
        self._shown = 0

    def feed(self, delta: str) -> str:
        """What may be written now."""
        self._raw += delta
        return self._more(_UNFINISHED.sub("", self._raw))

    def close(self) -> str:
        """What was held back."""
        more = self._more(self._raw)
        self._raw, self._shown = "", 0
        return more

    def _more(self, raw: str) -> str:
        text = clean(raw)
        more, self._shown = text[self._shown :], max(self._shown, len(text))
        head, newline, rest = raw.rpartition("\n")
        if newline and head:  # what lies before this line is settled
            self._raw = self._raw[len(head) + 1 :]
            self._shown = len(clean(rest))
        elif len(raw) > 2000:  # a long line is settled up to a space, so that it does not get slow
            cut = raw.rfind(" ", 0, -100)
            if cut > 0 and clean(raw[:cut]) + clean(raw[cut:]) == text:
                self._raw = self._raw[cut:]
                self._shown = len(clean(raw[cut:]))
        return more
