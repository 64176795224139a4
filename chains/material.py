"""Material: who, where and what a page is about, found in the request, the talk and the canon.

Plain reading of text: what is asked for decides, then the conversation, then what was retrieved.
Knows nothing of models, of how passages were found, or of platforms.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chains.asking import greets, is_question, muses, thanks, wonders
from chains.evidence import LIKELY, Source, answer, covers
from chains.lasting import only_lasting
from chains.message import Message
from chains.names import Names, candidates
from chains.prompt import Cited
from chains.words import COMMON, spans

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {word: n for n, word in enumerate(_DIGITS)}

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PREMISE = re.compile(r"\b(?:where|in which|when|after|while|because)\s+(.+)", re.I | re.S)
_ABOUT = re.compile(r"\b(?:about|on|for|covering|of|topics?:|segments?:|points?:|with|from)\s+(.+)", re.I | re.S)
_NOUN = re.compile(r"\b(the|her|his|their|a|an)\s+((?:[a-z][\w'’-]*\s+){0,1}[a-z][\w'’-]*)")
_ROLE = re.compile(r"\b(?:between|with|by|(?<=\w)\sand)\s+(the|a|an)\s+((?:[a-z][\w'’-]+\s+)?[a-z][\w'’-]+)")
_AT = re.compile(
    r"\b(?:at|in|inside|on|under|near|outside|aboard)\s+((?:(?:the|a|an)\s+)?[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)*)"
)
_SECTIONS = {
    "character": ("character", "characters", "cast", "people", "persons", "roles", "figures"),
    "place": ("place", "places", "location", "locations", "setting", "settings", "world"),
    "thing": ("thing", "things", "object", "objects", "props", "items"),
}
_LISTED = re.compile(r"\s*(?:[#>|*-]|\d+[.)])")
_WHOLE = re.compile(r"[.!?。！？][\"”’)]*$")
_TAIL = re.compile(
    rf"[,;]?\s*\b(?:in|with|of|about|using)?\s*(?:exactly\s+)?(?:\d+|{'|'.join([*NUMBERS][1:])})\s+(?:short\s+)?"
    r"(?:lines?|verses?|segments?|steps?|beats?|shots?|elements?|stanzas?|sentences?)\b.*",
    re.I | re.S,
)
_ASKED = frozenset(
    """scene song quest plot ad advert advertisement show segment segments line lines verse verses shot shots story
    page draft dialogue lyrics chorus host script poem short long little new next list breakdown vfx
    conversation talk ballad trailer commercial spot episode rundown outline jingle mission player""".split()  # noqa: SIM905
)
_PLAIN = COMMON | frozenset(
    """what who where when why how please pitch create plan int ext day night try also set
    find bring get fetch steal rescue save catch hunt search retrieve recover collect deliver return stop defeat
    escape solve open close build discover follow guard hide win reach""".split()  # noqa: SIM905
)


GREETING = "Hello. Ask what canon says, or tell me what to write: a scene, a plot, a song."
WELCOME = "Gladly. Say what comes next."
UNDERSTOOD = "Understood."
NOTHING = "Canon does not say anything about that yet."
UNSURE = "Canon does not say that in so many words. The nearest there is:"
UNKNOWN = "Canon does not say: this show has none yet. Tell me, or ask for ideas."
NOWHERE = "Nothing was found about that. Tell me, or ask for ideas."
SAID = "Said in this talk, not in canon:"
INTRODUCTION = "I am Dramaturg, a co-writer. " + GREETING.removeprefix("Hello. ")
_SURE = 0.6  # the share from which what was said in the talk itself answers a question


@dataclass(frozen=True, slots=True)
class Quotation:
    """What is said to a message without a model; ``text`` is empty where a model has to write. ``preface`` are
    words of ours before it, ``recalled`` says that it was said in the talk and is not canon."""

    text: str = ""
    preface: str = ""
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """What a skeleton is filled from.

    ``messages`` are the prompt's (system and user, passages and request in them). ``cast`` are
    labels of who is in it, in order; ``others`` are people canon knows besides. ``premise`` is the
    clause of the request that says what happens, ``topics`` are what it wants covered.
    ``passages`` are texts, best first; ``facts`` are the sentences about a label. ``names`` are the
    casefolded words of everything that was read: a name made of others comes from nowhere.
    """

    messages: tuple[Message, ...]
    request: str
    cast: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    premise: str = ""
    passages: tuple[str, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    quotation: Quotation = Quotation()

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
    said: Sequence[str] = (),
    told: Sequence[str] = (),
    passages: Sequence[Cited] = (),
    names: Names | None = None,
) -> Material:
    """Read the request, then what was ``said`` before (oldest first), then the retrieved passages. ``told`` is
    what of the talk may answer a question, latest first.
    ``meaning`` is the request with what it refers to put in, where it refers to something; ``names``
    are the canon's."""
    asked = _told(request)
    meant = _told(meaning) or asked
    passages = [_as_entry(p) for p in passages]
    cast, others = _cast(meant, said, passages)
    places = (
        _of_kind("place", meant, said, passages)
        or _once(_lowered(asked[start:end]) for start, end in _stands_at(asked))
        or _spoken_of("place", passages, names or Names())
    )
    things = _things(asked, passages, cast, places)
    topics = _topics(asked, passages)
    sources = [request, *said, *(p.title for p in passages), *(p.text for p in passages), *cast, *places]
    return Material(
        messages=tuple(messages),
        request=request.strip(),
        cast=cast,
        others=others,
        places=places,
        things=things,
        topics=topics,
        premise=_premise(asked),
        facts=_facts((*cast, *others, *places, *things, *topics), passages),
        passages=tuple(p.text.strip() for p in passages if p.text.strip()),
        names=frozenset(word.casefold() for source in sources for word in words(source)),
        quotation=_quoted(request, meaning, passages, told, known=bool(names and names.all)),
    )


