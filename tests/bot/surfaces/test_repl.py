"""The terminal as a person sees it: keys go in, a terminal emulator shows what came."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.events import Attach, Cite, Fail, File, Fill, Final, Inbound, Note, Offer, Reply, Stage, Step, Text
from bot.surfaces.repl import Status
from bot.surfaces.terminal import Terminal
from memory import Scope

PAGE = """Mara climbs the stairs of the *lighthouse*. She has kept the **green lamp** for eleven winters.

- a first thing that goes on for a while, so that it wraps in narrow windows
- a second

東京の夜は静かだ。とても静かだ、と彼女は言った。夜の海を見ながら、二人は長い間黙っていた。

The tide comes in. Nobody sleeps.
"""
WORDS = "Mara climbs the stairs of the lighthouse. She has kept the green lamp for eleven winters."


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("columns", [40, 80, 200])
async def test_a_page_stands_once_whole_and_inside_the_window(sit: Any, script: Any, columns: int) -> None:
    told = script(PAGE)
    async with sit(told.respond, columns=columns) as desk:
        desk.press("tell me\r")
        await desk.until("Nobody sleeps.")
        await desk.when(lambda: bool(told.sent))
        seen = squeezed(desk.text())
        assert seen.count(squeezed(WORDS)) == 1
        assert (
            seen.count("東京の夜は静かだ。とても静かだ、と彼女は言った。夜の海を見ながら、二人は長い間黙っていた。")
            == 1
        )
        assert seen.count("Nobodysleeps.") == 1
        assert "*" not in seen
        assert told.sent[0].text == PAGE
        assert told.sent[0].complete


async def test_what_can_be_typed_is_shown_without_its_marks(sit: Any, script: Any) -> None:
    talk = script("", [Fail("There is none; `/help` lists what there is."), Note("Say `/keep NAME`.")])
    async with sit(talk.respond) as desk:
        desk.press("/x\r")
        await desk.until("There is none; /help lists what there is.", "Say /keep NAME.")


async def test_a_page_to_be_changed_stands_at_the_prompt(sit: Any, script: Any) -> None:
    talk = script("Change it.", [Fill("/edit One line.\nAnother.")])
    async with sit(talk.respond) as desk:
        desk.press("/edit\r")
        await desk.until("Change it.", "› /edit One line.", "Another.")
        desk.press(" And more.\r")
        await desk.when(lambda: len(talk.heard) == 2)
        assert talk.heard[1].name == "edit"
        assert talk.heard[1].text == "One line.\nAnother. And more."


async def test_a_long_page_goes_to_the_scrollback_in_order_and_without_doubles(sit: Any, script: Any) -> None:
    rows = [f"Line number {n} of the song." for n in range(120)]
    told = script("\n".join(rows), size=40)
    async with sit(told.respond, rows=12) as desk:
        desk.press("sing\r")
        await desk.when(lambda: bool(told.sent))
        assert [row for row in desk.seen() if row.startswith("Line number")] == rows


async def test_a_resize_in_mid_stream_repeats_no_line_and_goes_on_at_the_new_width(sit: Any, script: Any) -> None:
    rows = [f"Sentence {n} is here." for n in range(60)]
    told = script("\n\n".join(rows), size=11, hold=60)
    async with sit(told.respond, columns=80) as desk:
        desk.press("tell\r")
        await desk.until("Sentence 20")
        desk.resize(50)
        await asyncio.sleep(0.7)
        told.open.set()
        await desk.when(lambda: bool(told.sent))
        assert [row for row in desk.seen() if row.startswith("Sentence")] == rows


async def test_what_a_sentence_rests_on_is_shown_in_the_text_or_by_its_first_words(sit: Any, script: Any) -> None:
    page = "The lamp burns green.\n\n" + "\n".join(f"Line {n}." for n in range(12)) + "\n\nMara keeps it."
    final = page.replace("green.", "green. [1]").replace("keeps it.", "keeps it. [2]")
    told = script(page, [Final(final), Cite(1, "The green lamp"), Cite(2, "Mara")])
    async with sit(told.respond) as desk:
        desk.press("who?\r")
        await desk.until("Mara keeps it. [2]", "[1] The green lamp — “The lamp burns green.”", "[2] Mara")
        assert told.sent[0].text == final


async def test_ctrl_c_stops_the_answer_and_keeps_what_was_shown(sit: Any, script: Any) -> None:
    told = script("The tide comes in and never goes out again.", hold=4)
    async with sit(told.respond) as desk:
        desk.press("tell\r")
        await desk.until("The tide comes in an")
        desk.press("\x03")
        await desk.until("— stopped")
        assert "The tide comes in an" in desk.text()
        assert told.texts("stop") == [""]
        assert not told.sent[0].complete
        assert told.sent[0].text == "The tide comes in an"


async def test_a_dialogue_that_does_not_hear_stop_is_cut_by_the_second_ctrl_c(sit: Any) -> None:
    asked = asyncio.Event()

    async def deaf(said: Inbound, stage: Stage) -> Reply:
        if said.kind == "stop":
            asked.set()
        else:
            await stage.show(Text("I go on"))
        await asyncio.Event().wait()
        return Reply("complete")

    async with sit(deaf) as desk:
        desk.press("tell\r")
        await desk.until("I go on")
        desk.press("\x03")
        await asked.wait()
        desk.press("\x03")
        await desk.until("I go on", "— stopped")


async def test_at_an_empty_prompt_ctrl_c_says_how_to_leave_and_then_leaves(sit: Any, script: Any) -> None:
    async with sit(script().respond) as desk:
        desk.press("\x03")
        await desk.until("Ctrl-C once more leaves")
        desk.press("\x03")
        await desk.when(lambda: "›" not in desk.seen()[-1:] and "Saltmarsh" not in desk.text(), "the prompt to go")


async def test_ctrl_c_forgets_a_half_typed_line_and_stays(sit: Any, script: Any) -> None:
    told = script()
    async with sit(told.respond) as desk:
        desk.press("half a tho")
        await desk.until("half a tho")
        desk.press("\x03")
        await desk.when(lambda: "half" not in desk.text())
        desk.press("whole\r")
        await desk.until("Yes.")
        assert told.texts() == ["whole"]


async def test_ctrl_d_leaves_in_mid_stream_and_the_answer_is_ended_first(sit: Any, script: Any) -> None:
    told = script("The tide comes in and never goes out again.", hold=4)
    async with sit(told.respond) as desk:
        desk.press("tell\r")
        await desk.until("The tide comes in an")
        desk.press("\x04")
        await desk.when(lambda: bool(told.sent), "the answer's end")
        assert told.sent[0].text == "The tide comes in an"
        await desk.until("— stopped")


async def test_what_is_typed_while_an_answer_grows_is_not_lost(sit: Any, script: Any) -> None:
    told = script("The tide comes in.", hold=2)
    async with sit(told.respond) as desk:
        desk.press("one\r")
        await desk.until("The tide")
        desk.press("two\rthree and mo")
        await desk.until("next: two", "three and mo")
        told.open.set()
        await desk.when(lambda: len(told.sent) == 2)
        desk.press("re\r")
        await desk.when(lambda: len(told.sent) == 3)
        assert told.texts() == ["one", "two", "three and more"]


async def test_a_message_that_waited_for_a_stopped_answer_comes_back_to_the_prompt(sit: Any, script: Any) -> None:
    told = script("The tide comes in.", hold=2)
    async with sit(told.respond) as desk:
        desk.press("one\r")
        await desk.until("The tide")
        desk.press("and then\r")
        await desk.until("next: and then")
        desk.press("\x03")
        await desk.until("— stopped", "› and then")
        assert told.texts() == ["one"]


async def test_a_message_of_several_lines_is_sent_as_one(sit: Any, script: Any) -> None:
    told = script()
    async with sit(told.respond) as desk:
        desk.press("one \\\rtwo\x1b\rthree\r")
        await desk.until("Yes.")
        desk.press("\x1b[200~four\nfive\x1b[201~\r")
        await desk.when(lambda: len(told.heard) == 2)
        assert told.texts() == ["one \ntwo\nthree", "four\nfive"]


@pytest.mark.parametrize(
    ("typed", "offered", "said"),
    [
        ("/form", "/formats", ("command", "format", "")),
        ("/format pl", "plot", ("command", "format", "plot")),
        ("Where is Old Ha", "Old Harbour", ("message", "", "Where is Old Harbour")),
    ],
)
async def test_commands_arguments_and_names_complete(
    sit: Any, script: Any, typed: str, offered: str, said: tuple[str, str, str]
) -> None:
    told = script()
    async with sit(told.respond) as desk:
        desk.press(typed)
        await desk.until(f"\n {offered}")
        desk.press("\t")
        await desk.when(lambda: desk.text().splitlines()[0].rstrip() != f"› {typed}")
        desk.press("\r\r")
        await desk.when(lambda: bool(told.heard))
        heard = told.heard[0]
        assert (heard.kind, heard.name, heard.text) == said


async def test_a_path_completes_after_learn_with_its_spaces_escaped(sit: Any, script: Any, tmp_path: Path) -> None:
    (tmp_path / "my bible.md").write_text("x")
    told = script()
    async with sit(told.respond) as desk:
        desk.press(f"/learn {tmp_path}/my")
        await desk.until("my bible.md")
        desk.press("\t\r\r")
        await desk.when(lambda: bool(told.heard))
        assert told.heard[0].text == f"{tmp_path}/my\\ bible.md"


async def test_an_offer_is_a_number_to_type(sit: Any, script: Any) -> None:
    told = script(after=[Offer("again", "again"), Offer("again", "darker", "darker")])
    async with sit(told.respond) as desk:
        desk.press("tell\r")
        await desk.until("type 1 again · 2 darker")
        desk.press("2\r")
        await desk.when(lambda: len(told.sent) == 2)
        desk.press("7\r")
        await desk.when(lambda: len(told.sent) == 3)
        assert (told.heard[1].kind, told.heard[1].name, told.heard[1].text) == ("action", "again", "darker")
        assert (told.heard[2].kind, told.heard[2].text) == ("message", "7")


async def test_a_reply_moves_the_person_to_another_thread(sit: Any, script: Any) -> None:
    told = script()
    told.reply = Reply("complete", scope=Scope("terminal", "local", "desk", "thread-2"))
    async with sit(told.respond) as desk:
        desk.press("/open 2\r")
        await desk.when(lambda: bool(told.sent))
        desk.press("hello\r")
        await desk.when(lambda: len(told.sent) == 2)
        assert [said.scope.thread for said in told.heard] == ["thread-1", "thread-2"]


async def test_a_message_typed_before_the_model_is_ready_waits_with_a_step(sit: Any) -> None:
    ready = asyncio.Event()

    async def respond(said: Inbound, stage: Stage) -> Reply:
        await stage.show(Step("w", "loading the writer", "running"))
        await ready.wait()
        await stage.show(Step("w", "loading the writer", "done"))
        await stage.show(Text("Here I am."))
        await stage.finish(Reply("complete"))
        return Reply("complete")

    state = Status("Saltmarsh", "plot", "loading smollm2…")
    async with sit(respond, status=lambda: state) as desk:
        await desk.until("Saltmarsh · plot · loading smollm2…")
        desk.press("hello\r")
        await desk.until("loading the writer")
        ready.set()
        await desk.until("Here I am.")
        assert "loading the writer" not in desk.text()


async def test_progress_is_a_bar_and_leaves_one_line(sit: Any) -> None:
    half = asyncio.Event()

    async def respond(said: Inbound, stage: Stage) -> Reply:
        await stage.show(Step("l", "learning", "running", 5, 10))
        await half.wait()
        await stage.show(Step("l", "learned 10 files", "done", 10, 10))
        await stage.finish(Reply("complete"))
        return Reply("complete")

    async with sit(respond) as desk:
        desk.press("/learn x\r")
        await desk.until("50% learning", "━")
        half.set()
        await desk.until("✓ learned 10 files")
        assert "━" not in desk.text()


async def test_notes_failures_and_files_stand_under_the_page(sit: Any, script: Any, tmp_path: Path) -> None:
    (tmp_path / "scene.md").write_text("mine")
    after = [Note("new names: Orrin"), Attach(File("../scene.md", data=b"theirs")), Fail("The index is gone.", "7F3A")]
    told = script(after=after)
    async with sit(told.respond, columns=200) as desk:
        desk.press("tell\r")
        await desk.until("new names: Orrin", "scene (2).md", "The index is gone. (ref 7F3A)")
    assert (tmp_path / "scene.md").read_text() == "mine"
    assert (tmp_path / "scene (2).md").read_text() == "theirs"


async def test_a_dialogue_that_breaks_is_a_sentence_with_a_reference_and_life_goes_on(sit: Any, caplog: Any) -> None:
    calls: list[str] = []

    async def respond(said: Inbound, stage: Stage) -> Reply:
        calls.append(said.text)
        if len(calls) == 1:
            raise ValueError("details for the log")
        await stage.show(Text("Fine now."))
        await stage.finish(Reply("complete"))
        return Reply("complete")

    async with sit(respond) as desk:
        desk.press("one\r")
        await desk.until("please try again. (ref ")
        assert "details for the log" not in desk.text()
        desk.press("two\r")
        await desk.until("Fine now.")
    ref = desk.text().split("(ref ")[1][:4]
    assert any(getattr(record, "ref", "") == ref for record in caplog.records)


async def test_quit_leaves(sit: Any, script: Any) -> None:
    async with sit(script().respond) as desk:
        desk.press("/quit\r")
        await desk.when(lambda: "Saltmarsh" not in desk.text(), "the toolbar to go")


async def test_history_is_kept_for_the_next_time_and_only_its_owner_can_read_it(
    sit: Any, script: Any, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "history"
    async with sit(script().respond, history=path) as desk:
        desk.press("remember me\r")
        await desk.until("Yes.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with sit(script().respond, history=path) as desk:
        await asyncio.sleep(0.1)
        desk.press("\x1b[A")
        await desk.until("› remember me")


@pytest.mark.parametrize("color", [True, False])
async def test_colour_is_used_only_where_it_is_wanted(sit: Any, script: Any, color: bool) -> None:
    told = script("`code` and text", [Cite(1, "Mara"), Fail("No.")])
    terminal = Terminal(interactive=True, color=color, reflows=False)
    async with sit(told.respond, terminal=terminal) as desk:
        desk.press("tell\r")
        await desk.until("No.")
        colours: Callable[[str], bool] = lambda written: "\x1b[31m" in written or "\x1b[36m" in written  # noqa: E731
        assert colours(desk.sink.written) is color


async def test_escape_sequences_of_a_model_never_reach_the_terminal(sit: Any, script: Any) -> None:
    told = script("safe \x1b]0;owned\x07\x1b[2Jtext", [Note("\x1b[2Jnote"), Cite(1, "\x1b[2Jtitle")], size=3)
    async with sit(told.respond) as desk:
        desk.press("tell\r")
        await desk.until("safe text", "note", "[1] title")
        assert "\x1b[2J" not in desk.sink.written
        assert "\x1b]0;owned" not in desk.sink.written
