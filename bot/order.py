"""Order: what a message wants written: in which form, about what, and how the page before it should change.

In a chat somebody may order a song: then this page is one. *Make it darker* says nothing of what the page is about:
that was said before. Knows nothing of models, of what is looked up or of how it is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chains import Format, is_question, muses, ordered, revises, unmarked
from memory import Conversation, Turn

CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Order:
    """A page of the format ``form`` about ``request``. ``sought`` is what to look up for it. ``steer`` says how
    ``previous``, the page before, should change; both are empty where it should not."""

    form: str
    request: str
    sought: str
    steer: str = ""
    previous: str = ""


def order(said: str, talk: Conversation, formats: Mapping[str, Format]) -> Order:
    """What ``said`` wants after the talk. A form that was chosen for the thread is always the page's."""
    chosen = talk.thread.format
    pages = _pages(talk) if revises(said, _steers(formats)) else []
    begun = next((turn for turn in pages if not revises(turn.text, _steers(formats))), None)
    if begun is None:
        nouns = {name: form.nouns for name, form in formats.items() if name != CHAT}
        return Order((ordered(said, nouns) or CHAT) if chosen == CHAT else chosen, said, said)
    previous = pages[0].take.text if pages[0].take else ""
    form = begun.format if chosen == CHAT else chosen
    return Order(form, begun.text, f"{begun.text}\n{said}", said, unmarked(previous))


def _pages(talk: Conversation) -> list[Turn]:
    """The turns that were written and did not only answer a question, the latest first."""
    return [
        turn
        for turn in reversed(talk.window)
        if turn.take is not None
        and turn.take.text
        and not (turn.format == CHAT and is_question(turn.text) and not muses(turn.text))
    ]


def _steers(formats: Mapping[str, Format]) -> frozenset[str]:
    return frozenset(steer for form in formats.values() for steer in form.steers)
