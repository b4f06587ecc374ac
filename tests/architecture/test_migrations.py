"""Each migration can be applied while the version before serves; what it must not do, and why, stands in docs/developer.md."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from broadsheet.core.migration_operations import AddIndexBesideReaders
from tests.architecture.unsafe_operations import BLOCKS, REMOVED, RENAMED, REQUIRED, SMALL_TABLES, TIGHTENED, UNKNOWN, Judge

# The first tables: no version served before them. The number is that of the package's last migration of that time.
FIRST = {
    "accounts": 2,
    "billing": 1,
    "core": 1,
    "desk": 1,
    "library": 4,
    "mail": 2,
    "membership": 1,
    "pages": 1,
    "paywall": 1,
    "publication": 1,
}
# Operations that look dangerous and are not: (migration, operation's description) and the reason. The second step of
# expand and contract belongs here: "nothing has read it since 0.2".
ALLOWED = {
    (
        "billing.0002_subscriptions",
        "Raw Python operation",
    ): "writes a row for each plan, of which there are a few, into a new table",
    ("billing.0003_shop", "Create index billing_order_campaign on field(s) campaign of model order"): (
        "no version served that wrote orders"
    ),
    ("billing.0005_invoices", "Add field answered_by to invoicerequest"): "of requests there are some hundred",
    ("billing.0005_invoices", "Add field order to invoicerequest"): "of requests there are some hundred",
    ("billing.0009_invoice_price", "Add field price to invoice"): "no version served that wrote invoices",
    ("core.0002_change_place_signing_keys", "Add field place to change"): (
        "the change log holds the lines of some days; its index is built and its rows are rewritten in a moment"
    ),
    ("mail.0003_sending", "Raw Python operation"): "writes one row into the table that the same migration makes",
}


def later_migrations() -> Iterator[tuple[str, migrations.Migration, ProjectState]]:
    """Every migration of ours that some version may serve beside, with the state of all models before it."""
    graph = MigrationLoader(None).graph
    plan = dict.fromkeys(key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
    state = ProjectState()
    for app, name in plan:
        migration = graph.nodes[app, name]
        if migration.__module__.startswith("broadsheet.") and int(name[:4]) > FIRST.get(app, 0):
            yield f"{app}.{name}", migration, state.clone()
        migration.mutate_state(state, preserve=False)


@cache
def find_dangers() -> dict[tuple[str, str], list[str]]:
    """Every dangerous operation with what is dangerous about it."""
    found = {}
    for name, migration, before in later_migrations():
        judge = Judge(migration.app_label, before)
        for operation in migration.operations:
            dangers = judge.find_dangers(operation)
            if dangers:
                found[name, operation.describe()] = dangers
    return found


def test_no_migration_disturbs_the_version_that_serves() -> None:
    dangers = {place: why for place, why in find_dangers().items() if place not in ALLOWED}
    assert dangers == {}, "change the migration (docs/developer.md, Migrations), or say in ALLOWED why it is safe"


def test_each_exception_is_still_needed_and_has_a_reason() -> None:
    assert ALLOWED.keys() <= find_dangers().keys()
    assert all(ALLOWED.values())


def test_small_tables_are_there() -> None:
    known = {f"{app}.{model}" for app, model in MigrationLoader(None).project_state().models}
    assert known >= SMALL_TABLES


# -- The judge -------------------------------------------------------------------------------------------------------

ARTICLE = ModelState(
    "library",
    "Article",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("headline", models.CharField(max_length=200)),
        ("dek", models.CharField(max_length=200, null=True)),
        ("words", models.IntegerField(db_default=0)),
    ],
)
PLAN = ModelState("library", "HomePage", [("id", models.BigAutoField(primary_key=True))])
NEW = migrations.CreateModel("Fresh", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9))])
INDEX = models.Index(fields=["headline"], name="an_index")
ON_FRESH = models.Index(fields=["name"], name="on_fresh")
CHECK = models.CheckConstraint(condition=models.Q(words__gte=0), name="words_are_some")


def add(field: models.Field, model: str = "article") -> Operation:
    return migrations.AddField(model, "extra", field)


def alter(name: str, field: models.Field) -> Operation:
    return migrations.AlterField("article", name, field)


CASES: list[tuple[str, list[Operation], list[str]]] = [
    ("a new table", [NEW], []),
    ("an index on a new table", [NEW, migrations.AddIndex("fresh", ON_FRESH)], []),
    ("a required field of a new table", [NEW, add(models.IntegerField(), "fresh")], []),
    ("an optional field", [add(models.IntegerField(null=True))], []),
    ("a field with a default of the database", [add(models.IntegerField(db_default=0))], []),
    ("a field with a default of Django alone", [add(models.IntegerField(default=0))], [REQUIRED]),
    ("a text field that may be empty", [add(models.CharField(max_length=9, blank=True, default=""))], [REQUIRED]),
    ("many to many", [add(models.ManyToManyField("library.HomePage"))], []),
    ("an indexed field", [add(models.IntegerField(null=True, db_index=True))], [BLOCKS]),
    ("a foreign key", [add(models.ForeignKey("library.HomePage", models.CASCADE, null=True))], [BLOCKS]),
    ("an indexed field of a small table", [add(models.IntegerField(null=True, db_index=True), "homepage")], []),
    ("a field gone", [migrations.RemoveField("article", "dek")], [REMOVED]),
    ("a table gone", [migrations.DeleteModel("Article")], [REMOVED]),
    ("a field renamed", [migrations.RenameField("article", "dek", "standfirst")], [RENAMED]),
    ("a model renamed", [migrations.RenameModel("Article", "Story")], [RENAMED]),
    ("a table renamed", [migrations.AlterModelTable("article", "stories")], [RENAMED]),
    ("required from now on", [alter("dek", models.CharField(max_length=200))], [TIGHTENED]),
    ("optional from now on", [alter("headline", models.CharField(max_length=200, null=True))], []),
    ("shorter", [alter("headline", models.CharField(max_length=100))], [TIGHTENED]),
    ("longer", [alter("headline", models.CharField(max_length=300))], []),
    ("without limit", [alter("headline", models.CharField(max_length=None))], []),
    ("of another type", [alter("words", models.BigIntegerField(db_default=0))], [TIGHTENED]),
    ("unique", [alter("headline", models.CharField(max_length=200, unique=True))], [BLOCKS, TIGHTENED]),
    ("indexed from now on", [alter("headline", models.CharField(max_length=200, db_index=True))], [BLOCKS]),
    ("without its default", [alter("words", models.IntegerField(default=0))], [REQUIRED]),
    ("in another column", [alter("headline", models.CharField(max_length=200, db_column="head"))], [RENAMED]),
    ("with other words for people", [alter("headline", models.CharField("title", max_length=200, help_text="Short."))], []),
    ("an index on a large table", [migrations.AddIndex("article", INDEX)], [BLOCKS]),
    ("the same beside readers", [AddIndexBesideReaders("article", INDEX)], []),
    ("a constraint", [migrations.AddConstraint("article", CHECK)], [TIGHTENED]),
    ("any code", [migrations.RunPython(migrations.RunPython.noop)], [UNKNOWN]),
    ("any statement", [migrations.RunSQL("DELETE FROM library_article")], [UNKNOWN]),
    ("what is hidden in two", [migrations.SeparateDatabaseAndState([migrations.RemoveField("article", "dek")])], [REMOVED]),
    ("what the database does not see", [migrations.SeparateDatabaseAndState([], [migrations.RemoveField("article", "dek")])], []),
]


@pytest.mark.parametrize(("what", "steps", "dangers"), CASES, ids=[case[0] for case in CASES])
def test_the_judge_knows(what: str, steps: list[Operation], dangers: list[str]) -> None:
    state = ProjectState()
    for model in (ARTICLE, PLAN):
        state.add_model(model.clone())
    judge = Judge("library", state)
    assert [danger for step in steps for danger in judge.find_dangers(step)] == dangers
