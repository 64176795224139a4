"""Preferences hold where they were said, for whom they were said, and only once somebody agreed."""

from dataclasses import replace

import pytest

from memory import NotFound, Refused, Status
from memory.store.profile import LIMIT

VOICE = "We never use voice-over."


async def texts(ledger, scope, person="ana"):
    return [one.text for one in await ledger.profile.held(scope, person)]


async def test_what_was_noticed_holds_only_once_the_room_agrees(ledger, scope, show):
    wish = await ledger.profile.propose(scope, VOICE, "ana", "turn-1")
    assert await texts(ledger, scope) == []
    await ledger.profile.decide(scope, wish.id, Status.ACCEPTED, "", "bo")
    assert await texts(ledger, scope, "bo") == [VOICE]


async def test_nobody_is_asked_twice_about_the_same_whatever_they_said(ledger, scope, show):
    wish = await ledger.profile.propose(scope, VOICE, "ana")
    assert await ledger.profile.propose(scope, "we never  use VOICE-OVER.", "ana") is None
    await ledger.profile.decide(scope, wish.id, Status.REJECTED, "", "ana")
    assert await ledger.profile.propose(scope, VOICE, "bo") is None
    assert await texts(ledger, scope) == []


async def test_a_persons_own_holds_for_them_in_every_room_and_for_nobody_else(ledger, scope, show):
    wish = await ledger.profile.propose(scope, "I prefer short lines.", "ana")
    await ledger.profile.decide(scope, wish.id, Status.ACCEPTED, "ana", "ana")
    elsewhere = replace(scope, room="another", thread="")
    assert await texts(ledger, elsewhere) == ["I prefer short lines."]
    assert await texts(ledger, scope, "bo") == []


async def test_no_other_room_tenant_or_platform_ever_sees_them(ledger, scope, show):
    await ledger.profile.keep(scope, "", VOICE, "ana")
    mine = await ledger.profile.keep(scope, "ana", "Short lines.", "ana")
    for other in (replace(scope, tenant="other"), replace(scope, platform="discord")):
        assert await texts(ledger, other) == []
        with pytest.raises(NotFound):
            await ledger.profile.decide(other, mine.id, Status.RETIRED, "ana", "ana")
    assert await texts(ledger, replace(scope, room="another")) == ["Short lines."]


async def test_nobody_makes_the_rooms_word_their_own(ledger, scope, show):
    kept = await ledger.profile.keep(scope, "", VOICE, "ana")
    await ledger.profile.decide(scope, kept.id, Status.ACCEPTED, "bo", "bo")
    assert await texts(ledger, scope, "ana") == [VOICE]


async def test_what_was_forgotten_can_be_said_again(ledger, scope, show):
    kept = await ledger.profile.keep(scope, "", VOICE, "ana")
    await ledger.profile.decide(scope, kept.id, Status.RETIRED, "", "ana")
    assert await texts(ledger, scope) == []
    await ledger.profile.keep(scope, "", VOICE, "bo")
    assert await texts(ledger, scope) == [VOICE]


async def test_there_is_an_end_to_what_a_room_can_ask_for(ledger, scope, show):
    for n in range(LIMIT):
        await ledger.profile.keep(scope, "", f"Rule {n}.", "ana")
    with pytest.raises(Refused, match="forget"):
        await ledger.profile.keep(scope, "", "One more.", "ana")


async def test_what_holds_already_can_be_said_again_however_many_there_are(ledger, scope, show):
    gone = await ledger.profile.keep(scope, "", "Rule 0.", "ana")
    await ledger.profile.decide(scope, gone.id, Status.RETIRED, "", "ana")
    held = [await ledger.profile.keep(scope, "", f"Rule {n}.", "ana") for n in range(1, LIMIT + 1)]
    again = await ledger.profile.keep(scope, "", "rule  3.", "bo")
    assert (again.id, again.who) == (held[2].id, "bo")
    with pytest.raises(Refused, match="forget"):
        await ledger.profile.keep(scope, "", "Rule 0.", "ana")
    assert len(await texts(ledger, scope)) == LIMIT
