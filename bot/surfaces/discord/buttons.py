"""Buttons: what is pressed under a page. All a button knows is in its ``custom_id``, so it works after
a restart too, and nothing here grows with the pages that were shown.

Knows nothing of what a press does: that is for the ears.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import discord

from bot.events import Offer
from bot.render.discord import LABEL
from bot.render.safe import line

CUSTOM_ID, MOST = 100, 25
_TEMPLATE = re.compile(
    r"d1;(?P<number>\d{1,2});(?P<action>[a-z]{1,16});(?P<turn>[\w-]*);(?P<thread>\w*);(?P<message>\w*);(?P<ref>.*)",
    re.DOTALL,
)
_LABEL = "="
"""Stands for a reference that the button's own label says."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button stands for: the verb and its arguments, the ``turn`` it belongs to, the ``thread`` of
    its scope, and the ``message`` that was answered there."""

    action: str
    ref: str = ""
    turn: str = ""
    thread: str = ""
    message: str = ""


class Ears(Protocol):
    async def pressed(self, interaction: "discord.Interaction[Any]", what: Pressed) -> None: ...


class HasEars(Protocol):
    """The client, as a button finds it."""

    ears: Ears


class Press(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=_TEMPLATE):
    """A button that is made again from its ``custom_id`` when it is pressed."""

    def __init__(self, button: discord.ui.Button[discord.ui.View], what: Pressed) -> None:
        super().__init__(button)
        self.what = what

    @classmethod
    async def from_custom_id(
        cls, interaction: "discord.Interaction[Any]", item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> "Press":
        assert isinstance(item, discord.ui.Button)
        return cls(item, unpack(match, item.label or ""))

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        client: HasEars = interaction.client  # ours, which is made with them
        await client.ears.pressed(interaction, self.what)


def pack(number: int, what: Pressed, label: str) -> str | None:
    """The ``custom_id``, or None where Discord leaves no room for what the button stands for."""
    head = f"d1;{number};{what.action};{_turn(what.turn)};{_short(what.thread)};{_short(what.message)};"
    for ref in (what.ref, *([_LABEL] if what.ref and what.ref == label else [])):
        if len(head) + len(ref) <= CUSTOM_ID:
            return head + ref
    return None


def unpack(match: re.Match[str], label: str) -> Pressed:
    ref = label if match["ref"] == _LABEL else match["ref"]
    return Pressed(match["action"], ref, _whole(match["turn"]), _long(match["thread"]), _long(match["message"]))


def row(offers: Sequence[Offer], turn: str, thread: str, message: str) -> discord.ui.View | None:
    """The buttons under a page; those that say more than Discord lets a button hold are left out."""
    view = discord.ui.View(timeout=None)
    for number, offer in enumerate(offers[:MOST]):
        icon = _ICONS.get((offer.action, offer.ref))
        label = line(offer.label)[:LABEL] or offer.action
        # Under a page a button belongs to its turn; elsewhere to the message it answers.
        of, answers = offer.turn or turn, offer.action == "learn" or not (offer.turn or turn)
        about = Pressed(offer.action, offer.ref, of, thread, message if answers else "")
        known = pack(number, about, label)
        if known is not None:
            button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
                label=None if icon else label, emoji=icon, custom_id=known, style=_STYLES.get(offer.action, _PLAIN)
            )
            view.add_item(Press(button, about))
    return view if view.children else None


_ICONS = {("rate", "up"): "👍", ("rate", "down"): "👎"}
_PLAIN = discord.ButtonStyle.secondary
_STYLES = {"again": discord.ButtonStyle.primary}


def _turn(turn: str) -> str:
    """A turn's id in 22 characters instead of 32."""
    return base64.urlsafe_b64encode(bytes.fromhex(turn)).decode().rstrip("=") if turn else ""


def _whole(turn: str) -> str:
    return base64.urlsafe_b64decode(turn + "=" * (-len(turn) % 4)).hex() if turn else ""


def _short(snowflake: str) -> str:
    number, found = int(snowflake or 0), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found


def _long(short: str) -> str:
    number = 0
    for digit in short:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return str(number) if number else ""
