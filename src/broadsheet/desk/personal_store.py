"""What the desk keeps of people: what staff did for readers, and to many articles at once."""

from __future__ import annotations

from django.db.models import Q

from broadsheet.core.personal import REGISTER, PersonalTable, keep_rows
from broadsheet.desk.models import AuditLine, BulkChange, BulkEntry


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            AuditLine,
            fields="staff reader_id reason detail",
            find=lambda person: AuditLine.objects.filter(reader_id=person.reader_id),
            erase=keep_rows,
            name="staff_actions",
            exported="action reason at",
            why_kept="Who of the staff did what and why; the reader is a number that leads to nobody once the account is gone.",
            kept_years=3,
        ),
        PersonalTable(
            BulkChange,
            fields="staff resumed_by undone_by",
            find=lambda person: BulkChange.objects.filter(
                Q(staff_id=person.reader_id) | Q(resumed_by_id=person.reader_id) | Q(undone_by_id=person.reader_id)
            ),
            erase=keep_rows,
            why_not_exported="It is the publication’s log of its own articles.",
            why_kept="Who of the staff changed many articles at once; the account’s number is blanked when the account is gone.",
        ),
    )
    REGISTER.not_personal(BulkEntry, "Why an article was left alone.", "reason")
