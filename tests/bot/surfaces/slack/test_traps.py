"""What goes wrong between Slack and us, row by row of the design's table of traps."""

import asyncio
import itertools
import json
import logging
import re
import time
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.config import Config
from bot.events import Inbound
from bot.gate import letter
from bot.logs import Lines
from bot.render.slack import Quieter
from bot.settings import Settings
from bot.surfaces.slack.serve import Access, Misconfigured
from bot.surfaces.slack.surface import Manners
from memory import Scope, TakeStatus
from tests.loopback.slack.methods import PINGS
from tests.loopback.slack.server import SECRET, sign

pytestmark = pytest.mark.asyncio(loop_scope="module")


def answers(team, channel="C1", thread=None):
    return [message for message in team.from_bot(channel, thread) if not message.only_for and message.stream != "open"]


def calls(slack, method):
    return [args for name, args, _ in slack.calls if name == method]


async def settled(slack):
    await asyncio.gather(*(delivery.done.wait() for delivery in slack.deliveries))
    await asyncio.sleep(0.3)


def long_text(paragraphs, words=60):
    return "\n\n".join(" ".join(f"p{p}w{w}" for w in range(words)) for p in range(paragraphs))


async def test_a_mention_in_an_engaged_thread_comes_as_two_events_and_is_answered_once(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "one")
    await until(lambda: answers(team))
    slack.mention(team, "C1", "U1", "two", thread=root)
    await until(lambda: len(answers(team)) == 2)
    await settled(slack)
    assert len(slack.deliveries) == 4
    assert len(answers(team)) == 2


async def test_a_first_delivery_is_kept_though_its_header_speaks_of_retries_and_so_is_a_retry(bot, slack, team, until):
    slack.mention(team, "C1", "U1", "while nobody listened")
    slack.faults.ack_within = 0.5
    await asyncio.sleep(0.6)
    await bot.start()
    await until(lambda: answers(team))
    await settled(slack)
    assert len(answers(team)) == 1
    assert max(delivery.attempts for delivery in slack.deliveries) > 1


async def test_every_event_is_acknowledged_also_what_nobody_listens_to(bot, slack, team):
    await bot.start()
    for event in ("reaction_added", "member_joined_channel", "app_home_opened", "channel_rename"):
        slack.send_event(team, {"type": event, "user": "U1", "channel": "C1", "tab": "home"})
    await settled(slack)
    assert [delivery.attempts for delivery in slack.deliveries] == [1] * 4


async def test_acks_stay_quick_while_answers_are_written(bot, slack, team, until):
    bot.say = "slow=0.02,say=" + long_text(3)
    await bot.start()
    for n in range(8):
        slack.mention(team, "C1", "U1", f"m{n}")
    await asyncio.gather(*(delivery.done.wait() for delivery in slack.deliveries))
    assert all(delivery.attempts == 1 for delivery in slack.deliveries), "Slack had to ask twice"


async def test_a_threads_quick_messages_by_two_people_are_answered_in_order(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "m0")
    for n in range(1, 6):
        slack.say(team, "C1", f"U{1 + n % 2}", f"m{n}", thread=root)
    await until(lambda: len(answers(team, thread=root)) == 6)
    found = [next(f"m{n}" for n in range(6) if f"m{n}" in page.shown) for page in answers(team, thread=root)]
    assert found == [f"m{n}" for n in range(6)]


async def test_words_that_overtake_the_mention_are_answered_after_it(bot, slack, team, until):
    await bot.start()
    ts = slack.say(team, "C1", "U1", "x")
    await settled(slack)
    slack.say(team, "C1", "U1", "came early", thread=ts)
    await settled(slack)
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "text": f"<@{team.bot}> the mention", "ts": ts}
    slack.send_event(team, event)
    await until(lambda: "came early" in "".join(page.shown for page in answers(team, thread=ts)))


async def test_what_others_said_before_the_mention_is_neither_answered_nor_written_down(bot, slack, team, until, app):
    await bot.start()
    root = slack.say(team, "C1", "U1", "x")
    slack.say(team, "C1", "U1", "Bo owes me money", thread=root)
    slack.say(team, "C1", "U2", "that is between us", thread=root)
    await settled(slack)
    slack.mention(team, "C1", "U1", "a song, please", thread=root)
    await until(lambda: answers(team, thread=root))
    await settled(slack)
    slack.say(team, "C1", "U1", "and another", thread=root)
    await until(lambda: len(answers(team, thread=root)) > 1)
    await settled(slack)
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert [turn.text for turn in talk.window] == ["a song, please", "and another"]
    assert len(answers(team, thread=root)) == 2


