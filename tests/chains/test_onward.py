"""Where a page ends that another goes on from, and what of its form goes on."""

import pytest

from chains.formats.load import load_formats
from chains.onward import Begun, begun, ending

FORMATS = load_formats().named


@pytest.mark.parametrize(
    ("form", "page", "found"),
    [
        ("lyrics", "**Verse 1**\nA\nB\nC\nD\n\n**Chorus**\nOh\nYes\n\n**Verse 2**\nE\nF\nG\nH", Begun(2, {"hook": "Oh", "refrain": "Yes"})),
        ("quest", "**Giver:** Ida\n**Steps**\n1. Go.\n2. Look.\n\n**Reward:** Tea.", Begun(2)),
        ("vfx", "**Shot 3:** INT. SQUARE - DAY\nWe see it.", Begun(3)),
        ("lyrics", "A song that somebody wrote by hand", Begun()),
        ("dialogue", "**INT. SQUARE - DAY**\n\n**IDA**\nYes.", Begun()),
        ("lyrics", "", Begun()),
    ],
)  # fmt: skip
def test_what_a_page_has_of_its_form_is_read_from_its_lines(form: str, page: str, found: Begun) -> None:
    skeleton = FORMATS[form].skeleton
    assert skeleton is not None
    assert begun(skeleton, page) == found


def test_a_page_ends_with_whole_lines_as_far_as_there_is_room() -> None:
    assert ending("one\ntwo\nthree\n", 9) == "two\nthree"
    assert ending("a line that is long", 9) == "t is long"
    assert ending("", 9) == ""
