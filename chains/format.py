"""Format: what is being written, as data. One TOML file each; a new format needs no code.

Knows nothing of models, search or platforms.
"""

from dataclasses import dataclass, field
from typing import Literal


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
    """A blank the model fills: ``ask`` says with what, ``tokens`` bounds it, ``stop`` ends it,
    ``sentences`` cuts it after so many. ``choices`` makes it a closed choice picked by likelihood;
    an entry may be a variable such as ``{cast}``, which stands for each of the cast."""

    name: str
    ask: str = ""
    tokens: int = 48
    sentences: int = 1
    stop: tuple[str, ...] = ("\n",)
    choices: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Lines the program writes, with ``{variables}`` from canon and the request and ``<slots>`` the
    model fills. ``repeat`` names the block that is written ``times`` (at least, at most) over."""

    head: tuple[str, ...]
    block: tuple[str, ...]
    tail: tuple[str, ...]
    times: tuple[int, int]
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """``contract`` tells the model the rules, ``example`` shows one worked page, ``closing`` is the
    last line of the prompt. ``kinds`` are the canon kinds it looks up first; ``tokens`` reserves
    the answer; ``steers`` are the words offered as buttons (*darker*, *shorter*)."""

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
    skeleton: Skeleton | None = None
