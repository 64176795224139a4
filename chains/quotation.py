"""Quotation: what can be said to a message without a model: what canon or the talk says to a question, and the few
sentences of our own.

Knows nothing of models, of how passages were found, or of platforms.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chains.asking import NOTED, Told, goes_on, greets, is_question, muses, notes, of_the_talk, thanks, wonders
from chains.evidence import LIKELY, Source, answer, covers, turned
from chains.lasting import only_lasting
from chains.names import Name, Names
from chains.prompt import Cited
from chains.statements import statements

GREETING = "Hello. Ask what canon says, or tell me what to write: a scene, a plot, a song."
WELCOME = "Gladly. Say what comes next."
UNDERSTOOD = "Understood."
NOTHING = "Canon does not say anything about that yet."
UNSURE = "Canon does not say that in so many words. The nearest there is:"
UNKNOWN = "Canon does not say: this show has none yet. Tell me, or ask for ideas."
NOTHING_YET = "There is no page to go on from yet. Say what to write: a scene, a plot, a song."
NOWHERE = "Nothing was found about that. Tell me, or ask for ideas."
SAID = "Said in this talk, not in canon:"
WRITTEN = "From a page of this talk, not in canon:"
INTRODUCTION = f"I am Dramaturg, a co-writer. {GREETING.removeprefix('Hello. ')} `/help` lists the rest."
_HOLDS = re.compile(
    r"\b(?:is|was|has been) the ((?:[a-z][\w'’-]*\s)?[a-z][\w'’-]*)(?=\s+(?:of|at|on|in|for|and)\b|[.,;])"
)
_SURE = 0.6  # the share from which what was said in the talk itself answers a question


@dataclass(frozen=True, slots=True)
class Quotation:
    """What is said to a message without a model; ``text`` is empty where a model has to write. ``preface`` are
    words of ours before it, ``recalled`` says that it was said in the talk and is not canon, ``source`` is the number of
    the passage it stands in."""

    text: str = ""
    preface: str = ""
    recalled: bool = False
    source: int = 0


def quote(request: str, meaning: str, passages: Sequence[Cited], told: Sequence[Told], names: Names) -> Quotation:
    """What canon or a source itself says to a question, or else what was said in the talk: ``told``, whatever of it is
    among the ``passages``. ``names`` are the canon's."""
    if text := courtesy(request):
        return Quotation(text)
    if goes_on(request) and not muses(request):
        return Quotation(NOTHING_YET)
    if notes(request):
        return Quotation(" ".join(request.split()), NOTED, recalled=True)
    if not is_question(request) or muses(request):
        return Quotation()
    asked = meaning or request
    learned = [passage for passage in passages if passage.origin != "turn"]
    canon, scores = [(p.title, p.names, p.text) for p in learned], [p.score for p in learned]
    found = answer(asked, canon, scores, lambda text: _people(text, names))
    plainly = _plainly(asked, learned, names)
    settled = _recalled(asked, (), told, plainly, about) if (about := of_the_talk(asked)) else None
    recalled = settled or _recalled(asked, canon, told, plainly)
    recalled = recalled or (_recalled(request, canon, told, plainly) if meaning else None)
    if recalled and not (
        found and not settled and _as_good(found.turned, *map(plainly, (found.text, recalled.text, asked)))
    ):
        return Quotation(" ".join(recalled.text.split()), WRITTEN if recalled.ours else SAID, recalled=True)
    if found is None:
        return Quotation(NOTHING if passages else NOWHERE if names.all else UNKNOWN)
    when = learned[found.passage].holds
    return Quotation(
        " ".join((*found.text.split(), f"({when})" if when else "")).strip(),
        "" if found.share >= LIKELY and not found.turned else UNSURE,
        source=learned[found.passage].n,
    )


def courtesy(request: str) -> str:
    """Our own words to a greeting, to thanks, to who asks what this is, and to a wish for later; "" to all else."""
    if greets(request):
        return GREETING
    if wonders(request):
        return INTRODUCTION
    if thanks(request):
        return WELCOME
    return UNDERSTOOD if only_lasting(request) else ""


def _plainly(asked: str, passages: Sequence[Cited], names: Names) -> Callable[[str], str]:
    """Gives whom or what is asked of one form in a text, whichever of its names stands there, or its office."""
    offices = _offices(passages, names)
    meant = [name for office, name in offices.items() if re.search(rf"\b{re.escape(office)}\b", asked, re.IGNORECASE)]
    known = {name.id: name.name for name in (*names.within(asked), *meant)}
    held = {office: name.name for office, name in offices.items() if name.id in known}
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, held))})\b", re.IGNORECASE) if held else None

    def plainly(text: str) -> str:
        text = pattern.sub(lambda match: held[match[0].casefold()], text) if pattern else text
        for mention in reversed(names.find(text)):
            if mention.name.id in known:
                text = text[: mention.start] + known[mention.name.id] + text[mention.end :]
        return text

    return plainly if known else str


def _offices(passages: Sequence[Cited], names: Names) -> dict[str, Name]:
    """Who is *the mayor*: what canon says that a character is, and no other of them."""
    held = [
        (f"the {match[1].casefold()}", first.name)
        for passage in passages
        if passage.kind == "character"
        for one in statements(passage.text)
        if (match := _HOLDS.search(one.text)) and (first := next(iter(names.find(one.text)), None)) and not first.start
    ]
    return {office: name for office, name in held if {name} == {who for what, who in held if what == office}}


def _people(text: str, names: Names) -> frozenset[str]:
    return frozenset(name.id for name in names.within(text) if name.kind == "character")


def _as_good(of_another: bool, canon: str, recalled: str, asked: str) -> bool:
    """Whether canon speaks of all that is asked, and no less than what was said in the talk; not ``of_another``."""
    if of_another and not turned(recalled, asked):
        return False
    whole = covers(canon, asked, whole=True)
    return whole or (covers(canon, asked) and not covers(recalled, asked, whole=True))


def _recalled(
    asked: str, canon: Sequence[Source], told: Sequence[Told], plainly: Callable[[str], str], about: str = ""
) -> Told | None:
    """What of the talk answers a question better than canon does, where something plainly does: what people said
    rather than what a page made of it. ``plainly`` gives each name one form; ``about`` is what must be spoken of, ""
    for all that is asked."""
    told = sorted(told, key=lambda one: one.ours)
    sources = [*canon, *(("", (), one.text) for one in told)]
    found = answer(plainly(asked), sources, [0.0] * len(sources), plainly=plainly)
    if found is None or found.passage < len(canon):
        return None
    plain = found.share >= _SURE or covers(plainly(found.text), plainly(about or asked))
    return Told(found.text, told[found.passage - len(canon)].ours) if plain else None
