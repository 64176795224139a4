"""What goes wrong between Discord and us, and what people would see of it, message by message."""

import asyncio
import itertools
import json
import logging
import random
import re
import time

import pytest

from bot.events import File
from bot.surfaces.discord.handing import fitting
from memory import Scope, TakeStatus
from tests.loopback.discord.faults import EDITING, SENDING
from tests.loopback.discord.world import LOADING

pytestmark = pytest.mark.asyncio(loop_scope="module")

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def long_text(paragraphs, words=60):
    return "\n\n".join(" ".join(f"p{p}w{w}" for w in range(words)) for p in range(paragraphs))


def words_of(messages):
    return [word for one in messages for word in re.findall(r"p\d+w\d+", one.content)]


def states(discord):
    """Every text that stood in one of our messages at any moment."""
    return [(one, shown) for one in discord.world.by_bot() for shown in one.history]


# -- what is shown --


async def test_a_long_answer_comes_in_parts_that_fit_and_only_the_last_has_buttons(bot, discord, room, until):
    text = long_text(20)
    bot.say = f"slow=0.004,say={text}"
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    parts = room.all_of(asked)
    assert words_of(parts) == text.split()
    assert len(parts) > 2
    assert max(len(shown.content) for _, shown in states(discord)) <= 2000
    assert max(len(one.content) for one in parts[:-1]) <= 1900
    assert [bool(one.buttons) for one in parts] == [False] * (len(parts) - 1) + [True]
    assert all(one.content.split()[-1].endswith("w59") for one in parts[:-1]), "they end where a paragraph ends"


async def test_code_stays_code_in_every_part_and_at_every_moment(bot, discord, room, until):
    code = "\n".join(f"line_{n} = '{'x' * 50}'" for n in range(90))
    bot.say = f"slow=0.01,say=Before.\n\n```python\n{code}\n```\n\nAfter."
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write code")
    await until(lambda: room.finished(asked), 120)
    for _, shown in states(discord):
        assert len(FENCE.findall(shown.content)) % 2 == 0, shown.content
    parts = room.all_of(asked)
    assert [int(n) for one in parts for n in re.findall(r"line_(\d+)", one.content)] == list(range(90))
    assert sum(one.content.lstrip().startswith("```python") for one in parts[1:]) == len(parts) - 2 + (
        parts[-1].content.lstrip().startswith("```python")
    )


async def test_a_page_is_edited_no_more_often_than_discord_likes(bot, discord, room, until):
    bot.say = "slow=0.05,say=" + long_text(2, 50)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    gaps = [gap for one in discord.world.by_bot() for gap in one.gaps]
    assert len(gaps) > 2
    assert min(gaps) >= 1.15
    for one in discord.world.by_bot():
        shown = [(state.content, state.components) for state in one.history]
        assert all(earlier != later for earlier, later in itertools.pairwise(shown)), "only when changed"
    assert not discord.refused


HOSTILE = [
    "Hey @everyone and @here",
    "Hi <@{ana}> and <@!{ana}> and <@&{role}>",
    "@\u200beveryone @everyone\u200b",
    "```@everyone <@{ana}>",
    "> @everyone\n# @here\n-# <@&{role}>",
    "[click](https://example.org) <#{channel}> </story:1>",
]


async def test_nothing_that_is_written_pings_anybody(bot, discord, room, until):
    role = discord.add_role(room.guild, "crowd", room.ana, room.bo, mentionable=True)
    ids = {"ana": room.ana.id, "role": role.id, "channel": room.channel.id}
    text = "\n\n".join(HOSTILE).format(**ids)
    bot.say = f"slow=0.1,say={text}"
    await bot.start()
    asked = discord.mention(room.channel, room.ana, f"@everyone <@&{role.id}> say it")
    await until(lambda: room.finished(asked), 60)
    met = room.slash(room.channel, room.ana, "story", f"@everyone <@&{role.id}> <@{room.bo.id}>")
    await until(lambda: met.answered.is_set())
    await until(lambda: len([one for one in room.written() if one.buttons]) >= 2, 60)
    discord.mention(asked.thread, room.ana, "/search @everyone")
    discord.mention(asked.thread, room.ana, "/@everyone")
    discord.mention(asked.thread, room.ana, "/keep @everyone: <@&1> @here")
    discord.mention(asked.thread, room.ana, "/note @everyone")
    await room.quiet()
    assert [one.pings for one in discord.world.by_bot() if one.pings] == []
    for _, shown in states(discord):
        assert not re.search(r"@(everyone|here)\b|<@[!&]?\d", re.sub(r"`[^`]*`", "", shown.content)), shown.content
    sent = [one.body for one in discord.calls if isinstance(one.body, dict) and "content" in one.body]
    assert sent
    assert all(one["allowed_mentions"]["parse"] == [] for one in sent)


