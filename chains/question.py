"""Question: what to look up for a message, and what its small words refer to.

The message itself is never changed; what *she*, *there* or *and then?* mean is put into further
phrasings. Knows nothing of search engines, prompts or models.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from chains.format import Format
from chains.names import Mention, Name, Names, candidates
from chains.words import COMMON, FUNCTION, content, tokens
from memory import Conversation, Turn
from vectorstore import Query, Sight

_LOOK_BACK = 4  # turns that a small word may reach over
_READ = 2000  # characters of a message in which small words are looked for
_HEARD = 1200  # characters of a message, and of the end of an answer, in which names are looked for
_SUBJECT = 240  # characters of the last message that a follow-up takes in

_PERSON = ("character",)
_PLACE = ("place", "scene")
_SCENE = ("scene", "event")
_THING = ("thing", "lore", "rule", "event", "place", "scene")

# word -> (kinds it can stand for, pronoun a character must not contradict, at most so many names, possessive)
_REFERS: dict[str, tuple[tuple[str, ...], str, int, bool]] = {
    "she": (_PERSON, "she", 1, False),
    "her": (_PERSON, "she", 1, True),
    "hers": (_PERSON, "she", 1, True),
    "herself": (_PERSON, "she", 1, False),
    "he": (_PERSON, "he", 1, False),
    "him": (_PERSON, "he", 1, False),
    "his": (_PERSON, "he", 1, True),
    "himself": (_PERSON, "he", 1, False),
    "they": (_PERSON, "", 3, False),
    "them": (_PERSON, "", 3, False),
    "their": (_PERSON, "", 3, True),
    "both": (_PERSON, "", 2, False),
    "there": (_PLACE, "", 1, False),
    "here": (_PLACE, "", 1, False),
    "then": (_SCENE, "", 1, False),
    "it": (_THING, "", 1, False),
    "its": (_THING, "", 1, True),
    "她们": (_PERSON, "she", 3, False),
    "他们": (_PERSON, "", 3, False),
    "她": (_PERSON, "she", 1, False),
    "他": (_PERSON, "he", 1, False),
    "它": (_THING, "", 1, False),
    "那里": (_PLACE, "", 1, False),
    "那儿": (_PLACE, "", 1, False),
    "彼女": (_PERSON, "she", 1, False),
    "彼": (_PERSON, "he", 1, False),
    "そこ": (_PLACE, "", 1, False),
}
_SMALL_WORD = re.compile(
    r"\b(?:" + "|".join(w for w in _REFERS if w.isascii()) + r")\b|" + "|".join(w for w in _REFERS if not w.isascii()),
    re.IGNORECASE,
)
# "There is", "it is raining", "here's": the word refers to nothing.
_EMPTY = re.compile(
    r"(?:(?:there|here|it)(?:['’]s|\s+(?:is|are|was|were|be|has been|must|rains?|snows?))"
    r"|it\s+(?:(?:takes?|took|taken|costs?)\s+to|true|possible|likely|(?:rain|snow)ing))\b",
    re.IGNORECASE,
)
# The first *it takes*, once and for all: where no *to* comes after it, none comes after a later one.
_MEASURED = re.compile(
    r"(?>\W*how\s+(?:long|much|many)\b.*?\b(it)\s+(?:takes?|took|taken|costs?)\b)(?=.*\bto\b)", re.I | re.S
)
_DEFINITE = re.compile(r"\b(?:the|that|this)\s+([^\W\d_]{3,})", re.IGNORECASE)
_KIND_NOUNS = {
    "scene": _SCENE, "place": ("place",), "rule": ("rule",), "event": ("event",), "song": ("scene", "thing"),
    "character": _PERSON, "man": _PERSON, "woman": _PERSON, "girl": _PERSON, "boy": _PERSON, "host": _PERSON,
}  # fmt: skip
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|evening|night)|thanks?(?: you)?|thx|cheers|ok(?:ay)?|great|nice|cool|perfect|"
    r"lovely|yes|no|yep|nope|bye|goodbye|你好|谢谢|早上好|こんにちは|ありがとう)"
    r"(?:[\s,]+(?:there|all|everyone|everybody|again|a lot|so much|very much|team|bot|you|one|work|great|nice|thanks?|"
    r"cool|perfect))*\W*$",
    re.IGNORECASE,
)
_FOLLOW = re.compile(
    r"^\W*(?:and|but|so|or|then|why|how so|how come|go on|continue|more|again|another|keep going|next|"
    r"what (?:then|next|else)|who else|where|when|really|darker|lighter|longer|shorter|funnier|sadder|slower|faster|"
    r"(?:make|do) (?:it|that|this)|"
    r"然后|为什么|继续|再|更|それから|なぜ|続け)",
    re.IGNORECASE,
)
_JOINS = re.compile(r"^\W*(?:and|but|so|or|then|(?:what|how) about)\b", re.IGNORECASE)
_IDENTIFIES = re.compile(
    r"^\W*(?:who|what)(?:['’]s|\s+(?:is|are|was|were))\s+"
    r"(?!(?:next|else|that|this|left|wrong|missing|new|up|happening)\b)[^\W\d_]{3,}\W*$",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"^\W*(?:why|where|when)\s+(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\s", re.IGNORECASE
)
_WRITE = re.compile(
    r"\b(?:write|draft|sketch|pitch|compose|rewrite|continue|outline|improvise|scene|dialogue|monologue|verse|song|script)\b"
    r"|写|書いて",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What to look up. ``text`` is the message as it was typed, ``also`` the same with what it refers
    to put in, ``names`` canon names (the message's own first, then those it refers to), ``kinds`` the
    canon kinds to prefer, ``limit`` how many passages are worth fetching."""

    text: str
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    limit: int = 8

    def query(self, sight: Sight, before: int = 0) -> Query:
        """The query for the index; ``before`` as ``Query.before``."""
        return Query(sight, self.text, self.also, self.names, kinds=self.kinds, before=before, limit=self.limit)


