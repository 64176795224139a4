"""Kinds: what somebody most likely keeps as canon: what to call it, and which kind it is.

Guesses from the text's own words, always shown to the person who can say otherwise. Knows nothing of
storage or platforms.
"""

import re

from chains.names import candidates

_CLUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("rule", re.compile(r"\b(?:must(?: not)?|may not|never|always|nobody may|is forbidden|are forbidden|not allowed|the rule)\b", re.I)),
    ("style", re.compile(r"\b(?:tone|voice|style|we write|present tense|past tense|no voice-over)\b", re.I)),
    ("scene", re.compile(r"^(?:[^\w\n]*(?:INT|EXT)[. ])", re.M)),
    ("place", re.compile(r"\b(?:is|was) (?:an? |the )?(?:\w+ ){0,2}(?:town|city|house|bridge|island|street|room|village|kitchen|river|tower|inn|station|square)\b", re.I)),
    ("event", re.compile(r"\b(?:in|since|on) (?:1[0-9]{3}|20[0-9]{2})\b|\b(?:the night|the day|the year) (?:of|when|that)\b", re.I)),
    ("character", re.compile(r"\b(?:he|she|his|her|him|who (?:is|was|keeps|works|lives))\b|\bis (?:an? |the )?(?:\w+ ){0,2}(?:\w+er|\w+or|\w+ist|sister|brother|mother|father|captain|host)\b", re.I)),
    ("thing", re.compile(r"\b(?:is|was) (?:an? |the )?(?:\w+ ){0,2}(?:key|letter|book|sword|ring|machine|boat|clock|box|map|song)\b", re.I)),
)  # fmt: skip


def guess_kind(name: str, text: str) -> str:
    """The canon kind ``text`` about ``name`` is most likely of; ``lore`` where nothing tells."""
    near = " ".join(sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if name.casefold() in sentence.casefold())
    for kind, clue in _CLUES:
        if clue.search(near or text):
            return kind
    return "lore"


def guess_name(text: str) -> str:
    """What ``text`` is about: the name it uses first and most; empty where it has none."""
    found = candidates(text)
    return max(found, key=lambda name: (text.count(name), -text.index(name) if name in text else 0), default="")
