"""The turn, with real parts: what it looks up, what it keeps, and what stays apart."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.events import Inbound, Offer, Out, Reply, Sent, Step
from chains.writer import Backend, Card, Writer
from memory import Draft, Scope, Show, Status, TakeStatus
from memory.ledger import Ledger
from vectorstore import Found, Origin, Query, Sight
from vectorstore.embedding import Embedder
from vectorstore.index import Index

Build = Callable[..., Any]
Sit = Callable[..., Any]

MARA = "Mara Venn keeps the lighthouse at Saltmarsh. She owes the harbour master nine florins."
KEY = "The winch key hangs behind the stove in the net loft."


async def known(desk: Any, *drafts: tuple[str, str, str]) -> Show:
    """Canon that is in the ledger and in the index."""
    talk = await desk.app.rooms.enter(desk.scope)
    show: Show = talk.show
    for kind, name, text in drafts:
        await desk.app.ledger.canon.add(show.tenant, show.id, Draft(kind, name, text), "eva")
    await desk.app.librarian.settle()
    return show


async def talk_of(desk: Any) -> Any:
    return await desk.app.ledger.threads.conversation(desk.scope)


async def receipts(desk: Any) -> Any:
    talk = await talk_of(desk)
    return talk.window[-1].take.receipts


async def test_every_turn_looks_things_up_and_cites_what_it_stands_on(desk: Any) -> None:
    await known(desk, ("character", "Mara Venn", MARA), ("thing", "Winch Key", KEY))
    first = await desk.say("Where does the winch key hang?")
    assert first.reply.status == "complete"
    assert "behind the stove" in first.page
    assert "Winch Key" in first.cites
    assert "[1]" in first.page
    second = await desk.say("Whom does Mara Venn owe nine florins?")
    assert "Mara Venn" in second.cites
    for n in range(2):
        kept = (await desk.app.ledger.threads.conversation(desk.scope)).window[n].take.receipts
        assert kept["passages"]
        assert kept["asked"]["text"] == (await desk.heard())[n]


async def test_what_is_shown_piece_by_piece_is_the_page_but_for_its_markers(desk: Any) -> None:
    await known(desk, ("thing", "Winch Key", KEY))
    stage = await desk.say("Where does the winch key hang?")
    assert stage.page.replace(" [1]", "").split() == stage.text.replace(" [1]", "").split()
    assert (await desk.answers())[-1] == stage.page


async def test_a_question_about_her_is_looked_up_under_her_name(desk: Any) -> None:
    await known(desk, ("character", "Mara Venn", MARA), ("thing", "Winch Key", KEY))
    await desk.say("Tell me about Mara Venn.")
    await desk.say("What does she owe, and to whom?")
    asked = (await receipts(desk))["asked"]
    assert "Mara Venn" in asked["names"]
    assert any("Mara Venn" in also for also in asked["also"])


async def test_a_song_ordered_in_a_chat_is_one_and_the_chat_goes_on(desk: Any) -> None:
    await desk.say("Can you write a short song about the winch key?")
    await desk.say("Where does the winch key hang?")
    talk = await desk.app.ledger.threads.conversation(desk.scope)
    assert [turn.format for turn in talk.window] == ["lyrics", "chat"]
    assert talk.thread.format == "chat"


async def test_in_a_form_that_was_chosen_no_other_is_written(desk: Any) -> None:
    await desk.do("/format plot")
    await desk.say("Write a scene on the pier.")
    talk = await desk.app.ledger.threads.conversation(desk.scope)
    assert talk.window[-1].format == "plot"


async def test_a_small_model_answers_with_what_was_said_a_moment_ago_and_says_that_it_is_not_canon(
    build: Build, sit: Sit
) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    await known(desk, ("character", "Mara Venn", MARA), ("thing", "Winch Key", KEY))
    await desk.say("Mara's new dog is called Biscuit.")
    stage = await desk.say("What is the name of Mara's dog?")
    assert stage.page == "Said in this talk, not in canon:\nMara's new dog is called Biscuit."
    assert not stage.cites
    assert "what was said in this talk answers this" in (await desk.do("/why")).text
    await desk.say("What is the name of Mara's dog?")
    await desk.do("/keep Biscuit")
    assert "\n\nMara's new dog is called Biscuit." in (await desk.do("/canon Biscuit")).text


async def test_what_is_noted_is_kept_in_its_own_words(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    stage = await desk.say("Mara's new dog is called Biscuit.")
    assert stage.page == "Noted in this talk, not in canon:\nMara's new dog is called Biscuit."
    assert not stage.notes
    kept = (await desk.do("/keep")).text
    assert kept.endswith("> Mara's new dog is called Biscuit."), kept
    await desk.app.librarian.settle()
    stage = await desk.say("What is Mara's dog called?")
    assert stage.page.startswith("Mara's new dog is called Biscuit."), "canon says it now"
    assert stage.cites


async def test_what_was_said_beyond_the_window_is_told_as_that_and_the_latest_word_counts(
    build: Build, sit: Sit
) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct", window=2))
    await known(desk, ("character", "Mara Venn", MARA))
    await desk.say("Mara's new dog is called Biscuit.")
    await desk.say("What is Mara's dog called?")
    await desk.say("Actually, Mara's dog is called Pretzel.")
    for _ in range(3):
        await desk.say("Who is Mara Venn?")
    await desk.app.librarian.settle()
    stage = await desk.say("What is Mara's dog called?")
    assert stage.page == "Said in this talk, not in canon:\nActually, Mara's dog is called Pretzel."
    assert not stage.cites


async def test_an_answer_in_canons_words_is_found_in_canon_alone(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    await known(desk, ("character", "Mara Venn", MARA))
    assert "lighthouse" in (await desk.say("What does Mara Venn keep?")).page
    await desk.app.librarian.settle()
    found = await sees(desk, "Mara Venn keeps the lighthouse", origins=(Origin.TURN,))
    assert [hit.passage.speaker for hit in found.hits] == ["eva"]
    await desk.agrees()


async def test_words_of_ours_rest_on_nothing_and_name_nobody_new(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    await known(desk, ("lore", "House Style", "Canon does not say that in so many words, our nearest critic wrote."))
    stage = await desk.say("Where in so many words does the critic live in winter?")
    assert stage.page.startswith("Canon does not say that in so many words. The nearest there is:\n")
    assert "New" not in (await desk.say("We never use voice-over.")).notes


async def test_of_an_answer_that_canon_does_not_plainly_give_only_what_canon_says_is_kept(
    build: Build, sit: Sit
) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    await known(desk, ("character", "Mara Venn", MARA))
    page = await desk.say("Where did Mara Venn learn to play the tuba in winter?")
    assert page.page.startswith("Canon does not say that in so many words.")
    await desk.do("/keep Lighthouse")
    assert "\n\nMara Venn keeps the lighthouse" in (await desk.do("/canon Lighthouse")).text


async def test_who_asks_who_is_speaking_is_told_and_not_shown_a_new_name(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    stage = await desk.say("Who are you?")
    assert stage.page.startswith("I am Dramaturg")
    assert "not in canon" not in stage.notes


class Overheard:
    """A writer whose prompts are noted."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self.prompts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def write(self, messages: Any, *args: Any, **more: Any) -> Any:
        self.prompts.append("\n".join(message.text for message in messages))
        return await self._writer.write(messages, *args, **more)

    async def takes(self, messages: Any, *args: Any, **more: Any) -> Any:
        self.prompts.append("\n".join(message.text for message in messages))
        return await self._writer.takes(messages, *args, **more)


