"""What the program's commands do, once the command line is read.

Settings, log, parts and a surface are brought together here, one function a command. Knows nothing of
how any part works.
"""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bot import doctor as checks
from bot import logs, modelcard
from bot.app import App, Conversing, begin_writer, open_app, open_conversing
from bot.commands import TABLE
from bot.commands.call import Mistaken
from bot.commands.knowledge import listing, pick_source
from bot.commands.pages import ALL, manuscripts
from bot.commands.talk import where
from bot.config import Config, SettingError, load
from bot.desk import EXPECTED
from bot.events import Step
from bot.learning import summary
from bot.rooms import fresh
from bot.surfaces.plain import converse, one_shot
from bot.surfaces.repl import Repl, Status
from bot.surfaces.terminal import terminal
from chains import names_in
from memory import Scope, Show
from vectorstore import Query, Sight

TENANT = "local"
ROOM = Scope("terminal", TENANT, "terminal")
