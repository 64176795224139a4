"""What somebody pastes is read once: twice as long takes about twice as long, whatever it is made of."""

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.order import order
from bot.render.discord import pages
from bot.render.links import unfinished, unlinked
from bot.render.slack import plain
from chains import Cited, Page, Prompt, Written, check, claims, ground, guess_kind, recap, stated, texts, unmarked
from chains.asking import Told
from chains.evidence import answer, excerpt
from chains.fence import note
from chains.formats.load import load_formats
from chains.lasting import only_lasting
from chains.material import gather
from chains.names import Name, Names, candidates
from chains.onward import begun
from chains.picked import picked
from chains.plan import plan
from chains.question import question
from chains.quotation import quote
from chains.statements import statements
from chains.words import content, spans
from chains.writer import Card
from memory import Conversation, Room, Scope, Show, Take, TakeStatus, Thread, Turn

LENGTH = 6000
NAMES = Names((Name("Ilse Varga", (), "character", "ilse", "she"), Name("The Copper Bell", (), "thing", "bell")))
FORMATS = load_formats(None).named
PASSAGES = [Cited(1, "p", "Ilse Varga", "canon", "character", "Ilse Varga keeps the bell. She is the mayor of it.")]
STEERED = [form for form in FORMATS.values() if form.skeleton]
SCOPE = Scope("terminal", "local", "room", "t")


def talk(text: str) -> Conversation:
    take = Take("k", "1", 1, text, TakeStatus.COMPLETE)
    turn = Turn("1", "t", None, 1, "main", "Ana", text, "chat", take)
    return Conversation(Show("s", "local", "Show"), Room(SCOPE), Thread("t", SCOPE, "s"), (turn,))


def asks(text: str) -> object:
    before = talk("Where is Ilse Varga? She keeps the Copper Bell.")
    return question(text, before, NAMES, FORMATS["chat"]), question("and then?", talk(text), NAMES, FORMATS["chat"])


READERS: dict[str, Callable[[str], object]] = {
    "question": asks,
    "order": lambda text: (order(text, talk("Write."), FORMATS), order("go on", talk(text), FORMATS)),
    "lasting": only_lasting,
    "spans": spans,
    "candidates": candidates,
    "statements": statements,
    "quote": lambda text: quote(text, "", PASSAGES, (Told(text),), NAMES),
    "answer": lambda text: answer("Who is Ilse?", [("a", (), text)], [1.0]),
    "excerpt": lambda text: excerpt("Who is Ilse?", text, 200),
    "picked": lambda text: (picked(text, "1. A bell.\n2. A key."), picked("the second one", text)),
    "steered": lambda text: [
        list(plan(form.skeleton, gather([], "A scene", steer=text, last=text))) for form in STEERED
    ],
    "gather": lambda text: gather([], text, passages=PASSAGES, names=NAMES, said=[text]),
    "begun": lambda text: [begun(form.skeleton, text) for form in FORMATS.values() if form.skeleton],
    "claims": lambda text: texts(claims(talk(text), text, "Ana", FORMATS["chat"], Card("echo", 4096, False))),
    "notes": lambda text: (note(text), unmarked(text), stated([(text, text)]), guess_kind("Ilse", text)),
    "ground": lambda text: ground(text, PASSAGES, NAMES),
    "checks": lambda text: check(Page(text), Prompt(()), Written(text, "complete")),
    "recap": lambda text: recap(None, talk(text).window, NAMES),
    "dialects": lambda text: (plain(text, {}), pages(text), unlinked(text), unfinished(text)),
}
PIECES = [
    "how long it takes it takes ",
    ".",
    " ",
    "\t",
    "\n",
    "it takes ",
    '"',
    "“a ‘b’ ",
    "a",
    "A",
    "[",
    "<",
    "<s ",
    "[1] ",
    ",",
    "她",
    "中文。",
    "the the ",
    "#",
    "a. ",
    "1,2 ",
    "www.a,",
    "Ilse she ",
    "with the ab and ",
    "**Shot 1:** a a ",
]


def measured(read: Callable[[str], object], text: str) -> float:
    """Seconds of this process alone; nothing is remembered from before."""
    content.cache_clear()
    statements.cache_clear()
    began = time.process_time()
    read(text)
    return time.process_time() - began


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_is_not_four_times_the_work(reader: str) -> None:
    read: Callable[[str], Any] = READERS[reader]
    slow = []
    gc.disable()
    try:
        for before, after in (("", ""), ("how long it takes ", "x?"), ("A ", "\x00x"), ("# ", "\nx"), ("INT. A", "!")):
            for piece in PIECES:
                once, twice = (f"{before}{(piece * size)[:size]}{after}" for size in (LENGTH, 2 * LENGTH))
                short, long = measured(read, once), measured(read, twice)
                if long > 3 * short + 0.05:  # once more: something else may have had the processor
                    long = min(long, measured(read, twice))
                if long > 3 * short + 0.05:
                    slow.append((before + piece, round(short, 3), round(long, 3)))
    finally:
        gc.enable()
    assert not slow


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("Wait... Who? Me!", ["Wait...", "Who?", "Me!"]),
        ("See Dr. Varga at 5 p.m. etc. Then go.", ["See Dr. Varga at 5 p.m.", "etc. Then go."]),
        ('"No." She left."', ['"No."', 'She left."']),
        ("等等。。。谁？", ["等等。。。", "谁？"]),
    ],
)
def test_a_sentence_still_ends_where_it_did(line: str, ends: list[str]) -> None:
    assert [line[start:end] for start, end in spans(line)] == ends


def test_a_word_that_is_no_host_leads_nowhere_however_it_ends() -> None:
    long = "a." * 150 + "example.org"
    assert "\u2060" in unlinked(f"https://{long}", ["example.org"])
    assert unlinked("https://www.example.org", ["example.org"]) == "https://www.example.org"
