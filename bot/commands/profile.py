"""Command about lasting preferences: what this room, and the one who asks, want of every page.

Knows nothing of how a preference is noticed or heeded.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from bot.commands.call import Call, Handler, Mistaken
from bot.events import Offer, Reply
from memory import Preference, Scope, Status

_DECIDED = re.compile(r"(?P<verdict>yes|mine|no)\s+(?P<id>[0-9a-f]{32})", re.IGNORECASE)
_FORGET = re.compile(r"forget\s+(?P<what>.+)", re.IGNORECASE | re.DOTALL)
_MINE = re.compile(r"(?:mine|for me|me):\s*(?P<text>.+)", re.IGNORECASE | re.DOTALL)
_LONGEST = 300


class Profile(Protocol):
    async def keep(self, scope: Scope, person: str, text: str, who: str) -> Preference: ...

    async def decide(self, scope: Scope, preference: str, status: Status, person: str, who: str) -> Preference: ...

    async def held(self, scope: Scope, person: str) -> tuple[Preference, ...]: ...


class ProfileDesk:
    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def handlers(self) -> Mapping[str, Handler]:
        return {"remember": self.remember}

    async def remember(self, call: Call) -> Reply:
        if not call.text:
            return await self._listed(call)
        if decided := _DECIDED.fullmatch(call.text):
            return await self._decide(call, decided["verdict"].casefold(), decided["id"])
        if forgotten := _FORGET.fullmatch(call.text):
            return await self._forget(call, forgotten["what"].strip())
        mine = _MINE.fullmatch(call.text)
        text = (mine["text"] if mine else call.text).strip()
        if len(text) > _LONGEST:
            raise Mistaken(f"A preference is one sentence of at most {_LONGEST} characters; `/note` holds longer ones.")
        kept = await self._profile.keep(call.scope, call.person if mine else "", text, call.person)
        await call.stage.show(Offer("remember", "forget it", f"forget {kept.text}"))
        return await call.say(_told(kept))

    async def _decide(self, call: Call, verdict: str, identity: str) -> Reply:
        status = Status.REJECTED if verdict == "no" else Status.ACCEPTED
        whose = call.person if verdict == "mine" else ""
        decided = await self._profile.decide(call.scope, identity, status, whose, call.person)
        if status is Status.REJECTED:
            return await call.say("Then it was meant for that page alone.")
        return await call.say(_told(decided))

    async def _forget(self, call: Call, what: str) -> Reply:
        held = await self._profile.held(call.scope, call.person)
        found = [one for n, one in enumerate(held, 1) if str(n) == what or one.text.casefold() == what.casefold()]
        if not found:
            raise Mistaken(f"Nothing like “{what}” is remembered here; `/remember` lists what is.")
        await self._profile.decide(call.scope, found[0].id, Status.RETIRED, found[0].person, call.person)
        return await call.say(f"Forgotten: {found[0].text}")

    async def _listed(self, call: Call) -> Reply:
        held = await self._profile.held(call.scope, call.person)
        if not held:
            say = "Nothing is remembered yet. `/remember TEXT` holds for this room, `/remember mine: TEXT` for you."
            return await call.say(say)
        rows = [f"{n}. {one.text}{' *(yours)*' if one.person else ''}" for n, one in enumerate(held, 1)]
        return await call.say("\n".join(["Every page here heeds:", "", *rows]))


def _told(kept: Preference) -> str:
    return f"From now on, {'for you' if kept.person else 'in this room'}: {kept.text}"