def question(message: str, conversation: Conversation, names: Names, format: Format) -> Question:  # noqa: A002
    """What to look up for ``message``, said after the turns of ``conversation.window``."""
    own = names.find(message)
    if not own and _GREETING.match(message):
        return Question(message, limit=2)
    turns = tuple(reversed(conversation.window[-_LOOK_BACK:]))
    writes = format.skeleton is not None or format.name != "chat" or _WRITE.search(message) is not None
    refers = _SMALL_WORD.search(message) or _DEFINITE.search(message)
    recent = _recent(turns, names) if writes or refers else []
    resolved, referred = _resolve(message, own, recent)
    follows = _follows(message, own) and bool(turns)
    also = [resolved] if resolved != message else []
    named = [m.name for m in own] + referred
    if follows:
        also.append(f"{resolved} {_subject(turns)}")
        if not referred:
            named += _subjects(turns[0], names)
    if writes:
        named += _in_play(recent)
    distinct = tuple(dict.fromkeys(n.name for n in named))
    return Question(message, tuple(dict.fromkeys(also)), distinct, format.kinds)


def _recent(turns: tuple[Turn, ...], names: Names) -> list[Name]:
    """Canon names of the latest turns, the likeliest to be referred to first: last turn first; in a
    turn what the person named, then what the answer named most and last."""
    out: dict[str, Name] = {}
    for turn in turns:
        asked = [m.name for m in reversed(names.find(turn.text))]
        told = names.find(turn.take.text[-_HEARD:]) if turn.take else ()
        for name in (*asked, *_ranked(told)):
            out.setdefault(name.id, name)
    return list(out.values())


def _ranked(mentions: tuple[Mention, ...]) -> list[Name]:
    counts = Counter(m.name.id for m in mentions)
    last = {m.name.id: (m.start, m.name) for m in mentions}
    return [last[i][1] for i in sorted(counts, key=lambda i: (-counts[i], -last[i][0]))]


