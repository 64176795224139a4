"""A room talks to its dramaturg in Slack: mentions, threads, messages to it alone, buttons, forms, files."""

import asyncio
import json

import pytest

from bot.surfaces.slack.surface import Manners
from memory import Scope, TakeStatus

pytestmark = pytest.mark.asyncio(loop_scope="module")


def answers(team, channel="C1", thread=None):
    return [message for message in team.from_bot(channel, thread) if not message.only_for and message.stream != "open"]


def whispers(team, user, channel="C1"):
    return [message for message in team.from_bot(channel) if message.only_for == user]


async def test_a_mention_begins_a_thread_and_in_it_no_mention_is_needed(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello there")
    first = (await until(lambda: answers(team, thread=root)))[0]
    assert "Hello there" in first.shown
    slack.say(team, "C1", "U2", "And on it goes", thread=root)
    second = (await until(lambda: len(answers(team, thread=root)) == 2 and answers(team, thread=root)))[1]
    assert "And on it goes" in second.shown
    assert "Bo" in second.shown, "people are called by their names"


async def test_small_talk_and_words_to_others_are_left_alone(bot, slack, team, until):
    await bot.start()
    slack.say(team, "C1", "U1", "nobody was asked")
    root = slack.mention(team, "C1", "U1", "Hello")
    await until(lambda: answers(team))
    slack.say(team, "C1", "U1", "<@U2> what do you think?", thread=root)
    slack.say(team, "C1", "U1", "in another thread", thread=slack.say(team, "C1", "U2", "another root"))
    slack.say(team, "C1", "U1", "a bot speaks", thread=root, bot_id="B9")
    await asyncio.gather(*(delivery.done.wait() for delivery in slack.deliveries))
    await asyncio.sleep(0.5)
    assert len(answers(team)) == 1
    assert all(delivery.acked is not None and delivery.attempts == 1 for delivery in slack.deliveries)


async def test_a_message_to_it_alone_is_answered_in_its_thread(bot, slack, team, until):
    await bot.start()
    ts = slack.say(team, "D1", "U1", "Just us two")
    assert "Just us two" in (await until(lambda: answers(team, "D1", ts)))[0].shown


async def test_the_status_is_set_and_always_cleared(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello")
    await until(lambda: team.sessions.get(("C1", root)) == "processing")
    await until(lambda: team.sessions.get(("C1", root)) == "active")
    slack.mention(team, "C1", "U1", "/nosuch", thread=root)
    await until(lambda: len(answers(team)) == 2)
    await until(lambda: team.sessions.get(("C1", root)) == "active")


async def test_every_verb_works_as_text_after_a_mention(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "/help again")
    assert "/again" in (await until(lambda: answers(team, thread=root)))[0].shown
    slack.mention(team, "C1", "U1", "/agian", thread=root)
    wrong = (await until(lambda: len(answers(team)) == 2 and answers(team)))[1]
    assert "did you mean /again" in wrong.shown


async def test_a_page_has_its_buttons_and_they_do_what_they_say(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "The keeper sleeps")
    page = (await until(lambda: answers(team, thread=root)))[0]
    assert {"Again", "Why", "Keep"} <= set(page.buttons)
    slack.press(team, page, page.buttons["Why"], "U2")
    why = (await until(lambda: whispers(team, "U2")))[0]
    assert "Looked up" in why.shown, "for the one who asked"
    slack.press(team, page, page.buttons["Again"], "U2")
    again = (await until(lambda: len(answers(team)) == 2 and answers(team)))[1]
    assert "The keeper sleeps" in again.shown


async def test_a_button_of_an_earlier_page_still_belongs_to_that_page(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "First thing")
    page = (await until(lambda: answers(team, thread=root)))[0]
    slack.say(team, "C1", "U1", "Second thing", thread=root)
    await until(lambda: len(answers(team)) == 2)
    slack.press(team, page, page.buttons["Again"], "U1")
    again = (await until(lambda: len(answers(team)) == 3 and answers(team)))[2]
    assert "First thing" in again.shown
    assert "Second thing" not in again.shown


async def test_what_people_think_of_a_page_lands_in_the_ledger(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello")
    page = (await until(lambda: answers(team, thread=root)))[0]
    pair = next(block for block in page.blocks if block["type"] == "context_actions")["elements"][0]
    slack.press(team, page, {**pair, "value": pair["negative_button"]["value"]}, "U2")
    await until(lambda: whispers(team, "U2"))
    turn = json.loads(pair["negative_button"]["value"])["t"]
    assert await app.ledger.turns.ratings(Scope("slack", team.id, "C1", root), turn) == {"U2": -1}


async def test_keep_under_an_older_page_asks_first_and_then_adds_that_page(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "She mends the nets.")
    page = (await until(lambda: answers(team, thread=root)))[0]
    for said in ("/keep Ana: She is a widow.", "The fog comes in."):
        before = len(answers(team, thread=root))
        slack.mention(team, "C1", "U1", said, thread=root)
        await until(lambda before=before: len(answers(team, thread=root)) > before)
    slack.press(team, page, page.buttons["Keep"], "U2")
    asked = (await until(lambda: [one for one in answers(team, thread=root) if "has already" in one.shown]))[0]
    show = (await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))).show

    async def ana():
        return (await app.ledger.canon.find(team.id, show.id, "Ana"))[0].text

    assert await ana() == "She is a widow."
    slack.press(team, asked, asked.buttons["Add it to Ana"], "U2")
    await until(lambda: any("Added to" in one.shown for one in answers(team, thread=root)))
    assert "nets" in await ana()
    assert "fog" not in await ana()


async def test_a_page_is_edited_in_a_window_and_stands_where_it_stood(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello")
    page = (await until(lambda: answers(team, thread=root)))[0]
    slack.press(team, page, page.buttons["Edit…"], "U2")
    view = (await until(lambda: team.views))[0]
    element = view["blocks"][0]["element"]
    assert element["initial_value"] in page.shown
    said = "The heron <@U1> waits, <b>wet</b>.\n\n<!channel> sings."
    slack.submit(team, view, {"text": {"text": {"value": said}}}, "U2")
    await until(lambda: "The heron" in page.shown)
    assert "Edited by Bo" in page.shown
    assert "<b>wet</b>" in page.shown
    assert "<@" not in page.shown
    assert "<!" not in page.shown
    assert {"Again", "Why", "Edit…"} <= set(page.buttons)
    scope = Scope("slack", team.id, "C1", root)
    await until(lambda: not bot.gate._floor.running(scope))
    assert answers(team, thread=root) == [page], "in its place, and nothing else is said"
    [turn] = (await app.ledger.threads.conversation(scope)).window
    assert [one.writer for one in await app.ledger.turns.takes(scope, turn.id)] == ["echo", "Bo"]
    assert turn.take.writer == "Bo"
    slack.delete(team, "C1", page.ts)

    async with asyncio.timeout(20):
        while (await app.ledger.threads.conversation(scope)).window[0].take is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_page_longer_than_a_window_is_not_cut_but_said_to_be(bot, slack, team, until):
    bot.say = "say=" + " ".join(f"word{n}" for n in range(700))
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write at length")
    page = (await until(lambda: answers(team, thread=root)))[-1]
    slack.press(team, page, page.buttons["Edit…"], "U1")
    told = (await until(lambda: whispers(team, "U1")))[0].shown
    assert "a window holds 3,000" in told
    assert "mention me with `/edit`" in told
    assert team.views == []


async def test_the_first_word_in_a_room_without_a_show_asks_and_is_then_answered(bot, slack, team, until, app):
    team.add_channel("C9", "new", "U1")
    await bot.start()
    root = slack.mention(team, "C9", "U1", "Write me something")
    asked = (await until(lambda: answers(team, "C9", root)))[0]
    slack.press(team, asked, asked.buttons["The Salt Road"], "U1")
    found = await until(lambda: len(answers(team, "C9", root)) == 3 and answers(team, "C9", root))
    assert "now works on" in found[1].shown
    assert "Write me something" in found[2].shown


async def test_a_long_first_word_in_a_room_without_a_show_is_answered_whole(bot, slack, team, until):
    team.add_channel("C9", "new", "U1")
    await bot.start()
    said = "\n".join(f'He says "word{n}".' for n in range(150))
    assert len(said) > 2000
    root = slack.mention(team, "C9", "U1", said)
    asked = (await until(lambda: answers(team, "C9", root)))[0]
    slack.press(team, asked, asked.buttons["The Salt Road"], "U1")
    found = await until(lambda: len(answers(team, "C9", root)) == 3 and answers(team, "C9", root))
    assert "word0" in found[2].shown
    assert "word149" in found[2].shown


async def test_quick_first_words_in_a_room_without_a_show_are_all_said_again(bot, slack, team, until):
    team.add_channel("C9", "new", "U1")
    bot.manners = Manners(burst=0.6)
    await bot.start()
    said = ["\n".join(f'She says "{word}{n}".' for n in range(80)) for word in ("salt", "fog")]
    assert max(map(len, said)) < 2000 < len("".join(said))
    root = slack.mention(team, "C9", "U1", said[0])
    slack.mention(team, "C9", "U1", said[1], thread=root)
    asked = (await until(lambda: answers(team, "C9", root)))[0]
    slack.press(team, asked, asked.buttons["The Salt Road"], "U1")
    found = await until(lambda: len(answers(team, "C9", root)) == 3 and answers(team, "C9", root))
    assert "salt0" in found[2].shown
    assert "fog79" in found[2].shown


async def test_commands_know_people_by_name_and_keep_what_was_typed(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "/note ask <@U2> why &amp;lt; is no &lt;")
    await until(lambda: answers(team, thread=root))
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert talk.thread.note == "ask @Bo why &lt; is no <"
    slack.command(team, "C1", "U1", "remember ask <@U2|bo> &amp;lt;")
    await until(lambda: [one for one in answers(team) if "ask @Bo &lt;" in one.shown])
    slack.command(team, "C1", "U1", "Write <@U2|bo> &amp;lt; a song")
    root = (await until(lambda: [one for one in answers(team) if "*Ana:*" in one.shown and not one.thread_ts]))[0]
    assert "@Bo &amp;lt; a song" in root.shown, "as Slack shows it"
    await until(lambda: answers(team, thread=root.ts))
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root.ts))
    assert talk.window[0].text == "Write @Bo &lt; a song"


