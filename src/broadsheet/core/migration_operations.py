"""Operations for migrations that run while an older version serves."""

from __future__ import annotations

from typing import Any

from django.db import NotSupportedError
from django.db.migrations import AddIndex
from django.db.migrations.state import ProjectState


class AddIndexBesideReaders(AddIndex):
    """Builds an index on PostgreSQL while others read and write the table; elsewhere as Django does it.

    Needs `atomic = False` in its migration. What a broken-off try left behind is dropped first, for PostgreSQL keeps it,
    unused and unfinished, under the index's name.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if connection.in_atomic_block:
            raise NotSupportedError(f"The index {self.index.name} needs atomic = False in its migration.")
        model = to_state.apps.get_model(app_label, self.model_name)
        # It waits for transactions that are under way, however long, and keeps nobody else waiting.
        schema_editor.execute("SET lock_timeout = 0")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}")
        schema_editor.add_index(model, self.index, concurrently=True)

    def describe(self) -> str:
        return f"{super().describe()}, while others read and write"
