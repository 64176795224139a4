"""Entry: the program's first lines, before anything is imported.

Where Python is told not to keep compiled modules, as many containers do, every start would compile
thousands of files again. There the program starts over with a place of its own to keep them. Knows
nothing of the command line.
"""

import importlib
import os
import sys

import platformdirs


def main() -> None:
    """What ``dramaturg`` runs."""
    if sys.flags.dont_write_bytecode and os.name == "posix":
        kept = platformdirs.user_cache_path("dramaturg") / "bytecode"
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        os.execve(sys.executable, sys.orig_argv, environment | {"PYTHONPYCACHEPREFIX": str(kept)})
    importlib.import_module("bot.cli").main()
