"""Names: which canon names a text speaks of, and which words in it look like names at all.

Made for fiction and without a language model: an index over names and aliases, and rules for
capitals, screenplay cues and CJK text. Knows nothing of search, prompts or storage.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from chains.words import CJK, COMMON, FUNCTION, LOWER, TITLES, TOKEN, UPPER, is_cjk, plain, tokens

_MALE = frozenset(("he", "him", "his", "himself", "他", "彼"))
_FEMALE = frozenset(("she", "her", "hers", "herself", "她"))


class Named(Protocol):
    """What a canon entry shows of itself here (``memory.Entry`` fits)."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Name:
    """A canon name. ``pronoun`` is ``he``, ``she`` or empty where the entry does not tell."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    id: str
    pronoun: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A canon name standing in a text at ``start``..``end`` (characters)."""

    start: int
    end: int
    name: Name


_Form = tuple[tuple[str, ...], Name, bool]


@dataclass(frozen=True, slots=True)
class Names:
    """The canon's names, indexed once per canon version. Build with ``Names.of`` or ``Names.read``."""

    all: tuple[Name, ...] = ()
    _forms: dict[str, tuple[_Form, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, tuple[str, ...], str, str]]) -> "Names":
        """From rows of (name, aliases, kind, entry id)."""
        return _indexed([Name(*row) for row in rows])

    @classmethod
    def read(cls, entries: Iterable[Named]) -> "Names":
        """From canon entries; their texts also tell which pronoun a character goes by."""
        return _indexed([Name(e.name, e.aliases, e.kind, e.id, _pronoun(e.text)) for e in entries])

    def find(self, text: str) -> tuple[Mention, ...]:
        """Every canon name in ``text``, in order, the longest match at each place."""
        return tuple(self._scan(text))

    def within(self, text: str) -> tuple[Name, ...]:
        """The distinct canon names of ``text`` in order of first mention."""
        return tuple({m.name.id: m.name for m in self._scan(text)}.values())

    def _scan(self, text: str) -> Iterator[Mention]:
        # Most words begin no name: those are passed over without folding what follows.
        words = [m.span() for m in TOKEN.finditer(text)]
        past = 0
        for at, (start, end) in enumerate(words):
            if at < past:
                continue
            for form, name, exact in self._forms.get(_fold(text[start:end]), ()):
                spans = words[at : at + len(form)]
                if (exact and not text[start].isupper()) or tuple(_fold(text[a:b]) for a, b in spans) != form:
                    continue
                yield Mention(start, _end(text, spans[-1]), name)
                past = at + len(form)
                break


def _fold(word: str) -> str:
    folded = plain(word.casefold().replace("’", "'"))
    return folded[:-2] if folded.endswith("'s") and len(folded) > 2 else folded.rstrip("'")


def _end(text: str, span: tuple[int, int]) -> int:
    start, end = span
    return end - 2 if end - start > 2 and text[end - 2 : end].casefold() in ("'s", "’s") else end


def _pronoun(text: str) -> str:
    words = Counter(tokens(text))
    he, she = sum(words[w] for w in _MALE), sum(words[w] for w in _FEMALE)
    return "he" if he > 2 * she else "she" if she > 2 * he else ""


def _indexed(names: list[Name]) -> Names:
    declared: dict[tuple[str, ...], tuple[Name, bool]] = {}
    parts: dict[str, set[str]] = defaultdict(set)
    by_id = {name.id: name for name in names}
    for name in names:
        for written in (name.name, *name.aliases):
            form = _form(written)
            if form:
                declared.setdefault(form, (name, _ordinary(form)))
        if name.kind == "character":
            for part in _parts(_form(name.name)):
                parts[part].add(name.id)
    for part, ids in parts.items():
        if len(ids) == 1:
            declared.setdefault((part,), (by_id[next(iter(ids))], part in COMMON))
    forms: dict[str, list[_Form]] = defaultdict(list)
    for form, (name, exact) in declared.items():
        forms[form[0]].append((form, name, exact))
    return Names(tuple(names), {k: tuple(sorted(v, key=lambda f: -len(f[0]))) for k, v in forms.items()})


def _form(written: str) -> tuple[str, ...]:
    """The words a name is matched by; a leading article is not one of them."""
    words = tuple(_fold(m.group()) for m in TOKEN.finditer(written))
    return words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words


def _ordinary(form: tuple[str, ...]) -> bool:
    """A name that is also an everyday word (Will, May, Hope) is matched only with its capital."""
    return len(form) == 1 and form[0] in COMMON


def _parts(form: tuple[str, ...]) -> tuple[str, ...]:
    """First and last name of a character of several words, titles and particles left out."""
    words = [w for w in form if w not in TITLES and not is_cjk(w)]
    if len(form) < 2 or not words:
        return ()
    return tuple(w for w in {words[0], words[-1]} if len(w) > 1)


