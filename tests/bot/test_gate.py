"""The gate loses nothing, answers nothing twice, keeps each thread in order and is fair between rooms."""

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.events import Fail, Inbound, Note, Reply, Sent, Step, Text
from bot.gate import Gate, Rules, letter
from bot.gate.lanes import Lanes
from memory import LeaseLost, LetterState, Scope, TakeStatus
from memory.ledger import Ledger

ROOM = Scope("slack", "T1", "C1", "1.0")


@dataclass
class Paper:
    """A stage that keeps what was shown on it."""

    inbound: Inbound
    slip: object = None
    outs: list = field(default_factory=list)
    reply: Reply | None = None

    async def show(self, out):
        self.outs.append(out)

    async def finish(self, reply):
        self.reply = reply
        return Sent(("p1",), self.text, reply.status == "complete")

    @property
    def text(self):
        return "".join(out.delta for out in self.outs if isinstance(out, Text))

    def all(self, kind):
        return [out for out in self.outs if isinstance(out, kind)]


class Papers:
    """A surface that only keeps papers."""

    def __init__(self, burst=0.0):
        self.burst = burst
        self.papers = []

    def stage(self, inbound, slip):
        self.papers.append(Paper(inbound, slip))
        return self.papers[-1]

    async def prepare(self, inbound):
        return replace(inbound, author=f"name of {inbound.who}")

    @property
    def texts(self):
        return [paper.text for paper in self.papers if paper.text]


class Drowsy:
    """The leases of a program that sleeps: nothing is renewed."""

    def __init__(self, leases):
        self._leases = leases
        self.claim, self.release, self.halt = leases.claim, leases.release, leases.halt

    async def renew(self, lease, seconds):
        await asyncio.Event().wait()


class Late:
    """An inbox that says what it has read when it is told to."""

    def __init__(self, inbox):
        self._inbox = inbox
        self.has_read, self.tells = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._inbox, name)

    async def open(self, scope):
        found = await self._inbox.open(scope)
        self.has_read.set()
        await self.tells.wait()
        return found


class Deleting:
    """An inbox in which a message is deleted right before the first is taken."""

    def __init__(self, inbox, message):
        self._inbox, self._message = inbox, message

    def __getattr__(self, name):
        return getattr(self._inbox, name)

    async def take(self, scope, numbers):
        await self._inbox.change(scope, self._message, None)
        return await self._inbox.take(scope, numbers)


