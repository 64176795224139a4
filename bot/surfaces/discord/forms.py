"""Forms: what is asked in a window: a room's settings, a passage to keep, a page to be changed by hand.

What a form is about is in its ``custom_id``, so it may be sent off after a restart. Knows nothing of
what becomes of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.render.safe import clean, line
from memory import KINDS

MANY, LONG, NOTE = 25, 4000, 2000
SETTINGS, KEEP, EDIT = "settings", "keep", "edit"
_ID = re.compile(r"f1;(?P<form>settings|keep|edit);(?P<thread>\d*);(?P<turn>\w*)")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that came back."""

    form: str
    thread: str
    turn: str
    values: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")


def sent(data: Mapping[str, Any]) -> Sent | None:
    """What came back, or None where the form is none of ours."""
    found = _ID.fullmatch(data["custom_id"])
    if found is None:
        return None
    fields = [field for part in data["components"] for field in (part.get("component"), *part.get("components", ()))]
    values = {field["custom_id"]: _values(field) for field in fields if field}
    return Sent(found["form"], found["thread"], found["turn"], values)


def _values(field: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in field["values"]] if "values" in field else [str(field.get("value") or "")]


def settings(
    thread: str,
    shows: Mapping[str, str],
    formats: Sequence[str],
    now: Mapping[str, str],
    deciders: Sequence[discord.SelectDefaultValue] | None,
) -> ui.Modal:
    """A room's settings. ``shows`` are names by id; ``now`` has show (its id), format and note as they are; ``deciders`` is None where nobody
    else is there to decide."""
    form = _form("This room", f"f1;{SETTINGS};{thread};")
    if shows:
        _add(form, "Show", _pick("show", shows, now.get("show", "")))
    _add(form, "… or a new show, by its name", ui.TextInput(custom_id="new_show", required=False, max_length=120))
    _add(form, "Format of new threads", _pick("format", dict.fromkeys(formats), now.get("format", "")))
    note = clean(now.get("note", ""))[:NOTE] or None
    style = discord.TextStyle.paragraph
    _add(
        form,
        "A note that every answer here heeds",
        ui.TextInput(custom_id="note", required=False, max_length=NOTE, style=style, default=note),
    )
    if deciders is not None:
        who: ui.MentionableSelect[Any] = ui.MentionableSelect(
            custom_id="deciders", required=False, min_values=0, max_values=MANY, default_values=deciders[:MANY]
        )
        _add(form, "Who may change canon", who, "Nobody named: everyone may.")
    return form


def keep(thread: str, turn: str, name: str, kind: str, text: str) -> ui.Modal:
    """A passage to keep, as the page has it, to be edited."""
    form = _form("Keep as canon", f"f1;{KEEP};{thread};{turn}")
    _add(form, "What it is about", ui.TextInput(custom_id="name", max_length=80, default=line(name)[:80] or None))
    _add(form, "Kind", _pick("kind", dict.fromkeys(KINDS), kind))
    style = discord.TextStyle.paragraph
    _add(
        form,
        "What holds from now on",
        ui.TextInput(custom_id="text", style=style, max_length=LONG, default=clean(text)[:LONG] or None),
        "Cut it down to what is to stay true.",
    )
    return form


def edit(thread: str, turn: str, text: str) -> ui.Modal:
    """A page as it stands, to be changed."""
    form = _form("Edit the page", f"f1;{EDIT};{thread};{turn}")
    style = discord.TextStyle.paragraph
    page: ui.TextInput[Any] = ui.TextInput(custom_id="text", style=style, max_length=LONG, default=clean(text)[:LONG])
    _add(form, "The page", page, "It becomes a take of its own, and yours; the earlier ones are kept.")
    return form


def _form(title: str, custom_id: str) -> ui.Modal:
    form = ui.Modal(title=title, custom_id=custom_id, timeout=None)
    return form


def _add(form: ui.Modal, label: str, field: ui.Item[Any], about: str | None = None) -> None:
    form.add_item(ui.Label(text=label, component=field, description=about))


def _pick(name: str, known: Mapping[str, str | None], chosen: str) -> ui.Select[Any]:
    """One of ``known``, by what Discord sends back of it, with its name where that is another."""
    first = [chosen] if chosen in known else []
    shown = list(dict.fromkeys([*first, *known]))[:MANY]
    options = [discord.SelectOption(label=(known[one] or one)[:100], value=one, default=one == chosen) for one in shown]
    return ui.Select(custom_id=name, options=options, required=False, min_values=0)