async def test_the_slash_command_answers_its_author_alone_and_writes_for_all(bot, slack, team, until):
    await bot.start()
    done = slack.command(team, "C1", "U1", "shows")
    assert "The Salt Road" in (await until(lambda: whispers(team, "U1")))[0].shown
    assert done.acked is not None
    slack.command(team, "C1", "U1", "Write of the sea")
    root = (await until(lambda: [one for one in answers(team) if not one.thread_ts]))[0]
    assert "Ana" in root.shown
    assert "Write of the sea" in (await until(lambda: answers(team, thread=root.ts)))[0].shown


async def test_what_a_slash_command_changes_for_all_is_seen_by_all_and_nothing_else_is(bot, slack, team, until, app):
    await bot.start()
    slack.command(team, "C1", "U1", "keep Rule: No magic at all.")
    told = (await until(lambda: answers(team)))[0]
    assert "Kept as canon" in told.shown
    assert "Ana: /keep Rule" in told.shown
    slack.command(team, "C1", "U1", "canon retire Rule")
    await until(lambda: [one for one in answers(team) if "is retired" in one.shown])
    slack.command(team, "C1", "U1", "canon retire Nobody")
    await until(lambda: [one for one in whispers(team, "U1") if "Canon has no" in one.shown])
    slack.command(team, "C1", "U1", "canon")
    await until(lambda: len(whispers(team, "U1")) == 2)
    slack.command(team, "C1", "U1", "show Another show")
    await until(lambda: [one for one in answers(team) if "works on **Another show**" in one.shown])
    assert len(answers(team)) == 3
    assert not [args for name, args, _ in slack.calls if name == "chat.startStream"]


