"""Any workspace may install the app, its token is used for it alone, and goes when the app is taken out."""

import asyncio
import html
import re
import urllib.parse

import aiohttp
import pytest
import pytest_asyncio

from bot.surfaces.slack.installs import Access, Installed, Misconfigured
from memory import Scope
from tests.loopback.slack.server import CLIENT_ID, CLIENT_SECRET, SECRET

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),  # as Slack's SDK has it
]


@pytest_asyncio.fixture(loop_scope="module")
async def served(bot, slack, team, unused_tcp_port):
    """The bot over HTTP with OAuth: its address."""
    bot.oauth = bot.over_http = True
    slack.http = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    await bot.start(unused_tcp_port)
    return f"http://127.0.0.1:{unused_tcp_port}"


@pytest.fixture
def installed(app, slack):
    return Installed(Access(slack.api_url, "", "", SECRET, CLIENT_ID, CLIENT_SECRET), app.ledger.engine)


async def begin(session, address):
    """The page with the button: the state that it sends along."""
    async with session.get(f"{address}/slack/install") as page:
        assert page.status == 200
        link = html.unescape(re.search(r'href="([^"]+/oauth/v2/authorize[^"]+)"', await page.text())[1])
    query = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)
    assert query["client_id"] == [CLIENT_ID]
    assert "chat:write" in query["scope"][0]
    return query["state"][0]


async def come_back(session, address, code, state, cookie=None):
    """As the browser does when Slack sends it back."""
    headers = {"Cookie": f"slack-app-oauth-state={state if cookie is None else cookie}"}
    where = f"{address}/slack/oauth_redirect"
    async with session.get(where, params={"code": code, "state": state}, headers=headers) as answer:
        return answer.status


async def install(address, slack, team):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        return await come_back(session, address, slack.allow(team, "U1"), await begin(session, address))


def answers(team):
    return [one for one in team.from_bot("C1") if not one.only_for and one.stream != "open"]


async def test_two_workspaces_install_the_app_and_are_answered_each_with_its_own_token(
    served, bot, slack, team, until, app, installed
):
    other = slack.add_team(f"{team.id}B", U1="Eve")
    other.add_channel("C1", "room", "U1")
    show = await app.ledger.shows.ensure(other.id, "Another show")
    await app.ledger.shows.bind(Scope("slack", other.id, "C1"), show.id)
    for one in (team, other):
        assert await install(served, slack, one) == 200
        assert await installed(one.id) == one.token
    assert team.token != other.token
    for one in (team, other):
        slack.mention(one, "C1", "U1", f"Hello from {one.id}")
        assert one.id in (await until(lambda one=one: answers(one)))[0].shown


async def test_a_state_that_is_not_this_browsers_or_was_used_installs_nothing(served, slack, team, installed):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        state = await begin(session, served)
        assert await come_back(session, served, slack.allow(team, "U1"), state, cookie="another's") == 400
        forged = "00000000-0000-0000-0000-000000000000"
        assert await come_back(session, served, slack.allow(team, "U1"), forged) == 401
        assert await come_back(session, served, "a code nobody gave", state) >= 400
        assert await come_back(session, served, slack.allow(team, "U1"), state) == 401, "a state works once"
    with pytest.raises(Misconfigured, match="not installed"):
        await installed(team.id)


@pytest.mark.parametrize("event", ["app_uninstalled", "tokens_revoked"])
async def test_taking_the_app_out_removes_its_token_and_nobody_elses(served, slack, team, until, installed, event):
    other = slack.add_team(f"{team.id}B")
    for one in (team, other):
        assert await install(served, slack, one) == 200
    gone = {"type": event, **({"tokens": {"bot": [team.bot], "oauth": []}} if event == "tokens_revoked" else {})}
    sent = slack.send_event(team, gone)
    await sent.done.wait()
    assert sent.acked is not None
    async with asyncio.timeout(20):  # Bolt removes it behind the acknowledgement
        while await installed.store.async_find_bot(enterprise_id=None, team_id=team.id):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await installed(other.id) == other.token
    again = await install(served, slack, team)
    assert again == 200
    assert await installed(team.id) == team.token


async def test_many_workspaces_need_a_ledger_for_their_tokens(slack):
    access = Access(slack.api_url, "", "", SECRET, CLIENT_ID, CLIENT_SECRET)
    with pytest.raises(Misconfigured):
        await Installed(access).open()
