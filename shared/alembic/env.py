"""Alembic's entry: runs the pending revisions of one service on the connection that shared.migrate opened."""

from __future__ import annotations

from alembic import context

_options = context.config.attributes

context.configure(
    connection=_options["connection"],
    version_table="schema_version",
    version_table_schema=_options["schema"],
    transaction_per_migration=True,
    on_version_apply=_options["on_version_apply"],
)
with context.begin_transaction():
    context.run_migrations()