class Answers:
    """Answers by saying again; ``hold`` lets a test decide when."""

    def __init__(self):
        self.said = []
        self.running = 0
        self.most = 0
        self.hold = None
        self.fail = 0

    async def __call__(self, inbound, stage, halt):
        self.said.append(inbound.text)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.fail:
                self.fail -= 1
                raise RuntimeError("boom")
            if self.hold:
                waits = [asyncio.create_task(event.wait()) for event in (self.hold, halt)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
            await stage.show(Text(f"re: {inbound.text}"))
            reply = Reply("stopped" if halt.is_set() else "complete")
            await stage.finish(reply)
            return reply
        finally:
            self.running -= 1


@pytest.fixture
async def ledger(tmp_path):
    async with await Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def gates(ledger, answers):
    @asynccontextmanager
    async def opened(surface=None, **rules):
        gate = Gate(answers, ledger.inbox, Rules(**{"pause": 0.01, "notice": 0.05} | rules), ledger.leases)
        gate.serve("slack", surface or Papers())
        try:
            yield gate
        finally:
            await gate.close()

    return opened


def said(n, text=None, scope=ROOM, who="U1", **more):
    return Inbound("message", f"Ev{n}", scope, who, text or f"m{n}", who=who, message=f"{scope.room}-{n}", **more)


async def until(true, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in a database or in another task
            await asyncio.sleep(0.01)


async def open_letters(ledger):
    return await ledger.inbox.unfinished("slack")


async def test_what_comes_again_is_answered_once(gates, answers, ledger):
    papers = Papers()
    async with gates(papers) as gate:
        assert await gate.receive(said(1))
        assert not await gate.receive(said(1))
        assert not await gate.receive(replace(said(1), event_id="Ev1-as-mention"))
        await until(lambda: papers.texts)
        assert not await gate.receive(said(1)), "also after it was answered"
    assert answers.said == ["m1"]
    assert await open_letters(ledger) == ()


async def test_a_message_is_on_the_disk_before_it_may_be_acknowledged(gates, answers, ledger):
    answers.hold = asyncio.Event()
    async with gates() as gate:
        await gate.receive(said(1))
        assert [kept.letter.text for kept in await open_letters(ledger)] == ["m1"]


async def test_a_threads_messages_are_answered_one_after_the_other_in_order(gates, answers):
    papers = Papers()
    async with gates(papers) as gate:
        for n in range(6):
            await gate.receive(said(n))
        await until(lambda: len(papers.texts) == 6)
    assert answers.said == [f"m{n}" for n in range(6)]
    assert answers.most == 1


async def test_threads_are_answered_side_by_side_up_to_the_setting(gates, answers):
    answers.hold = asyncio.Event()
    async with gates(parallel=3, tenant=3) as gate:
        for n in range(5):
            await gate.receive(said(n, scope=replace(ROOM, thread=f"{n}.0")))
        await until(lambda: answers.running == 3)
        await asyncio.sleep(0.05)
        assert answers.running == 3
        answers.hold.set()
        await until(lambda: len(answers.said) == 5)


async def test_a_noisy_room_does_not_starve_a_quiet_one(gates, answers):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers, parallel=1) as gate:
        for n in range(6):
            await gate.receive(said(n, scope=replace(ROOM, thread=f"{n}.0")))
        await gate.receive(said(9, "quiet", scope=replace(ROOM, room="C2")))
        answers.hold.set()
        await until(lambda: len(papers.texts) == 7)
    assert answers.said.index("quiet") <= 2


async def test_one_tenant_does_not_take_all_turns(gates, answers):
    answers.hold = asyncio.Event()
    async with gates(parallel=4, tenant=2) as gate:
        for n in range(4):
            await gate.receive(said(n, scope=replace(ROOM, thread=f"{n}.0")))
        await gate.receive(said(9, "other", scope=replace(ROOM, tenant="T2")))
        await until(lambda: answers.running == 3)
        assert "other" in answers.said


@pytest.mark.parametrize("noisy", [1, 3])
def test_who_asks_once_waits_for_one_turn_of_each_other_tenant_however_many_rooms_they_ask_in(noisy):
    lanes = Lanes(parallel=1, tenant=1)
    for tenant, room, thread in itertools.product(range(noisy), range(30), range(2)):
        lanes.lane(Scope("slack", f"N{tenant}", f"C{room}", f"{thread}.0")).waiting += ["noise"] * 4
    at_work = lanes.next(0.0)
    for _ in range(10):
        quiet = lanes.lane(replace(ROOM, tenant="Q"))
        quiet.waiting.append("quiet")
        others = -1
        while quiet.waiting:
            lanes.free(at_work)
            at_work, others = lanes.next(0.0), others + 1
            at_work.waiting.pop()
        assert others <= noisy


async def test_one_persons_quick_messages_are_answered_together(gates, answers):
    papers = Papers(burst=0.15)
    async with gates(papers) as gate:
        for n in range(3):
            await gate.receive(said(n))
        await gate.receive(said(3, "somebody else", who="U2"))
        await until(lambda: len(papers.texts) == 2)
    assert answers.said == ["m0\nm1\nm2", "somebody else"]


async def test_when_the_first_of_quick_messages_is_deleted_at_the_last_moment_the_others_are_answered(ledger, answers):
    papers = Papers(burst=0.15)
    gate = Gate(answers, Deleting(ledger.inbox, "C1-0"), Rules(), ledger.leases)
    gate.serve("slack", papers)
    for n in range(3):
        await gate.receive(said(n))
    await until(lambda: papers.texts)
    await until(lambda: not gate._floor.running(ROOM))
    await gate.close()
    assert answers.said == ["m1\nm2"]
    assert await open_letters(ledger) == ()


async def test_messages_that_are_joined_though_they_came_in_another_order_are_answered_once(gates, answers, ledger):
    now = datetime.now(UTC)
    papers = Papers(burst=0.3)
    async with gates(papers) as gate:
        for n in (2, 0, 1):
            await gate.receive(said(n, sent=now + timedelta(microseconds=n)))
        await until(lambda: papers.texts)
        await until(lambda: not gate._floor.running(ROOM))
        assert await open_letters(ledger) == ()
    assert answers.said == ["m0\nm1\nm2"]


async def test_after_a_crash_what_was_joined_in_another_order_is_answered_once(gates, answers, ledger):
    first, second = await ledger.inbox.put(letter(said(1))), await ledger.inbox.put(letter(said(0)))
    await ledger.inbox.take(ROOM, [second.number, first.number])
    papers = Papers()
    async with gates(papers) as gate:
        await gate.recover("slack")
        await until(lambda: papers.texts)
        await until(lambda: not gate._floor.running(ROOM))
        assert await open_letters(ledger) == ()
    assert answers.said == ["m0\nm1"]


async def test_a_late_delivery_goes_where_it_was_said(gates, answers):
    papers = Papers()
    now = datetime.now(UTC)
    answers.hold = asyncio.Event()
    async with gates(papers) as gate:
        await gate.receive(said(0, sent=now))
        await until(lambda: answers.running)
        for n in (3, 1, 2):
            await gate.receive(said(n, sent=now + timedelta(seconds=n)))
        answers.hold.set()
        await until(lambda: len(papers.texts) == 4)
    assert answers.said == ["m0", "m1", "m2", "m3"]


async def test_the_person_sees_how_many_are_before_them(gates, answers):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers) as gate:
        for n in range(3):
            await gate.receive(said(n))
        await until(lambda: len([p for p in papers.papers if p.all(Step)]) == 2)
        answers.hold.set()
        await until(lambda: len(papers.texts) == 3)
    assert [step.title for paper in papers.papers for step in paper.all(Step)] == [
        "1 message before yours",
        "2 messages before yours",
    ]


