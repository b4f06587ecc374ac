"""Which operations of a migration would disturb the version before, which goes on serving while they are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import ModelOperation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

from broadsheet.core.migration_operations import AddIndexBesideReaders

# Tables of a few hundred rows, whose indexes and checks are built in a moment; every other one may be large.
SMALL_TABLES = {
    "billing.plan",
    "core.clockoffset",
    "core.heartbeat",
    "core.signingkey",
    "core.trimmedlog",
    "library.homepage",
    "library.homepin",
    "mail.sending",
    "pages.epoch",
    "pages.recipeuse",
    "publication.menulink",
    "publication.plainpage",
    "publication.publication",
}
REMOVED = "the version that serves still uses it; stop using it in one release, remove it in the next"
RENAMED = "the version that serves knows the old name; add the new one, copy, and remove the old one in the next release"
REQUIRED = "the version that serves writes rows without it; give it a db_default, or let it be null"
TIGHTENED = "rows of the version that serves may not fit; write the new form in one release, demand it in the next"
BLOCKS = "nobody writes to the table while it is built; use AddIndexBesideReaders"
UNKNOWN = "nobody can tell what it does; say in ALLOWED why it is safe"


class Judge:
    """Judges the operations of one migration in turn."""

    def __init__(self, app_label: str, state: ProjectState) -> None:
        self._app_label = app_label
        self._state = state
        self._new: set[str] = set()

    def find_dangers(self, operation: Operation) -> list[str]:
        """What is dangerous about the next operation of the migration."""
        before, self._state = self._state, self._state.clone()
        operation.state_forwards(self._app_label, self._state)
        found = list(self._judge(operation, before))
        if isinstance(operation, operations.CreateModel):
            self._new.add(f"{self._app_label}.{operation.name_lower}")
        return found

    def _judge(self, operation: Operation, before: ProjectState) -> Iterator[str]:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            for each in operation.database_operations:
                yield from self._judge(each, before)
            return
        if isinstance(operation, ModelOperation | operations.AddField) and self._is_new(operation):
            return
        rule = _RULES.get(type(operation))
        if rule is None:
            yield UNKNOWN
        elif isinstance(rule, str):
            yield rule
        else:
            yield from rule(self, operation, before)

    def _is_new(self, operation: Operation) -> bool:
        return self._table(operation) in self._new

    def _is_small(self, operation: Operation) -> bool:
        return self._table(operation) in SMALL_TABLES | self._new

    def _table(self, operation: Operation) -> str:
        name = getattr(operation, "model_name_lower", None) or getattr(operation, "model_name", None) or operation.name
        return f"{self._app_label}.{name.lower()}"

    def judge_added_field(self, operation: operations.AddField, before: ProjectState) -> Iterator[str]:
        field = operation.field
        if field.many_to_many:
            return
        if not field.null and field.db_default is NOT_PROVIDED:
            yield REQUIRED
        if (field.db_index or field.unique) and not self._is_small(operation):
            yield BLOCKS

    def judge_altered_field(self, operation: operations.AlterField, before: ProjectState) -> Iterator[str]:
        old = before.models[self._app_label, operation.model_name_lower].fields[operation.name]
        new = operation.field
        changed = _differences(old, new)
        if "null" in changed and old.null:
            yield TIGHTENED
        if "max_length" in changed and _length(new) < _length(old):
            yield TIGHTENED
        if changed & {"db_index", "unique"} and (new.db_index or new.unique) and not self._is_small(operation):
            yield BLOCKS
        if "unique" in changed and new.unique:
            yield TIGHTENED
        if "db_default" in changed and new.db_default is NOT_PROVIDED:
            yield REQUIRED
        if "type" in changed or "db_column" in changed:
            yield RENAMED if "db_column" in changed else TIGHTENED

    def judge_index(self, operation: operations.AddIndex, before: ProjectState) -> Iterator[str]:
        if not self._is_small(operation):
            yield BLOCKS


def _differences(old: models.Field, new: models.Field) -> set[str]:
    """In what two states of a field differ that the database knows of."""
    passed_over = {*old.non_db_attrs, *new.non_db_attrs, "default"} - {"db_column"}
    (_, old_path, _, old_kwargs), (_, new_path, _, new_kwargs) = old.deconstruct(), new.deconstruct()
    names = (old_kwargs.keys() | new_kwargs.keys()) - passed_over
    changed = {name for name in names if old_kwargs.get(name) != new_kwargs.get(name)}
    return changed | ({"type"} if old_path != new_path or changed & {"to", "max_digits", "decimal_places"} else set())


def _length(field: models.Field) -> float:
    return field.max_length if field.max_length is not None else float("inf")


_Rule = str | Callable[[Judge, Operation, ProjectState], Iterator[str]]


def _nothing(judge: Judge, operation: Operation, before: ProjectState) -> Iterator[str]:
    yield from ()


_RULES: dict[type[Operation], _Rule] = {
    operations.CreateModel: _nothing,
    operations.AddField: Judge.judge_added_field,  # type: ignore[dict-item]
    operations.AlterField: Judge.judge_altered_field,  # type: ignore[dict-item]
    operations.AddIndex: Judge.judge_index,  # type: ignore[dict-item]
    AddIndexBesideReaders: _nothing,
    operations.AlterModelOptions: _nothing,
    operations.AlterModelManagers: _nothing,
    operations.AlterModelTableComment: _nothing,
    operations.RemoveIndex: _nothing,
    operations.RenameIndex: _nothing,
    operations.RemoveField: REMOVED,
    operations.DeleteModel: REMOVED,
    operations.RemoveConstraint: REMOVED,
    operations.RenameField: RENAMED,
    operations.RenameModel: RENAMED,
    operations.AlterModelTable: RENAMED,
    operations.AddConstraint: TIGHTENED,
    operations.AlterUniqueTogether: TIGHTENED,
    operations.AlterIndexTogether: TIGHTENED,
    operations.AlterOrderWithRespectTo: TIGHTENED,
}
