"""Discord's dialect: text that can ping nobody and hides no link, small print, and a page in messages.

Pure functions; knows nothing of the gateway, of requests or of events.
"""

import re
from collections.abc import Collection, Sequence

from bot.events import Cite
from bot.render.links import unlinked
from bot.render.paging import split
from bot.render.safe import clean, line

MESSAGE, PART = 2000, 1900
"""Characters a message may hold, and how many of a page we put into one."""

LABEL, NAME = 80, 90
_JOINER = "\u2060"
_ACTS = re.compile(
    r"<(?=[@#]|/\w|id:)"  # people, roles, channels, commands, places
    r"|@(?=everyone\b|here\b)"
    r"|\](?=\()",  # a link in other words
    re.IGNORECASE,
)
_MARKS = re.compile(r"([\\*_~|`>\[\]#])")
_ENTITY = re.compile(r"<(?P<sort>@[!&]?|#)(?P<id>\d{1,20})>")
_EMOJI = re.compile(r"<a?(:\w{1,32}:)\d{1,20}>")


def quiet(text: str) -> str:
    """``text`` clean, and in it nothing that Discord would make act: it names nobody, and a link shows
    where it leads."""
    return _ACTS.sub(lambda found: found[0] + _JOINER, clean(text))


def flat(text: str) -> str:
    """``text`` on one line in which no character marks anything up: a name, a title."""
    return _ACTS.sub(lambda found: found[0] + _JOINER, _MARKS.sub(r"\\\1", line(text)))


def small(text: str) -> str:
    """``text`` as small print, each of its lines."""
    return "\n".join(f"-# {row.strip()}" for row in quiet(text).split("\n") if row.strip())


def title(text: str) -> str:
    """What a thread that begins with ``text`` is called."""
    words = line(text)
    if len(words) > NAME:
        words = words[: NAME - 1].rsplit(" ", 1)[0] + "…"
    return words or "A story"


def citations(cites: Sequence[Cite]) -> str:
    """The sources on one line of small print."""
    return small(" · ".join(f"\\[{cite.n}] {flat(cite.title)[:120]}" for cite in cites)) if cites else ""


def pages(text: str, foot: Sequence[str] = (), hosts: Collection[str] = ()) -> list[str]:
    """``text`` and what stands under it as messages; the last one has the foot, where it fits. Links lead
    only to ``hosts``."""
    calm = unlinked(quiet(text), hosts)
    parts = [shown for part in split(calm.strip(), PART) if (shown := part.text.strip())]
    below = unlinked("\n".join(row for row in foot if row), hosts)
    if not below:
        return parts
    if parts and len(parts[-1]) + len(below) < MESSAGE:
        return [*parts[:-1], f"{parts[-1]}\n{below}"]
    return [*parts, *(part.text for part in split(below, PART))]


def named(text: str, names: dict[str, str]) -> str:
    """What a person wrote, with names where Discord has ids. ``names`` has people as ``@1``, roles as
    ``@&2`` and channels as ``#3``."""

    def shown(found: re.Match[str]) -> str:
        key = found["sort"].replace("!", "") + found["id"]
        return found["sort"][0] + names.get(key, found["id"])

    return _EMOJI.sub(r"\1", _ENTITY.sub(shown, text))
