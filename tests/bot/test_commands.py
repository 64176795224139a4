"""Every command as a person types it, over real parts, and what it says back."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.commands import AT_A_PROMPT, TABLE, find
from bot.events import Cite, Fill, Note, Offer
from bot.receipts import tell
from chains import unmarked
from memory import KINDS, Draft, Entry, Scope

PAGE = "Gerald is a tuba in E flat. He sleeps in the boathouse. Nobody plays him on Mondays."
Sit = Callable[..., Any]
Build = Callable[..., Any]


@pytest.fixture
async def scribe(build: Build, sit: Sit) -> Any:
    """A desk whose writer always writes the same page."""
    return await sit(await build(writer=f"echo:say={PAGE}"))


async def canon(desk: Any, name: str) -> Entry:
    show = await desk.show()
    found: tuple[Entry, ...] = await desk.app.ledger.canon.find(show.tenant, show.id, name)
    return found[0]


# ---- the table ----


async def test_every_command_has_a_handler_and_every_handler_a_command(desk: Any) -> None:
    handlers = desk.talks.gate._attempts._respond.__self__._handlers
    happenings = {"edited", "deleted", "form"}  # what a platform tells besides commands
    assert set(handlers) == {command.name for command in TABLE} | happenings


def test_names_and_aliases_are_each_one_commands_and_help_is_one_sentence() -> None:
    names = [name for command in TABLE for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))
    for command in TABLE:
        assert re.fullmatch(r"[A-Z][^\n]{8,110}\.", command.help), command
        assert find(command.name.upper()) is command


@pytest.mark.parametrize("command", TABLE, ids=lambda command: command.name)
async def test_help_tells_each_command(desk: Any, command: Any) -> None:
    for asked in (command.name, f"/{command.name}"):
        stage = await desk.do(f"/help {asked}")
        assert stage.reply.status == "complete"
        assert f"/{command.name}" in stage.text
        assert command.help in stage.text
    at_a_terminal = desk.at(Scope("terminal", "local", "terminal", "t1"))
    for place, here in ((at_a_terminal, True), (desk, command.name not in AT_A_PROMPT)):
        assert (f"`/{command.name}" in (await place.do("/help")).text) is here


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/help nonsense", "There is no command /nonsense; `/help` lists them."),
        ("/agian", "There is no command /agian: did you mean /again?"),
        ("/zzzz", "There is no command /zzzz: `/help` lists what there is."),
        ("/format sonnet", "There is no format “sonnet”; there are "),
        ("/learn", "Say what to learn: `/learn bible/ notes.pdf`."),
        ("/forget", "Say which source: `/forget TITLE`; `/sources` lists them."),
        ("/forget nothing", "No source is called “nothing”; `/sources` lists them."),
        ("/canon Nobody", "Canon has no “Nobody”; `/canon` lists what it has, and `/keep NAME: TEXT` adds"),
        ("/canon history Nobody", "Canon has no “Nobody”; `/canon` lists what it has, and `/keep NAME: TEXT` adds"),
        ("/canon retire Nobody", "Canon has no “Nobody”; `/canon` lists what it has, and `/keep NAME: TEXT` adds"),
        ("/canon edit Nobody: gone", "Canon has no “Nobody”; `/canon` lists what it has, and `/keep NAME: TEXT` adds"),
        ("/canon edit Nobody", "Say the name and the new text: `/canon edit NAME: TEXT`."),
        ("/keep", "There is no page to keep yet; `/keep NAME: TEXT` keeps a text of yours."),
        ("/search", "Say what to look for: `/search the winch key`."),
        ("/why", "Nothing was written here yet."),
        ("/why 7", "There is no turn 7; this conversation has 0."),
        ("/again", "Nothing was written here yet."),
        ("/takes", "Nothing was written here yet."),
        ("/open", "Say which: `/open 2`, `/open TITLE`, or `/open new`; `/threads` lists them."),
        ("/open nowhere", "There is no conversation “nowhere” here; `/threads` lists them."),
        ("/rename", "Say the title: `/rename The night of the fog`."),
        (
            "/canon add Ida: Ida is old.",
            "Canon has no “add Ida: Ida is old.”; `/canon` lists what it has, and `/keep NAME",
        ),
        ("/export", "There is nothing to export yet."),
        ("/export --to draft.md", "There is nothing to export yet."),
        ("/export --to out/draft.md", "Name a file without a folder: `/export draft.md`."),
    ],
)
async def test_what_cannot_be_done_is_one_sentence_that_says_what_can(desk: Any, line: str, sentence: str) -> None:
    stage = await desk.do(line)
    assert stage.reply.status == "failed"
    assert len(stage.fails) == 1
    assert stage.fails[0].startswith(sentence)
    assert "\n" not in stage.fails[0]
    assert stage.text == ""


@pytest.mark.parametrize("line", [f"/{command.name} {'x ' * 500}'\"\\ \u0000 {{}} %s" for command in TABLE])
async def test_no_argument_makes_a_command_break_down(desk: Any, line: str) -> None:
    stage = await desk.do(line)
    assert not [fail for fail in stage.fails if "Something went wrong" in fail], line[:40]


async def test_export_understands_the_flag_it_has_on_the_command_line(scribe: Any) -> None:
    await scribe.say("Who is Gerald?")
    assert list((await scribe.do("/export --to draft.md")).files) == ["draft.md"]


async def test_takes_says_so_when_every_take_was_deleted(scribe: Any) -> None:
    turn = (await scribe.say("Who is Gerald?")).reply.turn
    talk = await scribe.app.ledger.threads.conversation(scribe.scope)
    await scribe.app.ledger.turns.withdraw(scribe.scope, talk.window[-1].take.id, "eva")
    for line in ("/takes", "/takes 1"):
        stage = await scribe.do(line)
        assert stage.fails == ["No take of this page is left; `/again` writes one."]
    assert (await scribe.do("/again")).reply.turn == turn
    assert PAGE in (await scribe.do("/takes")).text


# ---- canon ----


async def test_keep_takes_the_last_page_and_guesses_its_name(scribe: Any) -> None:
    await scribe.say("Who is Gerald?")
    stage = await scribe.do("/keep")
    assert stage.text.startswith("Kept as canon: **Gerald**")
    entry = await canon(scribe, "Gerald")
    assert entry.text == PAGE
    assert entry.who == "eva"
    assert entry.kind in KINDS
    assert f"({entry.kind})" in stage.text
    assert [(offer.action, offer.ref) for offer in stage.offers] == [("canon", "Gerald"), ("canon", "retire Gerald")]


async def test_keep_changes_no_entry_that_it_only_guesses(scribe: Any) -> None:
    await scribe.do("/keep Gerald: Gerald is a goose. as character")
    await scribe.say("Who is Gerald?")
    stage = await scribe.do("/keep")
    assert "which canon has already" in stage.text
    assert (await canon(scribe, "Gerald")).text == "Gerald is a goose."
    [offer] = stage.offers
    await scribe.do(f"/{offer.action} {offer.ref}")
    assert (await canon(scribe, "Gerald")).text == f"Gerald is a goose.\n\n{PAGE}"


async def test_keep_with_a_name_takes_the_last_page_under_it(scribe: Any) -> None:
    await scribe.say("Who is Gerald?")
    await scribe.do("/keep The Tuba as thing")
    entry = await canon(scribe, "The Tuba")
    assert (entry.text, entry.kind) == (PAGE, "thing")


@pytest.mark.parametrize("quotes", ['""', "“”", "«»"])
async def test_keep_takes_a_quoted_part(scribe: Any, quotes: str) -> None:
    await scribe.say("Who is Gerald?")
    await scribe.do(f"/keep {quotes[0]}Gerald sleeps in the boathouse.{quotes[1]} as a thing")
    entry = await canon(scribe, "Gerald")
    assert (entry.text, entry.kind) == ("Gerald sleeps in the boathouse.", "thing")


async def test_keep_takes_a_sentence_as_what_is_to_be_kept_and_not_as_a_name(scribe: Any) -> None:
    await scribe.say("Who is Gerald?")
    stage = await scribe.do("/keep Petra Vane is the last ferrywoman on the Oss.")
    assert stage.text.startswith("Kept as canon: **Petra Vane**")
    entry = await canon(scribe, "Petra Vane")
    assert (entry.text, entry.origin) == ("Petra Vane is the last ferrywoman on the Oss.", "")


async def test_keep_takes_a_text_of_ones_own_before_anything_was_written(desk: Any) -> None:
    stage = await desk.do("/keep Ottilie: Ottilie is a barrel of herring: a large one. as thing")
    assert "**Ottilie** (thing)" in stage.text
    assert (await canon(desk, "Ottilie")).text == "Ottilie is a barrel of herring: a large one."


@pytest.mark.parametrize("kind", KINDS)
async def test_keep_knows_every_kind(desk: Any, kind: str) -> None:
    await desk.do(f"/keep Ottilie: It is what it is. AS {kind.upper()}")
    entry = await canon(desk, "Ottilie")
    assert (entry.kind, entry.text) == (kind, "It is what it is.")


async def test_keep_adds_to_what_is_there_and_overwrites_nothing(desk: Any) -> None:
    await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    stage = await desk.do("/keep ottilie: Ottilie leaks.")
    assert stage.text.startswith("Added to **Ottilie** (thing), now version 2.")
    assert (await canon(desk, "Ottilie")).text == "Ottilie is a barrel.\n\nOttilie leaks."
    assert "says that already" in (await desk.do("/keep Ottilie: Ottilie leaks.")).text
    history = (await desk.do("/canon history Ottilie")).text
    assert "- **1** accepted, eva" in history
    assert "- **2** accepted, eva" in history
    assert (await canon(desk, "Ottilie")).version == 2


async def test_keep_under_an_alias_adds_to_the_entry_that_has_it(desk: Any) -> None:
    show = (await desk.app.rooms.enter(desk.scope)).show
    draft = Draft("character", "Odile Marrow", "Odile keeps the toll.", aliases=("Odile",))
    await desk.app.ledger.canon.add(show.tenant, show.id, draft, "eva")
    assert "Added to **Odile Marrow**" in (await desk.do("/keep Odile: She is allergic to onions.")).text
    assert (await canon(desk, "Odile Marrow")).aliases == ("Odile",)


async def test_keep_takes_no_citation_marks_into_canon(build: Build, sit: Sit) -> None:
    desk = await sit(await build())
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    page = (await desk.say("Where does the winch key hang?")).page
    assert "[1]" in page
    await desk.do("/keep The Answer as lore")
    assert "[1]" not in (await canon(desk, "The Answer")).text


async def test_canon_is_listed_read_edited_and_retired_and_keeps_its_history(desk: Any) -> None:
    assert "has no canon yet" in (await desk.do("/canon")).text
    await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    await desk.do("/keep Mara: Mara keeps the light. as character")
    listed = (await desk.do("/canon")).text
    assert "2 entries" in listed
    assert "- **character:** Mara" in listed
    assert "- **thing:** Ottilie" in listed
    assert "Ottilie is a barrel." in (await desk.do("/canon ottilie")).text
    assert "now version 2" in (await desk.do("/canon edit Ottilie: Ottilie is a vat: a big one.")).text
    assert (await canon(desk, "Ottilie")).text == "Ottilie is a vat: a big one."
    assert "is retired" in (await desk.do("/canon retire Ottilie")).text
    assert "Ottilie" not in (await desk.do("/canon")).text
    assert "retired" in (await desk.do("/canon Ottilie")).text
    history = (await desk.do("/canon history Ottilie")).text
    assert "Ottilie is a barrel." in history
    assert "**2** retired" in history
    await desk.agrees()


async def test_what_keep_offers_to_press_is_a_command_that_works(desk: Any) -> None:
    stage = await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    for offer in stage.all(Offer):
        pressed = await desk.do(f"/{offer.action} {offer.ref}")
        assert pressed.reply.status == "complete"
        assert "Ottilie" in pressed.text


async def test_what_was_added_to_an_entry_does_not_offer_to_retire_all_of_it(desk: Any) -> None:
    await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    added = await desk.do("/keep Ottilie: Ottilie leaks.")
    assert "Added to **Ottilie**" in added.text
    assert [offer.label for offer in added.offers] == ["show it"]


# ---- pages ----


async def test_why_tells_passages_with_scores_what_was_left_out_tokens_and_times(desk: Any) -> None:
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    await desk.say("Where does the winch key hang?")
    await desk.say("Thanks!")
    told = (await desk.do("/why 1")).text
    for part in (
        "**Looked up:** Where does the winch key hang?",
        "names: Winch Key",
        "**In the prompt**",
        "**Winch Key** (canon",
        "cited as [1]",
        "score ",
        "**Tokens:**",
        "**Times:**",
        "Written by echo.",
    ):
        assert part in told
    assert (await desk.do("/why")).text != told
    assert "There is no turn 3; this conversation has 2." in (await desk.do("/why 3")).fails


async def test_why_is_short_in_words_and_lists_every_signal_when_asked_for_all(desk: Any) -> None:
    for n in range(9):
        await desk.do(f"/keep Winch {n}: Winch {n} stands beside the stove and has a key. as thing")
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    await desk.app.librarian.settle()
    await desk.say("Where does the winch key hang?")
    short = await desk.do("/why")
    row = next(line for line in short.text.splitlines() if line.startswith("- **Winch Key**"))
    assert "it is named" in row
    assert row.count(";") <= 4, "three reasons at most"
    assert "pieces_around" not in short.text
    assert "cosine" not in short.text
    [more] = short.offers
    full = await desk.do(f"/{more.action} {more.ref}")
    assert full.text == (await desk.do("/why all")).text
    assert "pieces_around" in full.text
    assert "cosine" in full.text
    assert len(short.text) < len(full.text)
    assert not full.offers


async def test_what_was_left_out_is_told_by_reason_and_each_name_once() -> None:
    missed = [{"what": name, "score": 1.0, "why": "the limit was reached"} for name in ["Ada", "Bo", "Ada", "Cy"]]
    kept = {
        "asked": {"text": "Who?", "also": [], "names": []},
        "trouble": "",
        "passages": [],
        "dropped": [{"what": "recap", "tokens": 9, "why": "no room"}],
        "missed": missed,
        "writer": "echo",
        "tokens": {"written": 0},
        "ms": {"search": 1, "prepared": 2},
    }
    short, full = tell(kept), tell(kept, full=True)
    assert "- recap: no room\n- Ada (2 times); Bo; Cy: the limit was reached" in short
    assert full.count("the limit was reached") == 4


async def test_again_writes_another_take_steered_as_told_and_takes_chooses(desk: Any) -> None:
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    first = await desk.say("Where does the winch key hang?")
    again = await desk.do("/again shorter and darker")
    assert again.reply.turn == first.reply.turn
    assert await desk.heard() == ["Where does the winch key hang?"]
    listed = await desk.do("/takes")
    assert "**Take 1**\n" in listed.text
    assert "**Take 2**, shorter and darker — chosen" in listed.text
    assert [offer.ref for offer in listed.offers] == ["1", "2"]
    chosen = await desk.do("/takes 1")
    assert chosen.text == f"Take 1 it is.\n\n{first.page}"
    assert await desk.answers() == [first.page]
    assert "**Take 1** — chosen" in (await desk.do("/takes")).text
    assert (await desk.do("/takes 9")).fails == ["There is no take 9; there are 1, 2."]


async def test_edit_makes_a_take_of_the_persons_own_that_the_index_follows(desk: Any) -> None:
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    first = await desk.say("Where does the winch key hang?")
    asked = await desk.do("/edit")
    [fill] = asked.all(Fill)
    assert fill.text == f"/edit {unmarked(first.page).strip()}"
    edited = await desk.do("/edit The winch key hangs behind the stove. Zoltan Brine takes it.")
    assert edited.reply.turn == first.reply.turn
    assert edited.page == "The winch key hangs behind the stove. [1] Zoltan Brine takes it."
    assert [cite.title for cite in edited.all(Cite)] == ["Winch Key"]
    assert "New, not in canon: Zoltan Brine." in [note.text for note in edited.all(Note)]
    assert await desk.answers() == [edited.page]
    listed = (await desk.do("/takes")).text
    assert "**Take 2**, edited by" in listed
    assert f"**Take 1**\n\n{first.page}" in listed, "nothing is overwritten"
    assert "**Edited** by" in (await desk.do("/why")).text
    await desk.agrees()
    assert "Zoltan" in (await desk.do("/search Zoltan")).text
    await desk.do("/takes 1")
    await desk.agrees()
    assert await desk.answers() == [first.page]


async def test_edit_says_what_cannot_be_edited(desk: Any) -> None:
    assert (await desk.do("/edit")).fails == ["Nothing was written here yet."]
    page = await desk.say("Who rings the bell?")
    same = await desk.do(f"/edit {unmarked(page.page)}")
    assert same.fails == ["That is the page as it stands; nothing was changed."]


async def test_undo_and_redo_say_what_they_moved(desk: Any) -> None:
    assert (await desk.do("/undo")).text == "There is nothing to take back."
    page = (await desk.say("Who rings the bell?")).page
    assert "“Who rings the bell?”" in (await desk.do("/undo")).text
    assert await desk.heard() == []
    back = (await desk.do("/redo")).text
    assert back == f"Back again: “Who rings the bell?”\n\n{page}"
    assert (await desk.do("/redo")).text == "There is nothing to bring back."


async def test_a_note_is_heeded_until_it_is_taken_off(desk: Any) -> None:
    assert (await desk.do("/note")).text == "There is no note."
    await desk.do("/note Keep it dry, no songs.")
    assert (await desk.do("/note")).text == "The note: Keep it dry, no songs."
    talk = await desk.app.rooms.enter(desk.scope)
    assert talk.thread.note == "Keep it dry, no songs."
    await desk.do("/note off")
    assert (await desk.do("/note")).text == "There is no note."


async def test_a_format_stays_with_its_thread(desk: Any) -> None:
    assert "**chat**" in (await desk.do("/format")).text
    assert "From now on: **plot**." in (await desk.do("/format PLOT")).text
    assert "**plot**" in (await desk.do("/format")).text
    assert "**chat**" in (await desk.at(Scope("slack", "T1", "C1", "other")).do("/format")).text
    listed = (await desk.do("/formats")).text
    for name in ("chat", "plot", "host", "dialogue", "lyrics", "quest", "ad", "vfx"):
        assert f"- **{name}**: " in listed


# ---- threads and shows ----


async def test_threads_are_listed_opened_and_renamed(desk: Any) -> None:
    await desk.say("The night of the fog.")
    first = desk.scope
    assert (await desk.do("/open new")).text == "A new conversation about **The Salt Road**."
    assert desk.scope != first
    await desk.say("The day of the sun.")
    await desk.do("/rename Sunshine")
    listed = (await desk.do("/threads")).text
    assert "1. **Sunshine** (here)" in listed
    assert "2. The night of the fog." in listed
    came = await desk.do("/open fog")
    assert desk.scope == first
    assert "> eva: The night of the fog." in came.text
    await desk.do("/open SUNSHINE")
    assert desk.scope != first
    await desk.do("/open 2")
    assert desk.scope == first
    assert await desk.heard() == ["The night of the fog."]


async def test_a_title_that_several_conversations_have_is_asked_about(desk: Any) -> None:
    await desk.say("The night of the fog.")
    await desk.do("/open new")
    await desk.say("The night of the sun.")
    assert (await desk.do("/open night")).fails == [
        "2 conversations have “night” in their title; give its number from `/threads`."
    ]


async def test_a_show_is_changed_to_and_nothing_of_the_other_is_seen(desk: Any) -> None:
    await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    assert (await desk.do("/show The Bridge")).text == "Now working on **The Bridge**."
    assert "has no canon yet" in (await desk.do("/canon")).text
    assert "The Bridge" in (await desk.do("/show")).text
    assert (await desk.do("/shows")).text == "- **The Bridge**\n- **The Salt Road**"
    await desk.do("/show the salt road")
    assert "Ottilie" in (await desk.do("/canon")).text


# ---- sources ----


async def test_documents_are_learned_listed_found_and_forgotten(desk: Any, tmp_path: Path) -> None:
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "fog.md").write_text("---\nlicense: CC0\n---\n# On fog\n\nFog horns are tuned to E flat.\n", "utf-8")
    (folder / "salt.txt").write_text("Salt is weighed at dusk, and never on a Monday.\n", "utf-8")
    assert "Nothing was learned yet" in (await desk.do("/sources")).text
    learned = await desk.do(f'/learn "{folder}"')
    assert "2 sources" in learned.text
    assert {step.id for step in learned.steps} == {"learn", "index"}
    listed = (await desk.do("/sources")).text
    assert "**On fog** (markdown, 1 passage," in listed
    assert "licence CC0" in listed
    assert "E flat" in (await desk.do("/search How are fog horns tuned?")).text
    page = await desk.say("How are fog horns tuned?")
    assert page.cites[0] == "On fog"
    assert "forgotten" in (await desk.do("/forget on fog")).text
    await desk.agrees()
    assert "E flat" not in (await desk.do("/search How are fog horns tuned?")).text.split("\u2014")[0]
    await desk.do("/forget 1")
    assert "Nothing was learned yet" in (await desk.do("/sources")).text
    await desk.agrees()


async def test_a_page_that_stood_on_a_forgotten_source_says_so_and_no_edit_cites_it(desk: Any, tmp_path: Path) -> None:
    note = tmp_path / "fog.md"
    note.write_text("# On fog\n\nFog horns are tuned to E flat.\n", "utf-8")
    await desk.do(f"/learn {note}")
    await desk.say("How are fog horns tuned?")
    assert (await desk.do("/edit Fog horns are tuned to E flat.")).cites == ["On fog"]
    await desk.do("/forget on fog")
    told = (await desk.do("/why")).text
    assert "- **On fog** (source): cited then, and forgotten since" in told
    assert "forgotten since" in (await desk.do("/why all")).text
    edited = await desk.do("/edit Fog horns are tuned to E flat, they say.")
    assert edited.cites == []
    assert "[1]" not in edited.page
    takes = await desk.app.ledger.turns.takes(desk.scope, edited.reply.turn)
    assert not [row for take in takes for row in take.receipts["passages"] if "E flat" in row["text"]]


async def test_two_sources_of_one_title_are_told_apart_by_number(desk: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(f"# Fog\n\nFog as {name} saw it.\n", "utf-8")
    await desk.do(f"/learn {tmp_path / 'a.md'} {tmp_path / 'b.md'}")
    assert (await desk.do("/forget fog")).fails == ["2 sources are called “fog”; give a number from `/sources`."]
    assert "forgotten" in (await desk.do(f"/forget {tmp_path / 'a.md'}")).text
    assert "2." not in (await desk.do("/sources")).text


async def test_search_shows_scores_and_the_strongest_reasons(desk: Any) -> None:
    assert (await desk.do("/search anything")).text == "Nothing was found."
    await desk.do("/keep Winch Key: The winch key hangs behind the stove. as thing")
    await desk.app.librarian.settle()
    found = (await desk.do("/search the winch key")).text
    assert re.search(r"\*\*1\. Winch Key\*\* \(canon\) — \d\.\d\d\n> The winch key hangs", found)
    assert "\n\nit is named" in found
    assert "cosine" not in found, "every signal is for `dramaturg search --explain`"


# ---- the rest ----


async def test_stop_says_when_there_is_nothing_to_stop(desk: Any) -> None:
    assert (await desk.do("/stop")).text == "Nothing is being written here."
    assert (await desk.stop()).reply.reason == "Nothing is being written here."


async def test_quit_leaves_by_either_name(desk: Any) -> None:
    assert (await desk.do("/quit")).reply.leave
    assert (await desk.do("/exit")).reply.leave


async def test_completion_offers_names_that_begin_as_typed(desk: Any) -> None:
    await desk.do("/keep Ottilie: Ottilie is a barrel. as thing")
    await desk.say("The night of the fog.")
    complete = desk.talks.complete
    assert await complete("format", "pl", desk.scope) == ["plot"]
    assert await complete("canon", "ott", desk.scope) == ["Ottilie"]
    assert await complete("show", "the", desk.scope) == ["The Salt Road"]
    assert await complete("thread", "the n", desk.scope) == ["The night of the fog."]
    assert "shorter" in await complete("steer", "", desk.scope)
    assert await complete("", "", desk.scope) == []