async def test_a_name_that_would_ping_is_only_a_name(bot, discord, room, until):
    eve = discord.add_user("@everyone")
    room.guild.users[eve.id] = eve
    room.guild.members[eve.id] = set()
    await bot.start()
    asked = discord.mention(room.channel, eve, "Hello")
    await until(lambda: room.finished(asked))
    room.slash(room.channel, eve, "story", "A story")
    await until(lambda: len([one for one in room.written() if one.buttons]) == 2)
    assert [one.pings for one in discord.world.by_bot() if one.pings] == []
    assert not any("@everyone" in shown.content for _, shown in states(discord))


# -- the gateway --


async def test_events_that_come_twice_and_late_are_answered_once_each(bot, discord, room, until):
    discord.faults.repeat, discord.faults.late = 0.6, 0.4
    await bot.start()
    asked = [discord.mention(room.channel, room.ana, f"late {n}.") for n in range(6)]
    await until(lambda: all(room.finished(one) for one in asked), 120)
    await room.quiet()
    for n, one in enumerate(asked):
        assert len(room.pages(one)) == 1
        assert f"late {n}." in room.pages(one)[0].content


async def test_a_threads_quick_messages_by_two_people_are_answered_in_order(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "m0.")
    for n in range(1, 4):
        await until(lambda: asked.thread)
        discord.mention(asked.thread, (room.ana, room.bo)[n % 2], f"m{n}.")
    await until(lambda: len([one for one in room.all_of(asked) if one.buttons.get("Again")]) == 4, 120)
    found = [re.search(r"m\d\.", one.content)[0] for one in room.all_of(asked) if one.buttons.get("Again")]
    assert found == [f"m{n}." for n in range(4)]


async def test_a_broken_line_is_resumed_and_nothing_is_lost_or_doubled(bot, discord, room, until):
    await bot.start()
    before = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(before))
    for n in range(3):
        discord.gateway.cut()
        asked = discord.mention(room.channel, room.ana, f"during {n}.")
        await until(lambda asked=asked: room.finished(asked), 90)
    await discord.gateway.ask_to_reconnect()
    after = discord.mention(room.channel, room.ana, "after.")
    await until(lambda: room.finished(after), 90)
    await room.quiet()
    assert discord.gateway.resumed >= 4
    assert len(discord.gateway.identified) == 1, "a session start is not spent on a line that can be resumed"
    assert len(room.written()) == 5


async def test_a_session_that_is_gone_is_begun_anew_and_what_was_missed_is_read_up(bot, discord, room, until):
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(asked))
    await discord.gateway.invalidate()
    discord.say(asked.thread, room.ana, "while nobody listened.")
    missed = discord.mention(room.channel, room.ana, "nor here.")
    await until(lambda: len(room.pages(asked)) == 2 and room.finished(missed), 120)
    await room.quiet()
    assert len(discord.gateway.identified) == 2
    assert len(room.written()) == 3


async def test_an_event_that_cannot_be_read_ends_nothing(bot, discord, room, until):
    await bot.start()
    for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE", "GUILD_CREATE", "THREAD_CREATE"):
        discord.gateway.malformed(event)
    discord.gateway.malformed("NEVER_HEARD_OF", {"x": 1})
    asked = discord.mention(room.channel, room.ana, "Still there?")
    await until(lambda: room.finished(asked), 90)
    assert len(room.pages(asked)) == 1