async def test_of_our_own_words_a_small_model_reads_none_and_no_name_is_told_as_new(build: Build, sit: Sit) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    desk = await sit(await build(writer_small=True, through=through))
    for said in ("Hello, what can you do?", "We never use voice-over.", "Thank you!"):
        stage = await desk.say(said)
        assert stage.page
        assert "not in canon" not in stage.notes, stage.page
    await desk.say("Pim lights the lamp.")
    assert "Pim lights" in heard[-1].prompts[-1]
    assert not any(ours in heard[-1].prompts[-1] for ours in ("Dramaturg", "Understood", "Gladly"))


async def test_a_small_model_reads_of_a_passage_what_tells_of_her(build: Build, sit: Sit) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    desk = await sit(await build(writer_small=True, through=through))
    yard = "The yard is cold in winter. " * 12 + "Mara Venn keeps a tin of buttons there." + " The gate is green." * 12
    await known(desk, ("character", "Mara Venn", MARA), ("place", "Yard", yard))
    await desk.say("Who is Mara Venn?")
    await desk.say("What if she came to the yard?")
    assert "a tin of buttons" in heard[0].prompts[-1]


async def test_pinned_canon_that_was_found_is_not_told_as_left_out(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer_small=True))
    await known(desk, ("style", "House Voice", "The winch is never described."), ("style", "Rhyme", "No rhymes."))
    await desk.say("Pitch an idea for the House Voice and the winch.")
    kept = await receipts(desk)
    assert "House Voice" in {one["title"] for one in kept["passages"]}
    assert "pinned: House Voice" not in {one["what"] for one in kept["dropped"]}