async def test_words_that_came_long_before_the_mention_are_let_go(bot, slack, team, until, app):
    bot.early_for = 0.2
    await bot.start()
    root = slack.say(team, "C1", "U1", "x")
    slack.say(team, "C1", "U1", "forgotten", thread=root)
    await settled(slack)
    event = {"type": "app_mention", "channel": "C1", "user": "U1", "text": f"<@{team.bot}> the mention", "ts": root}
    slack.send_event(team, event)
    await until(lambda: answers(team, thread=root))
    await settled(slack)
    talk = await app.ledger.threads.conversation(Scope("slack", team.id, "C1", root))
    assert [turn.text for turn in talk.window] == ["the mention"]


async def test_a_deletion_or_an_edit_that_overtakes_its_message_counts(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hello")
    await until(lambda: answers(team, thread=root))
    channel = team.channels["C1"]
    late = []
    for n, text in enumerate(("gone", "old words", "the last")):
        ts = f"{int(time.time())}.9{n}0000"
        event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": text}
        late.append(event | {"ts": ts, "thread_ts": root, "event_ts": ts})
        channel.messages[ts] = replace(channel.messages[root], ts=ts, thread_ts=root, text=text)
    slack.delete(team, "C1", late[0]["ts"])
    slack.edit(team, "C1", late[1]["ts"], "new words")
    await settled(slack)
    for event in late:
        slack.send_event(team, event)
    await until(lambda: [page for page in answers(team, thread=root) if "the last" in page.shown])
    shown = "".join(page.shown for page in answers(team, thread=root))
    assert "new words" in shown
    assert "old words" not in shown
    assert "gone" not in shown


async def test_a_long_answer_is_streamed_over_several_messages_cut_at_paragraphs(bot, slack, team, until):
    text = long_text(60)
    assert len(text) > 20_000
    bot.say = f"say={text}"
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60)
    pages = answers(team, thread=root)
    words = [word for page in pages for word in page.text.split() or page.shown.split() if word.startswith("p")]
    assert words == text.split()
    assert len(pages) > 1
    assert all(page.text.lstrip().split("w")[1].startswith("0 ") for page in pages), "each begins a paragraph"
    assert all(len(page.text) <= 12_000 for page in pages)
    assert all(len(chunk["text"]) <= 4000 for args in calls(slack, "chat.appendStream") for chunk in args["chunks"])
    assert [bool(page.buttons) for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_a_stream_rolls_over_before_slack_ends_it(bot, slack, team, until):
    slack.limits.stream_life = 4.0
    bot.manners = Manners(burst=0.05, roll_after=1.5)
    bot.say = "slow=0.03,say=" + long_text(6, 20)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60)
    pages = answers(team, thread=root)
    assert len(pages) > 1
    assert all(page.stream == "stopped" for page in pages), "none was ended by Slack"
    shown = " ".join(page.text for page in pages)
    assert [word for word in shown.split() if word.startswith("p")] == bot.say.split("say=")[1].split()


async def test_a_stream_that_dies_goes_on_in_a_new_one_and_nothing_is_missing(bot, slack, team, until):
    bot.say = "slow=0.03,say=" + long_text(4, 25)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    page = (await until(lambda: [m for m in team.from_bot("C1", root) if "p0w5" in m.text]))[0]
    page.stream = "dead"
    await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60)
    pages = answers(team, thread=root)
    assert len(pages) == 2
    shown = " ".join(page.shown for page in pages)
    assert [word for word in shown.split() if word.startswith("p")] == bot.say.split("say=")[1].split()