async def test_what_is_said_is_told_before_it_is_written_down_and_only_that(ledger, answers):
    heard = []
    gate = Gate(answers, ledger.inbox, Rules(), ledger.leases, heard=heard.append)
    gate.serve("slack", Papers())
    coming = asyncio.create_task(gate.receive(said(0, "Who is Odile?")))
    await asyncio.sleep(0)
    assert heard == ["Who is Odile?"]
    await coming
    await gate.receive(said(1, " "))
    await gate.receive(replace(said(2, "list"), kind="command", name="canon"))
    await until(lambda: len(answers.said) == 3)
    await gate.close()
    assert heard == ["Who is Odile?"]


async def test_what_comes_while_the_inbox_is_read_is_answered_in_its_turn(ledger, answers):
    inbox = Late(ledger.inbox)
    gate = Gate(answers, inbox, Rules(), ledger.leases)
    gate.serve("slack", Papers())
    await gate.receive(said(0))
    await inbox.has_read.wait()
    await gate.receive(said(1))
    inbox.tells.set()
    await until(lambda: len(answers.said) == 2)
    await gate.close()
    assert answers.said == ["m0", "m1"]


async def test_what_was_deleted_or_edited_is_heeded_however_many_come_at_once(gates, answers, ledger):
    papers = Papers()
    async with gates(papers, depth=2, total=2) as gate:
        for n in range(12):
            await gate.receive(said(n))
            await until(lambda n=n: len(papers.texts) == n + 1)
        answers.hold = asyncio.Event()
        for n in range(10):
            await gate.receive(Inbound("delete", f"del{n}", ROOM, "U1", target=f"C1-{n}", who="U1"))
        await gate.receive(Inbound("edit", "ed10", ROOM, "U1", "as it is now", target="C1-10", who="U1"))
        await gate.receive(said(20, "not counted among them"))
        await gate.receive(said(21, "nor this"))
        await ledger.inbox.sending(ROOM, (await ledger.inbox.find(ROOM, "C1-20")).number, ["200.5"])
        assert await gate.receive(Inbound("delete", "page", ROOM, "", target="200.5", values={"page": "gone"}))
        await gate.receive(said(22, "this is one too many"))
        answers.hold.set()
        await until(lambda: len(papers.texts) >= 12 + 12 + 2)
        await until(lambda: not gate._floor.running(ROOM))
    refused = [paper.inbound.text for paper in papers.papers if paper.all(Fail)]
    assert refused == ["this is one too many"]
    assert [answers.said.count(one) for one in ("", "as it is now", "not counted among them", "nor this")] == [
        11,
        1,
        1,
        1,
    ]