async def test_a_large_writer_that_goes_on_is_shown_where_the_page_ends_and_the_form_of_what_comes(
    build: Build, sit: Sit
) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    page = "**Verse 1**\nThe key is cold\nThe rain is old\nThe rope is bold\nA tale is told"
    desk = await sit(await build(writer=f"echo:say={page}", writer_small=False, through=through))
    await desk.say("Write a song about the winch key.")
    await desk.say("Go on.")
    assert [turn.format for turn in (await talk_of(desk)).window] == ["lyrics", "lyrics"]
    told = heard[0].prompts[-1]
    assert "A tale is told\n\neva: Go on.\n\nWrite what comes next" in told
    assert "**Verse 2**" in told.split("Go on.")[-1]
    await desk.do("/again darker")
    assert "A tale is told\n\nThis time, darker.\n\neva: Go on." in heard[0].prompts[-1], "from where it did before"
    await desk.say("Make it sadder.")
    told = heard[0].prompts[-1]
    assert "A tale is told\n\nThis time, Make it sadder" in told
    assert "**Verse 2**" in told.split("This time")[-1], "the part that goes on, and not the whole song"


async def test_a_small_writer_goes_on_in_the_form_and_again_from_the_same_place(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="local:smollm2-135m-instruct"))
    await desk.say("Write a song about the winch key, one verse.")
    first, second = await desk.say("Give me the next verse."), await desk.do("/again sadder")
    for stage in (first, second):
        assert stage.page.startswith("**Verse 2**\n")
        assert "Verse 3" not in stage.page
    assert first.page != second.page
    third, fourth = await desk.say("Make it sadder."), await desk.do("/again darker")
    for stage in (third, fourth):
        assert stage.page.startswith("**Verse 2**\n"), "still the part that goes on"
        assert "Verse 3" not in stage.page
    assert (await desk.say("Another verse.")).page.startswith("**Verse 3**\n")


async def test_who_is_in_the_scene_stands_where_a_large_model_keeps_it_and_stays_there(build: Build, sit: Sit) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    desk = await sit(await build(writer_small=False, through=through))
    await known(desk, ("character", "Mara Venn", MARA), ("character", "Abel Rook", "Abel Rook sells rope."))
    await desk.say("Where does Mara Venn live?")
    await desk.say("And in winter, when the boats are in?")
    await desk.say("What does Abel Rook sell?")
    await desk.say("And in spring, when the boats are out?")
    first, second, third, fourth = (prompt.split("eva: ")[0] for prompt in heard[0].prompts)
    assert "(character): " not in first, "of whom nobody has spoken yet"
    assert f"Mara Venn (character): {MARA}" in second
    assert second == third, "who is named only now changes nothing before the next turn"
    assert fourth.index("Abel Rook (character)") < fourth.index("Mara Venn (character)")


async def test_a_small_model_is_given_no_cast_and_no_pinned_canon_and_why_says_so(build: Build, sit: Sit) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    desk = await sit(await build(writer_small=True, through=through))
    boats = [("thing", f"Boat {name}", f"The boat {name} stays out in storms.") for name in ("Ada", "Bo", "Cy", "Dot")]
    await known(desk, ("character", "Mara Venn", MARA), ("style", "Tone", "Everything is dry."), *boats)
    await desk.say("Tell me of Mara Venn.")
    await desk.say("What if the boats stayed out?")
    assert "(character): " not in heard[0].prompts[-1]
    assert "(style): " not in heard[0].prompts[-1]
    assert "- pinned: Tone: a small model reads only what bears on the message" in (await desk.do("/why")).text