async def test_two_servers_on_two_shards_never_see_each_other(bot, discord, room, until, app):
    discord.shards = 2
    other = await room.another("Other show", shard=1, shards=2)
    mine = await room.another("My show", shard=0, shards=2)
    await bot.start()
    assert [shard for _, shard in discord.gateway.identified] == [(0, 2), (1, 2)]
    first, second = (at for at, _ in discord.gateway.identified)
    assert second - first >= 4.9, "one session is begun every five seconds"
    first = discord.mention(mine.channel, mine.ana, "The canary is yellow")
    await until(lambda: mine.finished(first))
    discord.mention(first.thread, mine.ana, "/keep Canary: The canary is yellow as brass.")
    await until(lambda: any("Kept as canon" in one.shown for one in mine.all_of(first)))
    await app.librarian.settle()
    asked = discord.mention(other.channel, other.ana, "What is the canary?")
    await until(lambda: other.finished(asked))
    discord.mention(asked.thread, other.ana, "/search canary yellow brass")
    await until(lambda: len(other.all_of(asked)) >= 2)
    await room.quiet()
    seen = [one.shown for one in discord.world.by_bot() if one.channel.guild is other.guild]
    assert seen
    assert not any("yellow" in one.replace("canary yellow brass", "") for one in seen)
    for table in (mine, other):
        met = discord.slash(table.channel, table.ana, "shows")
        await until(lambda met=met: met.said)
        assert table.show in met.said
        assert {mine: other, other: mine}[table].show not in met.said


# -- the REST API --


async def test_rate_limits_are_waited_out_and_nothing_is_lost(bot, discord, room, until):
    discord.faults.limited = {SENDING: 1, EDITING: 2, "POST /channels/{channel}/typing": 1}
    discord.faults.everywhere = 1
    bot.say = "slow=0.02,say=" + long_text(4, 60)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    assert words_of(room.all_of(asked)) == long_text(4, 60).split()
    assert len(discord.refused) <= 5, "nobody hammered on"


async def test_a_server_error_is_tried_again_and_the_page_is_there_once(bot, discord, room, until):
    discord.faults.broken = {SENDING: [502, 500], EDITING: [503]}
    bot.say = "slow=0.02,say=" + long_text(1, 60)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    assert words_of(room.all_of(asked)) == long_text(1, 60).split()
    assert len(room.all_of(asked)) == 1


async def test_a_message_whose_answer_never_arrived_is_not_posted_twice(bot, discord, room, until):
    discord.faults.lost = {SENDING: 1, EDITING: 1}
    bot.say = "slow=0.02,say=" + long_text(1, 60)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    await room.quiet()
    assert words_of(room.all_of(asked)) == long_text(1, 60).split()
    assert len(room.all_of(asked)) == 1


async def test_a_channel_that_takes_nothing_is_not_asked_again_and_again(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    room.channel.denied |= {"SEND_MESSAGES", "SEND_MESSAGES_IN_THREADS"}
    discord.mention(asked.thread, room.ana, "Say it again")

    async def texts():
        talk = await app.ledger.threads.conversation(room.scope(asked))
        return [turn.text for turn in talk.window]

    await room.when(texts, ["Hello", "Say it again"])

    def tries():
        return [one for one in discord.called(SENDING) if one.status == 403]

    await until(tries, 60)
    await room.quiet()
    assert len(tries()) <= 2


async def test_a_thread_deleted_in_mid_answer_ends_that_answer_and_nothing_else(bot, discord, room, until):
    bot.say = "slow=0.05,say=" + long_text(1, 80)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: [one for one in room.all_of(asked) if "p0w5" in one.content], 60)
    thread = asked.thread
    discord.remove_channel(thread)
    other = discord.mention(room.channel, room.bo, "And for me?")
    await until(lambda: room.finished(other), 120)
    lost = [one for one in discord.calls if one.ids.get("channel") == str(thread.id) and one.status == 404]
    assert len(lost) <= 4, "what is gone is gone"


async def test_a_page_somebody_removed_in_mid_answer_is_not_written_again_and_again(bot, discord, room, until):
    bot.say = "slow=0.05,say=" + long_text(1, 80)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    page = (await until(lambda: [one for one in room.all_of(asked) if "p0w5" in one.content], 60))[0]
    discord.delete(page)
    other = discord.mention(room.channel, room.bo, "And for me?")
    await until(lambda: room.finished(other), 120)
    lost = [one for one in discord.called(EDITING) if one.ids["message"] == str(page.id) and one.status == 404]
    assert len(lost) <= 2


