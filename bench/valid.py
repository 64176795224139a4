"""Is a page in its format's form? One strict rule a format, read from the text alone.

Each rule returns the first thing that is wrong, or nothing. Knows nothing of how pages are made:
what the skeleton writer and a model left alone write is held to the same rules.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

_CUE = re.compile(r"\*\*([^*a-z]{1,40})\*\*")
_BOLD = re.compile(r"\*\*([^*]+?)\*\*:?\s*(.*)")
_DONE = re.compile(r"[.!?…。！？][\"”’)]*$")
_META = re.compile(r"as an ai|language model|\[[a-z ]+\]|\{\w+\}|<\w+>|<\|", re.I)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text)


def _common(page: str) -> str:
    if len(_words(page)) < 5:
        return "nearly empty"
    found = _META.search(page)
    return f"meta text: {found.group()}" if found else ""


def _parts(page: str) -> list[tuple[str, list[str]]]:
    """(bold label without its mark, the lines under it) in order; what stands before has no label."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in (line.strip() for line in page.splitlines()):
        match = _BOLD.fullmatch(line)
        if match:
            parts.append((match.group(1).strip(" .:"), [match.group(2).strip()] if match.group(2).strip() else []))
        elif line:
            parts[-1][1].append(line)
    return parts


def _labelled(page: str, wanted: list[str], *, least: int = 2) -> str:
    labels = {label.lower(): lines for label, lines in _parts(page)}
    for want in wanted:
        lines = next((lines for label, lines in labels.items() if re.fullmatch(want, label)), None)
        if lines is None:
            return f"no {want}"
        if len(_words(" ".join(lines))) < least:
            return f"nothing under {want}"
    return ""


def chat(page: str) -> str:
    """At least five words and a finished sentence."""
    return _common(page) or ("" if _DONE.search(page.strip()) else "unfinished")


def plot(page: str) -> str:
    """Setup, at least one turn, climax, end, each a finished sentence."""
    wrong = _common(page) or _labelled(page, ["setup", "turn(?: \\d+)?", "climax", "end"], least=3)
    return wrong or next(
        (f"unfinished {label}" for label, lines in _parts(page) if lines and not _DONE.search(lines[-1])), ""
    )


def dialogue(page: str) -> str:
    """A scene heading, action, then at least two speeches of two speakers who take turns."""
    lines = [line.strip() for line in page.splitlines() if line.strip()]
    if _common(page) or not re.match(r"\*\*(INT|EXT)\. .+ - [A-Z]+\*\*$", lines[0] if lines else ""):
        return _common(page) or "no scene heading"
    cues = [(n, match.group(1)) for n, line in enumerate(lines) if n and (match := _CUE.fullmatch(line))]
    if len({name for _, name in cues}) < 2:
        return "fewer than two speakers"
    if any(a == b for (_, a), (_, b) in pairwise(cues)):
        return "a speaker answers themselves"
    for n, name in cues:
        speech = [line for line in lines[n + 1 : n + 3] if not line.startswith("(")][:1]
        if not speech or _CUE.fullmatch(speech[0]) or len(_words(speech[0])) < 1:
            return f"{name} says nothing"
    return ""


def lyrics(page: str) -> str:
    """A verse of at least two lines; every line of two to twelve words and no stage talk."""
    sung = [(label, lines) for label, lines in _parts(page) if lines]
    verses = [lines for label, lines in sung if label.lower().startswith("verse")]
    if _common(page) or not verses or any(len(lines) < 2 for lines in verses):
        return _common(page) or "no verse of two lines"
    long = [line for _, lines in sung for line in lines if not 2 <= len(_words(line)) <= 14]
    return f"not a sung line: {long[0]}" if long else ""


def host(page: str) -> str:
    """Welcome, numbered segments with at least a sentence each, good-bye; nothing unspeakable."""
    wrong = _common(page) or _labelled(page, ["welcome", "1\\. .+", "good-bye"], least=3)
    spoken = " ".join(line for _, lines in _parts(page) for line in lines)
    return wrong or ("not speakable" if re.search(r"[*#_<>|{}\[\]]|https?:", spoken) else "")


def quest(page: str) -> str:
    """Giver, goal, at least one numbered step, reward, twist."""
    wrong = _common(page) or _labelled(page, ["goal", "steps", "reward", "twist"])
    if wrong or "giver" not in {label.lower() for label, _ in _parts(page)}:
        return wrong or "no giver"
    steps = next(lines for label, lines in _parts(page) if label.lower() == "steps")
    numbers = [re.match(r"(\d+)\. \S", line) for line in steps]
    good = [int(m.group(1)) for m in numbers if m] == list(range(1, len(steps) + 1))
    return "" if good else "steps are not numbered from 1"


def ad(page: str) -> str:
    """Headline of at most twelve words, body, call to action."""
    wrong = _common(page) or _labelled(page, ["headline", "body", "call to action"])
    headline = next((" ".join(lines) for label, lines in _parts(page) if label.lower() == "headline"), "")
    return wrong or ("the headline is too long" if len(_words(headline)) > 12 else "")


def vfx(page: str) -> str:
    """A shot with place and time, at least two elements and two safety rules as list items."""
    wrong = _common(page) or _labelled(page, ["shot(?: \\d+)?", "elements", "safety"])
    for label, lines in _parts(page):
        items = [line for line in lines if re.match(r"- \S+ \S+", line)]
        if not wrong and label.lower() in ("elements", "safety") and len(items) < 2:
            return f"fewer than two items under {label}"
    return wrong


VALID: Mapping[str, Callable[[str], str]] = {
    "ad": ad,
    "chat": chat,
    "dialogue": dialogue,
    "host": host,
    "lyrics": lyrics,
    "plot": plot,
    "quest": quest,
    "vfx": vfx,
}
