"""Commands: every verb once, as data plus one handler.

Slack, Discord, the REPL, /help and completion are generated from this table. Knows nothing of any
platform.
"""

from bot.commands.table import AT_A_PROMPT, TABLE, Command, find

__all__ = ["AT_A_PROMPT", "TABLE", "Command", "find"]