async def test_a_page_somebody_deletes_while_it_grows_is_stopped_and_withdrawn(bot, discord, room, until, app):
    bot.say = "slow=0.2,say=" + " ".join(f"word{n}" for n in range(300))
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write at length")
    page = (await until(lambda: [one for one in room.all_of(asked) if "word3" in one.content]))[0]
    discord.delete(page)

    async def takes():
        scope = room.scope(asked)
        talk = await app.ledger.threads.conversation(scope, 10)
        return [(turn.text, turn.take) for turn in talk.window]

    await room.when(takes, [("Write at length", None)], 20)
    await room.quiet()
    assert room.all_of(asked) == [], "nothing of it is shown again, nor is anybody told"


async def test_an_archived_thread_wakes_when_it_is_answered_in(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    discord.archive(asked.thread)
    discord.mention(asked.thread, room.ana, "Good morning")
    await until(lambda: len(room.pages(asked)) == 2)
    assert not asked.thread.archived


async def test_a_page_in_an_archived_thread_can_still_be_worked_with(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.archive(asked.thread)
    discord.press(page, "Again", room.ana)
    await until(lambda: len(room.pages(asked)) == 2)
    assert [one.content for one in room.all_of(asked) if len(one.content) < 3] == []


# -- restarts --


async def test_a_button_pressed_after_a_restart_still_does_what_it_says(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The keeper sleeps")
    page = (await until(lambda: room.pages(asked)))[0]
    await bot.stop()
    await bot.start()
    why = discord.press(page, "Why", room.bo)
    await until(lambda: "Looked up" in why.said)
    discord.press(page, "Again", room.bo)
    again = (await until(lambda: room.pages(asked)[1:]))[0]
    assert "The keeper sleeps" in again.content


async def test_after_a_restart_in_mid_answer_the_page_is_finished_in_its_place(bot, discord, room, until, app):
    bot.say = "slow=0.1,say=" + long_text(1, 100)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    page = (await until(lambda: [one for one in room.all_of(asked) if "p0w15" in one.content], 60))[0]
    await bot.stop()
    assert "restarted" in page.content, "whoever reads it meanwhile knows why it ends there"
    assert not page.buttons
    for scope, turn in await app.ledger.turns.recover():
        assert (scope, turn.take.status) == (room.scope(asked), TakeStatus.STOPPED)
    bot.say = ""
    await bot.start()
    await until(lambda: "Stop" not in page.buttons and page.buttons)
    assert room.all_of(asked) == [page], "nothing was posted twice"
    assert "p0w5" in page.content
    assert "restarted in the middle" in page.content
    assert "Try again" in page.buttons


async def test_a_program_that_dies_in_mid_answer_finishes_its_page_when_it_is_back(bot, discord, room, until, app):
    bot.say = "slow=0.1,say=" + long_text(1, 100)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    page = (await until(lambda: [one for one in room.all_of(asked) if "p0w15" in one.content], 60))[0]
    discord.gateway.cut()
    discord.faults.broken = {EDITING: [500] * 50, SENDING: [500] * 50}  # its last words do not get through
    await bot.stop()
    discord.faults.broken = {}
    await app.ledger.turns.recover()
    bot.say = ""
    await bot.start()
    await until(lambda: "Stop" not in page.buttons and page.buttons, 60)
    assert room.all_of(asked) == [page]
    assert "p0w5" in page.content


async def test_what_was_said_while_it_was_down_is_read_up_and_answered_once(bot, discord, room, until):
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(asked))
    await bot.stop()
    discord.say(asked.thread, room.bo, "meanwhile.")
    missed = discord.mention(room.channel, room.ana, "nobody home?")
    await bot.start()
    await until(lambda: len(room.pages(asked)) == 2 and room.finished(missed), 90)
    await room.quiet()
    assert "meanwhile." in room.pages(asked)[1].content
    assert len(room.written()) == 3


async def test_who_may_decide_is_known_of_what_is_read_up(bot, discord, room, until):
    discord.add_role(room.guild, "showrunners", room.bo)
    bot.settings["discord_deciders"] = "Showrunners"
    await bot.start()
    first = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(first))
    await bot.stop()
    refused = discord.mention(room.channel, room.ana, "/keep Rule: No magic at all.")
    done = discord.mention(room.channel, room.bo, "/keep Rule: No magic at all.")
    await bot.start()
    await until(lambda: any("Others decide" in one.shown for one in room.all_of(refused)), 60)
    await until(lambda: any("Kept as canon" in one.shown for one in room.all_of(done)), 60)


async def test_whose_roles_discord_does_not_say_decides_nothing(bot, discord, room, until):
    discord.add_role(room.guild, "showrunners", room.bo)
    bot.settings["discord_deciders"] = "Showrunners"
    await bot.start()
    first = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(first))
    await bot.stop()
    refused = discord.mention(room.channel, room.ana, "/keep Rule: No magic at all.")
    del room.guild.members[room.ana.id]
    await bot.start()
    await until(lambda: any("Others decide" in one.shown for one in room.all_of(refused)), 60)


