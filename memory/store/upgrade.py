"""The steps from older tables to this program's, by Alembic. Loaded only when there is one to take.

Knows nothing of what the tables hold.
"""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from memory.errors import LedgerSetting, LedgerTooNew


def upgrade(connection: Connection, scripts: str, current: str | None, place: str) -> None:
    """Take every step from ``current`` on, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise LedgerTooNew(
            f"The ledger {place} was written by a newer Dramaturg (its tables are {current}); update the program."
        )
    if current is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise LedgerSetting(f"The file {place} belongs to another program; name another file for the ledger.")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