async def test_files_that_only_one_should_see_are_not_put_into_the_channel(bot, slack, team, until, app):
    await bot.start()
    here = Scope("slack", team.id, "C1")
    show = await app.ledger.shows.ensure(team.id, "The Salt Road")
    await app.ledger.threads.open(here, show.id)
    begun = await app.ledger.turns.begin(here, "Ana", "Hello", "chat", "EvY")
    await app.ledger.turns.finish(here, begun.take.id, "A page.", TakeStatus.COMPLETE, "", {}, "echo")
    slack.command(team, "C1", "U1", "export")
    assert "mention me with `/export`" in (await until(lambda: whispers(team, "U1")))[0].shown
    assert answers(team) == []


async def test_a_rooms_settings_are_a_form_and_hold(bot, slack, team, until, app):
    await bot.start()
    slack.command(team, "C1", "U1", "settings")
    view = (await until(lambda: team.views))[0]
    values = {
        "show": {"show": {"selected_option": {"value": "The Salt Road"}}},
        "format": {"format": {"selected_option": {"value": "plot"}}},
        "note": {"note": {"value": "No magic."}},
        "deciders": {"deciders": {"selected_users": ["U2"]}},
    }
    slack.submit(team, view, {name: {name: one[name]} for name, one in values.items()}, "U1")
    await until(lambda: whispers(team, "U1"))
    room = await app.ledger.shows.room(Scope("slack", team.id, "C1"))
    assert (room.format, room.note, room.deciders) == ("plot", "No magic.", ("U2",))
    root = slack.mention(team, "C1", "U1", "/keep Rule: No magic at all.")
    assert "Others decide" in (await until(lambda: answers(team, thread=root)))[0].shown
    root = slack.mention(team, "C1", "U2", "/keep Rule: No magic at all.")
    assert "Kept as canon" in (await until(lambda: answers(team, thread=root)))[0].shown


