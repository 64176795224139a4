"""Order: what a message wants written: in which form, about what, and what becomes of the page before it.

In a chat somebody may order a song: then this page is one. *Make it darker* and *Go on* say nothing of what the page is
about: that was said before. Knows nothing of models, of what is looked up or of how it is written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.receipts import quoted
from chains import Format, answered, goes_on, muses, ordered, orders, picked, revises, says_how, unmarked
from memory import Conversation, Turn

CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Order:
    """A page of the format ``form`` about ``request``. ``sought`` is what to look up for it. ``steer`` says how
    ``previous``, the page before, should change; both are empty where it should not. ``onward``: the page begins
    where ``previous`` ends; ``steer`` says then how it should be other than the last that did."""

    form: str
    request: str
    sought: str
    steer: str = ""
    previous: str = ""
    onward: bool = False


def order(said: str, talk: Conversation, formats: Mapping[str, Format]) -> Order:
    """What ``said`` wants after the talk. A form that was chosen for the thread is always the page's."""
    chosen, steers = talk.thread.format, frozenset(steer for form in formats.values() for steer in form.steers)
    if goes_on(said) and (pages := _wanted(talk, chosen)):
        begun = _about(pages, steers)
        request = f"{said}\n{begun}" if says_how(said) else begun
        return Order(pages[0].format, request, f"{begun}\n{said}", previous=_so_far(pages, steers), onward=True)
    if revises(said, steers) and (pages := _pages(talk)):
        begun = _about(pages, steers)
        form = pages[0].format if chosen == CHAT else chosen
        went = _went_on(pages, steers)
        if went is not None and form == pages[0].format:
            before = replace(talk, window=tuple(turn for turn in talk.window if turn.depth < pages[went].depth))
            part = order(pages[went].text, before, formats)
            if part.onward and part.form == form:
                return replace(part, sought=f"{part.sought}\n{said}", steer=said)
        return Order(form, begun, f"{begun}\n{said}", said, _text(pages[0]))
    nouns = {name: form.nouns for name, form in formats.items() if name != CHAT}
    form = (ordered(said, nouns) or CHAT) if chosen == CHAT else chosen
    return Order(form, *_meant(said, form, _pages(talk)))


def _meant(said: str, form: str, before: Sequence[Turn]) -> tuple[str, str]:
    """What a page of ``form`` is about, and what to look up for it: with the idea in words that *the second one* on the
    page before it stands for."""
    idea = picked(said, _text(before[0])) if before and not answered(said) else ""
    if not idea:
        return said, said
    return f"{said.rstrip(' .!')} where {idea}" if orders(said) or form != CHAT else idea, f"{said}\n{idea}"


def _pages(talk: Conversation) -> list[Turn]:
    """The turns that were written and did not only answer something, the latest first."""
    return [
        turn
        for turn in reversed(talk.window)
        if _text(turn) and not (turn.format == CHAT and (answered(turn.text) or (turn.take and quoted(turn.take))))
    ]


def _wanted(talk: Conversation, chosen: str) -> list[Turn]:
    """The pages that may be gone on from, the latest first. What somebody said for later use in the page led to one
    as well, but it was not asked for: such a one counts only where there is no other."""
    pages = _pages(talk)
    if chosen != CHAT:
        return [turn for turn in pages if turn.format == chosen]
    asked = [turn for turn in pages if turn.format != CHAT or orders(turn.text) or muses(turn.text)]
    return asked or pages


def _about(pages: Sequence[Turn], steers: Collection[str]) -> str:
    """What the latest page is about, as a turn before it says; what was said in between is of another form."""
    same = [turn for turn in pages if turn.format == pages[0].format]
    begun = next((turn for turn in same if not (goes_on(turn.text) or revises(turn.text, steers))), same[-1])
    return _meant(begun.text, begun.format, pages[pages.index(begun) + 1 :])[0]


def _went_on(pages: Sequence[Turn], steers: Collection[str]) -> int | None:
    """Which of ``pages`` the latest is, changed or not, if that one went on from another."""
    for at, turn in enumerate(pages):
        if turn.format != pages[0].format:
            continue
        if goes_on(turn.text):
            return at
        if not revises(turn.text, steers):
            return None
    return None


def _so_far(pages: Sequence[Turn], steers: Collection[str]) -> str:
    """The latest page, and before it those that it went on from; where one was changed, the changed one."""
    went = _went_on(pages, steers)
    before = pages[went + 1 :] if went is not None else ()
    return "\n\n".join(filter(None, (_so_far(before, steers) if before else "", _text(pages[0]).strip())))


def _text(turn: Turn) -> str:
    return unmarked(turn.take.text) if turn.take else ""