@pytest.mark.parametrize("small", [True, False])
async def test_what_holds_only_for_a_part_of_the_story_says_so_wherever_it_is_read(
    build: Build, sit: Sit, small: bool
) -> None:
    heard: list[Overheard] = []

    def through(writer: Any) -> Overheard:
        heard.append(Overheard(writer))
        return heard[-1]

    desk = await sit(await build(writer_small=small, through=through))
    show = await known(desk, ("thing", "Winch Key", KEY))
    dead = Draft("event", "The Sinking", "The Unpaid Bill sank off Saltmarsh.", starts="episode 8", ends="episode 12")
    await desk.app.ledger.canon.add(show.tenant, show.id, dead, "eva")
    await desk.app.librarian.settle()
    stage = await desk.say("Where did the Unpaid Bill sink?")
    assert "The Sinking (from episode 8, until episode 12)" in stage.cites
    assert "The Sinking (from episode 8, until episode 12)" in (await desk.do("/why")).text
    if small:
        assert "not in canon" not in stage.notes
        assert stage.page == "The Unpaid Bill sank off Saltmarsh. [1] (from episode 8, until episode 12)"
    await desk.say("Write a scene about the Unpaid Bill.")
    kind = "" if small else "event, canon; 20"
    assert f"The Sinking ({kind}" in heard[0].prompts[-1]
    assert "from episode 8, until episode 12): The Unpaid Bill sank" in heard[0].prompts[-1]


def slow() -> Writer:
    """A large writer that loads for ever."""

    async def load() -> Backend:
        writer.hear("preparing model.gguf", 0.25)
        await asyncio.Event().wait()
        raise AssertionError

    writer = Writer(Card("local:large.gguf", 4096, False), load)
    return writer


class Onlooker:
    """A stage on which somebody waits until ``title`` is shown as a step."""

    def __init__(self, title: str) -> None:
        self._title = title
        self.seen = asyncio.Event()
        self.others: list[Out] = []

    async def show(self, out: Out) -> None:
        if not isinstance(out, Step):
            self.others.append(out)
        elif out.title == self._title:
            self.seen.set()

    async def finish(self, reply: Reply) -> Sent:
        return Sent((), "", False)


async def test_whoever_waits_for_a_model_sees_how_far_it_is_and_may_stop(build: Build, sit: Sit) -> None:
    writer = slow()
    desk = await sit(await build(through=lambda _: writer))
    stage = Onlooker("Loading local:large.gguf (preparing model.gguf, 25%)")
    inbound = Inbound("message", "e-slow", desk.scope, desk.author, "Where does the winch key hang?")
    async with asyncio.timeout(30):
        answering = asyncio.create_task(desk.talks.respond(inbound, stage))
        await stage.seen.wait()
        await desk.stop()
        reply = await answering
    assert reply.status == "stopped"
    assert stage.others == [Offer("again", "Again")]
    assert await desk.statuses() == [TakeStatus.STOPPED]
    await writer.close()


async def test_what_was_kept_a_moment_ago_is_found_on_the_next_turn(desk: Any) -> None:
    await desk.do("/keep Gerald: Gerald is a tuba in E flat that sleeps in the boathouse. as thing")
    stage = await desk.say("Where does Gerald sleep?")
    assert "boathouse" in stage.page
    assert stage.cites == ["Gerald"]


async def test_what_was_retired_a_moment_ago_is_not_found_on_the_next_turn(desk: Any) -> None:
    await desk.do("/keep Gerald: Gerald is a tuba in E flat that sleeps in the boathouse. as thing")
    await desk.do("/canon retire Gerald")
    stage = await desk.say("Where does Gerald sleep?")
    assert "boathouse" not in stage.page
    assert not stage.cites


