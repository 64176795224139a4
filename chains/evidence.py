"""Evidence: which sentences of the passages bear on a question.

Counting words, no model: rare words weigh more, a passage's title and names count a little for each
of its sentences. Knows nothing of prompts, search or storage.
"""

import math
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from chains.names import candidates
from chains.statements import Statement, statements
from chains.words import COMMON, content, spans, stem, tokens

_TITLE = 0.6  # weight of a word that only the passage's title or names have
_REPLIES = 0.8  # and of one that only the question has which a sentence replies to
_IDENTIFIES = re.compile(
    r"\W*(?:(?:so|and|but)\W+)?(?:(?:who|what)(?:['’]s| is| are| was| were)|tell me about"
    r"|(?:wer|was) (?:ist|sind|war|waren)|qu(?:i[eé]n(?:es)?|[eé]) (?:es|son|era|eran|fue)|qui (?:est|sont|était))\b"
    r"|[^？?]{1,40}(?:是谁|是什么人?|是哪位)\W*$",
    re.I,
)
_QUESTION = re.compile(r"[?？][\"”’)」』*]*\s*$")  # it answers none
_LABEL = re.compile(r"\s*[^\s:：][^\n:：]{0,40}[:：]\s")  # who says a line of a chat
_WHO = re.compile(
    r"\W*(?:(?:so|and|but)\W+)?(?:by\s+|to\s+|with\s+|for\s+)?who(?:m|se)?\b|\W*(?:wer|wem|wen|qui[eé]n(?:es)?|qui)\b|[^？?]{0,40}(?:谁|誰)",
    re.I,
)
_SOMEBODY, _BEHIND = 0.1, 0.06  # of a rank, what naming somebody is worth to who asks *who*, or doing it in the next
_TURNED = 0.1  # of a rank, what it costs to say of somebody else what is asked
_ASKED_OF = re.compile(
    r"^\W*+\w++.*?\b(?:is|are|was|were|does|do|did|has|have|had|can|will)\s+(?!\S+['’]s\b)(.+)", re.I | re.S
)
_TRUST = 0.3  # how much of a sentence's weight is what the search thought of its passage
_READ = 2048  # sentences and passages that are remembered as they were read: the next question asks the same

LIKELY = 0.4
"""The share from which a sentence can be taken for an answer. On the example show's questions all that
canon cannot answer stay below it, and nine in ten of those it can answer reach it."""


# What a question asks by and a passage may say: too common to be about anything, not too common to count.
_LIGHT = frozenset(
    """come comes get gets go goes going keep keeps kept last lasts made make makes take takes took taken
    name names named call calls called""".split()  # noqa: SIM905
)
_LIGHTLY = 0.4
# What one asks by in other languages, without accents; none of it is an English word.
_ASKING = frozenset(
    """wer wem wessen wie wo wann warum wieso weshalb woher wohin womit wofur wovor woran worauf wogegen welche welcher
    welches welchen welchem ist sind wird werden wurde wurden quien quienes que cuando donde adonde cual cuales cuanto
    cuanta cuantos cuantas qui quoi quel quelle quels quelles quand combien pourquoi""".split()  # noqa: SIM905
)
_ASKED_BY = re.compile(
    r"什么(?:时候|时间)?|为什么|怎么样?|怎样|如何|多少|多久|多(?=[重长高大远深])|哪[里儿个些]?|几|谁|是否|吗|呢"
    r"|どこ|いつ|誰|なぜ|いくつ|どう"
)
_NAMED = 1.6
_PRONOUN = re.compile(
    r"(?:(?:he|she|it|they|his|her|hers|its|their|theirs|this|these|that|those|er|sie|es|sein|seine|ihr|ihre"
    r"|él|ella|ellos|ellas|su|sus|il|elle|ils|elles|sa|ses)\b|[他她它])",
    re.IGNORECASE,
)
_BACK = 2  # sentences before one, at most, that are told with it where only they say whom it means

