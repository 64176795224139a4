"""People who try to make it ping, cut, break a fence, speak out of turn, or show one server's text in another."""

import asyncio
import re

import pytest

from memory import TakeStatus
from tests.loopback.discord.faults import EDITING, SENDING
from tests.loopback.discord.world import EPHEMERAL, LOADING

pytestmark = pytest.mark.asyncio(loop_scope="module")

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(\w*)", re.MULTILINE)
CALLBACK = "POST /interactions/{interaction}/{token}/callback"


def open_fence(text):
    """The fence a reader is still in at the end of a text."""
    mark = ""
    for line in text.split("\n"):
        found = FENCE.match(line)
        if found and not mark:
            mark = found[1]
        elif found and line.strip().startswith(mark) and not line.strip().strip(mark[0]):
            mark = ""
    return mark


LINE = "x" * 60

PAGES = {
    "one word": "A" * 5000,
    "one line": "word " * 900,
    "tildes": "Before.\n\n~~~\n" + f"{LINE}\n" * 60 + "~~~\n\nAfter.",
    "four ticks around three": "````markdown\n```python\n" + f"{LINE}\n" * 60 + "```\n````\n\nAfter.",
    "a fence in a list": "- item\n  ```js\n" + f"  {LINE}\n" * 60 + "  ```\n- end",
    "a fence never closed": "```\n" + f"{LINE}\n" * 60,
    "many small fences": "\n\n".join(f"```\n{n} {LINE}\n```" for n in range(40)),
    "a line too long for a part": "```\n" + "y" * 4500 + "\n```\n\nAfter.",
    "headings and quotes": "\n\n".join(f"# Scene {n}\n\n> {LINE} {LINE}" for n in range(30)),
    "emoji": "👩‍👩‍👧‍👦 " * 600,
}


@pytest.mark.parametrize("kind", PAGES)
async def test_whatever_is_written_fits_keeps_its_fences_and_loses_nothing(bot, discord, room, until, kind):
    text = PAGES[kind]
    bot.say = f"slow=0.002,say={text}"
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: room.finished(asked), 120)
    for one in discord.world.by_bot():
        for shown in one.history:
            assert len(shown.content) <= 2000
            assert not open_fence(shown.content), shown.content
    parts = room.all_of(asked)
    assert all(len(one.content) <= 1900 for one in parts[:-1])
    letters = [re.findall(r"\w", FENCE.sub("", "".join(one))) for one in ([p.content for p in parts], [text])]
    assert len(letters[0]) >= len(letters[1]), "nothing is cut"


async def test_a_page_of_nothing_but_blanks_is_no_silence(bot, discord, room, until):
    bot.say = "say=   \n\n   "
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Say nothing")
    await until(lambda: [one for one in room.all_of(asked) if one.shown.strip()], 60)


async def test_a_mention_counts_wherever_it_stands_and_however_it_is_written(bot, discord, room, until):
    await bot.start()
    me = discord.world.me
    texts = [
        f"at the end {me.mention}",
        f"<@!{me.id}> the old way",
        f"<@&{room.guild.own.id}> by its role",
        f"{room.bo.mention} look, {me.mention} what now?",
        f"\n\n{me.mention}\n\nover\nlines",
    ]
    asked = [discord.say(room.channel, room.ana, text) for text in texts]
    # Without the intent a message that names only the role arrives empty.
    heard = [one for one in asked if me in one.mentions]
    await until(lambda: all(room.finished(one) for one in heard), 120)
    for one in heard:
        assert f"{me.id}" not in room.pages(one)[0].content


async def test_a_mention_of_its_role_counts_where_it_may_read_along(bot, discord, room, until):
    bot.content = True
    await bot.start()
    asked = discord.say(room.channel, room.ana, f"<@&{room.guild.own.id}> by its role")
    await until(lambda: room.finished(asked))


async def test_a_bare_mention_is_not_met_with_silence(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "")
    await until(lambda: room.all_of(asked), 60)


async def test_a_role_of_another_server_is_not_named(bot, discord, room, until):
    other = await room.another("Other show")
    secret = discord.add_role(other.guild, "the-secret-order", other.ana)
    await bot.start()
    asked = discord.mention(room.channel, room.ana, f"Who is {secret.id}?")
    await until(lambda: room.finished(asked))
    discord.edit(asked, f"{discord.world.me.mention} Who is <@&{secret.id}>, or {secret.id}?")
    discord.mention(asked.thread, room.ana, f"/settings note {secret.id}")
    room.slash(room.channel, room.ana, "note", f"{secret.id}")
    await until(lambda: len(room.all_of(asked)) >= 3, 60)
    await room.quiet()
    assert not any("secret-order" in shown.content for one in discord.world.by_bot() for shown in one.history)


