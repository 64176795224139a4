"""Ending: what stands under a page, and the reply that ends it. Knows nothing of how the page came about."""

from bot.events import Cite, Fail, Final, Note, Offer, Reply, Stage, Text
from bot.logs import ref
from chains import Format, Page, Written
from memory import BROKEN_OFF, INTERRUPTED, Begun, Preference, Take, TakeStatus, Turn
from vectorstore import Found


def cut_off(take: Take) -> bool:
    """Whether the program ended while it wrote this."""
    return take.status is TakeStatus.WRITING or take.reason in (INTERRUPTED, BROKEN_OFF)


async def shown_before(begun: Begun, stage: Stage) -> Reply:
    """The same event again: what it led to is shown, nothing is written twice."""
    take = begun.turn.take or begun.take
    await stage.show(Text(take.text))
    if take.status is TakeStatus.FAILED:
        await stage.show(Fail(take.reason))
    elif cut_off(take):
        await stage.show(Note("I was restarted in the middle of this answer; what there was of it is kept."))
        await stage.show(Offer("again", "Try again"))
    reply = Reply("complete" if take.status is TakeStatus.COMPLETE else "stopped", begun.turn.id, take.reason)
    await stage.finish(reply)
    return reply


async def finish(
    stage: Stage, turn: Turn, form: Format, written: Written, page: Page, found: Found, wish: Preference | None
) -> Reply:
    """Everything under the page, then the end."""
    if written.finish == "failed":
        return await failed(stage, turn, written.reason)
    if written.finish != "stopped":
        await stage.show(Final(page.text))
        for citation in page.citations:
            await stage.show(Cite(citation.n, citation.title))
        for say in _remarks(page, found):
            await stage.show(Note(say))
        for steer in form.steers if written.usage.generated else ():  # what canon says can be had in no other way
            await stage.show(Offer("again", steer, steer))
    else:
        await stage.show(Offer("again", "Again"))
    if wish is not None:
        await _propose(stage, wish)
    status = {"complete": "complete", "length": "complete"}.get(written.finish, written.finish)
    reply = Reply(status, turn.id, written.reason)  # type: ignore[arg-type]
    await stage.finish(reply)
    return reply


async def _propose(stage: Stage, wish: Preference) -> None:
    """Noticed is not yet agreed: the room says whether it holds."""
    await stage.show(Note(f"Should every page heed this? “{wish.text}”"))
    for verdict, label in (("yes", "In this room"), ("mine", "For me"), ("no", "Only this once")):
        await stage.show(Offer("remember", label, f"{verdict} {wish.id}"))


async def failed(stage: Stage, turn: Turn, reason: str) -> Reply:
    await stage.show(Fail(reason, ref()))
    await stage.show(Offer("again", "Try again"))
    reply = Reply("failed", turn.id, reason)
    await stage.finish(reply)
    return reply


def _remarks(page: Page, found: Found) -> list[str]:
    fresh = [f"New, not in canon: {', '.join(page.fresh)}."] if page.fresh else []
    trouble = [found.trouble] if found.trouble else []
    return [*trouble, *fresh, *(remark.text for remark in page.remarks)]
