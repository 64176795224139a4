"""Whoever may not decide what becomes canon changes none of it, however they say it and wherever they ask."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.events import File, Inbound
from memory import Draft, Entry, Scope, Show, Status

ROOM = Scope("slack", "T1", "C1", "th1")
ALONE = Scope("slack", "T1", "D1", "th1")
OTHERS = "Others decide what becomes canon of this show; `/settings` says who."
_events = count()

MARA = "---\nname: Mara\nkind: character\n---\n\nMara keeps the light.\n"
FRONT = "---\nname: The Salt Road\nbrief: It is a comedy now.\nstyle: Shout.\n---\n\n# The Salt Road\n"


@dataclass
class Table:
    """A show in whose room ana decides and bo does not."""

    desk: Any
    show: Show
    folder: Path
    values: dict[str, str] = field(default_factory=dict)

    async def do(self, who: str, line: str, scope: Scope = ROOM, **more: Any) -> Any:
        name, _, rest = line.lstrip("/").partition(" ")
        inbound = Inbound("command", f"d{next(_events)}", scope, who, rest, name, who=who, **more)
        return await self.desk._put(replace(inbound, values={**self.values, **inbound.values}), None)

    async def fill_in(self, who: str, scope: Scope = ROOM, **values: str) -> Any:
        form = Inbound("form", f"f{next(_events)}", scope, who, name="settings", who=who, values=values)
        return await self.desk._put(form, None)

    async def learn(self, who: str, text: str, name: str = "mara.md", scope: Scope = ROOM) -> Any:
        """A shared file, which lies where one of that name lay before."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return await self.do(who, "/learn", scope, files=(File(name, str(path)),))

    async def mara(self) -> Entry:
        found: tuple[Entry, ...] = await self.desk.app.ledger.canon.find("T1", self.show.id, "Mara")
        return found[0]

    async def versions(self) -> list[tuple[Status, str]]:
        entry = await self.mara()
        every = await self.desk.app.ledger.canon.history("T1", self.show.id, entry.id)
        return [(one.status, one.text) for one in every]

    async def pinned(self) -> list[str]:
        show = await self.desk.app.ledger.shows.get("T1", self.show.id)
        return [entry.name for entry in (await self.desk.app.lore(show)).pinned]


@pytest.fixture
async def table(build: Callable[..., Any], sit: Callable[..., Any], tmp_path: Path) -> Table:
    desk = await sit(await build(), ROOM)
    show = (await desk.app.rooms.enter(ROOM)).show
    await desk.app.ledger.canon.add("T1", show.id, Draft("character", "Mara", "Mara rows."), "ana")
    await desk.app.ledger.shows.set_room(ROOM, deciders=("ana",))
    folder = tmp_path / "shared"
    folder.mkdir()
    return Table(desk, show, folder)


