"""A room talks to its dramaturg in Discord: mentions, threads, posts, direct messages, buttons, forms, files."""

import asyncio

import pytest

from bot.events import Inbound, Text
from bot.gate import Gate
from memory import LeaseLost, Scope
from tests.loopback.discord.world import EPHEMERAL

SHOW = "The Salt Road"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_mention_opens_a_thread_and_the_answer_is_written_there(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello there")
    page = (await until(lambda: room.pages(asked)))[0]
    assert page.channel is asked.thread
    assert "Hello there" in asked.thread.name
    assert "Hello there" in page.content
    assert not room.channel.by(discord.world.me), "the channel itself stays as it was"
    assert {"Again", "Why"} <= set(page.buttons)


async def test_no_mention_is_needed_in_its_threads_where_it_may_read_them(bot, discord, room, until):
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello there")
    await until(lambda: room.pages(asked))
    discord.say(asked.thread, room.bo, "And on it goes")
    second = (await until(lambda: room.pages(asked)[1:]))[0]
    assert "And on it goes" in second.content
    assert "Bo" in second.content, "people are called by their names"


async def test_where_it_may_not_read_along_a_reply_that_pings_or_a_mention_goes_on(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello there")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.say(asked.thread, room.ana, "nobody was asked")
    discord.say(asked.thread, room.ana, "nor here", reply_to=page, ping=False)
    discord.say(asked.thread, room.bo, "the reply counts", reply_to=page)
    await until(lambda: len(room.pages(asked)) == 2)
    discord.mention(asked.thread, room.ana, "the mention counts")
    await until(lambda: len(room.pages(asked)) == 3)
    await room.quiet()
    found = [one.content for one in room.pages(asked)]
    assert len(found) == 3
    assert "the reply counts" in found[1]
    assert "the mention counts" in found[2]


async def test_small_talk_and_words_to_others_are_left_alone(bot, discord, room, until):
    bot.content = True
    await bot.start()
    discord.say(room.channel, room.ana, "nobody was asked")
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.pages(asked))
    discord.say(asked.thread, room.ana, f"{room.bo.mention} what do you think?")
    discord.say(asked.thread, room.robot, "a bot speaks")
    discord.open_bare_thread(room.channel, room.ana, "our own business")
    discord.say(discord.open_thread(discord.say(room.channel, room.bo, "x"), room.bo, "other"), room.ana, "in there")
    await room.quiet()
    assert len(discord.world.by_bot()) == len(room.pages(asked)) == 1


async def test_a_thread_that_people_opened_becomes_a_conversation_by_a_mention(bot, discord, room, until):
    bot.content = True
    await bot.start()
    thread = discord.open_bare_thread(room.channel, room.ana, "our own")
    discord.mention(thread, room.ana, "Join us")
    await until(lambda: len(room.here(thread)) == 1)
    discord.say(thread, room.bo, "Go on")
    assert "Go on" in (await until(lambda: room.here(thread)[1:]))[0].content


async def test_a_forum_post_is_a_conversation(bot, discord, room, until):
    bot.content = True
    await bot.start()
    forum = discord.add_forum(room.guild, "stories")
    await room.bind(forum)
    post = discord.forum_post(forum, room.ana, "Salt", f"{discord.world.me.mention} The keeper sleeps")
    assert "The keeper sleeps" in (await until(lambda: room.here(post)))[0].content
    discord.say(post, room.bo, "She wakes")
    assert "She wakes" in (await until(lambda: room.here(post)[1:]))[0].content


async def test_a_message_to_it_alone_is_answered(bot, discord, room, until):
    await bot.start()
    dm = discord.open_dm(room.ana)
    discord.say(dm, room.ana, "Just us two")
    first = (await until(lambda: room.here(dm)))[0]
    if first.buttons and "Again" not in first.buttons:  # it asks what show this is about first
        discord.press(first, next(iter(first.buttons)), room.ana)
    await until(lambda: any("Just us two" in one.content for one in room.here(dm)))


async def test_where_threads_are_not_wanted_answers_are_replies(bot, discord, room, until):
    bot.settings["discord_threads"] = "stay"
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Stay here")
    page = (await until(lambda: room.here(room.channel)))[0]
    assert asked.thread is None
    assert page.reply_to is asked
    discord.say(room.channel, room.ana, "Go on", reply_to=page)
    second = (await until(lambda: room.here(room.channel)[1:]))[0]
    assert "Go on" in second.content


async def test_where_threads_are_not_allowed_answers_are_replies(bot, discord, room, until):
    room.channel.denied.add("CREATE_PUBLIC_THREADS")
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "No thread here")
    page = (await until(lambda: room.here(room.channel)))[0]
    assert page.reply_to is asked
    assert "No thread here" in page.content


