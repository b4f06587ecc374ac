"""Export and erasure reach every table of the register: a reader of whom every one of them tells is exported, then erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import models

from broadsheet.accounts.models import User
from broadsheet.accounts.personal_store import person_of
from broadsheet.core.clock import StoppedClock
from broadsheet.core.personal import REGISTER, export_person
from broadsheet.mail.models import OutboxLetter
from broadsheet.web.account_flows import erase_account

pytestmark = pytest.mark.django_db

ADDRESS = "whoever@example.net"
NUMBERS = count(1)
# What has to come after something else, by the names of its fields.
LATER = ("ends_at", "redeem_by", "period_end", "due_at", "link_ends_at", "code_ends_at")
STAYS = {
    "billing.Declaration": "stands for itself, account or not",
    "desk.AuditLine": "names a number that leads to nobody",
}


def value_of(field: models.Field[Any, Any], user: User, now: datetime) -> Any:
    """Something that a field can hold, and that tells of `user` where a field can."""
    if isinstance(field, models.ForeignKey):
        if field.related_model is User:
            return user
        return None if field.null else make_row(field.related_model, user, now)
    if field.name.endswith("reader_id"):
        return user.pk
    if isinstance(field, models.EmailField):
        return ADDRESS
    if field.name == "address_key":
        return user.address_key
    if field.null:
        return None
    if field.choices:
        return next(value for value, _ in field.choices)
    if isinstance(field, models.DateTimeField):
        return now + timedelta(days=30 if field.name in LATER else 0)
    if isinstance(field, models.DateField):
        return now.date()
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.1"
    if isinstance(field, models.IntegerField | models.DecimalField):
        return 1
    return "EUR" if field.name == "currency" else f"x{next(NUMBERS)}"


def make_row(model: Any, user: User, now: datetime) -> Any:
    """A row of any table; rows that it needs are made, too."""
    skipped = (models.AutoField, models.CompositePrimaryKey)
    fields = [field for field in model._meta.local_concrete_fields if not isinstance(field, skipped)]
    return model._default_manager.create(**{field.name: value_of(field, user, now) for field in fields})


@pytest.fixture
def reader(make_reader: Any, clock: StoppedClock) -> User:
    """Somebody of whom every table of the register tells."""
    user: User = make_reader(ADDRESS, first_name="Ann", last_name="Example")
    for table in REGISTER.tables:
        if not table.find(person_of(user)).exists():
            make_row(table.model, user, clock.now())
    return user


def test_everything_is_exported(reader: User) -> None:
    for table in REGISTER.tables:
        assert table.find(person_of(reader)).exists(), f"made no row of {table.model._meta.label}"
    exported = export_person(person_of(reader))
    assert {name for name, rows in exported.items() if not rows} == set()


def test_nothing_that_tells_of_the_reader_is_left(reader: User, clock: StoppedClock) -> None:
    person = person_of(reader)
    erase_account(reader, now=clock.now())
    for table in REGISTER.tables:
        label, found = table.model._meta.label, table.find(person)
        if label in STAYS:
            continue
        if table.model is OutboxLetter:
            assert [row.kind for row in found] == ["erased"]
            continue
        assert not found.exists(), f"{label} still tells of the reader"
        assert ADDRESS not in str(list(table.model._default_manager.values())), f"{label} still holds the address"
    assert not User.objects.filter(pk=person.reader_id).exists()


def test_rows_that_are_kept_are_still_there(reader: User, clock: StoppedClock) -> None:
    counts = {table.model: table.model._default_manager.count() for table in REGISTER.tables if table.why_kept}
    erase_account(reader, now=clock.now())
    for model, number in counts.items():
        assert model._default_manager.count() == number, model._meta.label
