"""The example show keeps its promises: its bible parses, its names are clear, its questions have answers.

Knows nothing of models or of the index; it reads the files as a writer would.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import frontmatter
import pytest

from memory import KINDS, Status

SHOW = Path(__file__).parent.parent / "examples" / "forty-metres-short"

# Proper nouns that stand in the bible and have no entry of their own. A new name is either an entry or
# is listed here on purpose, so that a misspelt name fails.
EXTRAS = {
    "Gap Report",
    "Gerald",
    "Gunnar Feld",
    "Hildas",
    "Karrow",
    "Ministry of Completion",
    "Nether Sallow",
    "Radio Stump",
    "Tamble",
    "Upper Sallow",
    "Vantry",
    "Marrow",
}
CALENDAR = {"February", "March", "June", "October", "Monday", "Mondays", "Thursday", "Friday", "Sunday"}


@dataclass(frozen=True, slots=True)
class BibleFile:
    stem: str
    name: str
    kind: str
    aliases: tuple[str, ...]
    status: str
    text: str
    keys: frozenset[str]


def read(path: Path) -> BibleFile:
    post = frontmatter.load(str(path))
    meta = post.metadata
    aliases = meta["aliases"]
    assert isinstance(aliases, list)
    return BibleFile(
        stem=path.stem,
        name=str(meta["name"]),
        kind=str(meta["kind"]),
        aliases=tuple(str(alias) for alias in aliases),
        status=str(meta["status"]),
        text=" ".join(post.content.split()),
        keys=frozenset(meta),
    )


BIBLE = {path.stem: read(path) for path in sorted((SHOW / "bible").glob("*.md"))}
LINES = [json.loads(line) for line in SHOW.with_name(f"{SHOW.name}.questions.jsonl").read_text("utf-8").splitlines()]
ANSWERED = [line for line in LINES if line["answer"] is not None]
UNANSWERED = [line for line in LINES if line["answer"] is None]
FOLLOWING = [line for line in ANSWERED if "before" in line]
PROSE = "\n".join(path.read_text("utf-8") for folder in ("scenes", "host") for path in (SHOW / folder).iterdir())

entries = pytest.mark.parametrize("entry", BIBLE.values(), ids=lambda entry: entry.stem)


TOLD = [json.loads(line) for line in SHOW.with_name(f"{SHOW.name}.said.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("line", TOLD, ids=lambda line: line["answer"])
def test_what_is_said_in_a_talk_holds_its_answer_and_the_question_does_not(line: dict[str, str]) -> None:
    assert has_words(line["said"], line["answer"])
    assert not has_words(line["question"], line["answer"])


def has_words(text: str, words: str) -> bool:
    """Whether ``words`` stands in ``text`` as whole words, whatever the case."""
    return re.search(rf"(?<!\w){re.escape(words.casefold())}(?!\w)", text.casefold()) is not None


def test_the_bible_has_every_kind_and_about_twenty_entries() -> None:
    assert {entry.kind for entry in BIBLE.values()} == set(KINDS)
    assert 20 <= len(BIBLE) <= 28


def test_the_show_page_gives_name_brief_and_style() -> None:
    page = frontmatter.load(str(SHOW / "show.md"))
    assert set(page.metadata) == {"name", "brief", "style"}
    assert all(str(value).strip() for value in page.metadata.values())
    assert "CC0" in page.content


@entries
def test_an_entry_has_the_front_matter_that_writers_are_told_to_use(entry: BibleFile) -> None:
    assert entry.keys >= {"name", "kind", "aliases", "status", "tags"}
    assert entry.keys <= {"name", "kind", "aliases", "status", "from", "until", "tags"}
    assert entry.kind in KINDS
    assert entry.status in set(Status)
    assert entry.stem == re.sub(r"[^a-z0-9]+", "-", entry.name.casefold())


@entries
def test_an_entry_fits_in_one_passage(entry: BibleFile) -> None:
    assert 60 <= len(entry.text.split()) <= 140


@entries
def test_an_entry_says_its_own_name_and_leads_to_another(entry: BibleFile) -> None:
    others = [other.name for other in BIBLE.values() if other is not entry and has_words(entry.text, other.name)]
    assert entry.text.split(". ")[0].count(entry.name) == 1
    assert others


def test_a_name_or_alias_means_one_entry_only() -> None:
    called = [(name.casefold(), entry.stem) for entry in BIBLE.values() for name in (entry.name, *entry.aliases)]
    assert len({name for name, _ in called}) == len(called)
    nested = [
        (short, long) for short, stem in called for long, other in called if stem != other and has_words(long, short)
    ]
    assert nested == []


@entries
def test_every_proper_noun_is_an_entry_or_known(entry: BibleFile) -> None:
    known = EXTRAS | CALENDAR | {name for other in BIBLE.values() for name in (other.name, *other.aliases)}
    rest = entry.text
    for name in sorted(known, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "*", rest)
    inside = re.findall(r"(?<![.!?:] )(?<!^)(?<!\")\b[A-Z][a-z]{2,}", rest)
    assert inside == []


def test_the_scenes_and_the_host_page_name_only_people_of_the_show() -> None:
    cues = set(re.findall(r"^([A-Z][A-Z ]+?)(?: \(CONT'D\))?$", PROSE, flags=re.MULTILINE))
    people = {entry.name.split()[0].upper() for entry in BIBLE.values() if entry.kind == "character"}
    assert cues
    assert cues <= people


def test_only_the_pitch_is_not_accepted() -> None:
    assert [entry.stem for entry in BIBLE.values() if entry.status != "accepted"] == ["dry-passage"]


def test_nobody_who_learns_the_show_learns_the_answers_to_its_questions() -> None:
    assert {path.suffix for path in SHOW.rglob("*") if path.is_file()} == {".md", ".fountain"}


def test_there_are_enough_questions_of_each_sort() -> None:
    assert len(ANSWERED) - len(FOLLOWING) >= 40
    assert len(FOLLOWING) >= 10
    assert len(UNANSWERED) >= 10
    assert len({(line.get("before"), line["question"]) for line in LINES}) == len(LINES)


def test_every_accepted_entry_is_asked_about() -> None:
    accepted = {entry.stem for entry in BIBLE.values() if entry.status == "accepted"}
    assert {line["entry"] for line in ANSWERED} == accepted


@pytest.mark.parametrize("line", ANSWERED, ids=lambda line: line["question"])
def test_every_accepted_answer_stands_in_the_entry_it_names(line: dict[str, object]) -> None:
    entry = BIBLE[str(line["entry"])]
    answers = line["answers"]
    assert isinstance(answers, list)
    assert line["answer"] == answers[0]
    assert [answer for answer in answers if not has_words(entry.text, answer)] == []


@pytest.mark.parametrize("line", FOLLOWING, ids=lambda line: line["question"])
def test_a_follow_up_needs_what_was_said_before(line: dict[str, object]) -> None:
    entry = BIBLE[str(line["entry"])]
    named = [name for name in (entry.name, *entry.aliases) if has_words(str(line["question"]), name)]
    assert named == []


@pytest.mark.parametrize("line", UNANSWERED, ids=lambda line: line["question"])
def test_an_unanswerable_question_asks_for_what_stands_nowhere(line: dict[str, object]) -> None:
    absent = line["absent"]
    assert isinstance(absent, list)
    assert all(has_words(str(line["question"]), word) for word in absent[:1])
    texts = [entry.text for entry in BIBLE.values()] + [PROSE, (SHOW / "show.md").read_text("utf-8")]
    assert [word for word in absent for text in texts if has_words(text, word)] == []
