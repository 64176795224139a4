"""The skeleton writer with the real bundled model: the form holds, and nothing shown is taken back."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench.valid import VALID
from chains.asking import Told
from chains.format import Format, Line, Sampling, Skeleton, Slot
from chains.formats.load import load_formats
from chains.material import Material, gather
from chains.models import WriterSettings, open_writer
from chains.prompt import Cited, Message
from chains.quotation import SAID
from chains.skeleton import fill
from chains.slots import judge, strays, trim
from chains.writer import Writer
from chains.written import Written

PASSAGES = tuple(Cited(**row) for row in json.loads(Path(__file__).with_name("clock.json").read_text(encoding="utf-8")))
REQUESTS = {
    "chat": "Who made the brass key?",
    "plot": "A plot where Bram steals the brass key",
    "host": "A host script about the brass key and Bram, two segments",
    "dialogue": "Write a scene where Ida loses the brass key, 4 lines",
    "lyrics": "A song about the brass key, one verse",
    "quest": "A quest to find the brass key in 2 steps",
    "ad": "An ad for the brass key",
    "vfx": "A breakdown of the shot where the clock stops at night",
}
LABELS = re.compile(r"\*\*.+?\*\*:?|^- \w+:", re.M)
FORMATS = load_formats().named


@dataclass
class Scripted:
    """A pen that knows by heart what it will draw, and what it was asked."""

    drawn: Sequence[Sequence[str]]
    finish: str = "complete"
    asked: list[str] = field(default_factory=list)

    async def takes(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        n: int,
        tokens: int,
        stop: Sequence[str] = (),
        tenant: str,
    ) -> list[Written]:
        self.asked.append(messages[-1].text)
        texts = self.drawn[min(len(self.asked), len(self.drawn)) - 1]
        return [Written(text, self.finish, reason="The model is gone.") for text in texts]  # type: ignore[arg-type]

    async def choose(self, messages: Sequence[Message], options: Sequence[str], *, tenant: str) -> list[float]:
        return [float(len(option)) for option in options]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
async def writer(cache: Path) -> AsyncIterator[Writer]:
    made = open_writer("local:smollm2-135m-instruct", WriterSettings(cache))
    await made.ready()
    yield made
    await made.close()


def material(
    request: str, form: Format = FORMATS["dialogue"], passages: Sequence[Cited] = PASSAGES, said: Sequence[str] = ()
) -> Material:
    listed = "\n".join(f"[{p.n}] {p.title}: {p.text}" for p in passages)
    messages = (Message("system", form.contract), Message("user", f"{listed}\n\n{request}\n{form.closing}"))
    return gather(messages, request, said=said, passages=passages)


def skeleton_of(form: Format) -> Skeleton:
    assert form.skeleton is not None
    return form.skeleton


async def test_the_small_model_fills_every_format_into_a_valid_page_and_shows_what_it_returns(writer: Writer) -> None:
    for name, request in REQUESTS.items():
        form = FORMATS[name]
        shown: list[str] = []

        async def show(text: str, shown: list[str] = shown) -> None:
            shown.append(text)

        at = material(request, form)
        sampling = replace(form.sampling, seed=7)
        page = await fill(skeleton_of(form), at, writer, sampling=sampling, tenant="t", on_text=show)
        assert VALID[name](page.text) == "", page.text
        assert page.finish == "complete"
        assert "".join(shown) == page.text
        assert len(shown) > 10 or name == "chat"  # a quotation comes in one piece
        assert page.usage.generated > 0 or name == "chat"
        assert strays(LABELS.sub("", page.text), at) == ()


@pytest.mark.parametrize("form", [name for name in VALID if name != "chat"])
@pytest.mark.parametrize(
    "request_", ["Something about the brass key", "Write one where Ida leaves", "Anything.", "Bram, please"]
)
async def test_a_page_has_its_form_whatever_the_request_and_canon_leave_open(form: str, request_: str) -> None:
    for passages in (PASSAGES, ()):
        pen = Scripted([[f"the {thing} waits in the {place}." for thing in ("clock", "key", "bird")] for place in
                        ("square", "tower", "rain", "night", "street", "dust", "attic", "well", "yard", "wind")])  # fmt: skip
        at = material(request_, FORMATS[form], passages)
        page = await fill(skeleton_of(FORMATS[form]), at, pen, sampling=Sampling(seed=3), tenant="t")
        assert VALID[form](page.text) == "", page.text


def test_a_bounded_slot_is_cut_at_a_comma_or_before_a_dangling_word() -> None:
    slot = Slot("headline", words=6, mark="")
    assert trim("Come to the Vault, the place where Bessa sells", slot, cut=True) == "Come to the Vault"
    assert trim("Come and see the water of the sea again", slot, cut=True) == "Come and see the water"


async def test_halt_ends_the_page_within_a_slot_and_returns_what_was_shown(writer: Writer) -> None:
    halt, shown = asyncio.Event(), []

    async def show(text: str) -> None:
        shown.append(text)
        if "IDA" in text:
            halt.set()

    form = FORMATS["dialogue"]
    page = await fill(
        skeleton_of(form),
        material(REQUESTS["dialogue"]),
        writer,
        sampling=form.sampling,
        tenant="t",
        on_text=show,
        halt=halt,
    )
    assert page.finish == "stopped"
    assert page.text == "".join(shown)
    assert "IDA" in shown[-1]


async def test_halt_during_a_draw_drops_the_draw() -> None:
    halt, cancelled = asyncio.Event(), asyncio.Event()

    class Slow(Scripted):
        async def takes(self, *args: object, **kwargs: object) -> list[Written]:
            halt.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return []

    page = await fill(
        skeleton_of(FORMATS["plot"]), material(REQUESTS["plot"]), Slow([]), sampling=Sampling(), tenant="t", halt=halt
    )
    assert page.finish == "stopped"
    assert cancelled.is_set()
    assert page.text.startswith("**Setup.** Bram steals the brass key.")


async def test_a_writer_that_fails_leaves_what_was_shown_and_its_reason() -> None:
    page = await fill(
        skeleton_of(FORMATS["plot"]),
        material(REQUESTS["plot"]),
        Scripted([["x"]], "failed"),
        sampling=Sampling(),
        tenant="t",
    )
    assert (page.finish, page.reason) == ("failed", "The model is gone.")
    assert page.text.startswith("**Setup.**")


ONE = Skeleton(block=(Line("{n}. <line>"),), slots=(Slot("line"),), times=(1, 1, 9), count=("lines",), cap=("words",))


async def test_a_slot_that_strays_is_drawn_again_and_the_better_take_is_shown() -> None:
    pen = Scripted(
        [
            ["Sherlock Holmes enters with Watson."],
            ["As an AI language model I cannot.", "Ida hides the brass key.", "A dog."],
        ]
    )
    page = await fill(ONE, material("a page about the brass key"), pen, sampling=Sampling(), tenant="t")
    assert page.text == "1. Ida hides the brass key."
    assert len(pen.asked) == 2


async def test_a_slot_that_never_passes_quotes_canon_and_is_never_empty() -> None:
    page = await fill(
        ONE, material("a page about the brass key"), Scripted([["", "I'm sorry, but"]]), sampling=Sampling(), tenant="t"
    )
    assert page.text.removeprefix("1. ") in PASSAGES[3].text
    bare = await fill(
        ONE, material("a page about rain", passages=()), Scripted([[""]]), sampling=Sampling(), tenant="t"
    )
    assert bare.text == "1. a page about rain"


async def test_a_straying_sentence_is_cut_where_another_one_stands() -> None:
    slot = replace(ONE.slots[0], sentences=2)
    pen = Scripted([["Ida hides the brass key. Then Gandalf Grey comes."]])
    page = await fill(replace(ONE, slots=(slot,)), material("the brass key"), pen, sampling=Sampling(), tenant="t")
    assert page.text == "1. Ida hides the brass key."


async def test_a_question_in_chat_is_answered_by_canon_alone() -> None:
    pen = Scripted([["It is kept where nobody looks."]])
    at = material("Who made the brass key?", FORMATS["chat"])
    page = await fill(skeleton_of(FORMATS["chat"]), at, pen, sampling=Sampling(), tenant="t")
    assert page.text == "The brass key stops the clock. It was made by Ida's mother."


async def test_what_was_recalled_is_introduced_and_known_as_that() -> None:
    asked, form = "What is Ida's dog called?", FORMATS["chat"]
    at = gather((), asked, told=(Told("Ida has a dog called Rusk."),), passages=PASSAGES)
    page = await fill(skeleton_of(form), at, Scripted([]), sampling=Sampling(), tenant="t")
    assert page.text == f"{SAID}\nIda has a dog called Rusk."
    assert (page.preface, page.recalled) == (SAID, True)


async def test_a_page_that_quotes_nothing_was_not_recalled_whatever_the_talk_would_answer() -> None:
    asked, form = "What is Ida's dog called?", FORMATS["dialogue"]
    at = gather((Message("user", asked),), asked, told=(Told("Ida has a dog called Rusk."),), passages=PASSAGES)
    drawn = [[f"the {thing} waits in the rain."] for thing in ("clock", "key", "bird", "dust", "well", "yard")]
    page = await fill(skeleton_of(form), at, Scripted(drawn), sampling=Sampling(seed=3), tenant="t")
    assert (page.preface, page.recalled) == ("", False)


async def test_of_ideas_and_titles_as_many_are_written_as_were_asked_for() -> None:
    form = skeleton_of(FORMATS["chat"])
    pen = Scripted([["Perhaps Bram lies."], ["Then Ida knows."], ["What if it rains."], ["It would mean rust."]])
    at = material("Give me two ideas for the end.", FORMATS["chat"])
    page = await fill(form, at, pen, sampling=Sampling(), tenant="t")
    assert [line[:3] for line in page.text.split("\n")] == ["1. ", "2. "]
    at = material("Suggest three titles for the end.", FORMATS["chat"])
    page = await fill(
        form, at, Scripted([[" brass key"], [" old clock"], [" night watchman."]]), sampling=Sampling(), tenant="t"
    )
    assert [line[:3] for line in page.text.split("\n")] == ["1. ", "2. ", "3. "]
    assert not any(line.endswith(".") for line in page.text.split("\n"))


async def test_a_page_that_goes_on_repeats_nothing_and_keeps_its_chorus() -> None:
    before = "**Verse 1**\nThe key is cold\nThe rain is old\nThe clock is bold\nA tale is told\n\n**Chorus**\nOh, brass key\nLet it be"
    pen = Scripted([["the key is cold", f"the {thing} waits all night"] for thing in ("bird", "dog", "rain", "lamp")])
    form = skeleton_of(FORMATS["lyrics"])
    bare = replace(form, slots=tuple(replace(slot, openings=()) for slot in form.slots))
    at = gather((), "A song about the brass key, one verse", before=before, passages=PASSAGES)
    page = await fill(bare, at, pen, sampling=Sampling(), tenant="t")
    assert page.text.startswith("**Verse 2**\nthe bird waits all night\n")
    assert page.text.strip().endswith("**Chorus**\nOh, brass key\nLet it be")
    assert "cold" not in page.text
    assert pen.asked[0].startswith("**Verse 1**\nThe key is cold"), "the model reads what it goes on from"


async def test_what_was_said_already_is_not_said_again() -> None:
    pen = Scripted([["Ida hides the brass key."], ["Ida hides the brass key.", "Bram waits by the clock."]])
    page = await fill(ONE, material("2 lines"), pen, sampling=Sampling(), tenant="t")
    assert page.text == "1. Ida hides the brass key.\n2. Bram waits by the clock."


async def test_the_model_reads_what_it_wrote_and_the_openings_take_turns() -> None:
    slot = Slot("line", openings=("Ida", "{place} is", "Bram"))
    pen = Scripted([[" waits for the clock."], [" wants the brass key."]])
    page = await fill(
        replace(ONE, slots=(slot,)), material("2 lines", passages=PASSAGES[:2]), pen, sampling=Sampling(), tenant="t"
    )
    assert sorted(re.findall(r"Ida|Bram", page.text)) == ["Bram", "Ida"]
    assert pen.asked[1].startswith(page.text.split("\n")[0])


async def test_a_request_in_another_script_gets_a_whole_page_without_english_openings() -> None:
    at = material("写一个场景", passages=())
    pen = Scripted([["你好，世界。"], ["我找到了钥匙。"], ["你在哪里？"], ["钟停了。"]])
    page = await fill(
        skeleton_of(FORMATS["dialogue"]), replace(at, request="写一个场景"), pen, sampling=Sampling(), tenant="t"
    )
    assert page.finish == "complete"
    assert "我找到了钥匙。" in page.text
    assert not re.search(r"Why did you|Because", page.text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("As an AI language model I help.", "about itself"),
        ("- a list of keys", "markup"),
        ("IDA: I have the key.", "markup"),
        ("I went with Dumbledore to the square.", "new name"),
        ("I know, I know, I know, I know it.", "repeats"),
        ("Ida keeps the key here.", "names itself"),
        ("I lost the key in the", "unfinished"),
        ("I lost the key in the square.", ""),
    ],
)
def test_a_filling_is_judged_by_what_small_models_do_wrong(text: str, fault: str) -> None:
    assert (
        judge(
            text, cut=False, opening="", slot=Slot("line"), material=material("the key"), page="", speaker="Ida"
        ).fault
        == fault
    )


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("Hello!", "Hello. Ask what canon says"),
        ("Thanks!", "Gladly. Say what comes next."),
        ("Great, thank you so much.", "Gladly. Say what comes next."),
        ("Who is Bram?", "Bram Oake is the night watchman."),
        ("We never use voice-over. From now on, no songs.", "Understood."),
        ("Tell me about dragons.", "Canon does not say anything about that yet."),
        ("What is the brass key?", "The brass key stops the clock."),
    ],
)
async def test_what_needs_no_model_is_answered_without_one(request_: str, said: str) -> None:
    pen = Scripted([["dragons are real."]])
    form = FORMATS["chat"]
    page = await fill(skeleton_of(form), material(request_, form), pen, sampling=Sampling(seed=1), tenant="t")
    assert page.text.startswith(said)
    assert pen.asked == []


async def test_an_idea_that_was_asked_for_begins_as_one() -> None:
    pen = Scripted([[" sells the clock to a stranger."], [" waits until the square is dark."]])
    form = FORMATS["chat"]
    page = await fill(
        skeleton_of(form), material("What could Ida want?", form), pen, sampling=Sampling(seed=1), tenant="t"
    )
    first = next(slot for slot in skeleton_of(form).slots if slot.name == "perhaps")
    begun = [one.replace("{lead}", "Ida").replace("{Lead}", "Ida").split("{")[0] for one in first.openings]
    assert page.text.startswith(tuple(begun))
