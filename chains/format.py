"""Format: what is being written, as data. One TOML file each; a new format needs no code.

Knows nothing of models, search or platforms.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

_BLANK = re.compile(r"\{\w+\}|<\w+>")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How words are drawn. A ``repetition_penalty`` of 1 punishes nothing: names must come back."""

    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 0
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A blank the model fills: ``ask`` says with what (to readers, and to large models), ``tokens``
    bounds it, ``stop`` ends it, ``sentences`` cuts it after so many, ``words`` (0: no bound) before so many.

    ``openings`` are the first words it may begin with, each used once before any comes again: they
    commit a small model to a kind of sentence. One that names a ``{variable}`` nobody filled is
    passed over. ``choices`` makes the slot a closed choice picked by likelihood instead. ``mark``
    is the punctuation an unfinished line gets; ``kept`` repeats the first filling (a chorus);
    ``voice`` names the variable that holds who is speaking, for nobody calls themselves by name.
    """

    name: str
    ask: str = ""
    tokens: int = 48
    sentences: int = 1
    words: int = 0
    stop: tuple[str, ...] = ("\n",)
    openings: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    mark: str = "."
    kept: bool = False
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line the program writes, with ``{variables}`` and ``<slots>``. ``seen``, where given, is
    what the model reads in its place (prose with quotation marks helps it more than a script). ``needs``
    names a variable without which the line is left out although it does not show it, ``unless`` those
    of which one is enough to leave it out."""

    show: str
    seen: str | None = None
    needs: str = ""
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skeleton:
    """``head``, then ``block`` over and over, then ``tail``. A line with a variable that nobody
    filled is left out.

    ``times`` is the least, usual and most often the block comes. ``count`` are the words a person
    counts it in (*6 lines*), ``fixed`` how many of those ``head`` and ``tail`` hold already.
    ``cap`` are words that count the block's slots: *4 lines* of a song ends it after four. A skeleton
    that is not ``told`` is for small writers only; a large one writes from the contract alone.
    """

    block: tuple[Line, ...]
    slots: tuple[Slot, ...]
    head: tuple[Line, ...] = ()
    tail: tuple[Line, ...] = ()
    times: tuple[int, int, int] = (1, 1, 1)
    count: tuple[str, ...] = ()
    fixed: int = 0
    cap: tuple[str, ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """``contract`` tells the model the rules, ``example`` shows one worked page, ``closing`` is the
    last line of the prompt. ``kinds`` are the canon kinds it looks up first; ``tokens`` reserves
    the answer; ``steers`` are the words offered as buttons (*darker*, *shorter*). ``asked`` are the nouns by
    which a message in a chat orders it (*a song*); its name and title where none are given."""

    name: str
    title: str
    about: str
    contract: str
    closing: str
    example: str = ""
    kinds: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    tokens: int = 320
    steers: tuple[str, ...] = ("darker", "lighter", "longer", "shorter")
    export: Literal["markdown", "fountain"] = "markdown"
    asked: tuple[str, ...] = ()
    skeleton: Skeleton | None = None

    @property
    def nouns(self) -> tuple[str, ...]:
        """What it is ordered by."""
        return self.asked or (self.name, self.title.lower())

    @property
    def labels(self) -> str:
        """The words that the form itself brings onto a page: they are nobody's name."""
        form = self.skeleton
        lines = [line.show for line in (*form.head, *form.block, *form.tail)] if form else []
        begun = [opening for slot in form.slots for opening in slot.openings] if form else []
        return "\n".join((self.contract, *(_BLANK.sub(" ", text) for text in (*lines, *begun))))