async def test_a_shared_file_is_learned_on_request_and_found_again(bot, slack, team, until, app):
    await bot.start()
    file = slack.add_file(team, "winch.md", b"# The winch\n\nThe winch key hangs behind the blue door.\n")
    root = slack.mention(team, "C1", "U1", "", files=[file])
    asked = (await until(lambda: answers(team, thread=root)))[0]
    slack.press(team, asked, asked.buttons["Learn winch.md"], "U1")
    learned = (await until(lambda: [one for one in answers(team, thread=root) if "Learned" in one.shown]))[0]
    assert "1 source," in learned.shown
    slack.mention(team, "C1", "U1", "/search winch key", thread=root)
    await until(lambda: [one for one in answers(team, thread=root) if "blue door" in one.shown])
    left = [path for path in (app.settings.home / "incoming").rglob("*") if path.is_file()]
    assert left == [], "a file stays no longer than it takes to learn it"


@pytest.mark.parametrize("words", ["learn this", "Can you please read these files?"])
async def test_who_says_learn_this_with_a_file_need_not_press_anything(bot, slack, team, until, words):
    await bot.start()
    file = slack.add_file(team, "winch.md", b"# The winch\n\nThe winch key hangs behind the blue door.\n")
    root = slack.mention(team, "C1", "U1", words, files=[file])
    await until(lambda: [one for one in answers(team, thread=root) if "1 source," in one.shown])


async def test_the_files_of_quick_messages_are_all_learned(bot, slack, team, until):
    bot.manners = Manners(burst=0.6)
    await bot.start()
    files = [
        slack.add_file(team, f"{name}.md", f"# The {name}\n\nThe {name} is green.\n".encode())
        for name in ("winch", "buoy")
    ]
    root = slack.mention(team, "C1", "U1", "look", files=files[:1])
    slack.mention(team, "C1", "U1", "and at this", thread=root, files=files[1:])
    button = "Learn winch.md, buoy.md"
    page = (await until(lambda: [one for one in answers(team, thread=root) if button in one.buttons]))[0]
    slack.press(team, page, page.buttons[button], "U1")
    told = await until(lambda: [one for one in answers(team, thread=root) if "Learned" in one.shown])
    assert "2 sources" in told[0].shown