async def test_what_one_person_says_in_private_is_found_by_nobody_else(bot, discord, room, until, app):
    await bot.start()
    mine, theirs = discord.open_dm(room.ana), discord.open_dm(room.bo)
    for dm, who in ((mine, room.ana), (theirs, room.bo)):
        show = await app.ledger.shows.ensure(str(who.id), f"Show of {who.name}")
        await app.ledger.shows.bind(room.direct(dm, who), show.id)
    discord.say(mine, room.ana, "The canary is yellow as brass")
    await until(lambda: [one for one in room.here(mine) if "Again" in one.buttons])
    await app.librarian.settle()
    discord.say(theirs, room.bo, "/search canary yellow")
    await until(lambda: theirs.by(discord.world.me), 60)
    discord.slash(theirs, room.bo, "shows")
    await room.quiet()
    assert not any("brass" in one.shown or "Show of Ana" in one.shown for one in theirs.ever)


async def test_a_page_pressed_in_one_server_does_nothing_in_another(bot, discord, room, until):
    """A ``custom_id`` is only what a client sends: another server's must lead nowhere."""
    other = await room.another("Other show")
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The canary is yellow as brass")
    page = (await until(lambda: room.pages(asked)))[0]
    theirs = discord.mention(other.channel, other.ana, "Hello")
    forged = (await until(lambda: other.pages(theirs)))[0]
    forged.components = page.components
    met = [discord.press(forged, label, other.ana) for label in ("Why", "Again", "Keep…", "Edit…")]
    await until(lambda: all(one.answered.is_set() for one in met))
    assert not any(one.modal for one in met), "nor is it shown in a window"
    await room.quiet()
    seen = [one for one in discord.world.by_bot() if one.channel.guild is other.guild]
    assert not any("brass" in shown.content for one in seen for shown in one.history)
    assert len(room.pages(asked)) == 1


async def test_an_interaction_that_comes_twice_is_answered_once(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    page = (await until(lambda: room.pages(asked)))[0]
    discord.faults.repeat = 1.0
    met = discord.slash(room.channel, room.ana, "shows")
    discord.press(page, "Again", room.ana)
    await until(lambda: met.said and len(room.pages(asked)) >= 2, 60)
    await room.quiet()
    assert len(room.pages(asked)) == 2
    assert met.followups == []


async def test_an_interaction_that_came_too_late_to_be_answered_breaks_nothing(bot, discord, room, until):
    await bot.start()
    discord.limits.answer_within = 0.0
    late = discord.slash(room.channel, room.ana, "shows")
    await until(lambda: discord.called(CALLBACK))
    discord.limits.answer_within = 60.0
    met = discord.slash(room.channel, room.ana, "shows")
    await until(lambda: met.said)
    assert not late.said


async def test_a_private_answer_that_came_too_late_is_not_told_to_all(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Hello")
    await until(lambda: room.finished(asked))
    discord.limits.token_life = 0.0
    met = discord.slash(asked.thread, room.ana, "shows")
    await until(lambda: met.answered.is_set())
    await until(lambda: [one for one in discord.calls if one.route.startswith("PATCH /webhooks") and one.status == 401])
    await room.quiet()
    assert not any(room.show in one.shown for one in discord.world.by_bot())


async def test_long_private_answers_stay_private_and_whole(bot, discord, room, until):
    await bot.start()
    met = discord.slash(room.channel, room.ana, "help")
    await until(lambda: "/settings" in met.said and "/export" in met.said, 60)
    assert all(one.flags & EPHEMERAL and len(one.content) <= 2000 for one in [met.message, *met.followups])
    assert not met.message.flags & LOADING


async def test_a_flood_is_told_to_wait_and_everybody_gets_a_word(bot, discord, room, until, app):
    bot.content = True
    bot.say = "slow=0.05,say=" + " ".join(f"w{n}" for n in range(20))
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "start")
    await until(lambda: asked.thread)
    people = (room.ana, room.bo)
    for n in range(12):
        discord.say(asked.thread, people[n % 2], f"again {n}.")

    def refused():
        return [one for one in room.all_of(asked) if "send it again" in one.shown or "already wait" in one.shown]

    async def answered():  # two that one person said in a row may be answered together
        talk = await app.ledger.threads.conversation(room.scope(asked), 100)
        said = " ".join(turn.text for turn in talk.window if turn.take and turn.take.status is TakeStatus.COMPLETE)
        return [n for n in range(12) if f"again {n}." in said]

    await until(lambda: room.pages(asked), 60)
    for _ in range(900):
        if len(await answered()) + len(refused()) == 12:
            break
        await asyncio.sleep(0.2)
    await room.quiet(3)
    assert len(await answered()) + len(refused()) == 12
    assert not any("before yours" in one.shown for one in room.all_of(asked)), "nobody is told to wait who was answered"


async def test_the_bot_thrown_out_in_mid_answer_stops_asking(bot, discord, room, until):
    bot.say = "slow=0.05,say=" + " ".join(f"w{n}" for n in range(80))
    other = await room.another("Other show")
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Write")
    await until(lambda: [one for one in room.all_of(asked) if "w5" in one.content], 60)
    discord.throw_out(room.guild)
    theirs = discord.mention(other.channel, other.ana, "And us?")
    await until(lambda: other.finished(theirs), 120)
    mine = {str(room.channel.id), str(asked.thread.id)}
    denied = [one for one in discord.calls if one.ids.get("channel") in mine and one.status in (403, 404)]
    assert len(denied) <= 5


async def test_an_edit_and_then_a_preview_is_one_edit(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "Old words https://example.org/")
    await until(lambda: room.finished(asked))
    discord.edit(asked, f"{discord.world.me.mention} New words https://example.org/")
    await until(lambda: [one for one in room.all_of(asked) if "Redo from here" in one.buttons])
    discord.unfurl(asked)
    await room.quiet()
    assert len([one for one in room.all_of(asked) if "Redo from here" in one.buttons]) == 1


async def test_words_taken_back_before_they_were_answered_are_not_answered(bot, discord, room, until):
    bot.say = "slow=0.1,say=" + " ".join(f"w{n}" for n in range(30))
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "first")
    await until(lambda: [one for one in room.all_of(asked) if "w2" in one.content], 60)
    waiting = discord.say(asked.thread, room.bo, "the heron secret")
    changed = discord.say(asked.thread, room.ana, "the old way")
    await asyncio.sleep(0)
    discord.delete(waiting)
    discord.edit(changed, "the new way")
    bot.say = ""
    await until(lambda: len(room.pages(asked)) == 2, 120)
    await room.quiet()
    assert len(room.pages(asked)) == 2