async def test_an_answer_that_takes_too_long_is_stopped_and_says_why(gates, answers, ledger):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers, deadline=0.2) as gate:
        await gate.receive(said(0))
        await until(lambda: papers.papers and papers.papers[-1].reply)
        await until(lambda: not gate._floor.running(ROOM))
    assert papers.papers[-1].reply == Reply("stopped", reason="it took longer than 0.2 seconds")
    assert (await ledger.inbox.find(ROOM, "C1-0")).reason == "it took longer than 0.2 seconds"


async def test_an_answer_that_somebody_stopped_before_that_gives_no_reason(gates, answers):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers, deadline=60.0) as gate:
        await gate.receive(said(0))
        await until(lambda: answers.running)
        await gate.receive(Inbound("stop", "Ev1", ROOM, "U1", who="U1"))
        await until(lambda: any(paper.inbound.text and paper.reply for paper in papers.papers))
    assert [paper.reply for paper in papers.papers if paper.inbound.text] == [Reply("stopped")]


async def test_a_full_queue_is_told_in_a_sentence(gates, answers, ledger):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers, depth=2) as gate:
        await gate.receive(said(0))
        await until(lambda: answers.running)
        for n in range(1, 4):
            await gate.receive(said(n))
        await until(lambda: any(paper.all(Fail) for paper in papers.papers))
        refused = next(paper for paper in papers.papers if paper.all(Fail))
        assert refused.inbound.text == "m3"
        assert "2 messages already wait" in refused.all(Fail)[0].say
        answers.hold.set()
        await until(lambda: len(papers.texts) == 3)
    assert (await ledger.inbox.find(ROOM, "C1-3")).state is LetterState.REFUSED


async def test_one_tenants_flood_is_refused_where_it_comes_from_and_not_at_anothers_door(gates, answers, ledger):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers, total=12) as gate:
        for n in range(40):
            await gate.receive(said(n, f"noise {n}", scope=replace(ROOM, thread=f"{n}.0")))
        for n in range(40, 60):
            await gate.receive(said(n, f"quiet {n}", scope=replace(ROOM, tenant=f"Q{n % 4}", thread=f"{n}.0")))
        await until(lambda: sum(bool(paper.all(Fail)) for paper in papers.papers) >= 26)
        answers.hold.set()
        async with asyncio.timeout(20):
            while await open_letters(ledger):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await until(lambda: not answers.running)
    refused = [paper.inbound.text for paper in papers.papers if paper.all(Fail)]
    assert sorted([*answers.said, *refused]) == sorted(
        [f"noise {n}" for n in range(40)] + [f"quiet {n}" for n in range(40, 60)]
    )
    assert all("Too many people wait" in fail.say for paper in papers.papers for fail in paper.all(Fail))
    first = [f"quiet {n}" for n in range(40, 44)]
    assert not set(first) & set(refused), "who asks first in a tenant of their own is heard"
    assert len([text for text in refused if text.startswith("noise")]) >= 26
    assert len(answers.said) <= 2 * 12 + 4, "and what waits stays bounded"


async def test_in_a_flood_everybody_is_answered_or_refused_and_nobody_both(gates, answers, ledger):
    papers = Papers(burst=0.1)
    async with gates(papers, depth=4, parallel=2) as gate:
        for n in range(40):
            scope = replace(ROOM, thread=f"{n % 2}.0")
            await gate.receive(said(n, f"m{n}.", scope=scope, who=f"U{n % 3}"))
            if n % 7 == 0:
                await asyncio.sleep(0.05)
        async with asyncio.timeout(20):
            while await open_letters(ledger):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await until(lambda: not any(gate._floor.running(replace(ROOM, thread=f"{n}.0")) for n in (0, 1)))
    answered = "\n".join(answers.said)
    refused = [paper.inbound.text for paper in papers.papers if paper.all(Fail)]
    assert refused, "the flood was none"
    assert len(answered.split("\n")) + len(refused) == 40
    assert {*answered.split("\n"), *refused} == {f"m{n}." for n in range(40)}


