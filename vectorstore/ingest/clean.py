"""Cleaning: text as a person would see it, in one line ending, without what is hidden in it.

Knows nothing of formats. Every pattern here is linear in the length of the text.
"""

import re
import unicodedata

_NEWLINES = re.compile("\r\n|[\r\x85\u2028]")
_BREAKS = re.compile("[\x0b\x0c\u2029]")
# Removed: controls, soft hyphen, zero-width space, word joiner and invisible operators, bidi embeddings, overrides and
# isolates, annotation marks, byte order mark, tag characters, halves of surrogate pairs (JSON can spell them).
# Kept: zero-width joiner and non-joiner (emoji, Persian), left-to-right and right-to-left marks (Hebrew, Arabic).
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
# Variation selectors after anything but an ideograph carry hidden bytes, never a glyph.
_SELECTORS = re.compile("(?<![\u3400-\u9fff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]+")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00a0": " ", "\u202f": " "}
)
_WIDE = re.compile(r"[^\S\n]{9,}")
_EMPTY_LINES = re.compile("\n{3,}")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u2010]\n[ \t]{0,8}(?=[^\W\d_])")


def clean(text: str) -> str:
    """``text`` in NFC, lines ending in ``\\n``, nothing hidden, no ligatures, one blank line at most."""
    text = _BREAKS.sub("\n\n", _NEWLINES.sub("\n", text))
    text = _SELECTORS.sub("", _HIDDEN.sub("", text)).translate(_LIGATURES)
    text = _WIDE.sub(" ", unicodedata.normalize("NFC", text))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", text).strip("\n")


def unhyphenate(text: str) -> str:
    """Words that a page broke at a line's end, whole again: a hyphen is dropped where a small letter follows it."""

    def join(match: re.Match[str]) -> str:
        return "" if text[match.end()].islower() else "-"

    return _HYPHENATED.sub(join, text)


def line(text: str, most: int = 200) -> str:
    """``text`` on one line, cleaned, clipped to ``most`` characters: for titles, names and headings."""
    return " ".join(clean(text[: most * 4]).split())[:most]
