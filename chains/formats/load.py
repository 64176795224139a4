"""Formats from TOML: the shipped ones, and a person's own folder over them.

Strict: an unknown key, a wrong type, a missing field, an undefined slot or variable or a number out
of bounds is one sentence that names the file and the key. Knows nothing of models or platforms.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chains.errors import FormatError
from chains.format import Format, Line, Sampling, Skeleton, Slot
from chains.plan import VARIABLES

SHIPPED = Path(__file__).parent

_ADAPTER = TypeAdapter(Format)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SLOT = re.compile(r"<(\w+)>")
_VARIABLE = re.compile(r"\{(\w+)\}")
_INNER: Mapping[tuple[type, str], type] = {
    (Format, "sampling"): Sampling,
    (Format, "skeleton"): Skeleton,
    (Skeleton, "head"): Line,
    (Skeleton, "block"): Line,
    (Skeleton, "tail"): Line,
    (Skeleton, "slots"): Slot,
}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0.01, 1),
    "top_k": (0, 100_000),
    "min_p": (0, 1),
    "repetition_penalty": (0.5, 2),
    "no_repeat_ngram": (0, 100),
}


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats by name, shipped ones first, and a sentence for each own file that was skipped."""

    named: Mapping[str, Format]
    problems: tuple[str, ...] = ()


def load_formats(user_folder: Path | None = None) -> Formats:
    """The shipped formats and those of ``user_folder``, where a file of the same name wins.

    A bad file of the user's is skipped and named in ``problems``; a bad shipped one raises
    ``FormatError``. A folder that is not there is an empty one.
    """
    raw = {path.stem: read_toml(path) for path in sorted(SHIPPED.glob("*.toml"))}
    named = {name: build(name, data, SHIPPED / f"{name}.toml") for name, data in raw.items()}
    problems: list[str] = []
    for path in sorted(user_folder.glob("*.toml")) if user_folder is not None else ():
        try:
            named[path.stem] = build(path.stem, _extended(read_toml(path), raw, path), path)
        except FormatError as error:
            problems.append(str(error))
    return Formats(named, tuple(problems))


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dict; ``FormatError`` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: the file is not UTF-8 text; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{path}: this is not TOML ({str(error).rstrip('.')}); mend that line.") from error
    except OSError as error:
        raise FormatError(
            f"{path}: the file cannot be read ({error.strerror}); check that it is a file you may read."
        ) from error


def build(name: str, data: Mapping[str, Any], path: Path) -> Format:
    """A format from the keys of its file; the file's name is the format's name."""
    if not _NAME.fullmatch(name):
        raise FormatError(
            f"{path}: a format is named after its file, so use small letters, digits, - and _ in the file's name."
        )
    if "name" in data:
        raise FormatError(f"{path}: unknown key 'name'; a format is named after its file, so leave it out.")
    unknown = next(_unknown(data), None)
    if unknown is not None:
        raise FormatError(f"{path}: unknown key '{unknown[0]}'; the keys here are {', '.join(unknown[1])}.")
    try:
        made = _ADAPTER.validate_json(
            json.dumps({**data, "name": name}, default=lambda value: {"date": str(value)}), strict=True
        )
    except ValidationError as error:
        raise FormatError(f"{path}: {_sentence(error)}") from error
    problem = next(_problems(made), None)
    if problem is not None:
        raise FormatError(f"{path}: {problem}")
    return made