def _told(request: str) -> str:
    """A request without what is asked for about its form."""
    return _TAIL.sub("", request.strip()).strip() or request.strip()


def _quoted(request: str, meaning: str, passages: Sequence[Cited], told: Sequence[str], *, known: bool) -> Quotation:
    """What canon itself says to a question, or else what was said in the talk. ``known``: there is canon."""
    if greets(request):
        return Quotation(GREETING)
    if wonders(request):
        return Quotation(INTRODUCTION)
    if thanks(request):
        return Quotation(WELCOME)
    if only_lasting(request):
        return Quotation(UNDERSTOOD)
    if not is_question(request) or muses(request):
        return Quotation()
    asked = meaning or request
    canon, scores = [(p.title, p.names, p.text) for p in passages], [p.score for p in passages]
    found = answer(asked, canon, scores)
    recalled = _recalled(asked, canon, told)
    if recalled and not (found and _as_good(found.text, recalled, asked)):
        return Quotation(" ".join(recalled.split()), SAID, recalled=True)
    if found is None:
        return Quotation(NOTHING if passages else NOWHERE if known else UNKNOWN)
    return Quotation(" ".join(found.text.split()), "" if found.share >= LIKELY else UNSURE)


def _as_good(canon: str, recalled: str, asked: str) -> bool:
    """Whether canon speaks of all that is asked, and no less than what was said in the talk."""
    whole = covers(canon, asked, whole=True)
    return whole or (covers(canon, asked) and not covers(recalled, asked, whole=True))


def _recalled(asked: str, canon: Sequence[Source], told: Sequence[str]) -> str:
    """What of the talk answers a question better than canon does; "" where nothing plainly does."""
    sources = [*canon, *(("", (), text) for text in told)]
    found = answer(asked, sources, [0.0] * len(sources))
    if found is None or found.passage < len(canon):
        return ""
    return found.text if found.share >= _SURE or covers(found.text, asked) else ""


def words(text: str) -> list[str]:
    """The words of a text, as written, without punctuation."""
    return _WORD.findall(text)


def number_of(request: str, units: Iterable[str]) -> int | None:
    """How many of ``units`` (*lines*, *verses*) a request asks for, if it says."""
    pattern = "|".join(re.escape(unit) for unit in units)
    if not pattern:
        return None
    match = re.search(rf"\b(\d{{1,3}}|{'|'.join(NUMBERS)})[ -](?:[a-z]+ )?(?:{pattern})\b", request, re.I)
    if match is None:
        return None
    found = match.group(1).lower()
    return int(found) if found.isdigit() else NUMBERS[found]


def _as_entry(passage: Cited) -> Cited:
    """A section of a document as the entry it is: *Characters > Pim Dorrow* tells of a character."""
    if passage.origin != "source" or len(passage.path) < 2:
        return passage
    *over, name = passage.path
    kind = next((kind for word in words(over[-1].lower()) for kind, of in _SECTIONS.items() if word in of), "")
    return replace(passage, kind=kind, title=name, names=(name,)) if kind else passage


def _stands_at(asked: str) -> list[tuple[int, int]]:
    """Where a request says where: *on the Glass Flats*, but not *in English* nor *in Bob's kitchen*."""
    found = [match for match in _AT.finditer(asked) if not match.group(1).endswith(("'s", "’s"))]
    return [match.span(1) for match in found if not set(words(match.group(1).lower())) <= _PLAIN]


