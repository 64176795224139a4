"""Cast: who is in a page, as the request, then the talk, then canon name them; and where a text names somebody.

Knows nothing of models, of how passages were found, or of platforms.
"""

import re
from collections.abc import Sequence

from chains.names import candidates
from chains.prompt import Cited
from chains.words import ASKED, PLAIN, once, words

_ROLE = re.compile(r"\b(?:between|with|by|(?<=\w)\sand)\s+(the|a|an)\s+((?:[a-z][\w'’-]+\s+)?[a-z][\w'’-]+)")
_AT = re.compile(
    r"\b(?:at|in|inside|on|under|near|outside|aboard)\s+((?:(?:the|a|an)\s+)?[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)*)"
)


def cast_of(
    asked: str, said: Sequence[str], passages: Sequence[Cited], spoken_of: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of who is in it, at least two where so many are known, and of the people known besides. ``spoken_of``
    are names of people that are not the passages' own: the last who come in."""
    people = [p for p in passages if p.kind == "character"]
    spots: list[tuple[int, str]] = []
    for person in people:
        at = where(person, asked)
        if at is not None:
            spots.append((at, _label(person.title)))
    known = {word for p in passages for name in (p.title, *p.names) for word in words(name)}
    lowered = asked.lower()
    for match in _ROLE.finditer(asked):
        taken = any(match.group(2).lower() in p.title.lower() or _is(p, match.group(2)) for p in passages)
        if "between" in lowered and not taken and not set(words(match.group(2))) & ASKED:
            spots.append((match.start(2), match.group(2).title()))
    wheres = stands_at(asked)
    for name in candidates(asked, PLAIN | ASKED):
        at = asked.find(name) if name in asked else lowered.find(name.lower())  # a cue is read in small letters
        elsewhere = any(start <= at < end for start, end in wheres)
        wanted = words(name.lower())[-1:] and words(name.lower())[-1] in ASKED  # "A long scene: ..."
        if not (elsewhere or wanted or set(words(name)) & known):
            spots.append((at, name))
    named = _those_who_are_there(once(label for _, label in sorted(spots)), asked)
    recalled = [_label(p.title) for text in reversed(said) for p in people if where(p, text) is not None]
    known_too = once([*named, *recalled, *(_label(name) for name in (*(p.title for p in people), *spoken_of))])
    size = max(2, len(named))
    return known_too[:size], known_too[size:]


def _those_who_are_there(named: tuple[str, ...], asked: str) -> tuple[str, ...]:
    """*Petra and Benno about Odile*: where two others are named, she is only spoken of."""
    there = tuple(one for one in named if not re.search(rf"\babout\s+{re.escape(one)}\b", asked, re.IGNORECASE))
    return there if len(there) > 1 else named


def _label(name: str) -> str:
    """What to call someone: their first name, as the room does, unless that is only a title."""
    first = name.split()[0] if name.split() else name
    return name if len(first) < 3 or first.lower() in PLAIN or first.endswith(".") else first


def _is(passage: Cited, role: str) -> bool:
    return passage.kind == "character" and role.lower() in f"{passage.text[:300]} {' '.join(passage.names)}".lower()


def where(passage: Cited, text: str) -> int | None:
    """Where a text names a passage's subject: by name, by part of it, or by what it is (*the harbour master*)."""
    lowered = text.lower()
    candidates = [name for name in (passage.title, *passage.names) if name]
    if passage.kind == "character":
        candidates += [
            w for name in candidates for w in words(name) if w[:1].isupper() and len(w) > 2 and w.lower() not in PLAIN
        ]
    spots = [m.start() for c in candidates if (m := re.search(rf"(?<!\w){re.escape(c.lower())}(?!\w)", lowered))]
    if passage.kind == "character":
        spots += [m.start() for m in _ROLE.finditer(text) if _is(passage, m.group(2))]
    return min(spots, default=None)


def stands_at(asked: str) -> list[tuple[int, int]]:
    """Where a request says where: *on the Glass Flats*, but not *in English* nor *in Bob's kitchen*."""
    found = [match for match in _AT.finditer(asked) if not match.group(1).endswith(("'s", "’s"))]
    return [match.span(1) for match in found if not set(words(match.group(1).lower())) <= PLAIN]