async def test_where_streams_are_not_allowed_pages_are_posted_and_edited_and_that_is_remembered(
    bot, slack, team, until
):
    slack.limits.streams = False
    bot.say = "slow=0.03,say=" + long_text(3, 40)
    await bot.start()
    for n in range(2):
        root = slack.mention(team, "C1", "U1", f"Write {n}")
        page = (await until(lambda root=root: [p for p in answers(team, thread=root) if p.buttons], 60))[0]
        assert "p2w39" in page.shown
    assert len(calls(slack, "chat.startStream")) == 1
    assert page.edits > 1
    paced = [at for name, args, at in slack.calls if name == "chat.update" and not args["blocks"][1:]]
    gaps = [later - earlier for earlier, later in itertools.pairwise(paced)]
    assert len([gap for gap in gaps if gap < 1.0]) <= 1, "only between two pages"


async def test_rate_limits_are_waited_out_and_nothing_is_lost(bot, slack, team, until):
    slack.faults.limited = {"chat.startStream": 1, "chat.appendStream": 1, "chat.stopStream": 1, "chat.postMessage": 1}
    bot.say = "slow=0.02,say=" + long_text(2, 40)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    page = (await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60))[0]
    assert page.shown.split()[:80] == bot.say.split("say=")[1].split()


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("fault", ["an error", "a cut line"])
async def test_a_part_that_slack_does_not_take_goes_with_the_next(bot, slack, team, until, app, streams, fault):
    slack.limits.streams = streams
    method = "chat.appendStream" if streams else "chat.update"
    bot.say = "slow=0.03,say=" + long_text(3, 40)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    await until(lambda: [m for m in team.from_bot("C1", root) if "p0w5" in m.shown])
    if fault == "an error":
        slack.faults.broken = {method: ["internal_error"]}
    else:
        slack.faults.dropped = {method: 3}  # the SDK itself tries again twice
    pages = await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60)
    assert not slack.faults.broken.get(method)
    assert not slack.faults.dropped.get(method)
    assert [page.shown.split()[:120] for page in pages] == [bot.say.split("say=")[1].split()]
    assert (await app.ledger.inbox.find(Scope("slack", team.id, "C1", root), root)).attempts == 1
    assert len(answers(team, thread=root)) == 1, "and nothing else is said"


async def test_an_end_that_slack_does_not_take_at_first_is_tried_again(bot, slack, team, until, app):
    slack.faults.broken = {"chat.stopStream": ["internal_error"] * 2, "chat.update": ["internal_error"]}
    bot.say = "slow=0.02,say=" + long_text(2, 40)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    page = (await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60))[0]
    assert page.shown.split()[:80] == bot.say.split("say=")[1].split()
    assert (await app.ledger.inbox.find(Scope("slack", team.id, "C1", root), root)).attempts == 1
    assert len(answers(team, thread=root)) == 1


async def test_what_slack_takes_no_more_as_a_stream_stands_in_whole_messages_at_the_end(bot, slack, team, until):
    bot.say = "slow=0.01,say=" + long_text(40)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    await until(lambda: [m for m in team.from_bot("C1", root) if "p0w5" in m.shown])
    slack.faults.broken = {"chat.appendStream": ["internal_error"] * 999}
    await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 90)
    pages = answers(team, thread=root)
    assert len(pages) > 1
    words = [word for page in pages for word in page.shown.split() if word.startswith("p")]
    assert words == bot.say.split("say=")[1].split()
    assert [bool(page.buttons) for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_a_page_that_slack_takes_in_no_way_is_said_so_in_a_sentence(bot, slack, team, until, app):
    slack.faults.broken = {method: ["invalid_blocks"] * 99 for method in ("chat.stopStream", "chat.update")}
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    told = (await until(lambda: [one for one in answers(team, thread=root) if "Slack did not take" in one.shown]))[0]
    assert "`/export` hands it over" in told.shown
    scope = Scope("slack", team.id, "C1", root)
    await until(lambda: not bot.gate._floor.running(scope))
    assert await app.ledger.inbox.open(scope) == (), "it is over, and not tried for ever"
    talk = await app.ledger.threads.conversation(scope)
    assert talk.window[0].take.status is TakeStatus.COMPLETE


async def test_history_is_our_own_memory_and_slack_is_not_asked(bot, slack, team, until):
    await bot.start()
    root = slack.mention(team, "C1", "U1", "one")
    await until(lambda: answers(team))
    slack.say(team, "C1", "U1", "two", thread=root)
    await until(lambda: len(answers(team)) == 2)
    assert calls(slack, "conversations.replies") == calls(slack, "conversations.history") == []


@pytest.mark.parametrize("streams", [True, False])
async def test_what_is_written_pings_nobody(bot, slack, team, until, streams):
    slack.limits.streams = streams
    bot.say = "slow=0.4,say=Hey <!channel> and <@U2> and <#C1> and < !here> @everyone @here or <!subteam^S1>"
    await bot.start()
    root = slack.mention(team, "C1", "U1", "<!channel> say it")
    page = (await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60))[0]
    sent = [args for name, args, _ in slack.calls if name.startswith("chat.")]
    assert not PINGS.search(json.dumps(sent, ensure_ascii=False))
    assert not re.search("@(everyone|here)", json.dumps(sent))
    assert "channel>" in page.shown
    assert all(args["unfurl_links"] is args["unfurl_media"] is False for args in calls(slack, "chat.postMessage"))


