"""Recap: a short account of the turns that left the window, made of their own sentences.

Extractive, so that it cannot invent: every sentence stands in a turn, said by whom the recap says.
Deterministic. Knows nothing of models or storage.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from chains.fence import safe, unmarked
from chains.names import Names
from chains.words import content, is_cjk, spans, tokens
from memory import Recap, Turn

_LONGEST = 40  # words of one quoted sentence
_DECIDES = re.compile(
    r"\b(?:decid\w*|agree\w*|let['’]?s|we will|we['’]ll|must|never|always|from now on|keep|cut|dies?|dead|kill\w*|"
    r"reveal\w*|turns out|secret\w*|because|instead|ending|name is|is called)\b|决定|必须|从不|死|秘密|決め|必ず|秘密",
    re.IGNORECASE,
)


def recap(old: Recap | None, left: Sequence[Turn], names: Names, words: int = 160) -> Recap | None:
    """The recap that covers ``old`` and the turns that ``left`` the window, in at most ``words`` words.

    One line a turn, oldest first: *(turn 3) Ana asked: ...; it was written: ...* (``upto`` is the
    deepest turn). Where it grows too long the least telling lines go, older ones before newer. Turns
    that ``old`` already covers are passed over, so saying them twice does no harm.
    """
    upto = old.upto if old else 0
    new = sorted((t for t in left if t.depth > upto), key=lambda t: t.depth)
    if not new:
        return old
    lines = [line for line in (old.text.splitlines() if old else []) if line.strip()]
    lines += [line for turn in new if (line := _line(turn, names))]
    while len(lines) > 1 and sum(map(_size, lines)) > words:
        del lines[_weakest(lines, names)]
    if lines and _size(lines[0]) > words:
        lines = [_cut(lines[0], words)]
    return Recap("\n".join(lines), new[-1].depth)


def _line(turn: Turn, names: Names) -> str:
    asked = _telling(turn.text, names)
    told = _telling(unmarked(turn.take.text), names) if turn.take else ""
    parts = [f"{safe(turn.author).strip()} asked: {asked}" if asked else "", f"it was written: {told}" if told else ""]
    said = " / ".join(part for part in parts if part)
    return f"(turn {turn.depth}) {said}" if said else ""


def _telling(text: str, names: Names) -> str:
    """The sentence of ``text`` that tells most, at most _LONGEST words of it."""
    text = safe(text)
    found = [text[start:end] for start, end in spans(text)]
    if not found:
        return ""
    common = Counter(w for sentence in found for w in set(content(sentence)))
    best = max(range(len(found)), key=lambda i: (_weight(found[i], i, len(found), common, names), -i))
    return _cut(found[best].lstrip("#>*- ").strip(), _LONGEST)


def _weight(sentence: str, at: int, of: int, common: Counter[str], names: Names) -> float:
    """Names, decisions, words the text comes back to, an opening or closing place, a middling length."""
    words = content(sentence)
    length = len(tokens(sentence))
    theme = sum(math.log(1 + common[w]) for w in set(words)) / (1 + math.sqrt(len(words)))
    place = 0.5 if at in (0, of - 1) else 0.0
    short = -2.0 if length < 4 else 0.0
    return len(names.within(sentence)) + 1.5 * (_DECIDES.search(sentence) is not None) + theme + place + short


def _weakest(lines: list[str], names: Names) -> int:
    """Which line to lose: the least telling, and of two alike the older. The newest always stays."""

    def worth(i: int) -> float:
        telling = len(names.within(lines[i])) + 1.5 * (_DECIDES.search(lines[i]) is not None)
        return telling + 3.0 * i / len(lines)

    return min(range(len(lines) - 1), key=lambda i: (worth(i), i))


def _size(text: str) -> int:
    """Words; two CJK characters count as one."""
    found = tokens(text)
    cjk = sum(is_cjk(w) for w in found)
    return len(found) - cjk + (cjk + 1) // 2


def _cut(text: str, words: int) -> str:
    if _size(text) <= words:
        return text
    if is_cjk(text):
        return text[: 2 * words].rstrip() + "…"
    return " ".join(text.split()[:words]) + " …"
