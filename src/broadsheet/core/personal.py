"""The register of what is kept of people: each package says of its own tables what a reader may take along, what
erasing the account does to them, and where their rows go when two accounts become one. Pure.

A test walks all tables and fails on a field about a person that stands in no line of the register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet


@dataclass(frozen=True, slots=True)
class Person:
    """Whom rows may tell of: the number of an account, its address as typed, and the key its spellings share."""

    reader_id: int
    address: str
    address_key: str


Erase = Callable[["QuerySet[Any]", Person, datetime], object]
Merge = Callable[[Person, Person, datetime], object]


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """One table with fields about a person.

    Attributes:
        fields: those that tell of a person, parted by spaces.
        find: the rows that tell of one person.
        erase: what erasing the account does to these rows.
        name: the table's name in the export.
        exported: the fields that are exported, parted by spaces; they may follow foreign keys.
        added: values that `find` adds to its rows and that are exported too, parted by spaces.
        why_not_exported: for a table without `exported`.
        why_kept: for a table whose rows outlive the account: what of them stays, and why.
        kept_years: how long at least, counted from the end of the year; 0 if the reason says it.
        merge: moves the rows of the first person's account to the second's; None if they end with the account.
    """

    model: type[Model]
    fields: str
    find: Callable[[Person], QuerySet[Any]]
    erase: Erase
    name: str = ""
    exported: str = ""
    added: str = ""
    why_not_exported: str = ""
    why_kept: str = ""
    kept_years: int = 0
    merge: Merge | None = None


class Register:
    """The tables by the order in which packages tell of them, lower packages first."""

    def __init__(self) -> None:
        self._tables: dict[str, PersonalTable] = {}
        self._harmless: dict[tuple[str, str], str] = {}

    def add(self, *tables: PersonalTable) -> None:
        """Tell of tables; telling again changes nothing."""
        for table in tables:
            self._tables[table.model._meta.label] = table

    def not_personal(self, model: type[Model], reason: str, *fields: str) -> None:
        """Say why these fields, or without any all of a table, tell of nobody though their names sound so."""
        for name in fields or ("*",):
            self._harmless[model._meta.label, name] = reason

    @property
    def tables(self) -> tuple[PersonalTable, ...]:
        """All of them, lower packages first."""
        return tuple(self._tables.values())

    def covers(self, label: str, field: str) -> bool:
        """Whether a field of the table `app.Model` is told of, as personal or as not."""
        table = self._tables.get(label)
        if table is not None and field in table.fields.split():
            return True
        return (label, field) in self._harmless or (label, "*") in self._harmless


REGISTER = Register()


def export_person(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything that is kept of a person and that they may take along, table by table, as plain values."""
    return {
        table.name: [dict(row) for row in table.find(person).values(*table.exported.split(), *table.added.split())]
        for table in REGISTER.tables
        if table.exported
    }


def erase_person(person: Person, *, now: datetime) -> None:
    """Do in each table what erasing an account means there, upper packages first; call it inside a transaction."""
    for table in reversed(REGISTER.tables):
        table.erase(table.find(person), person, now)


def merge_person(source: Person, target: Person, *, now: datetime) -> None:
    """Move what one account holds to another; call it inside a transaction that holds both."""
    for table in REGISTER.tables:
        if table.merge is not None:
            table.merge(source, target, now)


def find_kept() -> Iterator[PersonalTable]:
    """The tables whose rows outlive an account."""
    return (table for table in REGISTER.tables if table.why_kept)


def delete_rows(rows: QuerySet[Any], person: Person, now: datetime) -> None:
    """Erasing deletes the rows."""
    rows.delete()


def keep_rows(rows: QuerySet[Any], person: Person, now: datetime) -> None:
    """Erasing leaves the rows as they are: they name nobody, or are deleted elsewhere."""


def blank(**values: Any) -> Erase:
    """Erasing keeps the rows, and overwrites what in them tells of the person."""

    def erase(rows: QuerySet[Any], person: Person, now: datetime) -> None:
        rows.update(**values)

    return erase


def move(model: type[Model], owner: str = "reader_id") -> Merge:
    """Merging gives the rows another owner."""

    def merge(source: Person, target: Person, now: datetime) -> None:
        model._default_manager.filter(**{owner: source.reader_id}).update(**{owner: target.reader_id})

    return merge