async def test_stop_ends_the_running_turn_and_keeps_what_was_shown(gates, answers):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers) as gate:
        await gate.receive(said(1))
        await until(lambda: answers.running)
        await gate.receive(Inbound("stop", "s1", ROOM, "U2"))
        await until(lambda: any(paper.reply for paper in papers.papers if paper.text))
    assert next(paper for paper in papers.papers if paper.text).reply.status == "stopped"


async def test_stop_before_the_burst_is_over_takes_the_message_back(gates, answers, ledger):
    papers = Papers(burst=5.0)
    async with gates(papers) as gate:
        await gate.receive(said(1))
        await gate.receive(Inbound("stop", "s1", ROOM, "U1", who="U1"))
        await until(lambda: any(paper.reply for paper in papers.papers))
    assert answers.said == []
    assert await open_letters(ledger) == ()


async def test_editing_and_deleting_what_waits_changes_the_queue(gates, answers):
    papers = Papers()
    answers.hold = asyncio.Event()
    async with gates(papers) as gate:
        for n in range(3):
            await gate.receive(said(n))
        await gate.receive(Inbound("edit", "x1", ROOM, "U1", "better", target="C1-1", who="U1"))
        await gate.receive(Inbound("delete", "x2", ROOM, "U1", target="C1-2", who="U1"))
        answers.hold.set()
        await until(lambda: len(papers.texts) == 2)
        await asyncio.sleep(0.05)
    assert answers.said == ["m0", "better"]


async def test_editing_what_was_answered_reaches_the_desk_with_its_event_and_the_whole_text(gates, ledger):
    seen = []

    async def respond(inbound, stage, halt):
        seen.append(inbound)
        reply = Reply("complete")
        await stage.finish(reply)
        return reply

    gate = Gate(respond, ledger.inbox)
    gate.serve("slack", Papers(burst=0.1))
    await gate.receive(said(0))
    await gate.receive(said(1))
    await until(lambda: seen)
    await gate.receive(Inbound("edit", "x1", ROOM, "U1", "better", target="C1-1", who="U1"))
    await gate.receive(Inbound("delete", "x2", ROOM, "U1", target="C1-0", who="U1"))
    await gate.receive(Inbound("delete", "x3", ROOM, "U1", target="C1-1", who="U1"))
    await until(lambda: len(seen) == 4)
    assert not await gate.receive(Inbound("edit", "x4", ROOM, "U1", "x", target="never seen"))
    await gate.close()
    assert [(one.kind, one.values.get("event"), one.text) for one in seen[1:]] == [
        ("edit", "Ev0", "m0\nbetter"),
        ("delete", "Ev0", "better"),
        ("delete", "Ev0", ""),
    ]


async def test_quick_messages_that_are_joined_are_not_told_to_wait(gates, answers):
    papers = Papers(burst=0.2)
    async with gates(papers, notice=0.6) as gate:
        for n in range(3):
            await gate.receive(said(n))
        await until(lambda: papers.texts)
        await asyncio.sleep(0.5)
    assert answers.said == ["m0\nm1\nm2"]
    assert [step for paper in papers.papers for step in paper.all(Step)] == []


async def test_a_deletion_that_overtakes_its_message_leaves_it_unanswered(gates, answers, ledger):
    async with gates() as gate:
        assert await gate.receive(Inbound("delete", "x1", ROOM, "U1", target="C1-1", who="U1"))
        assert not await gate.receive(said(1))
        await gate.receive(said(2))
        await until(lambda: answers.said)
    assert answers.said == ["m2"]


async def test_an_edit_that_overtakes_its_message_is_what_is_answered(gates, answers):
    async with gates() as gate:
        edit = Inbound("edit", "x1", ROOM, "U1", "better", target="C1-1", who="U1")
        assert await gate.receive(edit, ours=True)
        assert await gate.receive(said(1))
        await until(lambda: answers.said)
        assert not await gate.receive(replace(edit, target="C1-9")), "what was not said to us is not kept"
        await gate.receive(said(9))
        await until(lambda: len(answers.said) == 2)
    assert answers.said == ["better", "m9"]