@pytest.mark.parametrize("streams", [True, False])
async def test_what_is_written_links_only_where_it_may(bot, slack, team, until, streams):
    slack.limits.streams = streams
    bot.manners = Manners(burst=0.05, hosts=("example.org",))
    bot.say = "slow=0.1,say=See https://evil.test/a and [this](https://evil.test) or https://example.org/b here"
    await bot.start()
    root = slack.mention(team, "C1", "U1", "see www.evil.test")
    page = (await until(lambda: [page for page in answers(team, thread=root) if page.buttons], 60))[0]
    sent = json.dumps([args for name, args, _ in slack.calls if name.startswith("chat.")], ensure_ascii=False)
    assert "https://example.org/b" in page.shown
    assert not re.search(r"://evil|https://evil|www\.evil|\]\(", sent)
    assert "evil.test/a" in page.shown, "it can still be read"


async def test_mentions_split_over_two_deltas_are_found(bot):
    text = "a <!channel> b <@U1> c @channel d <b> e @char"
    for size in (1, 2, 3, 5):
        quieter = Quieter()
        out = "".join(quieter.feed(text[at : at + size]) for at in range(0, len(text), size)) + quieter.close()
        assert not PINGS.search(out)
        assert "@channel" not in out
        assert out.replace("‹", "<").replace("\u2060", "") == text


async def test_two_workspaces_that_share_channel_and_message_ids_never_see_each_other(bot, slack, team, until, app):
    other = slack.add_team("TOTHER" + team.id, U1="Eve")
    other.add_channel("C1", "room", "U1")
    show = await app.ledger.shows.ensure(other.id, "Another show")
    await app.ledger.shows.bind(Scope("slack", other.id, "C1"), show.id)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "The canary is yellow")
    await until(lambda: answers(team))
    text = f"<@{other.bot}> What is the canary?"
    other.channels["C1"].messages[root] = replace(team.channels["C1"].messages[root], text=text)
    slack.send_event(other, {"type": "app_mention", "channel": "C1", "user": "U1", "text": text, "ts": root})
    page = (await until(lambda: answers(other)))[0]
    assert "yellow" not in page.shown
    assert len(answers(team)) == 1
    slack.mention(other, "C1", "U1", "/search canary yellow")
    found = (await until(lambda: len(answers(other)) == 2 and answers(other)))[1]
    assert "yellow" not in found.shown


async def test_a_cut_line_is_mended_and_what_came_meanwhile_is_answered(bot, slack, team, until):
    await bot.start()
    slack.mention(team, "C1", "U1", "before")
    await until(lambda: answers(team))
    slack.cut()
    slack.mention(team, "C1", "U1", "during")
    await until(lambda: len(answers(team)) == 2, 30)
    assert slack.connections == 2
    await slack.ask_to_reconnect()
    await until(lambda: slack.connections == 3)
    slack.mention(team, "C1", "U1", "after")
    await until(lambda: len(answers(team)) == 3)


async def test_a_program_that_is_deaf_too_long_ends_so_that_it_is_started_anew(bot, slack, team):
    bot.deaf_after, bot.unwell_after = 1.0, 0.9
    await bot.start()
    assert bot.line.well
    await slack.__aexit__()
    assert await asyncio.wait_for(bot.ended(), 30) == 1
    assert not bot.line.well, "the health page says so"
    slack._tasks.clear()
    await slack.__aenter__()


