"""Material: who, where and what a page is about, found in the request, the talk and the canon.

Plain reading of text: what is asked for decides, then the conversation, then what was retrieved.
Knows nothing of models, of how passages were found, or of platforms.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chains.asking import Told
from chains.cast import cast_of, stands_at, where
from chains.message import Message
from chains.names import Names
from chains.prompt import Cited
from chains.quotation import Quotation, quote
from chains.words import ASKED, NUMBERS, PLAIN, once, spans, words

_PREMISE = re.compile(r"\b(?:where|in which|when|after|while|because)\s+(.+)", re.I | re.S)
_ABOUT = re.compile(r"\b(?:about|on|for|covering|of|topics?:|segments?:|points?:|with|from)\s+(.+)", re.I | re.S)
_NOUN = re.compile(r"\b(the|her|his|their|a|an)\s+((?:[a-z][\w'’-]*\s+){0,1}[a-z][\w'’-]*)")
_SECTIONS = {
    "character": ("character", "characters", "cast", "people", "persons", "roles", "figures"),
    "place": ("place", "places", "location", "locations", "setting", "settings", "world"),
    "thing": ("thing", "things", "object", "objects", "props", "items"),
}
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_READ = 4000  # characters of a request in which somebody, a place or a topic is looked for
_LISTED = re.compile(r"\s*(?:[#>|*-]|\d+[.)])")
_WHOLE = re.compile(r"[.!?。！？][\"”’)]*$")
_TAIL = re.compile(
    rf"(?:[,;]|(?<![\s,;]))\s*+\b(?:in|with|of|about|using)?\s*(?:exactly\s+)?(?:\d+|{'|'.join([*NUMBERS][1:])})\s+(?:short\s+)?"
    r"(?:lines?|verses?|segments?|steps?|beats?|shots?|elements?|stanzas?|sentences?)\b.*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Material:
    """What a skeleton is filled from.

    ``messages`` are the prompt's (system and user, passages and request in them). ``before`` is the
    page that this one goes on from, "" where it begins anew. ``steer`` says how it should differ from ``last``, the
    page that it takes the place of. ``cast`` are
    labels of who is in it, in order; ``others`` are people canon knows besides. ``premise`` is the
    clause of the request that says what happens, ``topics`` are what it wants covered.
    ``passages`` are texts, best first; ``facts`` are the sentences about a label. ``names`` are the
    casefolded words of everything that was read: a name made of others comes from nowhere.
    """

    messages: tuple[Message, ...]
    request: str
    before: str = ""
    steer: str = ""
    last: str = ""
    cast: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    premise: str = ""
    passages: tuple[str, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    quotation: Quotation = Quotation()  # noqa: RUF009 - frozen, and empty

    @property
    def latin(self) -> bool:
        """Whether the request is mostly in Latin letters."""
        letters = [c for c in self.request if c.isalpha()]
        return not letters or sum(c < "\u0250" for c in letters) * 2 >= len(letters)


def gather(
    messages: Sequence[Message],
    request: str,
    *,
    meaning: str = "",
    before: str = "",
    steer: str = "",
    last: str = "",
    said: Sequence[str] = (),
    told: Sequence[Told] = (),
    passages: Sequence[Cited] = (),
    names: Names | None = None,
) -> Material:
    """Read the request, then what was ``said`` before (oldest first), then the retrieved passages. ``told`` is
    what of the talk may answer a question, latest first.
    ``meaning`` is the request with what it refers to put in, where it refers to something; ``names``
    are the canon's."""
    asked = _told(request[:_READ])
    meant = _told(meaning[:_READ]) or asked
    passages = [_as_entry(p) for p in passages]
    people = _spoken_of("character", passages, names or Names())
    cast, others = cast_of(meant, said, passages, people)
    places = (
        _of_kind("place", meant, said, passages)
        or once(_lowered(asked[start:end]) for start, end in stands_at(asked))
        or tuple(map(_lowered, _spoken_of("place", passages, names or Names())))
    )
    things = _things(asked, passages, cast, places)
    topics = _topics(asked, passages)
    sources = [request, *said, *(p.title for p in passages), *(p.text for p in passages), *cast, *others, *places]
    return Material(
        messages=tuple(messages),
        request=request.strip(),
        before=before.strip(),
        steer=steer,
        last=last,
        cast=cast,
        others=others,
        places=places,
        things=things,
        topics=topics,
        premise=_premise(asked),
        facts=_facts((*cast, *others, *places, *things, *topics), passages),
        passages=tuple(p.text.strip() for p in passages if p.text.strip()),
        names=frozenset(word.casefold() for source in sources for word in words(source)),
        quotation=Quotation() if before else quote(request, meaning, passages, told, names or Names()),
    )