_CAP = rf"[{UPPER}][^\W_{CJK}]*(?:['’\-][^\W\d_]+)*"
_SPAN = re.compile(rf"{_CAP}(?:\s(?:(?:of|the|de|da|van|von|la|le|du|del|and the)\s){{0,2}}{_CAP})*")
_HEADING = re.compile(r"^\s*(?:INT|EXT|EST|I/E)[./ ]+(?:EXT[./ ]+)?(?P<place>.+?)(?:(?<!\s)\s++[-–—]\s+.*)?$")
_CUE = re.compile(rf"^\s*(?P<name>[{UPPER}][^{LOWER}{CJK}\n:.!?]{{1,30}}?)\s*+(?:\([^)]*\)\s*+)?\^?:?\s*+$")
_LABEL = re.compile(r"^\s*(?:\*\*)?(?P<name>[^\W\d_][^\n:*]{0,30}?)(?:\*\*)?\s*:(?:\*\*)?\s")
_TRANSITION = re.compile(r"^\s*(?:>\s*)?(?:FADE|CUT|DISSOLVE|SMASH|MATCH|THE END|END|TITLE|BLACK|ACT|SCENE)\b")
_NUMBERED = re.compile(r"\s*\d+[.)]\s*")
_HAILED = FUNCTION | {"dear", "hello", "hey", "hi"}
_WESTERN_IN_CJK = re.compile(rf"[{CJK}]{{1,8}}(?:[·・][{CJK}]{{1,8}})+|(?<=《)[^》\n]{{1,20}}(?=》)")


def candidates(text: str, ordinary: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What looks like a proper name in ``text``, in order of first use, each once.

    ``ordinary`` holds casefolded words known to be everyday words here (those seen in lower case
    in the passages, say); a lone capitalised word that is one of them, or that stands in lower case
    elsewhere in ``text``, is no name. Markdown headings are skipped: their capitals say nothing.
    """
    lower = ordinary | {m.group() for m in TOKEN.finditer(text) if m.group().islower()}
    seen: dict[str, str] = {}
    for line in text.splitlines():
        for name in _in_line(line, lower):
            seen.setdefault(name.casefold(), name)
    return tuple(seen.values())


def _in_line(line: str, lower: frozenset[str] | set[str]) -> Iterator[str]:
    if line.lstrip().startswith(("#", "[[")) or _TRANSITION.match(line):
        return
    if heading := _HEADING.match(line):
        yield heading["place"].strip(" .").title()
        return
    if cue := _CUE.match(line):
        name = cue["name"].strip()
        if len(name.split()) < 4 and _fold(name) not in COMMON:
            yield name.title()
        return
    if label := _LABEL.match(line):
        name = label["name"].strip()
        if name[:1].isupper() and len(name.split()) < 4 and not _plain(name, lower):
            yield name.title() if name.isupper() else name
        line = line[label.end() :]
    item = _NUMBERED.match(line)
    begins = item.end() if item else 0
    for match in _SPAN.finditer(line):
        if name := _trim(match.group(), _opens(line, match.start(), begins), lower):
            yield name
    yield from (m.group() for m in _WESTERN_IN_CJK.finditer(line))


def _opens(line: str, at: int, begins: int) -> bool:
    """Whether the word at ``at`` begins a sentence, a quotation or a list item, whose text ``begins`` there."""
    before = at
    while before and line[before - 1].isspace():
        before -= 1
    return not before or line[before - 1] in ".!?…:\"“”‘'«([*-–—_>。！？「" or at == begins


def _plain(word: str, lower: frozenset[str] | set[str]) -> bool:
    folded = _fold(word)
    return (
        folded in COMMON or not lower.isdisjoint((folded, word.casefold())) or all(w in COMMON for w in folded.split())
    )


def _trim(span: str, opens: bool, lower: frozenset[str] | set[str]) -> str:
    """A capitalised span without the everyday words around it; empty where nothing is left."""
    words = span.split()
    first, last = 0, len(words)
    while first < last and _fold(words[first]) in _HAILED:
        first, opens = first + 1, False
    if opens and last - first > 1 and _plain(words[first], lower):
        first += 1
    while first < last and _fold(words[last - 1]) in FUNCTION:
        last -= 1
    words = words[first:last]
    if not words or all(_fold(w) in COMMON for w in words):
        return ""
    name = re.sub(r"['’]s$", "", " ".join(words))
    if len(words) == 1:
        if _plain(name, lower) or len(name) < 2 or (name.isupper() and len(name) < 5):
            return ""
        if opens and re.search(r"(?:ly|ing|ed|ness|tion)$", name):
            return ""
    return name