async def test_a_file_with_a_long_name_is_learned_and_known_again_in_another_thread(bot, slack, team, until):
    await bot.start()
    file = slack.add_file(team, "\u4e2d" * 100 + ".md", b"# Lamps\n\nThe lamp of the north pier is green.\n")
    root = slack.mention(team, "C1", "U1", "/learn", files=[file])
    await until(lambda: [one for one in answers(team, thread=root) if "1 source," in one.shown])
    root = slack.mention(team, "C1", "U1", "/learn", files=[file])
    await until(lambda: [one for one in answers(team, thread=root) if "1 unchanged" in one.shown])


async def test_a_login_page_is_not_learned_as_a_file_and_no_other_host_is_asked(bot, slack, team, until):
    await bot.start()
    file = slack.add_file(team, "a.md", b"x") | {"mimetype": "text/markdown"}
    team.files[file["id"]]["mimetype"] = "text/html"
    root = slack.mention(team, "C1", "U1", "/learn", files=[file])
    assert "files:read" in (await until(lambda: answers(team, thread=root)))[0].shown
    evil = {**file, "url_private": "http://169.254.0.1/x", "url_private_download": "http://169.254.0.1/x"}
    root = slack.mention(team, "C1", "U1", "/learn", files=[evil])
    assert "not kept by Slack" in (await until(lambda: answers(team, thread=root)))[0].shown


async def test_a_path_typed_in_slack_never_reads_our_own_disk(bot, slack, team, until, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("the keys to the house")
    await bot.start()
    root = slack.mention(team, "C1", "U1", f"/learn {secret}")
    assert "Share a file" in (await until(lambda: answers(team, thread=root)))[0].shown


async def test_exports_come_back_as_files(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "A page to export")
    await until(lambda: answers(team, thread=root))
    slack.mention(team, "C1", "U1", "/export", thread=root)
    message = (await until(lambda: [one for one in answers(team, thread=root) if one.files]))[0]
    assert b"A page to export" in team.bytes[message.files[0]["id"]]


async def test_editing_what_was_answered_changes_the_ledger_and_offers_to_redo(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Old words")
    await until(lambda: answers(team, thread=root))
    slack.edit(team, "C1", root, f"<@{team.bot}> New words")
    told = (await until(lambda: whispers(team, "U1")))[0]
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert [turn.text for turn in talk.window] == ["New words"]
    slack.press(team, told, told.buttons["Redo from here"], "U1")
    again = (await until(lambda: len(answers(team, thread=root)) == 2 and answers(team, thread=root)))[1]
    assert "New words" in again.shown


async def test_deleting_what_was_answered_takes_it_out_of_the_thread_and_the_index(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "The heron secret")
    await until(lambda: answers(team, thread=root))
    ts = slack.say(team, "C1", "U1", "The cormorant stays", thread=root)
    await until(lambda: len(answers(team, thread=root)) == 2)
    await app.librarian.settle()
    before = await app.index.count()
    slack.delete(team, "C1", ts)
    await until(lambda: whispers(team, "U1"))
    await app.librarian.settle()
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert [turn.text for turn in talk.window] == ["The heron secret"]
    assert await app.index.count() < before


async def test_deleting_a_threads_first_message_takes_it_out_though_slack_calls_that_an_edit(
    bot, slack, team, until, app
):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "The heron secret")
    await until(lambda: answers(team, thread=root))
    await until(lambda: not bot.gate._floor.running(Scope("slack", team.id, "C1", root)))
    slack.delete(team, "C1", root)
    assert "Taken back" in (await until(lambda: whispers(team, "U1")))[0].shown
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert talk.window == ()


async def test_a_page_that_somebody_deletes_leaves_the_conversation_and_the_vectors(bot, slack, team, until, app):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "The heron page")
    page = (await until(lambda: answers(team, thread=root)))[0]
    slack.say(team, "C1", "U1", "The cormorant page", thread=root)
    await until(lambda: len(answers(team, thread=root)) == 2)
    scope = Scope("slack", team.id, "C1", root)
    await until(lambda: not bot.gate._floor.running(scope))
    await app.librarian.settle()
    before = await app.index.fingerprints()
    first = (await app.ledger.threads.conversation(scope)).window[0]
    slack.delete(team, "C1", page.ts)
    async with asyncio.timeout(20):
        while (await app.ledger.turns.get(scope, first.id)).take is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await app.librarian.settle()
    gone = before.keys() - (await app.index.fingerprints()).keys()
    assert gone, "its passages are no longer in the index"
    talk = await app.ledger.threads.conversation(scope)
    assert [(turn.text, bool(turn.take)) for turn in talk.window] == [
        ("The heron page", False),
        ("The cormorant page", True),
    ]
    assert [one for one in answers(team, thread=root) if one.ts != page.ts and "heron" in one.shown] == []
    await until(lambda: not bot.gate._floor.running(scope))
    assert whispers(team, "U1") == [], "there is nobody to tell"