async def test_in_whatever_order_a_message_its_edits_and_its_deletion_come_the_last_state_counts(
    gates, answers, ledger
):
    """A message, an edit of it and its deletion, delivered in every order and each twice."""
    for number, order in enumerate(itertools.permutations(["said", "edit", "delete"])):
        papers = Papers(burst=0.5)
        event = said(f"{number}", text="to be deleted")
        target = {"target": event.message, "who": "U1"}
        events = {
            "said": event,
            "edit": Inbound("edit", f"e{number}", ROOM, "U1", "edited", **target),
            "delete": Inbound("delete", f"d{number}", ROOM, "U1", **target),
        }
        async with gates(papers) as gate:
            for what in order * 2:
                await gate.receive(events[what], ours=True)
            assert await open_letters(ledger) == (), order
    assert answers.said == []


async def test_a_message_of_ours_that_is_deleted_reaches_the_desk_with_its_take(gates, ledger):
    seen = []
    await ledger.shows.ensure("T1", "Show")
    await ledger.threads.open(ROOM, (await ledger.shows.ensure("T1", "Show")).id)

    async def respond(inbound, stage, halt):
        seen.append(inbound)
        if inbound.kind != "message":
            await stage.finish(Reply("complete"))
            return Reply("complete")
        begun = await ledger.turns.begin(ROOM, "ana", inbound.text, "chat", inbound.event_id)
        await papers.papers[0].slip.posted("200.5")
        await ledger.turns.finish(ROOM, begun.take.id, "a page", TakeStatus.COMPLETE)
        return Reply("complete", begun.turn.id)

    papers = Papers()
    gate = Gate(respond, ledger.inbox)
    gate.serve("slack", papers)
    await gate.receive(said(1))
    gone = Inbound("delete", "x1", ROOM, "", target="200.5", values={"page": "gone"})
    await until(lambda: papers.papers and not gate._floor.running(ROOM))
    assert await gate.receive(gone)
    await until(lambda: len(seen) == 2)
    assert not await gate.receive(replace(gone, event_id="x2", target="200.6"))
    await gate.close()
    turn = await ledger.turns.by_event(ROOM, "Ev1")
    assert seen[1].values == {"take": turn.take.id}


async def test_a_page_that_is_deleted_while_it_grows_is_stopped_and_then_withdrawn(gates, ledger):
    seen, grows = [], asyncio.Event()
    await ledger.threads.open(ROOM, (await ledger.shows.ensure("T1", "Show")).id)
    papers = Papers()

    async def respond(inbound, stage, halt):
        seen.append(inbound)
        if inbound.kind != "message":
            await stage.finish(Reply("complete"))
            return Reply("complete")
        begun = await ledger.turns.begin(ROOM, "ana", inbound.text, "chat", inbound.event_id)
        await papers.papers[0].slip.posted("200.5")
        grows.set()
        await halt.wait()
        await ledger.turns.finish(ROOM, begun.take.id, "half a page", TakeStatus.STOPPED)
        return Reply("stopped", begun.turn.id)

    gate = Gate(respond, ledger.inbox)
    gate.serve("slack", papers)
    await gate.receive(said(1))
    await asyncio.wait_for(grows.wait(), 10)
    gone = Inbound("delete", "x1", ROOM, "", target="200.5", values={"page": "gone"})
    assert not await gate.receive(replace(gone, event_id="x2", target="200.6"))
    assert not gate._floor.running(ROOM).halt.is_set(), "another message is no reason to stop"
    assert await gate.receive(gone)
    await until(lambda: len(seen) == 2)
    await gate.close()
    turn = await ledger.turns.by_event(ROOM, "Ev1")
    assert seen[1].values == {"take": turn.take.id}


async def test_one_that_sleeps_through_the_end_of_its_lease_keeps_nothing_and_another_has_answered(ledger, answers):
    await ledger.threads.open(ROOM, (await ledger.shows.ensure("T1", "Show")).id)
    woken, refused = asyncio.Event(), []

    async def sleep(inbound, stage, halt):
        begun = await ledger.turns.begin(ROOM, "ana", inbound.text, "chat", inbound.event_id)
        await woken.wait()
        try:
            await ledger.turns.finish(ROOM, begun.take.id, "stale", TakeStatus.COMPLETE)
        except LeaseLost:
            refused.append(inbound.text)
            raise
        return Reply("complete")

    papers, stale = Papers(), Papers()
    sleeper = Gate(sleep, ledger.inbox, Rules(lease=0.2), Drowsy(ledger.leases))
    sleeper.serve("slack", stale)
    other = Gate(answers, ledger.inbox, Rules(lease=0.2), ledger.leases)
    other.serve("slack", papers)
    await sleeper.receive(said(1))
    await other.recover("slack")
    await until(lambda: papers.texts)
    woken.set()
    await until(lambda: refused)
    await sleeper.close()
    await other.close()
    assert papers.texts == ["re: m1"]
    assert stale.texts == []
    assert (await ledger.turns.by_event(ROOM, "Ev1")).take.text == ""


