"""The gate: what comes in is kept before it is acknowledged, and answered once: in order in its thread,
threads side by side, with an answer or a reason for everyone, also after a crash.

Knows nothing of what a turn is made of, nor of any platform.
"""

from bot.gate.gate import Gate, Inbox, Surface
from bot.gate.letters import inbound, letter, said_again
from bot.gate.rules import Rules
from bot.gate.slip import Slip

__all__ = ["Gate", "Inbox", "Rules", "Slip", "Surface", "inbound", "letter", "said_again"]
