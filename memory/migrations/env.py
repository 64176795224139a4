"""Runs the migrations on the connection that `memory.store.migrate` hands over, in its transaction."""

from alembic import context

from memory.store.migrate import VERSION_TABLE
from memory.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
