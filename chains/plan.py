"""Plan: the form of a page, line by line with its variables, before any model is asked.

How often what comes is what the request asks for, within the skeleton's bounds. Knows nothing of models, of how
passages were found, or of platforms.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chains.asking import muses
from chains.format import Line, Skeleton
from chains.material import Material
from chains.onward import begun
from chains.words import NUMBERS, words

VARIABLES = frozenset(
    (
        "a",
        "b",
        "n",
        "lead",
        "second",
        "person",
        "place",
        "setting",
        "where",
        "thing",
        "topic",
        "premise",
        "request",
        "about_lead",
        "about_place",
        "about_thing",
        "about_topic",
        "more_topic",
        "quote",
        "unsure",
        "idea",
        "muse",
        "several",
        "titled",
        "brief",
        "full",
    )
)

SLOT = re.compile(r"<(\w+)>")
_LESS = re.compile(
    r"(?<!too )\b(?:short(?:er|en)?|brief(?:er)?|trim|tighte(?:n|r)|cut (?:it|this|that)|(?:too|less|so|(?:not|half) as) long)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:longer|lengthen|expand|extend|more detail\w*|twice as long|too (?:short|brief))\b", re.IGNORECASE
)
_TITLED = re.compile(r"\btitles?\b", re.IGNORECASE)
_LABEL = 4  # words of a heading, a cue or a label, at most
_VARIABLE = re.compile(r"\{(\w+)\}")


def outline(skeleton: Skeleton, material: Material) -> str:
    """The skeleton as an instruction, for models that can follow one: headings and labels filled in,
    each blank as [what goes there]."""
    asks = {slot.name: " / ".join(slot.choices) or slot.ask for slot in skeleton.slots}
    lines: list[str] = []
    for line, values in plan(skeleton, material):
        text = SLOT.sub(lambda match: f"[{asks[match.group(1)]}]", put(line.show, values))
        if text or (lines and lines[-1]):
            lines.append(text)
    return "Write exactly this form; replace each [bracket] with your own text:\n\n" + "\n".join(lines).strip()


def plan(skeleton: Skeleton, material: Material) -> Iterator[tuple[Line, Mapping[str, str]]]:
    """Every line of the page to be, with its variables: the form, before any model is asked. A page that goes on has
    no head, counts on, and has no line again that is canon's own words."""
    times, cap = counts(skeleton, material)
    yield from _lines(skeleton, material, times, cap)


def _lines(
    skeleton: Skeleton, material: Material, times: int, cap: int | None
) -> Iterator[tuple[Line, Mapping[str, str]]]:
    first = begun(skeleton, material.before).blocks
    if not material.before:
        here = _variables(material, 0, times)
        yield from ((line, here) for line in skeleton.head if _filled(line, here))
    slots = 0
    for n in range(first, first + times):
        here = _variables(material, n, times)
        for line in skeleton.block:
            if not _filled(line, here) or _stands(line, here, material.before):
                continue
            if cap is not None and slots >= cap:
                return
            slots += len(SLOT.findall(line.show))
            yield line, here
    here = _variables(material, first + times, times)
    yield from ((line, here) for line in skeleton.tail if _filled(line, here))


