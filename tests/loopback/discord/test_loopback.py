"""The loopback itself, driven by a plain bot of the real SDK: what the other tests stand on."""

import asyncio
import contextlib
import io

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from tests.loopback.discord.faults import SENDING
from tests.loopback.discord.rules import Refused, check_commands, check_message, check_modal
from tests.loopback.discord.server import LoopbackDiscord

CALLBACK = "POST /interactions/{interaction}/{token}/callback"


class Form(discord.ui.Modal, title="A form"):
    word = discord.ui.TextInput(label="Word", custom_id="word", max_length=10)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"form said {self.word.value}", ephemeral=True)


class Buttons(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Again", custom_id="again")
    async def again(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("again it is")

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await interaction.response.send_modal(Form())


class Plain(commands.AutoShardedBot):
    """Answers every mention, and a slash command."""

    def __init__(self, *, content: bool = False) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        super().__init__(command_prefix="!", intents=intents, guild_ready_timeout=0.2)
        self.heard: list[discord.Message] = []
        self.edits: list[discord.RawMessageUpdateEvent] = []
        self.up = asyncio.Event()
        self.resumes = 0

    async def setup_hook(self) -> None:
        self.add_view(Buttons())

        @self.tree.command(name="tell", description="Tell something")
        @app_commands.describe(what="What to tell")
        async def tell(interaction: discord.Interaction, what: str) -> None:
            await interaction.response.send_message(f"told {what}")

        @tell.autocomplete("what")
        async def what(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=current + "!", value=current)]

        await self.tree.sync()

    async def on_ready(self) -> None:
        self.up.set()

    async def on_resumed(self) -> None:
        self.resumes += 1

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id != self.user.id and message.type.value in (0, 19):
            self.heard.append(message)
            if self.user in message.mentions:
                await message.reply(f"you said {message.clean_content}", view=Buttons())

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edits.append(event)


@contextlib.asynccontextmanager
async def running(server: LoopbackDiscord, bot: Plain):
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.rest_url, URL(server.gateway_url)
    task = asyncio.create_task(bot.start(server.token))
    try:
        up = asyncio.create_task(bot.up.wait())
        await asyncio.wait({task, up}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        up.cancel()
        if task.done():
            task.result()
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@pytest_asyncio.fixture
async def server():
    async with LoopbackDiscord() as made:
        yield made


@pytest.fixture
def room(server):
    ana = server.add_user("Ana")
    return ana, server.add_channel(server.add_guild("One", ana), "room")


async def until(true, seconds: float = 30.0):
    async with asyncio.timeout(seconds):
        while not (found := true()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def test_a_bot_logs_in_hears_a_mention_and_its_reply_is_seen(server, room):
    ana, channel = room
    async with running(server, Plain()) as bot:
        assert len(server.gateway.identified) == 1
        asked = server.mention(channel, ana, "hello")
        reply = (await until(lambda: channel.by(server.world.me)))[0]
        assert "hello" in reply.content
        assert reply.reply_to is asked
        assert reply.pings == [f"user:{ana.id}"], "nothing was forbidden, so a reply notifies"
        assert bot.get_guild(channel.guild.id).me.id == server.world.me.id


async def test_words_of_others_are_empty_without_the_intent_unless_they_are_for_the_bot(server, room):
    ana, channel = room
    async with running(server, Plain()) as bot:
        server.say(channel, ana, "between us", files=(server.upload("a.txt", b"a"),))
        server.say(server.open_dm(ana), ana, "to you")
        await until(lambda: len(bot.heard) == 2)
        assert {one.content for one in bot.heard} == {"", "to you"}
        assert all(not one.attachments for one in bot.heard)
    async with running(server, Plain(content=True)) as bot:
        server.say(channel, ana, "between us", files=(server.upload("a.txt", b"a"),))
        await until(lambda: bot.heard)
        assert bot.heard[0].content == "between us"
        assert await bot.heard[0].attachments[0].read() == b"a"


async def test_an_intent_that_was_not_granted_closes_the_gateway(room, server):
    server.limits.privileged = frozenset()
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(server, Plain(content=True)):
            pass
    assert server.gateway.refused == [4014]


async def test_a_wrong_token_is_refused(server):
    server.token = "another"
    bot = Plain()
    before, Route.BASE = Route.BASE, server.rest_url
    try:
        with pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
    finally:
        Route.BASE = before
        await bot.close()


async def test_buttons_forms_commands_and_completion_are_answered(server, room):
    ana, channel = room
    async with running(server, Plain()):
        server.mention(channel, ana, "hello")
        page = (await until(lambda: channel.by(server.world.me)))[0]
        again = server.press(page, "Again", ana)
        await until(lambda: again.said == "again it is")
        assert not again.followups, "the first follow-up takes the place of the thinking"
        asked = server.press(page, "Form", ana)
        await asyncio.wait_for(asked.answered.wait(), 30)
        sent = server.submit(asked, {"word": "brine"})
        await until(lambda: sent.said == "form said brine")
        assert sent.message not in channel.messages.values()
        told = server.slash(channel, ana, "tell", what="all")
        await until(lambda: told.said == "told all")
        typed = server.complete(channel, ana, "tell", "what", what="al")
        await until(lambda: typed.choices)
        assert typed.choices == [{"name": "al!", "value": "al"}]


async def test_a_broken_line_is_resumed_with_what_was_missed(server, room):
    ana, channel = room
    async with running(server, Plain(content=True)) as bot:
        server.gateway.cut()
        for word in "abc":
            server.say(channel, ana, word)
        await until(lambda: len(bot.heard) == 3)
        assert [one.content for one in bot.heard] == ["a", "b", "c"]
        assert len(server.gateway.identified) == 1
        await server.gateway.ask_to_reconnect()
        await until(lambda: bot.resumes == 2)
        await server.gateway.invalidate()
        await until(lambda: len(server.gateway.identified) == 2, 60)


async def test_two_shards_get_what_is_theirs(room):
    async with LoopbackDiscord(shards=2) as server:
        ana = server.add_user("Ana")
        rooms = [server.add_channel(server.add_guild(f"G{n}", ana, shard=n, shards=2), "room") for n in (0, 1)]
        async with running(server, Plain()) as bot:
            assert sorted(shard for _, shard in server.gateway.identified) == [(0, 2), (1, 2)]
            for number, channel in enumerate(rooms):
                server.mention(channel, ana, f"to {number}")
            await until(lambda: len(bot.heard) == 2)
            assert {one.guild.shard_id: one.clean_content[-4:] for one in bot.heard} == {0: "to 0", 1: "to 1"}


async def test_an_event_nobody_can_read_ends_the_plain_sdk(server, room):
    async with running(server, Plain()) as bot:
        server.gateway.malformed()
        await until(bot.is_closed)


async def test_messages_that_are_too_long_or_twice_the_same_are_treated_as_the_real_one_does(server, room):
    _, channel = room
    async with running(server, Plain()) as bot:
        there = await bot.fetch_channel(channel.id)
        with pytest.raises(discord.HTTPException, match="length"):
            await there.send("x" * 2001)
        first = await there.send("once", nonce="n1")
        second = await there.send("once", nonce="n1")
        assert first.id == second.id
        assert len(channel.messages) == 1
        with pytest.raises(discord.HTTPException) as refused:
            await there.send(file=discord.File(io.BytesIO(b"0" * (channel.guild.file_limit + 1)), "big.bin"))
        assert refused.value.status == 413
        channel.denied.add("SEND_MESSAGES")
        with pytest.raises(discord.Forbidden) as refused:
            await there.send("no")
        assert refused.value.code == 50013


async def test_buckets_are_announced_and_who_ignores_them_is_told_to_wait(room, server):
    server.limits.buckets[SENDING] = (2, 0.4)
    _, channel = room
    async with running(server, Plain()) as bot:
        there = await bot.fetch_channel(channel.id)
        for number in range(5):
            await there.send(str(number))
        assert not server.refused, "the SDK waits by itself where the headers say so"
        server.faults.limited[SENDING] = 1
        server.faults.everywhere = 1
        await there.send("late")
        assert len(server.refused) == 2
        assert [one.content for one in channel.messages.values()] == [*"01234", "late"]


async def test_a_thread_begins_on_a_message_and_hears_its_people(server, room):
    ana, channel = room
    async with running(server, Plain(content=True)) as bot:
        root = server.say(channel, ana, "root")
        await until(lambda: bot.heard)
        thread = await bot.heard[0].create_thread(name="A story")
        assert thread.id == root.id
        server.say(server.world.channels[thread.id], ana, "inside")
        await until(lambda: len(bot.heard) == 2)
        assert bot.heard[1].channel.id == thread.id
        post = server.forum_post(server.add_forum(channel.guild, "stories"), ana, "Salt", "first words")
        await until(lambda: len(bot.heard) == 3)
        assert bot.heard[2].id == bot.heard[2].channel.id == post.id


async def test_a_preview_changes_a_message_without_an_edit(server, room):
    ana, channel = room
    async with running(server, Plain(content=True)) as bot:
        said = server.say(channel, ana, "https://example.org/")
        server.unfurl(said)
        server.edit(said, "changed")
        await until(lambda: len(bot.edits) == 2)
        assert [one.message.edited_at is None for one in bot.edits] == [True, False]


async def test_who_would_be_pinged_is_known_of_every_message(server, room):
    ana, channel = room
    role = server.add_role(channel.guild, "writers", ana)
    async with running(server, Plain()) as bot:
        there = await bot.fetch_channel(channel.id)
        text = f"@everyone {ana.mention} <@&{role.id}> `@here`"
        await there.send(text)
        await there.send(text, allowed_mentions=discord.AllowedMentions.none())
        loud, quiet = channel.by(server.world.me)
        assert loud.pings == ["everyone", f"user:{ana.id}", f"role:{role.id}"]
        assert quiet.pings == []


BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
FIELD = {"type": 4, "style": 1, "label": "Word", "custom_id": "w"}


def row(*held):
    return {"type": 1, "components": list(held)}


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2001},
        {"content": " \n "},
        {"content": "x", "nonce": "n" * 26},
        {"content": "x", "embeds": [{"title": "t" * 257}]},
        {"content": "x", "embeds": [{"description": "d" * 4000}, {"description": "d" * 2001}]},
        {"content": "x", "components": [row(BUTTON)] * 6},
        {"content": "x", "components": [row(BUTTON, BUTTON)]},
        {"content": "x", "components": [row(*[{**BUTTON, "custom_id": str(n)} for n in range(6)])]},
        {"content": "x", "components": [row({**BUTTON, "label": "l" * 81})]},
        {"content": "x", "components": [row({**BUTTON, "custom_id": "c" * 101})]},
        {"content": "x", "components": [row(FIELD)]},
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
    ],
)
def test_a_message_discord_would_refuse_is_refused(body):
    with pytest.raises(Refused):
        check_message(body)
    check_message({"content": "x", "nonce": "n" * 25, "components": [row(BUTTON)]})


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t" * 46},
        {"components": []},
        {"components": [row({**FIELD, "custom_id": str(n)}) for n in range(6)]},
        {"components": [row(FIELD), row(FIELD)]},
        {"components": [row({**FIELD, "label": "l" * 46})]},
        {"components": [row({**FIELD, "value": "v" * 4001})]},
        {"components": [row({**FIELD, "value": "long", "max_length": 3})]},
        {"components": [row({**FIELD, "placeholder": "p" * 101})]},
        {"components": [row(BUTTON)]},
    ],
)
def test_a_form_discord_would_refuse_is_refused(change):
    form = {"title": "T", "custom_id": "c", "components": [row(FIELD)]}
    check_modal(form)
    with pytest.raises(Refused):
        check_modal(form | change)