async def test_a_stop_reaches_the_program_that_is_at_work(ledger, answers):
    answers.hold = asyncio.Event()
    papers, elsewhere = Papers(), Papers()
    working = Gate(answers, ledger.inbox, Rules(lease=0.2), ledger.leases)
    working.serve("slack", papers)
    asked = Gate(answers, ledger.inbox, Rules(lease=0.2), ledger.leases)
    asked.serve("slack", elsewhere)
    await working.receive(said(1))
    await until(lambda: answers.running)
    await asked.receive(Inbound("stop", "s1", ROOM, "U2"))
    await until(lambda: papers.texts)
    await working.close()
    await asked.close()
    assert [paper.reply.status for paper in papers.papers] == ["stopped"]
    assert [paper.reply.reason for paper in elsewhere.papers] == [""]


async def test_what_two_programs_received_of_a_thread_is_answered_in_the_order_it_was_said(ledger, answers):
    one, two = (Gate(answers, ledger.inbox, Rules(), ledger.leases) for _ in range(2))
    for gate in (one, two):
        gate.serve("slack", Papers())
    answers.hold, now = asyncio.Event(), datetime.now(UTC)
    for n, gate in enumerate((one, two, one, two, two, one)):
        await gate.receive(said(n, sent=now + timedelta(seconds=n)))
    answers.hold.set()
    await until(lambda: len(answers.said) == 6)
    await one.close()
    await two.close()
    assert answers.said == [f"m{n}" for n in range(6)]
    assert answers.most == 1


async def test_after_a_crash_what_waited_is_answered_in_order(gates, answers, ledger):
    answers.hold = asyncio.Event()
    async with gates() as gate:
        for n in range(3):
            await gate.receive(said(n))
        await until(lambda: answers.running)
    answers.said.clear()
    answers.hold.set()
    papers = Papers()
    async with gates(papers) as gate:
        assert await gate.recover("slack") == 3
        await until(lambda: len(papers.texts) == 3)
    assert answers.said == ["m0", "m1", "m2"]
    assert await open_letters(ledger) == ()


async def test_after_a_crash_joined_messages_stay_joined_and_the_posted_ones_are_known(gates, answers, ledger):
    answers.hold = asyncio.Event()
    first = Papers(burst=0.1)
    async with gates(first) as gate:
        await gate.receive(said(0))
        await gate.receive(said(1))
        await until(lambda: answers.running)
        slip = first.papers[-1].slip
        await slip.sending()
        await slip.posted("200.1")
    answers.hold.set()
    papers = Papers()
    async with gates(papers) as gate:
        await gate.recover("slack")
        await until(lambda: papers.texts)
    assert papers.texts == ["re: m0\nm1"]
    assert (papers.papers[0].slip.ids, papers.papers[0].slip.unsure) == (("200.1",), False)


async def test_an_old_backlog_is_announced_once_and_not_answered(gates, answers, ledger):
    papers = Papers()
    long_ago = datetime.now(UTC) - timedelta(minutes=11)
    async with gates(papers, parallel=1) as gate:
        for n in range(3):
            await ledger.inbox.put(letter(said(n, sent=long_ago)))
        await ledger.inbox.put(letter(said(7, "young", scope=replace(ROOM, thread="2.0"))))
        await gate.recover("slack")
        await until(lambda: papers.texts and any(paper.all(Note) for paper in papers.papers))
    notes = [note.text for paper in papers.papers for note in paper.all(Note)]
    assert len(notes) == 1
    assert "3 messages" in notes[0]
    assert answers.said == ["young"]
    assert await open_letters(ledger) == ()


async def test_a_message_that_comes_ten_minutes_late_is_announced_and_not_answered(gates, answers):
    papers = Papers()
    async with gates(papers) as gate:
        await gate.receive(said(1, sent=datetime.now(UTC) - timedelta(minutes=11)))
        await until(lambda: any(paper.all(Note) for paper in papers.papers))
    assert answers.said == []


