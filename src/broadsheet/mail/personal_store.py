"""What this package keeps of people."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from broadsheet.core.personal import REGISTER, Person, PersonalTable, delete_rows
from broadsheet.mail.models import OutboxLetter


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            OutboxLetter,
            fields="to_address reply_to subject text html",
            find=_letters,
            erase=delete_rows,
            name="letters",
            # Neither subject nor text: they hold codes that prove a mailbox, which a browser that is signed in must not learn.
            exported="kind created_at sent_at state",
        )
    )
    REGISTER.not_personal(OutboxLetter, "The number and the file of a letter.", "message_id", "attachment_name")


def _letters(person: Person) -> QuerySet[OutboxLetter]:
    return OutboxLetter.objects.filter(Q(to_address__iexact=person.address) | Q(reply_to__iexact=person.address))