async def test_repeated_and_late_deliveries_are_answered_once_each(bot, slack, team, until):
    slack.faults.repeat, slack.faults.late = 0.6, 0.4
    await bot.start()
    roots = [slack.mention(team, "C1", "U1", f"late {n}.") for n in range(8)]
    await until(lambda: len(answers(team)) == 8, 40)
    await settled(slack)
    assert len(slack.deliveries) > 16
    for n, root in enumerate(roots):
        pages = answers(team, thread=root)
        assert len(pages) == 1
        assert f"late {n}." in pages[0].shown


async def test_over_http_signatures_are_checked_and_the_same_words_answered(bot, slack, team, until, unused_tcp_port):
    bot.over_http = True
    slack.http = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    await bot.start(unused_tcp_port)
    root = slack.mention(team, "C1", "U1", "By post")
    page = (await until(lambda: answers(team, thread=root)))[0]
    assert "By post" in page.shown
    slack.press(team, page, page.buttons["Why"], "U1")
    await until(lambda: [one for one in team.from_bot("C1", root) if one.only_for == "U1"])
    slack.command(team, "C1", "U1", "settings")
    await until(lambda: team.views)
    body = json.dumps({"type": "event_callback", "team_id": team.id, "event_id": "forged", "event": {"type": "x"}})
    old = sign(body, SECRET, int(time.time()) - 3600)
    async with aiohttp.ClientSession() as session:
        for headers in ({}, sign(body, "wrong secret"), old):
            media = {"Content-Type": "application/json"}
            async with session.post(slack.http, data=body, headers={**headers, **media}) as answer:
                assert answer.status == 401
        async with session.get(slack.http.replace("/slack/events", "/health")) as answer:
            assert (await answer.json())["ok"] is True


async def test_after_a_restart_in_mid_answer_the_page_is_finished_in_its_place(bot, slack, team, until, app):
    bot.say = "slow=0.1,say=" + long_text(1, 100)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Write")
    page = (await until(lambda: [m for m in team.from_bot("C1", root) if "p0w15" in m.text]))[0]
    await bot.stop()
    for scope, turn in await app.ledger.turns.recover():
        assert (scope.thread, turn.take.status) == (root, TakeStatus.STOPPED)
    bot.say = ""
    await bot.start()
    await until(lambda: page.buttons)
    assert [one.ts for one in answers(team, thread=root)] == [page.ts], "nothing was posted twice"
    assert "p0w5" in page.shown
    assert "restarted in the middle" in page.shown
    assert "Try again" in page.buttons
    await until(lambda: team.sessions[("C1", root)] == "active")


async def test_after_a_restart_what_was_written_and_not_delivered_is_delivered(bot, slack, team, until, app):
    slack.faults.broken = {"chat.startStream": ["fatal_error"] * 99, "chat.postMessage": ["fatal_error"] * 99}
    await bot.start()
    root = slack.mention(team, "C1", "U1", "Hold on to this")
    await until(lambda: calls(slack, "chat.postMessage"))
    await bot.stop()
    slack.faults.broken = {}
    await app.ledger.turns.recover()
    await bot.start()
    page = (await until(lambda: answers(team, thread=root)))[0]
    assert "Hold on to this" in page.shown