async def test_an_edit_leaves_no_ghost_of_what_was_there_before(desk: Any) -> None:
    await desk.do("/keep Gerald: Gerald sleeps in the boathouse. as thing")
    await desk.do("/canon edit Gerald: Gerald sleeps in the bakery now.")
    stage = await desk.say("Where does Gerald sleep?")
    assert "bakery" in stage.page
    assert "boathouse" not in stage.page
    await desk.agrees()


async def test_turns_beyond_the_window_are_recalled_and_summed_up(build: Build, sit: Sit) -> None:
    desk = await sit(await build(window=2))
    await known(desk, ("character", "Mara Venn", MARA))
    await desk.say("Let us call Mara Venn's boat the Unpaid Bill.")
    for n in range(5):
        await desk.say(f"Mara Venn rows out in week {n} and comes back with a barrel of herring.")
    await desk.app.librarian.settle()
    stage = await desk.say("What is the boat called, the Unpaid something?")
    kept = await receipts(desk)
    assert [one for one in kept["passages"] if one["origin"] == "turn" and "Unpaid Bill" in one["text"]]
    assert "Unpaid Bill" in stage.page
    await desk.app.ledger.threads.conversation(desk.scope, 2)
    await asyncio.sleep(0)
    await _behind(desk)
    thread = (await desk.app.ledger.threads.conversation(desk.scope, 2)).thread
    assert thread.recap is not None
    assert thread.recap.upto >= 1
    assert "Mara" in thread.recap.text


async def _behind(desk: Any) -> None:
    """Waits for the recap, which is made after an answer: until no turn is due any more."""
    async with asyncio.timeout(20):
        while await desk.app.ledger.threads.recap_due(desk.scope, 2):  # noqa: ASYNC110 - it stands in the ledger
            await asyncio.sleep(0.02)


async def test_turns_inside_the_window_are_not_recalled_as_well(desk: Any) -> None:
    await desk.say("The herring barrel is called Ottilie.")
    await desk.say("What is the herring barrel called?")
    assert not [one for one in (await receipts(desk))["passages"] if one["origin"] == "turn"]


async def test_a_turn_taken_back_is_out_of_memory_and_index_and_comes_back_whole(build: Build, sit: Sit) -> None:
    desk = await sit(await build(window=1))
    await desk.say("The herring barrel is called Ottilie.")
    await desk.say("Nothing else happens today.")
    await desk.do("/undo")
    await desk.do("/undo")
    assert await desk.heard() == []
    await desk.agrees()
    stage = await desk.say("What is the herring barrel called?")
    assert "Ottilie" not in stage.page
    await desk.do("/undo")
    await desk.do("/redo")
    assert await desk.heard() == ["What is the herring barrel called?"]
    await desk.agrees()


async def test_redo_brings_back_as_many_turns_as_undo_took(desk: Any) -> None:
    for text in ("One.", "Two.", "Three."):
        await desk.say(text)
    for _ in range(3):
        await desk.do("/undo")
    for heard in (["One."], ["One.", "Two."], ["One.", "Two.", "Three."]):
        await desk.do("/redo")
        assert await desk.heard() == heard
    assert "nothing to bring back" in (await desk.do("/redo")).text
    await desk.agrees()


async def test_the_same_event_again_shows_the_same_answer_and_writes_nothing(desk: Any) -> None:
    first = await desk.say("Who rings the bell?", event_id="Ev1")
    again = await desk.say("Who rings the bell?", event_id="Ev1")
    assert again.page == first.page
    assert again.reply.turn == first.reply.turn
    assert await desk.heard() == ["Who rings the bell?"]
    await desk.agrees()


