"""What a database holds, told the same way for both kinds: tables and rows, migrations, the files it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.apps import apps
from django.conf import settings
from django.db.models import FileField

from broadsheet.core.models import Heartbeat
from broadsheet.mail.models import Sending
from broadsheet.pages.models import RecipeUse, Variant, VariantMention

# Told how far a step has come: what it is, how much is done, of how much (0: unknown).
Tell = Callable[[str, int, int], None]


class Catalogue(Protocol):
    """One database, opened for reading, as both drivers give it."""

    def tables(self) -> list[str]:
        """The names of all tables."""

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns."""

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """What a query gives."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What one database holds at one moment; `files` are named relative to the media folder."""

    rows: dict[str, int]
    migrations: list[list[str]]
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The database as it stood at one moment, in one file; `size` is what it takes unpacked."""

    path: Path
    server_version: str
    size: int
    contents: Contents


def tables_left_out() -> list[str]:
    """Tables whose rows are in no backup.

    Finished pages and the cache are made anew, heartbeats and recipes in use are of processes that run no more; and
    without its row in `Sending` a copy sends no letters, however it was restored.
    """
    models = (Variant, VariantMention, RecipeUse, Heartbeat, Sending)
    return [*(model._meta.db_table for model in models), settings.CACHES["default"]["LOCATION"]]


# What `migrate` itself puts into a new installation, besides the tables left out above.
_FILLED_BY_MIGRATE = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "desk_offeredpermission",
    "desk_secondreading",
    "desk_secondreading_groups",
    "django_content_type",
    "django_migrations",
    "pages_epoch",
    "wagtailcore_collection",
    "wagtailcore_groupapprovaltask",
    "wagtailcore_groupcollectionpermission",
    "wagtailcore_grouppagepermission",
    "wagtailcore_locale",
    "wagtailcore_page",
    "wagtailcore_site",
    "wagtailcore_task",
    "wagtailcore_workflow",
    "wagtailcore_workflowcontenttype",
    "wagtailcore_workflowpage",
    "wagtailcore_workflowtask",
}
_SEARCH_PREFIX = "wagtailsearch_indexentry_fts"  # SQLite's own tables of its full-text index are never empty


def find_table_in_use(catalogue: Catalogue) -> str | None:
    """A table that holds something nobody may lose; None in an installation that was made but never used."""
    for table in catalogue.tables():
        is_ours_by_birth = table in _FILLED_BY_MIGRATE or table in tables_left_out() or table.startswith(_SEARCH_PREFIX)
        if not is_ours_by_birth and catalogue.rows(f'SELECT 1 FROM "{table}" LIMIT 1'):  # noqa: S608 (a table's own name)
            return table
    return None


def read_contents(catalogue: Catalogue) -> Contents:
    """Count and list what a database holds, of the tables that go into a backup."""
    tables = [table for table in catalogue.tables() if table not in tables_left_out()]
    counts = {table: int(catalogue.rows(f'SELECT COUNT(*) FROM "{table}"')[0][0]) for table in tables}  # noqa: S608
    migrations = catalogue.rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    return Contents(counts, [list(row) for row in migrations], read_file_names(catalogue))


def read_file_names(catalogue: Catalogue) -> frozenset[str]:
    """The uploaded files that a database names. One that an older version made may lack tables or columns of ours."""
    tables, names = set(catalogue.tables()), set()
    for table, column in _file_columns():
        if table in tables and column in catalogue.columns(table):
            names |= {str(row[0]) for row in catalogue.rows(f'SELECT DISTINCT "{column}" FROM "{table}"') if row[0]}  # noqa: S608
    return frozenset(names)


def _file_columns() -> list[tuple[str, str]]:
    return [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, FileField)
    ]