async def test_a_deleted_thread_takes_what_was_said_in_it_along(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The cormorant wears a crown of tin")
    await until(lambda: room.finished(asked))
    await app.librarian.settle()
    before = await app.index.count()
    discord.remove_channel(asked.thread)

    async def fewer():
        await app.librarian.settle()
        return await app.index.count() < before

    await room.when(fewer, True, 15)


async def test_a_deleted_page_is_not_remembered_either(bot, discord, room, until, app):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "The cormorant wears a crown")
    page = (await until(lambda: room.pages(asked)))[0]
    await app.librarian.settle()
    before = await app.index.count()
    discord.delete(page)

    async def fewer():
        await app.librarian.settle()
        return await app.index.count() < before

    await room.when(fewer, True, 15)


async def test_an_export_goes_out_once_though_the_answer_to_it_was_lost(bot, discord, room, until):
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "A page to export")
    await until(lambda: room.finished(asked))
    discord.faults.lost = {SENDING: 1}
    discord.mention(asked.thread, room.ana, "/export")
    await until(lambda: [one for one in room.all_of(asked) if one.attachments], 60)
    await room.quiet(3)
    assert len([one for one in room.all_of(asked) if one.attachments]) == 1


async def test_a_session_that_timed_out_is_begun_anew(bot, discord, room, until):
    await bot.start()
    for code in (4000, 4009, 1001):
        discord.gateway.forget()
        await discord.gateway.close(code)
        discord.gateway.forget()
    asked = discord.mention(room.channel, room.ana, "Back?")
    await until(lambda: room.finished(asked), 120)
    assert len(room.pages(asked)) == 1


async def test_a_server_that_answers_slowly_is_still_answered_in_order(bot, discord, room, until):
    discord.faults.slow = {SENDING: 1.5, EDITING: 1.5}
    bot.content = True
    await bot.start()
    asked = discord.mention(room.channel, room.ana, "m0.")
    await until(lambda: asked.thread)
    for n in range(1, 3):
        discord.say(asked.thread, (room.ana, room.bo)[n % 2], f"m{n}.")
    await until(lambda: len(room.pages(asked)) == 3, 120)
    assert [re.search(r"m\d\.", one.content)[0] for one in room.pages(asked)] == ["m0.", "m1.", "m2."]