OPTION = {"type": 3, "name": "what", "description": "What"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Tell"},
        {"name": "tell it"},
        {"name": "t" * 33},
        {"description": ""},
        {"description": "d" * 101},
        {"options": [{**OPTION, "name": f"o{n}"} for n in range(26)]},
        {"options": [OPTION, OPTION]},
        {"options": [OPTION, {**OPTION, "name": "more", "required": True}]},
        {"options": [{**OPTION, "choices": [{"name": "c", "value": "c"}], "autocomplete": True}]},
        {"options": [{**OPTION, "choices": [{"name": "n" * 101, "value": "c"}]}]},
        {"options": [{"type": 1, "name": "sub", "description": "Sub"}, OPTION]},
    ],
)
def test_a_command_discord_would_refuse_is_refused(change):
    command = {"name": "tell", "description": "Tell", "options": [OPTION]}
    check_commands([command])
    with pytest.raises(Refused):
        check_commands([command | change])


async def test_a_late_or_second_answer_to_an_interaction_is_refused(server, room):
    ana, channel = room
    server.limits.answer_within = 0.0
    async with running(server, Plain()):
        met = server.slash(channel, ana, "tell", what="x")
        await until(lambda: server.called(CALLBACK))
        assert not met.answered.is_set()
        server.limits.answer_within = 60.0
        met = server.slash(channel, ana, "tell", what="x")
        await asyncio.wait_for(met.answered.wait(), 30)
        async with aiohttp.ClientSession() as session:
            url = f"{server.rest_url}/interactions/{met.id}/{met.token}/callback"
            async with session.post(url, json={"type": 4, "data": {"content": "again"}}) as answer:
                assert (answer.status, (await answer.json())["code"]) == (400, 40060)


async def test_the_token_of_an_interaction_dies_and_a_files_address_too(server, room):
    ana, channel = room
    async with running(server, Plain(content=True)) as bot:
        met = server.slash(channel, ana, "tell", what="x")
        await asyncio.wait_for(met.answered.wait(), 30)
        server.limits.token_life = server.limits.attachment_life = 0.0
        async with aiohttp.ClientSession() as session:
            url = f"{server.rest_url}/webhooks/{server.world.me.id}/{met.token}"
            async with session.post(url, json={"content": "late"}) as answer:
                assert (answer.status, (await answer.json())["code"]) == (401, 50027)
        server.say(channel, ana, "a file", files=(server.upload("a.txt", b"a"),))
        await until(lambda: bot.heard)
        with pytest.raises(discord.NotFound):
            await bot.heard[0].attachments[0].read()


async def test_a_message_whose_answer_never_arrives_is_there_all_the_same(server, room):
    _, channel = room
    async with running(server, Plain()) as bot:
        there = await bot.fetch_channel(channel.id)
        server.faults.lost[SENDING] = 1
        with pytest.raises(aiohttp.ClientError):
            await there.send("once", nonce="n")
        await there.send("once", nonce="n")
        assert [one.content for one in channel.messages.values()] == ["once"]
