"""Every field about a person is in the register: what of it is exported, what erasing does, why anything stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.test.utils import isolate_apps

from broadsheet.accounts.models import User
from broadsheet.core.personal import REGISTER, PersonalTable, Register, delete_rows, find_kept
from tests.architecture.sources import DOCS

# A name with one of these words sounds as if it told of a person.
TELLING = re.compile(
    r"(^|_)(name|address|email|mail|ip|network|agent|postal|street|city|phone|message|note|comment|reason|organisation|person"
    r"|buyer|giver|recipient|sender|holder|owner|author|browser|(?:reader|user|customer)(?:_id|_ref|_key)?)(_|$)"
)
NUMBERS = (models.BooleanField, models.PositiveIntegerField, models.PositiveSmallIntegerField)  # they count, whatever their name
# Tables of Wagtail's and Django's own hold what staff do at the desk; an account of the staff is closed by the publisher.
NOT_READERS = re.compile(r"^(wagtail|taggit|auth|contenttypes|sessions|django_tasks|modelcluster)")


def sounds_personal(field: models.Field[Any, Any]) -> bool:
    """Whether a field points at an account, holds an address, or has a name that sounds so."""
    if isinstance(field, models.EmailField | models.GenericIPAddressField):
        return True
    if field.is_relation:
        return field.related_model is User
    return not isinstance(field, NUMBERS) and bool(TELLING.search(field.name))


def find_untold(tables: Iterable[type[models.Model]], register: Register) -> Iterator[str]:
    """Fields that sound personal and stand in no line of the register."""
    for model in tables:
        for field in model._meta.local_fields:
            if sounds_personal(field) and not register.covers(model._meta.label, field.name):
                yield f"{model._meta.label}.{field.name}"


def readers_tables() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if not NOT_READERS.match(model._meta.app_label)]


def test_every_field_about_a_person_is_registered() -> None:
    untold = ", ".join(find_untold(readers_tables(), REGISTER))
    assert untold == "", (
        "tell of it in the package's personal_store.py: how it is exported and erased, or why it is not about a person"
    )


@isolate_apps("broadsheet.accounts")
def test_a_table_that_nobody_told_of_is_found() -> None:
    class Diary(models.Model):
        reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
        pen_name = models.CharField(max_length=60)
        sent_to = models.EmailField()
        pages = models.PositiveIntegerField()

        class Meta:
            app_label = "accounts"

    register = Register()
    assert list(find_untold([Diary], register)) == ["accounts.Diary.reader", "accounts.Diary.pen_name", "accounts.Diary.sent_to"]
    register.not_personal(Diary, "Made up.", "pen_name")
    register.add(
        PersonalTable(Diary, fields="reader sent_to", find=lambda person: Diary.objects.none(), erase=delete_rows, exported="pages")
    )
    assert list(find_untold([Diary], register)) == []


def test_the_register_names_fields_that_are_there() -> None:
    for table in REGISTER.tables:
        for path in table.fields.split() + table.exported.split():
            model: Any = table.model
            for name in path.split("__"):
                try:
                    field = model._meta.get_field(name)
                except FieldDoesNotExist:
                    raise AssertionError(f"{table.model._meta.label} has no {path}") from None
                model = field.related_model


def test_every_table_is_exported_or_says_why_not() -> None:
    for table in REGISTER.tables:
        assert bool(table.exported) == bool(table.name) != bool(table.why_not_exported), table.model._meta.label
    names = [table.name for table in REGISTER.tables if table.name]
    assert len(set(names)) == len(names)


def test_what_stays_says_why_and_the_rest_is_deleted() -> None:
    for table in REGISTER.tables:
        has_account = any(
            isinstance(field, models.ForeignKey) and field.related_model is User and field.remote_field.on_delete is models.CASCADE
            for field in table.model._meta.local_fields
        )
        assert not (has_account and table.why_kept), f"{table.model._meta.label} goes with its account, and cannot be kept"
        assert not table.kept_years or table.why_kept, table.model._meta.label


def test_the_page_about_the_law_lists_what_stays() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| ([^|]+) \| (\d*) ?\|$", (DOCS / "law.md").read_text("utf-8"), re.MULTILINE)
    listed = {label: (why, int(years or 0)) for label, why, years in rows}
    kept = {table.model._meta.label: (table.why_kept, table.kept_years) for table in find_kept()}
    assert listed == kept, "bring the table in docs/law.md up to date"