def _told(request: str) -> str:
    """A request without what is asked for about its form."""
    return _TAIL.sub("", request.strip()).strip() or request.strip()


def _as_entry(passage: Cited) -> Cited:
    """A section of a document as the entry it is: *Characters > Pim Dorrow* tells of a character."""
    if passage.origin != "source" or len(passage.path) < 2:
        return passage
    *over, name = passage.path
    kind = next((kind for word in words(over[-1].lower()) for kind, of in _SECTIONS.items() if word in of), "")
    return replace(passage, kind=kind, title=name, names=(name,)) if kind else passage


def _of_kind(kind: str, asked: str, said: Sequence[str], passages: Sequence[Cited]) -> tuple[str, ...]:
    mine = [p for p in passages if p.kind == kind]
    texts = [asked, *reversed(said)]
    named = [_lowered(p.title) for text in texts for p in mine if where(p, text) is not None]
    return once([*named, *(_lowered(p.title) for p in mine)])


def _spoken_of(kind: str, passages: Sequence[Cited], names: Names) -> tuple[str, ...]:
    """Canon names of a kind that the passages speak of, the most often first."""
    told = Counter(m.name.name for p in passages for m in names.find(p.text) if m.name.kind == kind)
    return tuple(name for name, _ in told.most_common())


def _things(asked: str, passages: Sequence[Cited], cast: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    taken = {w.lower() for label in cast for w in words(label)}
    named = [
        _articled(p.title)
        for p in passages
        if p.kind not in ("character", "place") and len(p.title.split()) < 5 and where(p, asked) is not None
    ]
    nouns = [
        f"{m.group(1) if m.group(1) not in ('a', 'an') else 'the'} {_noun(m.group(2))}" for m in _NOUN.finditer(asked)
    ]
    nouns = [n for n in nouns if not set(words(n.lower())) & (ASKED | taken) and n.split()[-1] not in PLAIN]
    return tuple(n for n in once([*named, *nouns]) if n.lower() not in {p.lower() for p in places})


def _noun(found: str) -> str:
    first, *rest = found.split()
    return (
        first if not rest or rest[0] in PLAIN or (rest[0].endswith(("s", "ed", "ing")) and len(rest[0]) > 3) else found
    )


def _articled(title: str) -> str:
    return _lowered(title) if title.split()[0].lower() in ("the", "a", "an") else f"the {title}"


def _lowered(title: str) -> str:
    """*The Lamp Room* as it stands in the middle of a sentence: *the Lamp Room*."""
    first, _, rest = title.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") and rest else title


def _facts(labels: Sequence[str], passages: Sequence[Cited]) -> dict[str, tuple[str, ...]]:
    """For each label, the short whole sentences of the first passage that is about it."""
    facts: dict[str, tuple[str, ...]] = {}
    for label in labels:
        mine = {w.lower() for w in words(label)} - {"the", "a", "an"}
        about = next(
            (p for p in passages if mine and any(mine <= {w.lower() for w in words(n)} for n in (p.title, *p.names))),
            None,
        )
        if about is not None:
            facts[label.lower()] = tuple(s for s in sentences(about.text) if len(words(s)) <= 40)
    return facts


def sentences(text: str) -> list[str]:
    """The whole sentences of a text, in order; headings, quotations and list items left out."""
    kept = [line.strip() for line in text.splitlines() if line.strip() and not _LISTED.match(line)]
    plain = " ".join(kept)
    found = [plain[start:end] for start, end in spans(plain)]
    return [s for s in found if len(words(s)) > 2 and _WHOLE.search(s)]


def _topics(asked: str, passages: Sequence[Cited]) -> tuple[str, ...]:
    match = _ABOUT.search(asked)
    listed = [part.strip(" .!?\n") for part in re.split(r",|;|\n|\band\b", match.group(1))] if match else []
    listed = [
        part
        for part in listed
        if 0 < len(words(part)) <= 6 and not set(words(part.lower())) & ASKED and not set(words(part.lower())) <= PLAIN
    ]
    titles = [_lowered(p.title) for p in passages if p.title and len(p.title) <= 40]
    named = dict[str, str]()
    for label in (*listed, *titles):
        named.setdefault(_ARTICLE.sub("", label).casefold(), label)
    return tuple(named.values())


def _premise(asked: str) -> str:
    match = _PREMISE.search(asked)
    text = " ".join(match.group(1).split()).strip(" .") if match else ""
    return text[:1].upper() + text[1:] if 1 < len(words(text)) <= 30 else ""