async def test_the_same_event_twice_at_once_is_answered_once(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.01"))
    stages = await asyncio.gather(*(desk.say("Who rings the bell?", event_id="Ev1") for _ in range(3)))
    assert len({stage.reply.turn for stage in stages}) == 1
    assert len({stage.page for stage in stages}) == 1
    assert await desk.heard() == ["Who rings the bell?"]


@pytest.mark.parametrize("fail", ["fail=start", "fail=after3words"])
async def test_a_failed_writer_leaves_the_turn_one_sentence_and_a_way_on(
    build: Build, sit: Sit, tmp_path: Path, fail: str
) -> None:
    desk = await sit(await build(writer=f"echo:{fail}"))
    stage = await desk.say("Who rings the bell at dawn?")
    assert stage.reply.status == "failed"
    assert stage.fails == ["The echo writer fails here, as its script says: ask again."]
    assert [offer.action for offer in stage.offers] == ["again"]
    assert await desk.heard() == ["Who rings the bell at dawn?"]
    assert await desk.statuses() == [TakeStatus.FAILED]
    assert (await desk.answers())[-1].strip() == stage.text.strip()
    mended = await sit(await build())
    again = await mended.do("/again")
    assert again.reply.status == "complete"
    assert await mended.heard() == ["Who rings the bell at dawn?"]
    assert await mended.answers() == [again.page]
    await mended.agrees()


async def test_stop_keeps_exactly_what_was_shown(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.02,say=one two three four five six seven eight nine ten"))
    stops: list[Any] = []

    async def at_three(text: str) -> None:
        if len(text.split()) == 3:
            stops.append(await desk.stop())

    stage = await desk.say("Count.", on_text=at_three)
    assert len(stops) == 1
    assert stage.reply.status == "stopped"
    assert 3 <= len(stage.text.split()) <= 5
    assert await desk.answers() == [stage.text]
    assert await desk.statuses() == [TakeStatus.STOPPED]
    assert not stage.cites
    await desk.agrees()


async def test_a_surface_that_breaks_in_mid_answer_does_not_hold_up_the_next_turn(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.005,say=one two three four"))

    def broken(text: str) -> None:
        if len(text.split()) == 2:
            raise ConnectionResetError("the surface is gone")

    first = await desk.say("Count.", on_text=broken)
    assert first.reply.status == "failed"
    second = await desk.say("Count again.")
    assert second.reply.status == "complete"
    assert (await desk.heard())[-1] == "Count again."
    await desk.agrees()


async def test_a_surface_that_breaks_in_mid_answer_leaves_an_answer_that_has_ended(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.005,say=one two three four"))

    def broken(text: str) -> None:
        if len(text.split()) == 2:
            raise ConnectionResetError("the surface is gone")

    await desk.say("Count.", on_text=broken)
    assert TakeStatus.WRITING not in await desk.statuses()
    assert (await desk.do("/again")).reply.status == "complete"


async def test_an_answer_that_is_cancelled_is_kept_as_far_as_it_was_shown(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.02,say=one two three four five six seven"))
    begun = asyncio.Event()
    answering = asyncio.create_task(desk.say("Count.", on_text=lambda text: begun.set() if "two" in text else None))
    async with asyncio.timeout(20):
        await begun.wait()
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    assert await desk.statuses() == [TakeStatus.STOPPED]
    assert (await desk.answers())[0].startswith("one two")
    await desk.agrees()


async def test_a_model_that_cannot_be_loaded_fails_the_turn_and_keeps_it(
    build: Build, sit: Sit, tmp_path: Path
) -> None:
    desk = await sit(await build(writer=f"local:{tmp_path / 'missing.gguf'}"))
    stage = await desk.say("Who rings the bell?")
    assert stage.reply.status == "failed"
    assert "There is no model file" in stage.fails[0]
    assert [offer.action for offer in stage.offers] == ["again"]
    assert await desk.statuses() == [TakeStatus.FAILED]
    mended = await sit(await build())
    assert (await mended.do("/again")).reply.status == "complete"
    assert await mended.statuses() == [TakeStatus.COMPLETE]


async def test_no_one_sees_what_belongs_to_another_tenant_show_or_thread(build: Build, sit: Sit) -> None:
    talks = await build(window=1)
    places = [
        (Scope("slack", "T1", "C1", "a"), "Salt"),
        (Scope("slack", "T1", "C1", "b"), "Salt"),
        (Scope("slack", "T1", "C2", "a"), "Salt"),
        (Scope("slack", "T1", "C3", "a"), "Bridge"),
        (Scope("slack", "T2", "C1", "a"), "Salt"),
        (Scope("discord", "T1", "C1", "a"), "Salt"),
    ]
    desks = [await sit(talks, scope, show) for scope, show in places]
    words = [f"canary{n}{'xyzuvw'[n]}" for n in range(len(desks))]
    for desk, word in zip(desks, words, strict=True):
        await desk.say(f"The secret of the lamp is {word}.")
        await desk.say("Something else.")
        await desk.do(f"/keep Lamp {word}: The lamp says {word}. as thing")
    await talks.app.librarian.settle()
    shares = {n: {n} for n in range(len(desks))}
    for n, (scope, show) in enumerate(places):
        shares[n] = {m for m, (other, name) in enumerate(places) if (other.tenant, name) == (scope.tenant, show)}
    for n, desk in enumerate(desks):
        page = await desk.say("What does the lamp say, and what is its secret?")
        searched = await desk.do("/search the lamp says canary secret")
        listed = await desk.do("/canon")
        why = await desk.do("/why")
        seen = "\n".join(
            [page.page, page.notes, *page.cites, searched.text, listed.text, why.text, str(await receipts(desk))]
        )
        for m, word in enumerate(words):
            if m not in shares[n]:
                assert word not in seen, f"{places[n]} sees {word} of {places[m]}"
            elif m != n:
                assert f"secret of the lamp is {word}" not in seen, f"{places[n]} hears the thread of {places[m]}"
    await desks[0].agrees()


async def test_ten_threads_at_once_keep_their_order_and_never_see_each_others_text(
    build: Build, sit: Sit, scopes: Any
) -> None:
    talks = await build(writer="echo:slow=0.001", window=2)
    desks = [await sit(talks, scope) for scope in scopes(10)]

    async def person(number: int, desk: Any) -> None:
        # All are sent at once, as a person does who does not wait for answers.
        said = [desk.say(f"Marker-{number}-{turn} says hello.") for turn in range(3)]
        for stage in await asyncio.gather(*said):
            assert f"Marker-{number}-" in stage.page
            assert stage.reply.status == "complete"

    await asyncio.gather(*(person(number, desk) for number, desk in enumerate(desks)))
    for number, desk in enumerate(desks):
        assert await desk.heard() == [f"Marker-{number}-{turn} says hello." for turn in range(3)]
        told = "\n".join(await desk.answers()) + str(await receipts(desk))
        assert not [other for other in range(10) if other != number and f"Marker-{other}-" in told]
    await desks[0].agrees()


async def test_a_full_queue_is_told_and_nothing_else_is_lost(build: Build, sit: Sit) -> None:
    desk = await sit(await build(writer="echo:slow=0.005"))
    stages = await asyncio.gather(*(desk.say(f"Message {n}.") for n in range(12)))
    full = [stage for stage in stages if stage.reply.status == "failed"]
    assert full
    assert all("send it again" in stage.fails[0] for stage in full)
    assert len(await desk.heard()) == 12 - len(full)


async def test_a_turn_reads_no_more_of_the_ledger_at_depth_forty_than_at_depth_six(
    build: Build, sit: Sit, ledger: Ledger, statements: Callable[[Ledger], AbstractContextManager[list[str]]]
) -> None:
    desk = await sit(await build(window=3))
    talks: list[int] = []
    for depth in range(1, 42):
        if depth in (6, 41):
            await desk.app.librarian.settle()
            await _settled(desk)
            with statements(ledger) as heard:
                await desk.app.rooms.enter(desk.scope)
                entered = len([one for one in heard if one.startswith("SELECT")])
                await desk.say(f"And in week {depth}?")
                reads = [one for one in heard if one.startswith("SELECT") and "FROM outbox" not in one]
            talks.append(len(reads))
            assert entered <= 2
        else:
            begun = (
                await ledger.turns.begin(desk.scope, "eva", f"And in week {depth}?", "chat", "") if depth > 1 else None
            )
            if begun is None:
                await desk.say("And in week 1?")
            else:
                await ledger.turns.finish(desk.scope, begun.take.id, f"Week {depth} is quiet.", TakeStatus.COMPLETE)
    # The recap behind an answer may or may not be counted with it: a handful, and no more with depth.
    assert abs(talks[1] - talks[0]) <= 8
    assert max(talks) < 40


async def _settled(desk: Any) -> None:
    async with asyncio.timeout(20):
        while due := await desk.app.ledger.threads.recap_due(desk.scope, 3):
            await desk.app.ledger.threads.keep_recap(desk.scope, due, "Quiet weeks.")


async def test_without_an_embedder_words_still_find_and_the_reader_is_told(
    build: Build, sit: Sit, embedder: Embedder, tmp_path: Path
) -> None:
    down = Embedder()
    await down.close()
    words = await Index.open(tmp_path / "words", embedder)
    try:
        lexical = Index(words._store, down)
        desk = await sit(await build(index=words))
        await known(desk, ("thing", "Winch Key", KEY))
        desk = await sit(await build(index=lexical, embedder=down))
        stage = await desk.say("Where does the winch key hang?")
        assert "behind the stove" in stage.page
        assert stage.cites == ["Winch Key"]
        assert stage.reply.status == "complete"
        assert "Found by words alone" in stage.notes
        assert (await receipts(desk))["trouble"].startswith("Found by words alone")
    finally:
        await words.close()


async def test_without_an_index_the_turn_goes_on_and_the_reader_is_told(
    build: Build, sit: Sit, embedder: Embedder, tmp_path: Path
) -> None:
    closed = await Index.open(tmp_path / "closed", embedder)
    await closed.close()
    desk = await sit(await build(index=closed))
    stage = await desk.say("Where does the winch key hang?")
    assert stage.reply.status == "complete"
    assert stage.page.startswith("You said:")
    assert "index" in stage.notes
    assert await desk.heard() == ["Where does the winch key hang?"]


async def test_a_proposal_is_never_put_before_the_writer_as_fact(desk: Any) -> None:
    show = await known(desk)
    await desk.app.ledger.canon.add(
        show.tenant,
        show.id,
        Draft("lore", "Dry Passage", "A dry passage runs under the river."),
        "eva",
        Status.PROPOSED,
    )
    stage = await desk.say("Is there a dry passage under the river?")
    assert "Dry Passage" not in stage.cites
    assert not (await receipts(desk))["passages"]
    await desk.agrees()


async def test_a_room_without_a_show_is_asked_for_one(desk: Any) -> None:
    stage = await desk.at(Scope("slack", "T9", "C9", "x")).say("Hello?")
    assert stage.text.startswith("Which show does this room work on?")
    assert [offer.action for offer in stage.offers] == ["show"]


@pytest.mark.parametrize("form", ["plot", "host", "dialogue", "lyrics", "quest", "ad", "vfx"])
async def test_every_format_gives_a_page_and_what_is_shown_is_what_is_kept(build: Build, sit: Sit, form: str) -> None:
    desk = await sit(await build(writer_small=True))
    await known(desk, ("character", "Mara Venn", MARA), ("place", "Net Loft", "The net loft stands over the quay."))
    await desk.do(f"/format {form}")
    stage = await desk.say("Mara Venn refuses a wheelbarrow in the Net Loft.")
    assert stage.reply.status == "complete"
    assert len(stage.text.split()) >= 5
    assert await desk.answers() == [stage.page]
    await desk.agrees()


async def sees(desk: Any, text: str, **more: Any) -> Found:
    talk = await desk.app.rooms.enter(desk.scope)
    depth = talk.window[-1].depth if talk.window else 0
    sight = Sight(talk.show.tenant, talk.show.id, talk.thread.id, {talk.thread.branch: depth})
    return await desk.app.index.search(Query(sight, text, **more))


async def test_of_several_takes_only_the_chosen_one_can_be_found(desk: Any) -> None:
    await known(desk, ("character", "Mara Venn", MARA), ("thing", "Winch Key", KEY))
    await desk.say("Mara Venn and the winch key, where do they hang?")
    first = (await desk.answers())[0]
    await desk.do("/again darker")
    second = (await desk.answers())[0]
    await desk.agrees()
    await desk.do("/takes 1")
    assert await desk.answers() == [first]
    await desk.agrees()
    found = await sees(desk, "Mara Venn", origins=(Origin.TURN,))
    written = [hit.passage for hit in found.hits if hit.passage.speaker == "Dramaturg"]
    assert {one.version for one in written} == {1}
    assert second
