"""The writing: does canon reach the page, and is the page somebody's own?

Measures without a judge, each beside no passages, passages at random and the right ones where that makes sense, with
what 95 % of its means are when whole groups are drawn anew. docs/measuring.md says what each figure is.
"""

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench import writing_likely as likely
from bench.form import read_show
from bench.measure import arguments, give
from bench.room import BUNDLED, Watched, example, open_room, settings, silent
from bench.writing_changed import asked, changed_show, changes, compared, formed, say
from bench.writing_contexts import CONTEXTS, NONE, OURS, Contexts
from bench.writing_facts import Facts
from bench.writing_figures import Figures, figures, joined, result, shown
from bench.writing_origin import answered, attribution, originality
from bench.writing_pages import diversity, drafts, left_alone
from bot.app import App, Conversing
from bot.shows import EXAMPLE, choose_show
from memory import Entry, Show

BIBLE = "Its bible alone"
CHANGED = "The same, changed"


@dataclass(frozen=True, slots=True)
class Place:
    """The product, open, with the example show learned."""

    args: Namespace
    app: App
    room: Conversing
    writer: Watched
    show: Show
    entries: Sequence[Entry]
    home: Path

    @property
    def contexts(self) -> Contexts:
        names = (NONE, OURS) if self.args.no_peers else CONTEXTS
        return Contexts(self.app, self.writer, self.show, self.entries, names)

    async def learned(self, name: str, paths: Sequence[Path]) -> "Place":
        """The same with another show, which the room works on from now on."""
        show = await choose_show(self.app, name)
        await self.app.learning.learn(show, paths, "bench", silent)
        entries = await self.app.ledger.canon.listing(show.tenant, show.id)
        return replace(self, show=show, entries=entries)


async def pairs(place: Place) -> Figures:
    return await likely.pairs(place.contexts, place.writer, place.entries, place.args.most)


async def changed(place: Place) -> Figures:
    made = changes(asked(), Facts(place.entries))
    before, forms = await say(place.room, made, new=False), await formed(place.room)
    other = await place.learned(CHANGED, [changed_show(place.home / "changed", made)])
    after, forms_after = await say(place.room, made, new=True), await formed(place.room)
    neutral = await likely.neutral(other.contexts, place.writer)
    valid = [
        {"valid": after["valid"], "unchanged_valid": one["valid"]}
        for one, after in zip(forms, forms_after, strict=True)
    ]
    pages = figures("neutral.pages", valid, [str(at) for at in range(len(valid))])
    return joined([compared(made, before, after), neutral, pages])


async def uplift(place: Place) -> Figures:
    most = place.args.most
    answers = await likely.answers(place.contexts, place.writer, place.entries, most)
    only = await place.learned(BIBLE, [example() / "bible", example() / "show.md"])
    lines = await likely.lines(only.contexts, place.writer, only.entries, most)
    return joined([answers, lines])


async def pages(place: Place) -> Figures:
    names = (await place.app.lore(place.show)).names
    every = await drafts(place.room, read_show(example() / "bible"), place.args.requests, place.args.takes)
    first = [one.takes[0] for one in every]
    alone = [] if place.args.no_peers else [await left_alone(place.contexts, one) for one in every]
    return joined([diversity(every, alone), originality(every), attribution("pages", first, names)])


async def facts(place: Place) -> Figures:
    names = (await place.app.lore(place.show)).names
    return attribution("answers", await answered(place.room, asked()), names)


MEASURES: dict[str, tuple[str, Callable[[Place], Awaitable[Figures]]]] = {
    "pairs": ("is what canon says likelier than the same with another name or number?", pairs),
    "changed": ("does a page say what a changed canon says, and is what is in no show left as it was?", changed),
    "uplift": ("bits a token that canon saves in what depends on it", uplift),
    "pages": ("do takes differ, do pages copy, do citations hold?", pages),
    "facts": ("does what answers state stand in a passage, and do their citations hold?", facts),
}


async def measure(args: Namespace) -> Figures:
    every = list[Figures]()
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, room, writer, show = await open_room(stack, settings(home / "home", args.writer, cache=args.cache))
        if not writer.card.choose:
            raise SystemExit(f"{args.writer} gives no likelihoods: take a local writer.")
        entries = await app.ledger.canon.listing(show.tenant, show.id)
        place = Place(args, app, room, writer, show, entries, home)
        for name in args.only or MEASURES:
            await choose_show(app, EXAMPLE)
            every.append(await MEASURES[name][1](place))
    return joined(every)


def main(argv: Sequence[str]) -> int:
    parser = arguments("writing", __doc__)
    about = "; ".join(f"{name}: {text}" for name, (text, _) in MEASURES.items())
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"only these ({about})")
    parser.add_argument(
        "--most", type=int, default=20, help="pairs, answers and lines that are scored, of each so many"
    )
    parser.add_argument("--requests", type=int, default=2, help="requests for each format")
    parser.add_argument("--takes", type=int, default=3, help="takes of each request")
    parser.add_argument("--writer", default=BUNDLED)
    parser.add_argument("--cache", default="", help="where prepared models are kept; the user's cache if not given")
    parser.add_argument("--cases", action="store_true", help="print what came out badly, and each request's takes")
    args = parser.parse_args(argv)
    told = asyncio.run(measure(args))
    found = result(f"the example show, {args.writer}", told)
    status = give(found, args, shown(found))
    if args.cases:
        print("", *told.notes, sep="\n")
    return status