async def test_a_message_that_ends_the_program_three_times_is_left_with_a_reason(gates, answers, ledger):
    kept = await ledger.inbox.put(letter(said(1)))
    for _ in range(3):
        await ledger.inbox.take(ROOM, [kept.number])
    papers = Papers()
    async with gates(papers) as gate:
        await gate.recover("slack")
        await until(lambda: any(paper.all(Fail) for paper in papers.papers))
    assert answers.said == []
    assert (await ledger.inbox.find(ROOM, "C1-1")).state is LetterState.DEAD


async def test_a_message_that_ends_the_program_takes_no_other_with_it(gates, answers, ledger):
    """Before it is given up, what was at work whenever the program ended is tried one after the other."""
    answers.hold = asyncio.Event()
    where = [replace(ROOM, thread=f"{n}.0") for n in range(4)]
    for _ in range(3):
        answers.said.clear()
        async with gates(parallel=4, tenant=4) as gate:
            await gate.recover("slack")
            for n, scope in enumerate(where):
                await gate.receive(said(n, scope=scope))
            await until(lambda: "m0" in answers.said)
            await asyncio.sleep(0.1)
    answers.hold.set()
    papers = Papers()
    async with gates(papers, parallel=4, tenant=4) as gate:
        await gate.recover("slack")
        await until(lambda: len(papers.texts) == 3)
    assert [paper.inbound.text for paper in papers.papers if paper.all(Fail)] == ["m0"]
    assert sorted(papers.texts) == ["re: m1", "re: m2", "re: m3"]


async def test_after_a_crash_threads_go_on_side_by_side(gates, answers):
    answers.hold = asyncio.Event()
    async with gates() as gate:
        for n in range(2):
            await gate.receive(said(n, scope=replace(ROOM, thread=f"{n}.0")))
        await until(lambda: answers.running == 2)
    async with gates() as gate:
        await gate.recover("slack")
        await until(lambda: answers.running == 2)


async def test_what_fails_unexpectedly_is_tried_three_times_and_then_told(gates, answers, ledger):
    papers = Papers()
    answers.fail = 2
    async with gates(papers) as gate:
        await gate.receive(said(1))
        await until(lambda: papers.texts)
        answers.fail = 3
        await gate.receive(said(2))
        await until(lambda: any(paper.all(Fail) for paper in papers.papers))
        await until(lambda: len(answers.said) == 6)
        await gate.receive(said(3))
        await until(lambda: len(papers.texts) == 2)
    assert answers.said == ["m1"] * 3 + ["m2"] * 3 + ["m3"]
    told = next(paper for paper in papers.papers if paper.all(Fail)).all(Fail)[0]
    assert "boom" not in told.say
    assert told.ref
    assert (await ledger.inbox.find(ROOM, "C1-2")).state is LetterState.DEAD


async def test_a_command_that_was_cut_off_is_not_carried_out_twice(gates, answers, ledger):
    undo = Inbound("command", "c1", ROOM, "U1", name="undo", who="U1")
    kept = await ledger.inbox.put(letter(undo))
    await ledger.inbox.take(ROOM, [kept.number])
    papers = Papers()
    async with gates(papers) as gate:
        await gate.recover("slack")
        await until(lambda: papers.texts)
    assert answers.said == []
    assert "/undo" in papers.texts[0]


async def test_a_stage_of_ones_own_is_played_on_and_waited_for(gates, answers):
    async with gates() as gate:
        stage = Paper(said(1))
        reply = await gate.admit(replace(said(1), scope=Scope("terminal", "local", "terminal", "x")), stage)
    assert (reply.status, stage.text, stage.reply.status) == ("complete", "re: m1", "complete")


async def test_a_caller_who_goes_away_ends_the_turn_and_the_thread_goes_on(gates, answers):
    answers.hold = asyncio.Event()
    scope = Scope("terminal", "local", "terminal", "x")
    async with gates() as gate:
        waiting = asyncio.create_task(gate.admit(said(1, scope=scope), Paper(said(1))))
        await until(lambda: answers.running)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert answers.running == 0
        answers.hold.set()
        assert (await gate.admit(said(2, scope=scope), Paper(said(2)))).status == "complete"
