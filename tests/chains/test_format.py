"""Formats: the shipped ones load and keep their own form; a bad file is one sentence."""

import re
from pathlib import Path

import pytest

from bench.valid import VALID
from chains.errors import FormatError
from chains.formats.load import SHIPPED, build, load_formats, read_toml
from chains.grounding import fresh
from chains.names import Names

GOOD = """
title = "Haiku"
about = "Three lines."
contract = "Write three lines."
closing = "Write it now."
"""
SKELETON = """
[skeleton]
times = [1, 3, 5]
block = [{ show = "<line>" }]
[[skeleton.slots]]
name = "line"
"""
NAMES = ("ad", "chat", "dialogue", "host", "lyrics", "plot", "quest", "vfx")


@pytest.mark.parametrize("name", NAMES)
def test_what_the_form_itself_writes_is_not_taken_for_a_new_name(name: str) -> None:
    form = load_formats().named[name]
    shown = [line.show for line in (*form.skeleton.head, *form.skeleton.block, *form.skeleton.tail)]  # type: ignore[union-attr]
    page = "\n".join(re.sub(r"<\w+>|\{(?!n\})\w+\}", "we", line).replace("{n}", "1") for line in shown)
    assert fresh(page, (), Names(), (form.labels,)) == ()


def test_all_eight_formats_are_shipped_and_say_what_they_are() -> None:
    formats = load_formats()
    assert tuple(sorted(formats.named)) == NAMES
    assert formats.problems == ()
    for name, form in formats.named.items():
        assert form.name == name
        assert form.contract.strip()
        assert form.example.strip()
        assert form.skeleton is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_example_of_a_format_keeps_the_formats_form(name: str) -> None:
    assert VALID[name](load_formats().named[name].example.strip()) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "not TOML"),
        (GOOD + "colour = 1", "unknown key 'colour'"),
        (GOOD + 'name = "x"', "unknown key 'name'"),
        (GOOD.replace('closing = "Write it now."', ""), "'closing' is missing"),
        (GOOD + 'tokens = "many"', "'tokens'"),
        (GOOD + "tokens = 5", "'tokens' must be from 16"),
        (GOOD + "kinds = [1]", "'kinds[0]'"),
        (GOOD + 'kinds = "character"', "'kinds'"),
        (GOOD + 'export = "pdf"', "'export'"),
        (GOOD + "about = 2026-01-01", "not TOML"),
        (GOOD.replace('"Haiku"', "2026-01-01"), "'title'"),
        (GOOD.replace('"Haiku"', '" "'), "'title' is empty"),
        (GOOD + "[sampling]\ntemperature = 9", "'sampling.temperature' must be from 0 to 2"),
        (GOOD + "[sampling]\nheat = 1", "unknown key 'sampling.heat'"),
        (GOOD + "[sampling]\ntop_p = true", "'sampling.top_p'"),
        (GOOD + SKELETON.replace("<line>", "<word>"), "'skeleton.block[0]' uses the slot '<word>'"),
        (GOOD + SKELETON.replace("<line>", "{who} <line>"), "variable '{who}'"),
        (GOOD + SKELETON + 'openings = ["{who} is"]', "variable '{who}'"),
        (GOOD + SKELETON.replace("[1, 3, 5]", "[3, 1, 5]"), "'skeleton.times'"),
        (GOOD + SKELETON.replace("[1, 3, 5]", "[1, 3]"), "'skeleton.times"),
        (GOOD + SKELETON + "size = 3", "unknown key 'skeleton.slots[0].size'"),
        (GOOD + SKELETON + "tokens = 0", "'skeleton.slots[0]' must have tokens"),
        (GOOD + SKELETON + '[[skeleton.slots]]\nname = "line"', "'skeleton.slots[0].name' says 'line' a second time"),
        (GOOD + SKELETON + '[[skeleton.slots]]\nname = "more"', "'more', which no line uses"),
        (GOOD + SKELETON.replace("}]", ', seen = "nothing" }]'), "'skeleton.block[0].seen'"),
        (GOOD + SKELETON.replace('[{ show = "<line>" }]', "[]"), "'skeleton.block' is empty"),
        (GOOD + SKELETON + 'choices = ["{place}"]', "choices' needs one choice without a variable"),
        (GOOD + SKELETON + 'voice = "nobody"', "'skeleton.slots[0].voice'"),
        ('extends = "opera"', "'extends' must name a shipped format"),
    ],
)
def test_a_bad_file_of_a_person_is_skipped_and_one_sentence_names_file_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "haiku.toml").write_text(text, encoding="utf-8")
    formats = load_formats(tmp_path)
    assert tuple(sorted(formats.named)) == NAMES
    (problem,) = formats.problems
    assert said in problem
    assert "haiku.toml" in problem
    assert problem.endswith(".")
    assert "\n" not in problem


def test_a_bad_shipped_file_is_an_error() -> None:
    path = SHIPPED / "plot.toml"
    with pytest.raises(FormatError, match=r"plot\.toml.*'colour'"):
        build("plot", {**read_toml(path), "colour": 1}, path)


def test_a_file_that_is_not_text_or_badly_named_is_named_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    (tmp_path / "Big Name.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    problems = load_formats(tmp_path).problems
    assert len(problems) == 3
    assert any("UTF-8" in one for one in problems)
    assert any("small letters" in one for one in problems)
    assert any("cannot be read" in one for one in problems)


def test_a_persons_own_file_adds_replaces_or_extends_a_format(tmp_path: Path) -> None:
    (tmp_path / "haiku.toml").write_text(GOOD + SKELETON, encoding="utf-8")
    (tmp_path / "plot.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "noir.toml").write_text(
        'extends = "dialogue"\ntitle = "Noir"\n[sampling]\ntemperature = 0.5', encoding="utf-8"
    )
    formats = load_formats(tmp_path)
    assert formats.problems == ()
    assert formats.named["haiku"].title == "Haiku"
    assert formats.named["plot"].title == "Haiku"
    assert formats.named["plot"].skeleton is None
    noir, dialogue = formats.named["noir"], formats.named["dialogue"]
    assert noir.title == "Noir"
    assert noir.skeleton == dialogue.skeleton
    assert noir.sampling.temperature == 0.5
    assert noir.sampling.min_p == dialogue.sampling.min_p


def test_a_folder_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    assert tuple(sorted(load_formats(tmp_path / "none").named)) == NAMES