def counts(skeleton: Skeleton, material: Material) -> tuple[int, int | None]:
    """How often the block comes, and after how many of its slots the page ends, as asked for. *Shorter* has two
    thirds of the page before, *longer* one and a half of it, where the form is counted in blocks."""
    least, usual, most = skeleton.times
    each = sum(len(SLOT.findall(line.show)) for line in skeleton.block) or 1
    cap, asked = (_number(material, units) for units in (skeleton.cap, skeleton.count))
    if cap:
        cap = _scaled(skeleton, material, max(1, min(cap, most * each)), (1, most * each), each)
        return -(-cap // each), cap
    times = usual if asked is None else max(least, min(asked - skeleton.fixed, most))
    return (_scaled(skeleton, material, times, (least, most)) if usual > 1 else times), None


def _number(material: Material, units: Sequence[str]) -> int | None:
    """What is said last counts: *make it two verses*."""
    return number_of(material.steer, units) or number_of(material.request, units)


def _scale(material: Material) -> int:
    """Whether the page should be shorter (-1) or longer (1) than the one before."""
    return (_MORE.search(material.steer) is not None) - (_LESS.search(material.steer) is not None)


def _scaled(skeleton: Skeleton, material: Material, wanted: int, bounds: tuple[int, int], each: int = 0) -> int:
    """So many blocks, or slots of which a block has ``each``, or as many less or more as the steer says: than those
    of the page that is changed, as near as its lines tell."""
    scale, (least, most) = _scale(material), bounds
    if not scale:
        return wanted
    held = len([line for line in material.last.splitlines() if line.strip()])

    def far(number: int) -> int:
        times, cap = (-(-number // each), number) if each else (number, None)
        return abs(held - sum(1 for line, _ in _lines(skeleton, material, times, cap) if line.show))

    there = min(range(least, most + 1), key=far) if held else wanted
    if scale < 0:
        return max(least, min(there - 1, there * 2 // 3))
    return min(most, max(there + 1, there * 3 // 2))


def _filled(line: Line, values: Mapping[str, str]) -> bool:
    needed = [*_VARIABLE.findall(line.show + (line.seen or "")), *([line.needs] if line.needs else [])]
    return all(values.get(name) for name in needed) and not any(values.get(name) for name in line.unless)


def _stands(line: Line, values: Mapping[str, str], page: str) -> bool:
    """Whether a page has a line already that is a sentence nobody has to write."""
    text = put(line.show, values)
    return not SLOT.search(line.show) and len(words(text)) > _LABEL and text in page


def _variables(material: Material, n: int, times: int) -> dict[str, str]:
    """What ``{variables}`` stand for in the block's ``n``-th coming (from 0) of so many."""
    cast = material.cast
    speaking = (*cast, *("First voice", "Second voice")[len(cast) :])
    people = (*cast[1:], *material.others)
    values = {
        "a": speaking[(2 * n) % len(speaking)],
        "b": speaking[(2 * n + 1) % len(speaking)],
        "n": str(n + 1),
        "lead": cast[0] if cast else "",
        "second": cast[1] if len(cast) > 1 else "",
        "person": _turn(people, n),
        "place": _turn(material.places, 0),
        "setting": _turn(material.places, 0) or "somewhere",
        "where": _turn(material.places, n),
        "thing": _turn(material.things, 0),
        "topic": _turn(material.topics, n),
        "premise": material.premise,
        "request": material.request,
    }
    for name in ("lead", "place", "thing", "topic"):
        values[f"about_{name}"] = _turn(material.facts.get(values[name].lower(), ()), 0)
    quote = material.quotation.text
    values |= {"quote": quote, "unsure": material.quotation.preface}
    values["idea"] = "" if quote else material.request
    values["muse"] = material.request if muses(material.request) and not quote else ""
    values["several"] = str(times) if times > 1 else ""
    values["titled"] = material.request if _TITLED.search(material.request) and not quote else ""
    scale = _scale(material)
    values |= {"brief": material.steer if scale < 0 else "", "full": material.steer if scale > 0 else ""}
    values["more_topic"] = " ".join(material.facts.get(values["topic"].lower(), ())[1:2])
    values |= {name.upper(): text.upper() for name, text in values.items()}
    return values | {
        f"{name.capitalize()}": text[:1].upper() + text[1:]
        for name, text in values.items()
        if name.islower() and len(name) > 1
    }


def _turn(labels: Sequence[str], n: int) -> str:
    return labels[n % len(labels)] if labels else ""


def number_of(request: str, units: Iterable[str]) -> int | None:
    """How many of ``units`` (*lines*, *verses*) a request asks for, if it says."""
    pattern = "|".join(re.escape(unit) for unit in units)
    if not pattern:
        return None
    number = rf"\d{{1,3}}|{'|'.join(NUMBERS)}|(?:the next|another|one more)(?= \w+[^\Ws]\b)"
    match = re.search(rf"\b({number})[ -](?:[a-z]+ )?(?:{pattern})\b", request, re.I)
    if match is None:
        return None
    found = match.group(1).lower()
    return int(found) if found.isdigit() else NUMBERS.get(found, 1)


def known(template: str, values: Mapping[str, str]) -> bool:
    return all(values.get(name) for name in _VARIABLE.findall(template))


def put(template: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda m: values.get(m.group(1), ""), template)