@pytest.mark.parametrize("streams", [True, False])
async def test_a_page_that_is_deleted_while_it_grows_is_stopped_and_withdrawn(bot, slack, team, until, app, streams):
    slack.limits.streams = streams
    bot.say = "slow=0.2,say=" + " ".join(f"word{n}" for n in range(300))
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write at length")
    page = (await until(lambda: [m for m in team.from_bot("C1", root) if "word3" in m.shown]))[0]
    slack.delete(team, "C1", page.ts)
    scope = Scope("slack", team.id, "C1", root)

    async with asyncio.timeout(20):
        while (await app.ledger.threads.conversation(scope)).window[0].take is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await until(lambda: not bot.gate._floor.running(scope))
    assert team.from_bot("C1", root) == [], "nothing of it is shown again"
    assert whispers(team, "U1") == [], "there is nobody to tell"


async def test_link_previews_are_no_edits(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "See https://example.com")
    await until(lambda: answers(team, thread=root))
    slack.edit(team, "C1", root, "other words by Slack itself", unfurl=True)
    await asyncio.gather(*(delivery.done.wait() for delivery in slack.deliveries))
    await asyncio.sleep(0.3)
    assert whispers(team, "U1") == []


async def test_stop_keeps_what_was_shown_and_the_native_button_does_the_same(bot, slack, team, until):
    bot.say = "slow=0.2,say=" + " ".join(f"word{n}" for n in range(200))
    await bot.start()
    for stop in ("text", "button"):
        root = slack.mention(team, "C1", "U1", "Write at length")
        page = (await until(lambda root=root: [m for m in team.from_bot("C1", root) if "word3" in m.text]))[0]
        if stop == "text":
            slack.say(team, "C1", "U1", "stop", thread=root)
        else:
            event = {"type": "agent_session_stopped", "channel": "C1", "thread_ts": root, "user": "U1"}
            slack.send_event(team, event | {"event_ts": root, "streaming_message_ts": []})
        await until(lambda page=page: page.stream == "stopped")
        assert "word3" in page.text
        assert "word199" not in page.shown
        assert "stopped" in page.shown
        await until(lambda root=root: team.sessions[("C1", root)] == "active")


async def test_a_stop_that_comes_as_two_events_is_answered_once(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello")
    await until(lambda: answers(team, thread=root))
    await until(lambda: not bot.gate._floor.running(Scope("slack", team.id, "C1", root)))
    slack.mention(team, "C1", "U1", "stop", thread=root)
    await until(lambda: len(answers(team, thread=root)) == 2)
    await asyncio.sleep(0.5)
    assert [one.shown for one in answers(team, thread=root)][1:] == ["Nothing is being written here."]


async def test_a_verb_of_the_terminal_is_met_with_a_reason(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "/quit")
    assert "is for the terminal" in (await until(lambda: answers(team, thread=root)))[0].shown


async def test_a_long_answer_for_one_alone_is_not_cut(bot, slack, team, until):
    await bot.start()
    words = " ".join(f"w{n}" for n in range(3000))
    root = slack.mention(team, "C1", "U1", f"/keep Long: {words}")
    await until(lambda: answers(team, thread=root))
    slack.command(team, "C1", "U1", "canon Long")
    await until(lambda: "w2999" in " ".join(one.shown for one in whispers(team, "U1")))
    assert "w0 " in whispers(team, "U1")[0].shown


async def test_the_apps_own_messages_tab_gets_prompts(bot, slack, team, until):
    await bot.start()
    slack.send_event(team, {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"})
    assert (await until(lambda: team.prompts.get("D1")))[0]["message"] == "/help"
