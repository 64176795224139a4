"""What is read back of a page from its receipts."""

from typing import Any

import pytest

from bot.receipts import quoted, told
from memory import Take, TakeStatus

SAID = "Said in this talk, not in canon:\nThe dog is called Biscuit. [1]"


def take(receipts: dict[str, Any]) -> Take:
    return Take("a", "t", 1, SAID, TakeStatus.COMPLETE, receipts=receipts)


@pytest.mark.parametrize(
    ("receipts", "page"),
    [
        ({"recalled": True, "preface": "Said in this talk, not in canon:"}, "The dog is called Biscuit."),
        ({"recalled": True}, "The dog is called Biscuit."),  # as an earlier version kept it
        ({"recalled": False, "preface": ""}, "Said in this talk, not in canon:\nThe dog is called Biscuit."),
        ({}, "Said in this talk, not in canon:\nThe dog is called Biscuit."),
    ],
)
def test_a_page_tells_what_stands_after_its_preface_and_its_words_are_not_guessed_at(
    receipts: dict[str, Any], page: str
) -> None:
    assert told(take(receipts)) == page


def test_what_no_model_wrote_is_known_and_what_was_written_by_hand_is_none_of_it() -> None:
    assert quoted(take({"tokens": {"written": 0}}))
    assert not quoted(take({"tokens": {"written": 9}}))
    assert not quoted(take({"quoted": False, "tokens": {"written": 0}}))  # some services do not count
    assert not quoted(take({"edited": {"name": "Eva"}}))