Source = tuple[str, Sequence[str], str]
"""A passage as its title, the names it answers to, and its text."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """The sentence ``text`` of the passage at index ``passage``, its ``at``-th statement. ``share`` says
    how much of what was asked it speaks of, 0..1: words that no passage has count most, so that a question
    without an answer here stays low. ``turned``: it says of somebody else what is asked."""

    passage: int
    text: str
    share: float
    at: int = 0
    turned: bool = False


def answer(
    question: str,
    passages: Sequence[Source],
    scores: Sequence[float],
    people: Callable[[str], Set[str]] | None = None,
    plainly: Callable[[str], str] = str,
) -> Bearing | None:
    """What most likely holds the answer, as one can say it: the sentence that bears on the question most, in
    a passage the search thinks much of (``scores``), with the one that stands right behind it. Where it
    does not say of whom it speaks, the heading or the speaker over it is put before. ``people`` gives whom a text
    names: who asks *who* is answered with somebody, as far as words leave a choice. Passages are
    compared as ``plainly`` reads them."""
    top = max(scores, default=0.0)
    said = [statements(text) for _, _, text in passages]
    identified = [_identifies(question, source) for source in passages]
    whom = people if _WHO.match(question) and not (any(identified) or _asks_of_a_name(question)) else None
    known = whom(question) if whom else frozenset()

    def weighed(rank: float, one: Bearing) -> float:
        trust = _TRUST * scores[one.passage] / top if top > 0 else 0.0
        somebody = _somebody(said[one.passage], one.at, whom, known) if whom else 0.0
        return rank + trust + somebody - (_TURNED if turned(plainly(one.text), question) else 0.0)

    found = [
        (weighed(rank, one), one)
        for rank, one in _ranked(question, passages, plainly)
        if not _QUESTION.search(one.text)
    ]
    if not found:
        return None
    best = max(found, key=lambda pair: pair[0])[1]
    around = said[best.passage]
    title, names, _ = passages[best.passage]
    called = _content(" ".join((title, *names))) & _content(question)
    first = _opening(around, best.at, called=bool(called))
    told = f"{_subject(around[first], question) or ('' if called else _entry(around[first], title, names))}"
    told += _until(around, first, max(best.at, first + 1))
    if _replies(around, best.at):
        told = f"{around[best.at - 1].text} {told}"
    share = 1.0 if identified[best.passage] else best.share
    return replace(best, text=told, share=share, turned=turned(best.text, question))


def _identifies(question: str, source: Source) -> bool:
    """Whether it is asked who or what that is of which a passage tells: it says so, whatever its words."""
    title, names, _ = source
    return _IDENTIFIES.match(question) is not None and _content(question) <= _content(" ".join((title, *names)))


def _asks_of_a_name(question: str) -> bool:
    return _IDENTIFIES.match(question) is not None and _content(question) <= _content(" ".join(candidates(question)))


def _somebody(said: Sequence[Statement], at: int, people: Callable[[str], Set[str]], known: Set[str]) -> float:
    """What it counts that a sentence names somebody who is not ``known``, or the one behind it does."""
    behind = [one for one in said[at + 1 : at + 2] if one.block == said[at].block]
    return _SOMEBODY if people(said[at].text) - known else _BEHIND if behind and people(behind[0].text) - known else 0.0


def _opening(said: Sequence[Statement], at: int, *, called: bool) -> int:
    """Where an answer begins: with the sentence before where that says whom a *she* or *it* means, and with one
    farther back where neither a heading nor the question, by which they are ``called``, does."""
    if said[at].spoken:
        return at
    back = 1 if called or said[at].about else _BACK
    for first in range(at, max(at - back, 0) - 1, -1):
        if said[first].block != said[at].block:
            break
        if not _PRONOUN.match(said[first].text):
            return first
    return at


def _replies(said: Sequence[Statement], at: int) -> bool:
    """Whether a line of a chat stands behind a question; in a scene who is asked may lie."""
    one, before = said[at], said[at - 1] if at else said[at]
    chat = not one.spoken and _LABEL.match(one.text) is not None
    return chat and _QUESTION.search(before.text) is not None


def _until(said: Sequence[Statement], first: int, last: int) -> str:
    """The sentences from ``first`` to ``last`` of one paragraph, item or speech."""
    return " ".join(one.text for one in said[first : last + 1] if one.block == said[first].block)


def _entry(said: Statement, title: str, names: Sequence[str]) -> str:
    """Whose entry it is, before a *he* that nothing explains; a document's title says of nobody."""
    return f"{title}: " if names and not said.about and _PRONOUN.match(said.text) else ""


def _subject(said: Statement, question: str) -> str:
    if not said.about:
        return ""
    if said.spoken:
        return f"{said.about}: "
    known = set(content(said.about)) & set(content(question))
    return f"{said.about}: " if _PRONOUN.match(said.text) and not known else ""


def covers(text: str, question: str, *, whole: bool = False) -> bool:
    """Whether all that is asked for is spoken of in a text; ``whole``: also what is asked of it, as *called* or *kept*
    is."""
    return _content(question) - (frozenset() if whole else _LIGHT_STEMS) <= _content(text)


