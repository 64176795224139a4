"""Learning with the real reader, ledger and index: what a file changes, and what it must not."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.events import Step
from bot.learning import Learned, summary
from memory import Entry, Show, Status
from memory.ledger import Ledger
from vectorstore import Query, Sight

EXAMPLE = Path(__file__).parents[2] / "examples" / "forty-metres-short"
Statements = Callable[[Ledger], Any]


class Room:
    """A show that learns."""

    def __init__(self, desk: Any, show: Show, folder: Path) -> None:
        self.desk, self.show, self.folder = desk, show, folder
        self.steps: list[Step] = []

    async def learn(self, *paths: Path, halt: asyncio.Event | None = None, tell: Any = None) -> Learned:
        async def keep(step: Step) -> None:
            self.steps.append(step)
            if tell is not None:
                tell(step)

        learned: Learned = await self.desk.app.learning.learn(self.show, paths or [self.folder], "eva", keep, halt)
        return learned

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def entry(self, status: str = "", text: str = "A tunnel runs under the river.", file: str = "tunnel.md") -> Path:
        said = f"status: {status}\n" if status else ""
        return self.write(file, f"---\nname: Tunnel\nkind: place\n{said}---\n\n{text}\n")

    async def known(self, name: str) -> Entry | None:
        found = await self.desk.app.ledger.canon.find(self.show.tenant, self.show.id, name)
        return found[0] if found else None

    async def status(self, name: str = "Tunnel") -> Status | None:
        entry = await self.known(name)
        return entry.status if entry else None

    async def sources(self) -> list[str]:
        return [one.title for one in await self.desk.app.ledger.sources.listing(self.show.tenant, self.show.id)]

    async def finds(self, text: str) -> str:
        found = await self.desk.app.index.search(Query(Sight(self.show.tenant, self.show.id), text))
        return "\n".join(hit.text for hit in found.hits)

    async def decide(self, status: Status) -> None:
        entry = await self.known("Tunnel")
        assert entry is not None
        await self.desk.app.ledger.canon.decide(self.show.tenant, self.show.id, entry.id, status, "mia")


@pytest.fixture
async def room(desk: Any, tmp_path: Path) -> Room:
    folder = tmp_path / "bible"
    folder.mkdir()
    talk = await desk.app.rooms.enter(desk.scope)
    return Room(desk, talk.show, folder)


async def test_the_example_show_is_learned_once_and_again_changes_nothing(
    room: Room, ledger: Ledger, statements: Statements
) -> None:
    first = await room.learn(EXAMPLE)
    assert (first.entries, first.aside, first.sources, first.skipped) == (26, 1, 4, [])
    accepted = await ledger.canon.listing(room.show.tenant, room.show.id)
    assert len(accepted) == 25
    assert await room.status("Dry Passage") is Status.PROPOSED
    assert "flour tin" in await room.finds("Where does Odile keep the Drawer Key?")
    held, version = await room.desk.app.index.fingerprints(), (await room.desk.show()).canon_version
    with statements(ledger) as heard:
        again = await room.learn(EXAMPLE)
    assert (again.entries, again.sources, again.passages, again.unchanged, again.skipped) == (0, 0, 0, 30, [])
    assert not [
        one
        for one in heard
        if one.startswith(("INSERT", "UPDATE", "DELETE")) and not one.startswith("UPDATE shows SET brief")
    ]
    assert await room.desk.app.index.fingerprints() == held
    assert (await room.desk.show()).canon_version == version
    assert "30 unchanged" in summary(again)
    await room.desk.agrees()


async def test_the_front_page_gives_the_show_its_brief_and_style(room: Room) -> None:
    await room.learn(EXAMPLE / "show.md")
    show = await room.desk.show()
    assert "bridge over the river Tamble" in show.brief
    assert show.style.startswith("Dry, warm and exact.")


async def test_a_changed_source_replaces_its_passages(room: Room) -> None:
    room.write("notes.md", "# Notes\n\nThe ferryman is called Bertram and he limps.\n")
    await room.learn()
    room.write("notes.md", "# Notes\n\nThe ferryman is called Cuthbert and he sings.\n")
    assert (await room.learn()).sources == 1
    assert "Cuthbert" in await room.finds("What is the ferryman called?")
    assert "Bertram" not in await room.finds("Bertram the ferryman who limps")
    await room.desk.agrees()


async def test_a_changed_entry_is_a_new_version_and_its_old_text_is_not_found(room: Room) -> None:
    room.entry(text="The tunnel is dry.")
    await room.learn()
    room.entry(text="The tunnel is flooded.")
    assert (await room.learn()).entries == 1
    entry = await room.known("Tunnel")
    assert entry is not None
    assert (entry.version, entry.text, entry.status) == (2, "The tunnel is flooded.", Status.ACCEPTED)
    assert "dry" not in await room.finds("Is the tunnel dry?")
    await room.desk.agrees()


async def test_a_file_that_lost_its_front_matter_is_a_source_and_its_entry_retired(room: Room) -> None:
    room.entry()
    await room.learn()
    room.write("tunnel.md", "# Tunnel\n\nSome loose thoughts about a tunnel.\n")
    await room.learn()
    assert await room.status() is Status.RETIRED
    assert await room.sources() == ["Tunnel"]
    await room.desk.agrees()


async def test_a_file_that_gained_front_matter_is_an_entry_and_no_source_any_more(room: Room) -> None:
    room.write("tunnel.md", "# Tunnel\n\nSome loose thoughts about a tunnel.\n")
    await room.learn()
    room.entry()
    await room.learn()
    assert await room.status() is Status.ACCEPTED
    assert await room.sources() == []
    assert "loose thoughts" not in await room.finds("thoughts about a tunnel")
    await room.desk.agrees()


async def test_an_entry_renamed_in_its_file_leaves_no_entry_of_the_old_name(room: Room) -> None:
    room.entry()
    await room.learn()
    room.write("tunnel.md", "---\nname: Culvert\nkind: place\n---\n\nA culvert runs under the river.\n")
    await room.learn()
    assert await room.status("Tunnel") is Status.RETIRED
    assert await room.status("Culvert") is Status.ACCEPTED
    await room.desk.agrees()


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.REJECTED, Status.RETIRED])
async def test_an_entry_that_a_file_does_not_call_accepted_is_kept_and_is_no_canon(room: Room, status: Status) -> None:
    room.entry(status.value)
    learned = await room.learn()
    assert (learned.entries, learned.aside) == (1, 1)
    assert "1 kept apart as not accepted" in summary(learned)
    assert await room.status() is status
    assert await room.desk.app.ledger.canon.listing(room.show.tenant, room.show.id) == ()
    assert await room.finds("What runs under the river?") == ""
    assert (await room.learn()).unchanged == 1
    await room.desk.agrees()


async def test_an_entry_of_an_unknown_kind_is_learned_as_a_source_and_that_is_said(room: Room) -> None:
    (room.folder / "foo.md").write_text("---\nname: Foo\nkind: wizard\n---\n\nFoo casts no shadow.\n")
    learned = await room.learn()
    assert (learned.entries, learned.sources) == (0, 1)
    [(name, remark)] = learned.remarks
    assert name == "foo.md"
    assert remark.startswith("its kind “wizard” is none of character,")
    assert remark.endswith("so it is a source and no canon")


async def test_a_status_that_nobody_knows_makes_no_canon_and_is_named(room: Room) -> None:
    room.entry("final-ish")
    learned = await room.learn()
    assert await room.status() is Status.PROPOSED
    assert learned.remarks == [
        ("tunnel.md", "its status “final-ish” is none of proposed, accepted, rejected, retired, so it is only proposed")
    ]


async def test_a_file_that_comes_to_accept_its_pitch_makes_it_canon(room: Room) -> None:
    room.entry("proposed")
    await room.learn()
    room.entry("accepted")
    assert (await room.learn()).entries == 1
    assert await room.status() is Status.ACCEPTED
    assert "under the river" in await room.finds("What runs under the river?")
    await room.desk.agrees()


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.REJECTED, Status.RETIRED])
@pytest.mark.parametrize("text", ["A tunnel runs under the river.", "The tunnel was never dug."])
async def test_a_file_takes_back_what_it_said_itself(room: Room, status: Status, text: str) -> None:
    room.entry()
    await room.learn()
    room.entry(status.value, text)
    assert (await room.learn()).entries == 1
    assert await room.status() is status
    assert await room.finds("What runs under the river?") == ""
    assert (await room.learn()).unchanged == 1
    room.entry("accepted", text)
    await room.learn()
    assert await room.status() is Status.ACCEPTED
    await room.desk.agrees()


async def test_what_the_room_accepted_stays_accepted_though_the_file_still_calls_it_a_pitch(room: Room) -> None:
    room.entry("proposed")
    await room.learn()
    await room.decide(Status.ACCEPTED)
    assert (await room.learn()).unchanged == 1
    assert await room.status() is Status.ACCEPTED


@pytest.mark.parametrize("verdict", [Status.REJECTED, Status.RETIRED])
async def test_what_the_room_turned_down_stays_down_though_the_file_still_calls_it_canon(
    room: Room, verdict: Status
) -> None:
    room.entry("accepted")
    await room.learn()
    await room.decide(verdict)
    assert (await room.learn()).unchanged == 1
    assert await room.status() is verdict


async def test_what_cannot_be_read_is_named_and_nothing_else_is_lost(room: Room) -> None:
    room.write("good.md", "# Good\n\nThe good file holds a lantern.\n")
    room.write("empty.md", "")
    (room.folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    (room.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (room.folder / "noise.md").write_bytes(bytes(range(256)) * 16)
    learned = await room.learn(room.folder, room.folder / "missing.md")
    skipped = {Path(name).name: reason for name, reason in learned.skipped}
    assert {"empty.md", "broken.pdf", "picture.png", "noise.md", "missing.md"} <= set(skipped)
    assert all(skipped.values())
    assert await room.sources() == ["Good"]
    for name, reason in learned.skipped:
        assert f"- skipped {name}: {reason}" in summary(learned)
    await room.desk.agrees()


async def test_stopping_in_the_middle_keeps_what_was_read_and_going_on_reads_the_rest(room: Room) -> None:
    for number in range(5):
        room.write(f"n{number}.md", f"# Note {number}\n\nNote number {number} is about herring.\n")
    halt = asyncio.Event()

    def after_two(step: Step) -> None:
        if step.id == "learn" and step.state == "running" and step.done == 1:
            halt.set()

    learned = await room.learn(halt=halt, tell=after_two)
    assert learned.sources == 2
    assert learned.skipped == [("3 more files", "stopped")]
    await room.desk.agrees()
    rest = await room.learn()
    assert (rest.sources, rest.unchanged) == (3, 2)
    assert len(await room.sources()) == 5
    await room.desk.agrees()


async def test_a_source_that_did_not_change_is_not_parsed_again(room: Room) -> None:
    """A file whose parser would refuse it now is still known by its bytes."""

    class Blind:
        """Tells digests and cannot read."""

        def __init__(self, reader: Any) -> None:
            self._reader = reader

        async def digest(self, path: Path) -> str:
            found: str = await self._reader.digest(path)
            return found

        async def read(self, path: Path) -> Any:
            raise AssertionError(f"{path} was parsed")

    room.write("notes.md", "# Notes\n\nThe ferryman limps.\n")
    await room.learn()
    learning = room.desk.app.learning
    parts = (learning._shows, learning._bible, learning._sources, learning._catalogue)
    room.desk = Reading(room.desk, type(learning)(Blind(learning._reader), *parts))
    assert (await room.learn()).unchanged == 1


class Reading:
    """The desk with another way of learning."""

    def __init__(self, desk: Any, learning: Any) -> None:
        self.app = App(learning)
        self._desk = desk


class App:
    def __init__(self, learning: Any) -> None:
        self.learning = learning


async def test_progress_tells_every_file_and_ends(room: Room) -> None:
    for number in range(3):
        room.write(f"n{number}.md", f"# Note {number}\n\nNote number {number} is about herring.\n")
    await room.learn()
    read = [step for step in room.steps if step.id == "learn"]
    assert [step.done for step in read] == [0, 1, 2, 3]
    assert {step.total for step in read} == {3}
    assert [step.state for step in room.steps if step.id == "index"][-1] == "done"