def _extended(data: dict[str, Any], raw: Mapping[str, Mapping[str, Any]], path: Path) -> Mapping[str, Any]:
    """``extends = "plot"`` starts from a shipped format; the file's own keys win, tables key by key. What it is
    ordered by is its own."""
    if "extends" not in data:
        return data
    base = raw.get(data["extends"]) if isinstance(data["extends"], str) else None
    if base is None:
        raise FormatError(f"{path}: 'extends' must name a shipped format, one of {', '.join(raw)}.")
    own = {key: value for key, value in data.items() if key != "extends"}
    merged = {
        key: {**base[key], **value}
        for key, value in own.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return {**base, "asked": [], **own, **merged}


def _unknown(data: Any, kind: type = Format, at: str = "") -> Iterator[tuple[str, list[str]]]:
    """Keys that no noun has, with the keys it does have."""
    if not isinstance(data, dict):
        return
    known = {field.name: field.type for field in fields(kind) if (kind, field.name) != (Format, "name")}
    for key, value in data.items():
        if key not in known:
            yield f"{at}{key}", list(known)
        inner = _INNER.get((kind, key))
        for n, one in enumerate(value if isinstance(value, list) else [value]):
            if inner is not None:
                yield from _unknown(one, inner, f"{at}{key}[{n}]." if isinstance(value, list) else f"{at}{key}.")


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["type"] in ("missing", "missing_argument"):
        return f"the key '{at}' is missing; add it."
    return f"the key '{at}' is wrong: {first['msg'][:1].lower()}{first['msg'][1:].rstrip('.')}."


def _problems(made: Format) -> Iterator[str]:
    for key in ("title", "about", "contract", "closing"):
        if not getattr(made, key).strip():
            yield f"the key '{key}' is empty; write a sentence there."
    if not 16 <= made.tokens <= 8192:
        yield f"the key 'tokens' must be from 16 to 8192, not {made.tokens}."
    for key, (least, most) in _BOUNDS.items():
        value = getattr(made.sampling, key)
        if not least <= value <= most:
            yield f"the key 'sampling.{key}' must be from {least:g} to {most:g}, not {value:g}."
    if made.skeleton is not None:
        yield from _form_problems(made.skeleton)


def _form_problems(form: Skeleton) -> Iterator[str]:
    least, usual, most = form.times
    if not (1 <= least <= usual <= most <= 100 and form.fixed >= 0):
        yield "the key 'skeleton.times' must be three numbers, least, usual and most, growing from 1 to at most 100."
    if not form.block:
        yield "the key 'skeleton.block' is empty; give it at least one line."
    slots = {slot.name for slot in form.slots}
    used: set[str] = set()
    for part in ("head", "block", "tail"):
        for n, line in enumerate(getattr(form, part)):
            at = f"skeleton.{part}[{n}]"
            here = _SLOT.findall(line.show)
            used |= set(here)
            yield from (
                f"the key '{at}' uses the slot '<{name}>', which no [[skeleton.slots]] defines."
                for name in here
                if name not in slots
            )
            named = "".join(f"{{{name}}}" for name in (line.needs, *line.unless) if name)
            yield from _variable_problems(at, line.show, line.seen or "", named)
            if line.seen is not None and _SLOT.findall(line.seen) != here:
                yield f"the key '{at}.seen' must hold the same <slots> in the same order as 'show'."
    for n, slot in enumerate(form.slots):
        at = f"skeleton.slots[{n}]"
        if len([other for other in form.slots if other.name == slot.name]) > 1:
            yield f"the key '{at}.name' says '{slot.name}' a second time; name each slot once."
        if slot.name not in used:
            yield f"the key '{at}.name' defines '{slot.name}', which no line uses; use <{slot.name}> or leave it out."
        if not (1 <= slot.tokens <= 1024 and 1 <= slot.sentences <= 50 and 0 <= slot.words <= 200):
            yield f"the key '{at}' must have tokens from 1 to 1024, sentences from 1 to 50 and words up to 200."
        if slot.voice and slot.voice not in VARIABLES:
            yield f"the key '{at}.voice' must name a variable, one of {', '.join(sorted(VARIABLES))}."
        if slot.choices and slot.openings:
            yield f"the key '{at}' has both choices and openings; keep one of them."
        if slot.choices and all(_VARIABLE.search(choice) for choice in slot.choices):
            yield f"the key '{at}.choices' needs one choice without a variable."
        yield from _variable_problems(at, *slot.openings, *slot.choices)


def _variable_problems(at: str, *texts: str) -> Iterator[str]:
    for text in texts:
        for name in _VARIABLE.findall(text):
            if name.lower() not in VARIABLES:
                known = ", ".join(sorted(VARIABLES))
                yield f"the key '{at}' uses the variable '{{{name}}}'; the variables are {known}."
