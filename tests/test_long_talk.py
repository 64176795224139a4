"""Sixty turns into a talk about a show of three hundred passages, what was said in the third is found."""

import random
from contextlib import AsyncExitStack
from pathlib import Path

from bench.room import Paper, message, settings, silent
from bot.app import begin_writer, open_app, open_conversing
from bot.rooms import fresh
from bot.shows import ROOM

WHO = ("Maud", "the ferryman", "Gerald", "Sister Agnes", "the harbour master", "Tam", "the baker", "Ines")
DOES = ("mends", "sells", "hides", "counts", "forgets", "paints", "borrows", "carries")
WHAT = (
    "a red oar",
    "the church bell",
    "two barrels of tar",
    "a brass key",
    "the ledger",
    "a lame horse",
    "nine candles",
)
WHERE = (
    "by the mill",
    "in the chapel",
    "under the stairs",
    "at the ford",
    "in the loft",
    "behind the inn",
    "on the pier",
)
WHY = ("since the flood", "for a bet", "because nobody asked", "until the fair", "when the fog comes", "out of spite")
THIRD = "Say that Ines lost her left boot in the well behind the chapel, and never told Tam."


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choice(words) for words in (WHO, DOES, WHAT, WHERE, WHY)) + "."


ASKED = (
    "Pitch an idea about where Ines lost her boot.",
    "Imagine what Tam does when he hears of the boot in the well.",
    "Suggest who might find what she lost behind the chapel, the boot I mean.",
)


async def test_the_third_of_sixty_turns_is_found_when_it_is_asked_about(tmp_path: Path) -> None:
    chance, scope = random.Random(5), fresh(ROOM)
    bible = tmp_path / "chronicle.md"
    sections = (f"## Chapter {n}\n\n" + " ".join(sentence(chance) for _ in range(6)) for n in range(300))
    bible.write_text("\n\n".join(sections), encoding="utf-8")
    async with AsyncExitStack() as stack:
        chosen = settings(tmp_path / "home", "echo:say=Noted for the chronicle.")
        app = await open_app(stack, chosen)
        show = await app.rooms.settle(message(scope, "e0", ""), "The Chronicle")
        await app.learning.learn(show, [bible], "Ana", silent)
        assert await app.index.count() >= 300
        room = await open_conversing(stack, app, begin_writer(stack, chosen))
        for number in range(1, 61):
            said = THIRD if number == 3 else f"What if {sentence(chance)}"
            await room.respond(message(scope, f"e{number}", said), Paper())
        for asked in ASKED:
            reply = await room.respond(message(scope, asked, asked), Paper())
            turn = await app.ledger.turns.get(scope, reply.turn)
            assert turn is not None
            assert turn.take is not None
            texts = [passage["text"] for passage in turn.take.receipts["passages"]]
            assert any("left boot in the well" in text for text in texts), (asked, texts)