def turned(text: str, question: str) -> bool:
    """Whether a text says of somebody else what is asked of a name: *What is Mandate afraid of?*, where Benno is
    afraid of Mandate. There the name comes after all that is asked."""
    subject = _asked_of(question)
    if not subject & {*content(text)}:
        return False
    said = [stem(word) for word in tokens(text)]
    first = {word: at for at, word in reversed(list(enumerate(said)))}
    asked = [first[word] for word in _content(question) - subject - _LIGHT_STEMS if word in first]
    named = [at for at, word in enumerate(said) if word in subject]
    return bool(asked and named) and min(named) > max(asked)


@lru_cache(maxsize=64)
def _asked_of(question: str) -> frozenset[str]:
    """The words of the name that a question asks something of: *What is Mandate ...?*; none where it asks so of no
    name."""
    found = _ASKED_OF.search(question)
    named = (one for one in candidates(question, COMMON) if found and found.group(1).startswith(one))
    return frozenset(_content(next(named, "")))


def bearing(question: str, passages: Sequence[Source]) -> tuple[Bearing, ...]:
    """Sentences of ``passages`` that share a word with ``question``, best first; ties keep the passages'
    order."""
    return tuple(one for _, one in _ranked(question, passages))


def excerpt(question: str, text: str, room: int) -> str:
    """Of ``text`` at most ``room`` characters: the sentence that shares most with ``question``, and what stands
    around it. All of it where it fits."""
    where = spans(text)
    if len(text) <= room or not where:
        return text
    asked = _content(question)
    shared = [len(asked & _content(text[start:end])) for start, end in where]
    first = last = shared.index(max(shared))
    while True:
        wider = [pair for pair in ((first, last + 1), (first - 1, last)) if pair[0] >= 0 and pair[1] < len(where)]
        fits = [(one, other) for one, other in wider if where[other][1] - where[one][0] <= room]
        if not fits:
            break
        first, last = fits[0]
    (start, _), (_, end) = where[first], where[last]
    kept = text[start:end] if end - start <= room else text[start : start + room].rsplit(" ", 1)[0]
    before, after = ("... " if first else ""), (" ..." if start + len(kept) < where[-1][1] else "")
    return f"{before}{kept}{after}"


def _ranked(
    question: str, passages: Sequence[Source], plainly: Callable[[str], str] = str
) -> list[tuple[float, Bearing]]:
    """The same with what each is ranked by: its share, in which whom the question names counts more, and no less
    where only the passage's title or the heading names them."""
    titles = [_content(" ".join((title, *names))) for title, names, _ in passages]
    whole = [words | _content(plainly(text)) for words, (_, _, text) in zip(titles, passages, strict=True)]
    asked = _content(question)
    weight = {w: _weight(w, sum(w in words for words in whole), len(passages)) for w in asked}
    named = _content(" ".join(candidates(question, COMMON)))
    lean = {w: weight[w] * (_NAMED if w in named else 1.0) for w in asked}
    every = max(sum(weight.values()), _weight("", 0, len(passages)))
    out = list[tuple[float, Bearing]]()
    for passage, (_, _, text) in enumerate(passages):
        lines = statements(text)
        for at, said in enumerate(lines):
            own, over = _content(plainly(said.text)), titles[passage] | _content(said.about)
            put = _content(plainly(lines[at - 1].text)) if _replies(lines, at) else frozenset()
            part = dict.fromkeys(asked & over, _TITLE) | dict.fromkeys(asked & put, _REPLIES)
            part |= dict.fromkeys(asked & own, 1.0)
            if part:
                share = sum(weight[w] * part[w] for w in part) / every
                rank = sum(lean[w] * (1.0 if w in named else part[w]) for w in part) / every
                out.append((rank, Bearing(passage, said.text, share, at)))
    return sorted(out, key=lambda pair: (-pair[0], pair[1].passage))


def _weight(word: str, passages: int, of: int) -> float:
    """What a word of the question counts that stands in ``passages`` of so many."""
    return (_LIGHTLY if word in _LIGHT_STEMS else 1.0) * math.log(1 + of / (0.5 + passages))


@lru_cache(maxsize=_READ)
def _content(text: str) -> frozenset[str]:
    """What a text speaks of, without what a question asks by. What has a name is called something."""
    text = _ASKED_BY.sub("的", text)
    found = frozenset((*content(text), *(stem(word) for word in tokens(text) if word in _LIGHT))) - _ASKING
    return found - _NAMING | {_CALLED} if found & _NAMING else found


_LIGHT_STEMS = frozenset(map(stem, _LIGHT))
_CALLED = stem("called")
_NAMING = frozenset(map(stem, ("name", "names", "named")))
