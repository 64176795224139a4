"""Asked: an interaction that waits for its answer. Its token lives a quarter of an hour, here and in no
other place: it is never stored.

Knows nothing of what is answered.
"""

import io
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import discord

from bot.events import File
from bot.render.safe import line

log = logging.getLogger(__name__)


class Asked:
    """``private``: only the one who asked sees the answer. ``hidden``: only they see that we think about
    it, until then."""

    def __init__(self, interaction: "discord.Interaction[Any]", *, private: bool, hidden: bool = True) -> None:
        self._interaction = interaction
        self.private = private
        self._hidden = hidden
        self._waits = False
        self._message = 0

    async def wait(self) -> None:
        """Acknowledge at once. Raises HTTPException."""
        component = self._interaction.type is discord.InteractionType.component
        waits = self.private or not component
        given = None
        with suppress(TypeError, KeyError):  # it was taken, by a server that does not say what became of it
            given = await self._interaction.response.defer(ephemeral=self._hidden, thinking=waits)
        self._waits = waits
        self._message = (given.message_id if given else None) or 0

    async def message(self) -> int:
        """The id of the message that will be the answer, while Discord waits for it. Raises HTTPException."""
        return self._message or (await self._interaction.original_response()).id

    async def say(self, contents: Sequence[str], view: discord.ui.View | None, files: Sequence[File] = ()) -> bool:
        """For this person only. False when Discord does not take it any more."""
        try:
            for number, content in enumerate(contents):
                last = number == len(contents) - 1
                given: dict[str, Any] = {"content": content}
                if last and view is not None:
                    given["view"] = view
                if number == 0 and self._waits:
                    await self._interaction.edit_original_response(**given)
                    self._waits = False
                else:
                    await self._interaction.followup.send(ephemeral=True, suppress_embeds=True, **given)
            for file in files:
                bytes_ = discord.File(io.BytesIO(file.data), filename=line(file.name))
                await self._interaction.followup.send(ephemeral=True, file=bytes_)
        except discord.HTTPException as error:
            log.warning("An answer for one person was not taken: %s, %s", error.status, error.code)
            return False
        return True

    async def done(self) -> None:
        """Nothing (more) is said to this person alone."""
        if self._waits:
            self._waits = False
            with suppress(discord.HTTPException):
                await self._interaction.delete_original_response()
