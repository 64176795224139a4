"""What the program's commands do, once the command line is read.

Settings, log, parts and a surface are brought together here, one function a command. Knows nothing of
how any part works.
"""

from memory import Scope

TENANT = "local"
ROOM = Scope("terminal", TENANT, "terminal")