@pytest.mark.parametrize("may_look", [True, False])
async def test_an_answer_posted_without_a_note_of_it_is_found_or_else_said_to_be_there_twice(
    bot, slack, team, until, app, may_look
):
    """With the look at the thread the answer is there once; without it twice, so that the look is what counts."""
    slack.faults.broken = {} if may_look else {"conversations.replies": ["missing_scope"] * 9}
    scope = Scope("slack", team.id, "C1", "1.000001")
    asked = Inbound("message", "EvX", scope, "U1", "Hello", who="U1", message="1.000001", sent=datetime.now(UTC))
    kept = await app.ledger.inbox.put(letter(asked))
    await app.ledger.inbox.take(scope, [kept.number])
    await app.ledger.inbox.sending(scope, kept.number)
    channel = team.channels["C1"]
    slack.say(team, "C1", "U1", "x")
    channel.messages["1.000001"] = replace(next(iter(channel.messages.values())), ts="1.000001")
    api = slack.api_url + "chat.postMessage"
    metadata = {"event_type": "dramaturg_answer", "event_payload": {"key": "EvX"}}
    body = {"channel": "C1", "thread_ts": "1.000001", "text": "half", "metadata": metadata}
    headers = {"Authorization": f"Bearer {team.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(api, json=body) as answer:
        assert (await answer.json())["ok"]
    await bot.start()
    page = await until(lambda: [one for one in answers(team, thread="1.000001") if "Hello" in one.shown])
    assert len(answers(team, thread="1.000001")) == (1 if may_look else 2)
    assert bool(page[0].edits) is may_look
    assert ("may be here twice" in page[0].shown) is not may_look


async def test_a_backlog_older_than_ten_minutes_is_announced_and_not_answered(bot, slack, team, until):
    old = f"{int(time.time()) - 700}.000001"
    slack.say(team, "C1", "U1", "x")
    channel = team.channels["C1"]
    channel.messages[old] = replace(next(iter(channel.messages.values())), ts=old)
    text = f"<@{team.bot}> long ago"
    slack.send_event(team, {"type": "app_mention", "channel": "C1", "user": "U1", "text": text, "ts": old})
    await bot.start()
    told = (await until(lambda: answers(team, thread=old)))[0]
    assert "I was away" in told.shown
    assert "long ago" not in told.shown


async def test_the_order_in_the_queue_is_told_to_the_one_who_waits(bot, slack, team, until):
    bot.say = "slow=0.05,say=" + long_text(1, 60)
    await bot.start()
    root = slack.mention(team, "C1", "U1", "first")
    await until(lambda: [m for m in team.from_bot("C1", root) if m.stream == "open"])
    slack.say(team, "C1", "U2", "second", thread=root)
    told = await until(lambda: [one for one in team.from_bot("C1") if one.only_for == "U2"])
    assert "1 message before yours" in told[0].shown


async def test_a_channel_that_is_gone_ends_quietly_and_the_rest_goes_on(bot, slack, team, until):
    team.add_channel("C7", "gone", "U1")
    await bot.start()
    slack.mention(team, "C7", "U1", "anybody?")
    team.channels["C7"].members.discard(team.bot)
    slack.mention(team, "C1", "U1", "here")
    await until(lambda: answers(team))
    await settled(slack)
    assert team.from_bot("C7") == []


async def test_tokens_and_response_urls_never_reach_a_log(bot, slack, team, until, caplog, app):
    stream = []
    handler = logging.Handler()
    handler.emit = lambda record: stream.append(Lines(()).format(record))
    root_logger = logging.getLogger()
    root_logger.addHandler(handler)
    caplog.set_level(logging.DEBUG)
    try:
        slack.faults.broken = {"users.info": ["fatal_error"]}
        await bot.start()
        page_root = slack.mention(team, "C1", "U1", f"my token is {team.token}")
        page = (await until(lambda: answers(team, thread=page_root)))[0]
        slack.press(team, page, page.buttons["Why"], "U1")
        await until(lambda: [one for one in team.from_bot("C1") if one.only_for == "U1"])
    finally:
        root_logger.removeHandler(handler)
    log = "\n".join(stream)
    assert len(stream) > 50
    assert team.token not in log
    assert "xapp-loopback" not in log
    secrets = Config(Settings(slack_bot_token="xoxb-1-abcdefghij", slack_signing_secret="sssshhhh"), {})
    assert {"xoxb-1-abcdefghij", "sssshhhh"} <= set(secrets.secrets())


@pytest.mark.parametrize(
    ("access", "word"),
    [
        (Access("x"), "slack_bot_token"),
        (Access("x", bot_token="xoxb"), "slack_app_token"),
        (Access("x", bot_token="xoxb", client_id="1", client_secret="2", signing_secret="3"), "not both"),
        (Access("x", client_id="1", client_secret="2", app_token="xapp"), "slack_signing_secret"),
    ],
)
async def test_a_setup_that_cannot_work_is_told_in_a_sentence(access, word):
    with pytest.raises(Misconfigured, match=word):
        access.check()


async def test_a_token_that_slack_does_not_take_ends_the_start(bot, slack, team):
    slack.faults.broken = {"auth.test": ["invalid_auth"]}
    with pytest.raises(Misconfigured, match="slack_bot_token"):
        await bot.start()
