"""Runs the revisions on the connection that ``Database.migrate`` opened."""

from __future__ import annotations

from alembic import context

from service.storage.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
