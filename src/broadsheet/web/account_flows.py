"""Taking one's data along, and erasing the account."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import datetime

from django.db import transaction

from broadsheet.accounts.models import User
from broadsheet.accounts.personal_store import person_of
from broadsheet.core.personal import erase_person, export_person
from broadsheet.core.text import harmless_cell
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.membership.flows import change_rights


def export_account(user: User) -> bytes:
    """A ZIP with everything kept under one account: `account.json`, and a CSV for each table."""
    tables = export_person(person_of(user))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", json.dumps(tables, indent=2, ensure_ascii=False, default=str))
        for name, rows in tables.items():
            if rows:
                archive.writestr(f"{name}.csv", _csv(rows))
    return packed.getvalue()


def erase_account(user: User, *, now: datetime) -> None:
    """Erase an account and everything personal, as the register of personal tables says."""
    person = person_of(user)
    with transaction.atomic():
        erase_person(person, now=now)
        queue_letter(LetterKind.ERASED, person.address, {}, now=now)
        change_rights(person.reader_id, now=now)


def _csv(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: harmless_cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()
