"""Onward: where a page ends that another one goes on from, and what of its form goes on, too.

Reads the page's lines by the skeleton they were written from. Knows nothing of models, canon or platforms.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chains.format import Skeleton

NUMBER = "{n}"
_LINE = 1000  # characters of a line of a page that may be one of a skeleton
_BLANK = re.compile(r"<(\w+)>|(\{\w+\})")


@dataclass(frozen=True, slots=True)
class Begun:
    """``blocks`` of the skeleton that the page counts, and what its ``kept`` slots hold, as a chorus is."""

    blocks: int = 0
    kept: Mapping[str, str] = field(default_factory=dict)


def begun(skeleton: Skeleton, page: str) -> Begun:
    """What there is of a skeleton in a page; nothing where the page has another form."""
    kept = {slot.name for slot in skeleton.slots if slot.kept}
    blocks, held, lines = 0, dict[str, str](), page.splitlines()
    for line in skeleton.block:
        pattern, names = _pattern(line.show)
        short = ((at, text) for at, text in enumerate(lines) if len(text) <= _LINE)
        found = [(at, match.groups()) for at, text in short if (match := pattern.fullmatch(text))]
        if NUMBER in names:
            blocks = max([blocks, *(int(groups[names.index(NUMBER)]) for _, groups in found)])
        if found:  # the lines of a block stand in their order
            at, groups = found[0]
            held |= {name: text for name, text in zip(names, groups, strict=True) if name in kept}
            lines = lines[at + 1 :]
    return Begun(blocks, held)


def ending(page: str, most: int) -> str:
    """The last whole lines of a page, of at most ``most`` characters, and no less than the last one."""
    kept = list[str]()
    for line in reversed(page.strip().splitlines()):
        if kept and sum(map(len, kept)) + len(kept) + len(line) > most:
            break
        kept.append(line)
    return "\n".join(reversed(kept)).strip()[-most:]


def _pattern(show: str) -> tuple[re.Pattern[str], list[str]]:
    """A line as it may stand in a page, and what its groups are: slots, variables in braces."""
    parts, past, names = list[str](), 0, list[str]()
    for blank in _BLANK.finditer(show):
        names.append(blank[1] or blank[2])
        parts += [re.escape(show[past : blank.start()]), r"(\d{1,4})" if names[-1] == NUMBER else "(.+?)"]
        past = blank.end()
    return re.compile("".join((*parts, re.escape(show[past:])))), names
