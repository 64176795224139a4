"""The form of a page, before any model is asked."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from chains.format import Skeleton
from chains.formats.load import load_formats
from chains.material import Material, gather
from chains.plan import outline, plan, put
from chains.prompt import Cited

FORMATS = load_formats().named
PASSAGES = tuple(Cited(**row) for row in json.loads(Path(__file__).with_name("clock.json").read_text(encoding="utf-8")))


def of(name: str, request: str, passages: Sequence[Cited] = PASSAGES) -> tuple[Skeleton, Material]:
    skeleton = FORMATS[name].skeleton
    assert skeleton is not None
    return skeleton, gather((), request, passages=passages)


@pytest.mark.parametrize("name", ["dialogue", "vfx"])
def test_a_scene_without_a_known_place_still_has_its_heading(name: str) -> None:
    lines = [line.show.format_map(values) for line, values in plan(*of(name, "rain", ()))]
    assert any("<inside> SOMEWHERE - <time>" in line for line in lines)


def test_an_empty_show_takes_names_from_the_request_or_neutral_labels() -> None:
    _, named = of("dialogue", "a scene between Zora and Finn", ())
    assert named.cast == ("Zora", "Finn")
    labels = [values["A"] for line, values in plan(*of("dialogue", "a scene", ())) if "{A}" in line.show]
    assert set(labels) == {"FIRST VOICE"}


@pytest.mark.parametrize(
    ("name", "request_", "pattern", "count"),
    [
        ("dialogue", "a scene with 5 lines", r"<ask>|<answer>", 5),
        ("dialogue", "a scene, six lines", r"<ask>|<answer>", 6),
        ("dialogue", "a scene with 900 lines", r"<ask>|<answer>", 24),
        ("host", "three segments on clocks", r"\{n\}", 3),
        ("lyrics", "a song with 3 verses", r"Verse", 3),
        ("lyrics", "4 lines of a song", r"<line>", 4),
        ("quest", "a quest in 5 steps", r"<step>", 5),
        ("plot", "a plot in 6 beats", r"<turn>", 3),
        ("vfx", "two shots", r"<shot>", 2),
    ],
)
def test_the_number_a_person_asks_for_is_honoured_within_bounds(
    name: str, request_: str, pattern: str, count: int
) -> None:
    lines = [line.show for line, _ in plan(*of(name, request_))]
    assert len([line for line in lines if re.search(pattern, line)]) == count


def blocks(name: str, request_: str, steer: str, last: int = 0) -> int:
    """How many blocks a page has that is changed; the one before had ``last``."""
    skeleton = FORMATS[name].skeleton
    assert skeleton is not None
    first = skeleton.block[0].show
    page = "\n".join(
        put(line.show, values)
        for line, values in plan(skeleton, gather((), f"{request_}, {last} {skeleton.count[0]}", passages=PASSAGES))
    )
    made = gather((), request_, passages=PASSAGES, steer=steer, last=page if last else "")
    return len([line for line, _ in plan(skeleton, made) if line.show == first])


@pytest.mark.parametrize(
    ("name", "last", "steer", "count"),
    [
        ("dialogue", 4, "shorter", 2),
        ("dialogue", 2, "shorter", 1),
        ("dialogue", 1, "shorter", 1),
        ("dialogue", 4, "a bit longer please", 6),
        ("dialogue", 12, "longer", 12),
        ("dialogue", 4, "Make it sadder", 4),
        ("dialogue", 6, "that is too long", 4),
        ("host", 3, "that is too short", 4),
        ("host", 6, "shorten it", 4),
        ("host", 4, "not as long", 2),
        ("host", 4, "twice as long", 6),
        ("lyrics", 2, "shorter and sadder", 1),
        ("quest", 3, "expand it", 4),
        ("quest", 3, "make it 5 steps", 5),
    ],
)
def test_shorter_and_longer_are_measured_at_the_page_before(name: str, last: int, steer: str, count: int) -> None:
    assert blocks(name, "about the clock", steer, last) == count


def test_of_lines_that_were_counted_shorter_has_fewer() -> None:
    skeleton, _ = of("dialogue", "")
    made = gather((), "a scene with 6 lines", passages=PASSAGES, steer="shorter")
    assert len([line for line, _ in plan(skeleton, made) if re.search(r"<ask>|<answer>", line.show)]) == 4


@pytest.mark.parametrize(
    ("name", "steer", "slot", "count"),
    [
        ("chat", "", "more", 1),
        ("chat", "shorter", "more", 0),
        ("chat", "longer", "more", 2),
        ("ad", "shorter", "more", 0),
    ],
)
def test_a_form_without_repeated_blocks_is_shorter_by_a_sentence(name: str, steer: str, slot: str, count: int) -> None:
    skeleton, _ = of(name, "")
    made = gather((), "The clock stops.", passages=PASSAGES, steer=steer, last="The clock stopped." if steer else "")
    assert sum(line.show.count(f"<{slot}>") for line, _ in plan(skeleton, made)) == count


def going_on(name: str, page: str, request: str = "") -> list[str]:
    skeleton = FORMATS[name].skeleton
    assert skeleton is not None
    lines = plan(skeleton, gather((), request, before=page, passages=PASSAGES))
    return [put(line.show, values) for line, values in lines]


def test_a_page_that_goes_on_has_no_head_and_counts_on() -> None:
    scene = going_on(
        "dialogue", "**INT. SQUARE - NIGHT**\n\n**IDA**\nI see.\n\nShe leaves.", "a scene with Ida, one exchange"
    )
    assert scene == ["**IDA**", "<ask>", "", "**BRAM**", "<answer>", "", "<close>"]
    quest = going_on("quest", "**Giver:** Ida\n**Steps**\n1. Look.\n2. Go.\n\n**Reward:** A key.", "2 steps")
    assert quest[:2] == ["3. <step>", "4. <step>"]
    assert going_on("lyrics", "**Verse 2**\nRain\n", "Write the next verse")[0] == "**Verse 3**"
    assert going_on("lyrics", "**Verse 2**\nRain\n", "another verse")[0] == "**Verse 3**"
    more = going_on("lyrics", "**Verse 2**\nRain\n", "two more verses")
    assert [line for line in more if "Verse" in line] == ["**Verse 3**", "**Verse 4**"]


def test_a_page_that_goes_on_does_not_quote_canon_again() -> None:
    told = "Bram Oake is the night watchman."
    assert told in going_on("host", "**1. Rain**\nIt rains.", "a script about Bram")
    assert told not in going_on("host", f"**1. Bram**\n{told}", "a script about Bram")


def test_the_outline_for_large_models_has_labels_filled_and_blanks_described() -> None:
    text = outline(*of("dialogue", "a scene between Ida and Bram, 2 lines"))
    assert "**IDA**\n[what they ask" in text
    assert "**BRAM**\n[the answer" in text
    assert not re.search(r"[{}<>]", text)


def test_a_topic_with_and_without_its_article_is_one() -> None:
    """The request says "the Clock Walk", its passage is called "Clock Walk"."""
    walk = Cited(1, "w", "Clock Walk", "canon", "event", "The Clock Walk begins at noon. It ends at the mill.")
    mill = Cited(2, "m", "The Mill", "canon", "place", "The Mill grinds at night. Nobody works in it.")
    _, material = of("host", "a host script about the Clock Walk and the harbour", (mill, walk))
    assert material.topics == ("the Clock Walk", "the harbour", "the Mill")