def _resolve(message: str, own: tuple[Mention, ...], recent: list[Name]) -> tuple[str, list[Name]]:
    """The message with names for the small words of its beginning, and the names that were put in."""
    message, rest = message[:_READ], message[_READ:]
    measured = _MEASURED.match(message)
    swaps: list[tuple[int, int, str]] = []
    referred: list[Name] = []
    for match in _SMALL_WORD.finditer(message):
        kinds, pronoun, most, possessive = _REFERS[match.group().casefold()]
        if _refers_to_nothing(message, match.start(), measured) or _at_home(match.start(), own, kinds, pronoun):
            continue
        fitting = [n for n in recent if n.kind in kinds and _fits(n, pronoun)][:most]
        if match.group().casefold() == "then" and not message[match.end() :].strip(" ?!.,"):
            continue  # "and then?" asks what follows, it does not point at a scene
        if fitting:
            swaps.append((match.start(), match.end(), _put(fitting, possessive, message[match.end() :])))
            referred += fitting
    described = lru_cache(maxsize=None)(lambda noun: _described(noun, recent))
    for match in _DEFINITE.finditer(message):
        if any(m.start < match.end() and match.start() < m.end for m in own):
            continue
        if name := described(match.group(1).casefold()):
            swaps.append((match.start(), match.end(), name.name))
            referred.append(name)
    for start, end, put in sorted(swaps, reverse=True):
        message = message[:start] + put + message[end:]
    return message + rest, referred


def _refers_to_nothing(message: str, at: int, measured: "re.Match[str] | None") -> bool:
    """*How long does it take Bram to copy it?*: of the two only the first."""
    return _EMPTY.match(message, at) is not None or (measured is not None and measured.start(1) == at)


def _fits(name: Name, pronoun: str) -> bool:
    return not pronoun or not name.pronoun or name.pronoun == pronoun


def _at_home(start: int, own: tuple[Mention, ...], kinds: tuple[str, ...], pronoun: str) -> bool:
    """Whether the message itself names, before this word, what it can stand for."""
    return any(m.end <= start and m.name.kind in kinds and _fits(m.name, pronoun) for m in own)


def _put(fitting: list[Name], possessive: bool, after: str) -> str:
    names = " and ".join(n.name for n in fitting)
    follows_noun = re.match(r"\s+[^\W\d_]+", after)
    owns = possessive and follows_noun and follows_noun.group().strip().casefold() not in FUNCTION
    return f"{names}'s" if owns else names


def _described(noun: str, recent: list[Name]) -> Name | None:
    """*the captain*: the latest name that has the word in it; *that scene*: the latest of that kind."""
    for name in recent:
        if any(noun in tokens(written) for written in (name.name, *name.aliases)):
            return name
    kinds = _KIND_NOUNS.get(noun, ())
    return next((n for n in recent if n.kind in kinds), None)


def _follows(message: str, own: tuple[Mention, ...]) -> bool:
    """Whether a message cannot be understood without the one before: short, and it names nothing, not even
    what canon does not know. *And Gerald?* goes on; *what is Gerald?* begins anew."""
    words = tokens(message)
    if own or (candidates(message, COMMON) and not _JOINS.match(message)):
        return False
    if (_IDENTIFIES.match(message) or _is_whole(message)) and not _SMALL_WORD.search(message):
        return False
    return len(words) <= 3 or (len(words) <= 8 and _FOLLOW.match(message) is not None)


def _is_whole(message: str) -> bool:
    """Whether a question says itself what it is about: *Why is the hull orange?*, and not *Why not?*"""
    return _WHOLE.match(message) is not None and len(content(message)) > 1


def _subject(turns: tuple[Turn, ...]) -> str:
    """What the talk is about: the latest message that was more than a follow-up itself."""
    for turn in turns:
        if len(tokens(turn.text)) > 3:
            return turn.text[:_SUBJECT]
    return turns[0].text[:_SUBJECT]


def _subjects(turn: Turn, names: Names) -> list[Name]:
    told = names.find(turn.take.text[-_HEARD:]) if turn.take else ()
    return [*names.within(turn.text), *_ranked(told)][:3]


def _in_play(recent: list[Name]) -> list[Name]:
    """The cast (at most four) and the place that are in play."""
    return [n for n in recent if n.kind == "character"][:4] + [n for n in recent if n.kind == "place"][:1]