async def test_typing_is_shown_before_there_is_something_to_read(bot, discord, room, until):
    bot.say = "slow=0.3,say=" + " ".join(f"word{n}" for n in range(12))
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    page = (await until(lambda: room.pages(asked)))[0]
    assert asked.thread.typing
    assert asked.thread.typing[0] < page.history[0].at
    assert len(page.history) > 2, "it grew before the eye"


async def test_every_verb_works_as_text_after_a_mention(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "/help again")
    assert "/again" in (await until(lambda: room.all_of(asked)))[0].shown
    discord.mention(asked.thread or room.channel, room.ana, "/agian")
    await until(lambda: any("/again" in one.shown and "mean" in one.shown for one in discord.world.by_bot()))


async def test_typing_ends_where_another_program_goes_on_with_the_answer(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    surface, typed = bot.gate._surfaces["discord"], []

    async def lost(inbound, stage, halt):
        await until(lambda: surface._busy._at)
        typed.append(inbound)
        raise LeaseLost("Another program works here now.")

    gate = Gate(lost, app.ledger.inbox)
    gate.serve("discord", surface)
    who = str(room.ana.id)
    await gate.receive(Inbound("message", "msg:1", room.scope(asked), who, "And on", who=who, message="1"))
    await until(lambda: typed and not surface._busy._at, 4)
    await gate.close()


async def test_an_answer_that_another_program_goes_on_with_is_not_remembered(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    surface, began = bot.gate._surfaces["discord"], []

    async def lost(inbound, stage, halt):
        await stage.show(Text("The lamp is"))
        began.extend(surface._stages)
        raise LeaseLost("Another program works here now.")

    gate = Gate(lost, app.ledger.inbox)
    gate.serve("discord", surface)
    who = str(room.ana.id)
    await gate.receive(Inbound("message", "msg:1", room.scope(asked), who, "And on", who=who, message="1"))
    await until(lambda: began and not surface._stages, 4)
    await gate.close()
    assert began == ["msg:1"]


# -- buttons --


async def test_a_page_has_its_buttons_and_they_do_what_they_say(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The keeper sleeps")
    page = (await until(lambda: room.pages(asked)))[0]
    why = discord.press(page, "Why", room.bo)
    await until(lambda: "Looked up" in why.said)
    assert why.message.flags & EPHEMERAL, "only who asked needs to read it"
    discord.press(page, "Again", room.bo)
    again = (await until(lambda: room.pages(asked)[1:]))[0]
    assert "The keeper sleeps" in again.content


async def test_a_button_of_an_earlier_page_still_belongs_to_that_page(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "First thing")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.mention(asked.thread, room.ana, "Second thing")
    await until(lambda: len(room.pages(asked)) == 2)
    discord.press(page, "Again", room.ana)
    again = (await until(lambda: room.pages(asked)[2:]))[0]
    assert "First thing" in again.content
    assert "Second thing" not in again.content


async def test_what_people_think_of_a_page_lands_in_the_ledger(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    met = discord.press(page, "👎", room.bo)
    await until(lambda: met.answered.is_set())
    scope = room.scope(asked)

    async def rated():
        talk = await app.ledger.threads.conversation(scope)
        return [await app.ledger.turns.ratings(scope, turn.id) for turn in talk.window]

    await room.when(rated, [{str(room.bo.id): -1}])


async def test_what_is_kept_can_be_put_into_words_in_a_form_first(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    met = discord.press(page, "Keep…", room.ana)
    await until(lambda: met.answered.is_set())
    sent = discord.submit(met, {"name": "Brine Keeper", "kind": ["character"], "text": "She keeps the brine."})
    await until(lambda: any("Kept as canon" in one for one in [sent.said, *(m.shown for m in room.all_of(asked))]))
    shown = room.slash(room.channel, room.bo, "canon", "Brine Keeper")
    await until(lambda: "She keeps the brine." in shown.said)


async def test_a_page_is_edited_in_a_window_and_stands_where_it_stood(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    met = discord.press(page, "Edit…", room.bo)
    await until(lambda: met.modal)
    field = met.modal["components"][0]["component"]
    assert field["value"] in page.content, "the window has the page as it stands"
    discord.submit(met, {"text": "The heron <@1> waits.\n\n@everyone sings."})
    await until(lambda: "The heron" in page.content)
    assert "Edited by Bo" in page.content
    assert {"Again", "Why", "Edit…"} <= set(page.buttons)
    assert not page.mentions
    assert not page.mention_everyone
    await room.quiet()
    assert room.all_of(asked) == [page], "in its place, and nothing else is said"

    async def takes():
        scope = room.scope(asked)
        [turn] = (await app.ledger.threads.conversation(scope, 10)).window
        return [(one.writer, one.text[:9] == "The heron") for one in await app.ledger.turns.takes(scope, turn.id)]

    await room.when(takes, [("echo", False), ("Bo", True)])
    why = discord.press(page, "Why", room.ana)
    await until(lambda: "**Edited** by Bo, from take 1." in why.said)
    discord.delete(page)

    async def chosen():
        return [turn.take for turn in (await app.ledger.threads.conversation(room.scope(asked), 10)).window]

    await room.when(chosen, [None])


async def test_the_window_has_the_take_under_which_it_was_opened(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "First thing")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.press(page, "longer", room.ana)
    await until(lambda: len(room.pages(asked)) == 2)
    discord.mention(asked.thread, room.ana, "Second thing")
    await until(lambda: len(room.pages(asked)) == 3)
    met = discord.press(page, "Edit…", room.ana)
    await until(lambda: met.modal)
    assert "longer" not in met.modal["components"][0]["component"]["value"]
    discord.submit(met, {"text": "Changed by hand."})
    await until(lambda: "Changed by hand." in page.content)
    slash = discord.slash(asked.thread, room.ana, "edit")
    await until(lambda: slash.modal)
    assert "Second thing" in slash.modal["components"][0]["component"]["value"], "with the command it is the last page"


async def test_a_page_longer_than_a_window_is_not_cut_but_said_to_be(bot, discord, room, until):
    bot.say = "say=" + " ".join(f"word{n}" for n in range(700))
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write at length")
    page = (await until(lambda: room.pages(asked)))[-1]
    met = discord.press(page, "Edit…", room.ana)
    await until(lambda: "a window holds 4,000" in met.said)
    assert met.message.flags & EPHEMERAL
    assert met.modal is None


async def test_an_edited_page_that_needs_more_room_is_told_anew(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    before = page.content
    met = discord.press(page, "Edit…", room.ana)
    await until(lambda: met.modal)
    discord.submit(met, {"text": "\n\n".join(f"Paragraph {n} says this. " * 20 for n in range(6)).strip()})
    await until(lambda: any("Paragraph 5" in one.content for one in room.pages(asked)))
    assert page.content == before
    told = "".join(one.content for one in room.all_of(asked) if one is not page)
    assert told.count("says this.") == 120


async def test_edit_as_text_offers_the_window_and_takes_a_whole_page(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.pages(asked))
    discord.mention(asked.thread, room.ana, "/edit")
    told = (await until(lambda: [one for one in room.all_of(asked) if list(one.buttons) == ["Edit…"]]))[0]
    met = discord.press(told, "Edit…", room.ana)
    await until(lambda: met.modal)
    discord.mention(asked.thread, room.ana, "/edit All of it anew.")
    page = (await until(lambda: [one for one in room.pages(asked) if "All of it anew." in one.content]))[0]
    assert "Edited by Ana" in page.content


async def test_stop_keeps_what_was_shown(bot, discord, room, until):
    bot.say = "slow=0.2,say=" + " ".join(f"word{n}" for n in range(200))
    bot.content = True
    await bot.start()
    for how in ("text", "button"):
        asked = discord.mention(room.channel, room.ana, "Write at length")
        page = (await until(lambda asked=asked: [one for one in room.all_of(asked) if "word3" in one.content]))[0]
        if how == "text":
            discord.say(asked.thread, room.ana, "stop")
        else:
            discord.press(page, "Stop", room.ana)
        await until(lambda page=page: "stopped" in page.content)
        assert "word3" in page.content
        assert "word199" not in page.content
        assert "Stop" not in page.buttons


# -- slash commands --


async def test_a_slash_command_is_answered_at_once_and_for_its_author_alone(bot, discord, room, until):
    await bot.start()
    met = discord.slash(room.channel, room.ana, "shows")
    await until(lambda: room.show in met.said)
    assert met.message.flags & EPHEMERAL
    assert not room.channel.by(discord.world.me)
    assert met.took < discord.limits.answer_within


async def test_the_story_command_begins_a_story_all_can_read(bot, discord, room, until):
    await bot.start()
    met = room.slash(room.channel, room.ana, "story", "Write of the sea")
    page = (await until(lambda: [one for one in room.written() if "Write of the sea" in one.content and one.buttons]))[
        0
    ]
    assert page.channel.is_thread
    assert met.answered.is_set()
    assert any("Ana" in one.shown for one in discord.world.by_bot()), "all see who asked"


async def test_names_are_completed_while_somebody_types(bot, discord, room, until):
    await bot.start()
    for command, typed, wanted in [("show", "the s", SHOW), ("format", "di", "dialogue"), ("help", "aga", "again")]:
        met = room.typed(room.channel, room.ana, command, typed)
        await until(lambda met=met: met.answered.is_set())
        assert wanted in [one["value"] for one in met.choices], command


async def test_canon_is_completed_from_this_servers_show_alone(bot, discord, room, until):
    await bot.start()
    met = room.slash(room.channel, room.ana, "keep", "Brine Keeper: She keeps the brine.")
    await until(lambda: met.answered.is_set())

    async def names():
        typed = room.typed(room.channel, room.ana, "canon", "bri")
        await until(lambda: typed.answered.is_set())
        return [one["value"] for one in typed.choices]

    await room.when(names, ["Brine Keeper"])
    elsewhere = await room.another("Other place")
    typed = room.typed(elsewhere.channel, elsewhere.ana, "canon", "bri")
    await until(lambda: typed.answered.is_set())
    assert typed.choices == []


async def test_a_rooms_settings_are_a_form_and_hold(bot, discord, room, until, app):
    await bot.start()
    writers = discord.add_role(room.guild, "writers", room.bo)
    met = discord.slash(room.channel, room.ana, "settings")
    await until(lambda: met.answered.is_set())
    if met.modal is None:
        await until(lambda: met.message and met.message.buttons)
        met = discord.press(met.message, "Change", room.ana)
        await until(lambda: met.modal)
    sent = discord.submit(met, {"note": "No magic.", "format": ["plot"], "deciders": [writers.id]})
    await until(lambda: sent.answered.is_set())

    async def settled():
        now = await app.ledger.shows.room(Scope("discord", str(room.guild.id), str(room.channel.id)))
        return now.format, now.note

    await room.when(settled, ("plot", "No magic."))
    asked = discord.mention(room.channel, room.ana, "/keep Rule: No magic at all.")
    await until(lambda: any("Others decide" in one.shown for one in room.all_of(asked)))
    asked = discord.mention(room.channel, room.bo, "/keep Rule: No magic at all.")
    await until(lambda: any("Kept as canon" in one.shown for one in room.all_of(asked)))


async def test_a_form_sent_off_as_it_came_leaves_a_show_of_a_long_name(bot, discord, room, until, app):
    await bot.start()
    alike = "The Chronicle of " + "the Salt Road and " * 5
    for end in ("the Fog", "the Herons"):
        await room.bind(room.channel, (alike + end)[:120])
    scope = Scope("discord", str(room.guild.id), str(room.channel.id))
    before, shows = await app.ledger.shows.room(scope), await app.ledger.shows.all(scope.tenant)
    met = discord.slash(room.channel, room.ana, "settings")
    await until(lambda: met.modal)
    sent = discord.submit(met, {})
    await until(lambda: "the Herons" in sent.said)
    assert (await app.ledger.shows.room(scope)).show == before.show
    assert await app.ledger.shows.all(scope.tenant) == shows
    met = discord.slash(room.channel, room.ana, "settings")
    await until(lambda: met.modal)
    sent = discord.submit(met, {"show": [next(one.id for one in shows if one.name.endswith("Fog"))]})
    await until(lambda: "the Fog" in sent.said)


async def test_a_role_named_in_the_configuration_decides_where_the_room_names_nobody(bot, discord, room, until):
    discord.add_role(room.guild, "showrunners", room.bo)
    bot.settings["discord_deciders"] = "Showrunners"
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "/keep Rule: No magic at all.")
    await until(lambda: any("Others decide" in one.shown for one in room.all_of(asked)))
    asked = discord.mention(room.channel, room.bo, "/keep Rule: No magic at all.")
    await until(lambda: any("Kept as canon" in one.shown for one in room.all_of(asked)))


async def test_the_first_word_in_a_room_without_a_show_asks_and_is_then_answered(bot, discord, room, until):
    channel = discord.add_channel(room.guild, "new")
    await bot.start()
    asked = discord.mention(channel, room.ana, "Write me something")
    first = (await until(lambda: room.all_of(asked)))[0]
    discord.press(first, room.show, room.ana)
    await until(lambda: any("Write me something" in one.content for one in room.all_of(asked)))


async def test_quick_first_words_in_a_room_without_a_show_are_all_said_again(bot, discord, room, until):
    bot.settings["discord_burst"] = 0.6
    await bot.start()
    dm = discord.open_dm(room.bo)
    for said in ("Write about the salt", "and about the fog"):
        discord.say(dm, room.bo, said)
    first = (await until(lambda: room.here(dm)))[0]
    discord.press(first, "Start a new show", room.bo)
    page = (await until(lambda: [one for one in room.here(dm) if "fog" in one.content]))[0]
    assert "about the salt" in page.content


# -- files --


async def test_a_shared_file_is_learned_on_request_and_found_again(bot, discord, room, until, app):
    await bot.start()
    file = discord.upload("winch.md", b"# The winch\n\nThe winch key hangs behind the blue door.\n", "text/markdown")
    asked = discord.mention(room.channel, room.ana, "look at this", files=(file,))
    page = (await until(lambda: [one for one in room.all_of(asked) if "Learn winch.md" in one.buttons]))[0]
    discord.press(page, "Learn winch.md", room.ana)
    await until(lambda: any("Learned" in one.shown for one in discord.world.by_bot()))
    discord.mention(asked.thread, room.ana, "/search winch key")
    await until(lambda: any("blue door" in one.shown for one in discord.world.by_bot()))
    left = [path for path in (app.settings.home / "incoming").rglob("*") if path.is_file()]
    assert left == [], "a file stays no longer than it takes to learn it"


async def test_who_says_learn_this_with_a_file_need_not_press_anything(bot, discord, room, until):
    await bot.start()
    file = discord.upload("winch.md", b"# The winch\n\nThe winch key hangs behind the blue door.\n", "text/markdown")
    discord.mention(room.channel, room.ana, "learn this, please", files=(file,))
    await until(lambda: any("1 source," in one.shown for one in discord.world.by_bot()))


async def test_the_files_of_quick_messages_are_all_learned(bot, discord, room, until):
    bot.settings["discord_burst"] = 0.6
    await bot.start()
    dm = discord.open_dm(room.bo)
    discord.say(dm, room.bo, "Hello")
    first = (await until(lambda: room.here(dm)))[0]
    if "Start a new show" in first.buttons:
        discord.press(first, "Start a new show", room.bo)
        await until(lambda: [one for one in room.here(dm) if "Again" in one.buttons])
    for name in ("winch", "buoy"):
        file = discord.upload(f"{name}.md", f"# The {name}\n\nThe {name} is green.\n".encode(), "text/markdown")
        discord.say(dm, room.bo, "look", files=(file,))
    button = "Learn winch.md, buoy.md"
    page = (await until(lambda: [one for one in room.here(dm) if button in one.buttons]))[0]
    discord.press(page, button, room.bo)
    told = await until(lambda: [one for one in discord.world.by_bot() if "Learned" in one.shown])
    assert "2 sources" in told[0].shown


async def test_a_file_is_learned_though_the_address_it_came_with_has_expired(bot, discord, room, until):
    await bot.start()
    file = discord.upload("winch.md", b"# The winch\n\nThe winch key hangs behind the blue door.\n", "text/markdown")
    discord.limits.attachment_life = 0.0
    asked = discord.mention(room.channel, room.ana, "look at this", files=(file,))
    page = (await until(lambda: [one for one in room.all_of(asked) if "Learn winch.md" in one.buttons]))[0]
    discord.limits.attachment_life = 600.0
    discord.press(page, "Learn winch.md", room.ana)
    await until(lambda: any("Learned" in one.shown for one in discord.world.by_bot()))


async def test_a_path_typed_in_discord_never_reads_our_own_disk(bot, discord, room, until, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("the keys to the house")
    await bot.start()
    asked = discord.mention(room.channel, room.ana, f"/learn {secret}")
    said = (await until(lambda: room.all_of(asked)))[0].shown
    assert "Learned" not in said
    assert "hare a file" in said


async def test_exports_come_back_as_files(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "A page to export")
    await until(lambda: room.pages(asked))
    discord.mention(asked.thread, room.ana, "/export")
    message = (await until(lambda: [one for one in room.all_of(asked) if one.attachments]))[0]
    assert b"A page to export" in message.attachments[0].data


# -- edits and deletions --


async def test_editing_what_was_answered_changes_the_ledger_and_offers_to_redo(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Old words")
    await until(lambda: room.pages(asked))
    discord.edit(asked, f"{discord.world.me.mention} New words")

    async def words():
        return [turn.text for turn in (await app.ledger.threads.conversation(room.scope(asked))).window]

    await room.when(words, ["New words"])
    told = (await until(lambda: [one for one in room.all_of(asked) if "Redo from here" in one.buttons]))[0]
    discord.press(told, "Redo from here", room.ana)
    await until(lambda: any("New words" in one.content for one in room.pages(asked)))


async def test_deleting_what_was_answered_takes_it_out_of_the_thread_and_the_index(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The heron secret")
    await until(lambda: room.pages(asked))
    gone = discord.mention(asked.thread, room.ana, "The cormorant stays")
    await until(lambda: len(room.pages(asked)) == 2)
    await app.librarian.settle()
    before = await app.index.count()
    discord.delete(gone)

    async def words():
        return [turn.text for turn in (await app.ledger.threads.conversation(room.scope(asked))).window]

    await room.when(words, ["The heron secret"])
    await app.librarian.settle()
    assert await app.index.count() < before


async def test_messages_removed_in_bulk_are_forgotten_one_by_one(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The heron secret")
    await until(lambda: room.pages(asked))
    gone = []
    for word in ("cormorant", "gannet"):
        gone.append(discord.mention(asked.thread, room.ana, f"The {word} stays"))
        await until(lambda: len(room.pages(asked)) == 1 + len(gone))
    discord.delete(*gone)

    async def words():
        return [turn.text for turn in (await app.ledger.threads.conversation(room.scope(asked))).window]

    await room.when(words, ["The heron secret"])


async def test_link_previews_are_no_edits(bot, discord, room, until, app):
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "See https://example.org/")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.unfurl(asked)
    discord.unfurl(page)
    await room.quiet()
    assert room.all_of(asked) == [page]
    talk = await app.ledger.threads.conversation(room.scope(asked))
    assert [turn.text for turn in talk.window] == ["See https://example.org/"]


async def test_two_people_at_once_are_each_answered_in_their_thread(bot, discord, room, until):
    await bot.start()
    asked = [discord.mention(room.channel, who, f"from {who.name}") for who in (room.ana, room.bo)]
    await until(lambda: all(room.pages(one) for one in asked))
    await asyncio.sleep(0)
    for one, who in zip(asked, (room.ana, room.bo), strict=True):
        assert [f"from {who.name}" in page.content for page in room.pages(one)] == [True]
