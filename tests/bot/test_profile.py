"""Lasting preferences through the desk: noticed, proposed, agreed to, heeded, forgotten."""

from typing import Any

WISH = "We never use voice-over."


def offered(stage: Any, label: str) -> str:
    found: str = next(offer.ref for offer in stage.offers if offer.label == label)
    return found


async def test_a_wish_is_proposed_and_heeded_only_after_somebody_agrees(desk: Any) -> None:
    stage = await desk.say(f"{WISH} Write a scene.")
    assert WISH in stage.notes
    assert "Always:" not in (await desk.say("Another scene.")).text
    agreed = await desk.do(f"/remember {offered(stage, 'In this room')}")
    assert agreed.text == f"From now on, in this room: {WISH}"
    assert f"Always: {WISH}" in (await desk.say("A third scene.")).text


async def test_a_wish_that_was_turned_down_is_not_proposed_again(desk: Any) -> None:
    stage = await desk.say(WISH)
    await desk.do(f"/remember {offered(stage, 'Only this once')}")
    again = await desk.say(WISH)
    assert not [offer for offer in again.offers if offer.action == "remember"]
    assert "Nothing is remembered" in (await desk.do("/remember")).text


async def test_a_further_take_heeds_what_was_agreed_since(desk: Any) -> None:
    await desk.say("A scene.")
    await desk.do("/remember mine: Short lines.")
    assert "Always: Short lines." in (await desk.do("/again")).text


async def test_what_is_remembered_is_listed_by_number_and_forgotten_by_it(desk: Any) -> None:
    await desk.do(f"/remember {WISH}")
    await desk.do("/remember mine: Short lines.")
    assert (await desk.do("/remember")).text.splitlines()[2:] == [f"1. {WISH}", "2. Short lines. *(yours)*"]
    assert (await desk.do("/remember forget 1")).text == f"Forgotten: {WISH}"
    assert (await desk.do("/remember")).text.splitlines()[2:] == ["1. Short lines. *(yours)*"]
    assert "lists what is" in (await desk.do("/remember forget 7")).fails[0]
