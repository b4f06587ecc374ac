"""What the desk keeps of people: what staff did for readers."""

from __future__ import annotations

from broadsheet.core.personal import REGISTER, PersonalTable, keep_rows
from broadsheet.desk.models import AuditLine


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
    )