def _cast(asked: str, said: Sequence[str], passages: Sequence[Cited]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    people = [p for p in passages if p.kind == "character"]
    spots: list[tuple[int, str]] = []
    for person in people:
        at = _where(person, asked)
        if at is not None:
            spots.append((at, _label(person, asked)))
    known = {word for p in passages for name in (p.title, *p.names) for word in words(name)}
    for match in _ROLE.finditer(asked):
        taken = any(match.group(2).lower() in p.title.lower() or _is(p, match.group(2)) for p in passages)
        if "between" in asked.lower() and not taken and not set(words(match.group(2))) & _ASKED:
            spots.append((match.start(2), match.group(2).title()))
    wheres = _stands_at(asked)
    for name in candidates(asked, _PLAIN | _ASKED):
        elsewhere = any(start <= asked.index(name) < end for start, end in wheres)
        wanted = words(name.lower())[-1:] and words(name.lower())[-1] in _ASKED  # "A long scene: ..."
        if not (elsewhere or wanted or set(words(name)) & known):
            spots.append((asked.index(name), name))
    named = _once(label for _, label in sorted(spots))
    recalled = [_label(p, text) for text in reversed(said) for p in people if _where(p, text) is not None]
    known_too = _once([*named, *recalled, *(_label(p, "") for p in people)])
    size = max(2, len(named))
    return known_too[:size], known_too[size:]


def _label(person: Cited, text: str) -> str:
    """What to call someone: their first name, as the room does, unless that is only a title."""
    first = person.title.split()[0] if person.title.split() else person.title
    return person.title if len(first) < 3 or first.lower() in _PLAIN or first.endswith(".") else first


def _is(passage: Cited, role: str) -> bool:
    return passage.kind == "character" and role.lower() in f"{passage.text[:300]} {' '.join(passage.names)}".lower()


def _where(passage: Cited, text: str) -> int | None:
    """Where a text names a passage's subject: by name, by part of it, or by what it is (*the harbour master*)."""
    lowered = text.lower()
    candidates = [name for name in (passage.title, *passage.names) if name]
    if passage.kind == "character":
        candidates += [
            w for name in candidates for w in words(name) if w[:1].isupper() and len(w) > 2 and w.lower() not in _PLAIN
        ]
    spots = [m.start() for c in candidates if (m := re.search(rf"(?<!\w){re.escape(c.lower())}(?!\w)", lowered))]
    if passage.kind == "character":
        spots += [m.start() for m in _ROLE.finditer(text) if _is(passage, m.group(2))]
    return min(spots, default=None)


def _of_kind(kind: str, asked: str, said: Sequence[str], passages: Sequence[Cited]) -> tuple[str, ...]:
    mine = [p for p in passages if p.kind == kind]
    texts = [asked, *reversed(said)]
    named = [_lowered(p.title) for text in texts for p in mine if _where(p, text) is not None]
    return _once([*named, *(_lowered(p.title) for p in mine)])


def _spoken_of(kind: str, passages: Sequence[Cited], names: Names) -> tuple[str, ...]:
    """Canon names of a kind that the passages speak of, the most often first."""
    told = Counter(m.name.name for p in passages for m in names.find(p.text) if m.name.kind == kind)
    return tuple(_lowered(name) for name, _ in told.most_common())


def _things(asked: str, passages: Sequence[Cited], cast: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    taken = {w.lower() for label in cast for w in words(label)}
    named = [
        _articled(p.title)
        for p in passages
        if p.kind not in ("character", "place") and len(p.title.split()) < 5 and _where(p, asked) is not None
    ]
    nouns = [
        f"{m.group(1) if m.group(1) not in ('a', 'an') else 'the'} {_noun(m.group(2))}" for m in _NOUN.finditer(asked)
    ]
    nouns = [n for n in nouns if not set(words(n.lower())) & (_ASKED | taken) and n.split()[-1] not in _PLAIN]
    return tuple(n for n in _once([*named, *nouns]) if n.lower() not in {p.lower() for p in places})


def _noun(found: str) -> str:
    first, *rest = found.split()
    return (
        first if not rest or rest[0] in _PLAIN or (rest[0].endswith(("s", "ed", "ing")) and len(rest[0]) > 3) else found
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
        if 0 < len(words(part)) <= 6
        and not set(words(part.lower())) & _ASKED
        and not set(words(part.lower())) <= _PLAIN
    ]
    return _once([*listed, *(_lowered(p.title) for p in passages if p.title and len(p.title) <= 40)])


def _premise(asked: str) -> str:
    match = _PREMISE.search(asked)
    text = " ".join(match.group(1).split()).strip(" .") if match else ""
    return text[:1].upper() + text[1:] if 1 < len(words(text)) <= 30 else ""


def _once(labels: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for label in labels:
        seen.setdefault(label.lower(), label)
    return tuple(seen.values())