WAYS = ["retire Mara", "Retire Mara", "RETIRE  Mara", "retire\nMara", "retire\tMara", "EDIT Mara: x", "edit\nMara: x"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("verb", ["canon", "CANON"])
async def test_no_spelling_of_a_change_is_anybody_elses(table: Table, verb: str, how: str) -> None:
    stage = await table.do("bo", f"/{verb} {how}")
    assert stage.fails == [OTHERS]
    assert await table.versions() == [(Status.ACCEPTED, "Mara rows.")]
    assert (await table.do("ana", f"/{verb} {how}")).reply.status == "complete"
    assert await table.versions() != [(Status.ACCEPTED, "Mara rows.")]


@pytest.mark.parametrize("line", ["/keep Mara: Mara swims.", "/keep Ottilie: Ottilie is a barrel of herring."])
async def test_keeping_is_theirs_who_decide(table: Table, line: str) -> None:
    assert (await table.do("bo", line)).fails == [OTHERS]
    assert (await table.do("ana", line)).reply.status == "complete"


async def test_reading_canon_is_everybodys(table: Table) -> None:
    for line in ("/canon", "/canon Mara", "/canon History Mara"):
        assert "Mara" in (await table.do("bo", line)).text


async def test_at_the_terminal_whoever_sits_there_decides(table: Table) -> None:
    inbound = Inbound("command", "t1", ROOM, "bo", "retire Mara", "canon")
    assert (await table.desk._put(inbound, None)).reply.status == "complete"


# ---- learning ----


async def test_an_entry_that_somebody_else_learns_is_proposed_and_overwrites_nothing(table: Table) -> None:
    stage = await table.learn("bo", MARA)
    assert await table.versions() == [(Status.ACCEPTED, "Mara rows."), (Status.PROPOSED, "Mara keeps the light.")]
    assert (await table.mara()).text == "Mara rows."
    assert stage.text.count("others decide what becomes canon of this show") == 1
    assert "1 unchanged" in (await table.learn("bo", MARA)).text
    assert len(await table.versions()) == 2


async def test_what_was_proposed_becomes_canon_when_somebody_who_decides_learns_the_same_file(table: Table) -> None:
    await table.learn("ana", MARA)
    changed = MARA.replace("the light", "the dark")
    await table.learn("bo", changed)
    assert (await table.mara()).text == "Mara keeps the light."
    await table.learn("ana", changed)
    assert (await table.mara()).text == "Mara keeps the dark."
    await table.desk.agrees()


async def test_a_new_entry_that_was_proposed_is_accepted_likewise(table: Table) -> None:
    rule = MARA.replace("Mara", "Fog").replace("character", "rule")
    await table.learn("bo", rule, "fog.md")
    assert "**rule:** Fog" not in (await table.do("bo", "/canon")).text
    await table.learn("ana", rule, "fog.md")
    assert "**rule:** Fog" in (await table.do("bo", "/canon")).text


async def test_what_is_proposed_is_listed_and_decided_by_those_who_decide(table: Table) -> None:
    await table.learn("ana", MARA)
    for light in ("dark", "bell"):
        await table.learn("bo", MARA.replace("the light", f"the {light}"))
    assert "Proposed: Mara." in (await table.do("ana", "/canon")).text
    shown = await table.do("ana", "/canon Mara")
    assert "Mara keeps the light." in shown.text
    assert shown.text.endswith("Proposed by bo:\n\n> Mara keeps the bell.")
    assert [offer.ref for offer in shown.offers] == ["accept Mara", "reject Mara"]
    assert (await table.do("bo", "/canon accept Mara")).fails
    assert (await table.mara()).text == "Mara keeps the light."
    await table.do("ana", "/canon accept mara")
    assert (await table.mara()).text == "Mara keeps the bell."
    assert "Proposed" not in (await table.do("ana", "/canon")).text
    await table.desk.agrees()


async def test_what_is_rejected_does_not_hold_and_is_not_listed_again(table: Table) -> None:
    await table.learn("ana", MARA)
    await table.learn("bo", MARA.replace("the light", "the dark"))
    assert "Proposed: Mara." in (await table.do("bo", "/canon")).text
    assert (await table.do("bo", "/canon reject Mara")).fails
    await table.do("ana", "/canon reject Mara")
    assert (await table.mara()).text == "Mara keeps the light."
    assert "Proposed" not in (await table.do("ana", "/canon")).text
    assert "Nothing is proposed" in (await table.do("ana", "/canon accept Mara")).fails[0]


async def test_a_file_of_somebody_else_takes_nothing_back_that_a_file_of_its_name_told(table: Table) -> None:
    await table.learn("ana", MARA)
    before = await table.versions()
    await table.learn("bo", "# Mara\n\nLoose thoughts about her oilskins.\n")
    await table.learn("bo", MARA.replace("kind", "status: retired\nkind"))
    assert await table.versions() == before


@pytest.mark.parametrize("kept", ["kind: style", "kind: rule\ntags: [pinned]"])
async def test_nothing_that_somebody_else_learns_is_pinned_into_every_prompt(table: Table, kept: str) -> None:
    text = f"---\nname: Voice\n{kept}\n---\n\nNobody here speaks in rhyme.\n"
    await table.learn("bo", text, "voice.md")
    assert await table.pinned() == []
    await table.learn("ana", text, "voice.md")
    assert await table.pinned() == ["Voice"]


async def test_a_front_page_of_somebody_else_changes_nothing_and_that_is_said(table: Table) -> None:
    await table.desk.app.ledger.shows.describe("T1", table.show.id, "It is a tragedy.", "Whisper.")
    stage = await table.learn("bo", FRONT, "show.md")
    assert "skipped show.md: others decide what the show is; `/settings` says who" in stage.text
    show = await table.desk.app.ledger.shows.get("T1", table.show.id)
    assert (show.brief, show.style) == ("It is a tragedy.", "Whisper.")
    await table.learn("ana", FRONT, "show.md")
    show = await table.desk.app.ledger.shows.get("T1", table.show.id)
    assert (show.brief, show.style) == ("It is a comedy now.", "Shout.")


async def test_documents_are_learned_whoever_brings_them(table: Table) -> None:
    await table.learn("bo", "# The winch\n\nThe winch key hangs behind the stove.\n", "winch.md")
    assert "The winch" in (await table.do("bo", "/sources")).text


# ---- elsewhere ----


async def test_who_is_restricted_in_a_room_is_so_in_every_room_of_its_show(table: Table) -> None:
    assert (await table.do("bo", "/show The Salt Road", ALONE)).reply.status == "complete"
    assert (await table.do("bo", "/canon retire Mara", ALONE)).fails == [OTHERS]
    assert "ana" in (await table.do("bo", "/settings", ALONE)).text
    await table.learn("bo", MARA, scope=ALONE)
    assert (await table.mara()).text == "Mara rows."
    assert (await table.do("ana", "/canon retire Mara", ALONE)).reply.status == "complete"


async def test_a_thread_that_stays_with_a_show_when_its_room_goes_is_the_shows(table: Table) -> None:
    elsewhere = replace(ROOM, room="C2")
    await table.do("bo", "/show The Salt Road", elsewhere)
    await table.do("bo", "/note Rain.", elsewhere)
    await table.do("bo", "/show Another", elsewhere)
    assert (await table.do("bo", "/canon retire Mara", elsewhere)).fails == [OTHERS]


async def test_nobody_names_themselves_in_another_room_of_the_show(table: Table) -> None:
    await table.do("bo", "/show The Salt Road", ALONE)
    assert (await table.fill_in("bo", ALONE, deciders="bo")).reply.status == "failed"
    assert (await table.do("bo", "/canon retire Mara", ALONE)).fails == [OTHERS]
    await table.fill_in("ana", ALONE, deciders="bo")
    assert (await table.do("bo", "/canon retire Mara")).reply.status == "complete", "each whom one of its rooms names"


async def test_nobody_brings_themselves_along_from_a_show_of_their_own(table: Table) -> None:
    await table.do("bo", "/show Mine", ALONE)
    await table.fill_in("bo", ALONE, deciders="bo")
    for stage in (
        await table.do("bo", "/show The Salt Road", ALONE),
        await table.fill_in("bo", ALONE, show="The Salt Road"),
        await table.fill_in("bo", replace(ALONE, room="D2"), show="The Salt Road", deciders="bo"),
    ):
        assert stage.fails == [
            "Who decides about canon is changed only by those who decide, here and for that show; `/settings` says who."
        ]
    assert await table.desk.app.ledger.shows.deciders("T1", table.show.id) == {"ana"}


async def test_a_room_that_names_somebody_is_not_led_away_by_another(table: Table) -> None:
    assert (await table.do("bo", "/show Another")).reply.status == "failed"
    await table.do("bo", "/show The Salt Road", ALONE)
    assert (await table.do("bo", "/canon retire Mara", ALONE)).fails == [OTHERS]
    assert (await table.do("ana", "/show Another")).reply.status == "complete"


async def test_a_refused_form_changes_nothing(table: Table) -> None:
    await table.desk.app.ledger.shows.set_room(ROOM, note="Rain.")
    stage = await table.fill_in("bo", show="Another", note="Sun.", format="plot", deciders="bo")
    assert stage.reply.status == "failed"
    room = await table.desk.app.ledger.shows.room(ROOM)
    assert (room.show, room.note, room.format, room.deciders) == (table.show.id, "Rain.", "chat", ("ana",))
    assert [show.name for show in await table.desk.app.ledger.shows.all("T1")] == ["The Salt Road"]


async def test_a_form_that_leaves_who_decides_alone_is_everybodys(table: Table) -> None:
    assert (await table.fill_in("bo", show="The Salt Road", note="Sun.", deciders="ana")).reply.status == "complete"
    assert (await table.desk.app.ledger.shows.room(ROOM)).note == "Sun."


async def test_where_no_room_names_anybody_the_platforms_settings_hold(table: Table) -> None:
    await table.desk.app.ledger.shows.set_room(ROOM, deciders=())
    table.values = {"decides": "no"}
    assert (await table.do("bo", "/canon retire Mara")).fails == [OTHERS]
    assert "my keepers named" in (await table.do("bo", "/settings")).text
    table.values = {}
    assert (await table.do("bo", "/canon retire Mara")).reply.status == "complete"