async def test_what_is_older_than_ten_minutes_is_announced_and_not_answered(bot, discord, room, until, app):
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "before.")
    await until(lambda: room.finished(asked))
    await bot.stop()
    (app.settings.home / "discord-heard.json").write_text(json.dumps({"alive": time.time() - 3600}))
    discord.say(asked.thread, room.bo, "long ago.", ago=1200)
    discord.say(asked.thread, room.bo, "just now.")
    await bot.start()
    await until(lambda: len(room.pages(asked)) == 2, 90)
    await room.quiet()
    assert any("long ago." not in one.shown and "Again" not in one.buttons for one in room.all_of(asked)), "it says so"
    assert [("before." in one.shown, "just now." in one.shown) for one in room.pages(asked)] == [
        (True, False),
        (False, True),
    ]


# -- what must not get out, and what must be told --


async def test_the_token_is_in_no_log(bot, discord, room, until, caplog):
    caplog.set_level(logging.DEBUG)
    await bot.start()
    met = discord.slash(room.channel, room.ana, "shows")
    await until(lambda: met.said)
    discord.gateway.cut()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked), 60)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith(("bot", "memory", "chains"))]
    assert not any(discord.token in line or met.token in line for line in ours)


async def test_a_token_that_discord_does_not_take_is_told_in_a_sentence(bot, discord, room):
    discord.token = "another"
    with pytest.raises(bot.misconfigured, match="discord_token"):
        await bot.start()


async def test_an_intent_that_was_not_granted_is_told_in_a_sentence(bot, discord, room):
    bot.content = True
    discord.limits.privileged = frozenset()
    with pytest.raises(bot.misconfigured, match="Message Content"):
        await bot.start()


async def test_session_starts_are_not_spent_when_there_are_none_left(bot, discord, room):
    discord.limits.starts = 0
    with pytest.raises((TimeoutError, bot.misconfigured)):
        await asyncio.wait_for(bot.start(), 5)
    assert discord.gateway.identified == []


async def test_commands_are_told_to_discord_once_and_not_at_every_start(bot, discord, room, until):
    await bot.start()
    await until(lambda: discord.world.commands)
    names = {one["name"] for table in discord.world.commands.values() for one in table}
    assert {"story", "help", "canon", "settings", "keep"} <= names
    told = len([one for one in discord.calls if one.route.startswith("PUT /applications") and one.status == 200])
    await bot.stop()
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    again = len([one for one in discord.calls if one.route.startswith("PUT /applications") and one.status == 200])
    assert (told, again) == (1, 1)


async def test_every_waiting_interaction_gets_its_answer(bot, discord, room, until):
    await bot.start()
    met = [discord.slash(room.channel, room.ana, name) for name in ("shows", "formats", "sources", "takes", "canon")]
    await until(lambda: all(one.said for one in met), 60)
    assert not any(one.message.flags & LOADING for one in met)


async def test_a_room_sees_the_same_scope_as_the_ledger(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    scope = Scope("discord", str(room.guild.id), str(room.channel.id), str(asked.id))
    assert len((await app.ledger.threads.conversation(scope)).window) == 1


async def test_a_file_too_large_is_packed_and_one_that_stays_too_large_is_told(bot):
    words, noise = (
        File("pages.md", data=b"word " * 3_000_000),
        File("noise.bin", data=random.Random(1).randbytes(11 << 20)),
    )
    small = File("small.md", data=b"small")
    kept, problems = await asyncio.to_thread(fitting, [words, noise, small])
    assert [file.name for file in kept] == ["pages.md.zip", "small.md"]
    assert max(len(file.data) for file in kept) <= 10 << 20
    assert len(problems) == 1
    assert "noise.bin" in problems[0]
