"""Students say where they study when they subscribe, and once a year again."""

from __future__ import annotations

from datetime import datetime, timedelta

from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Plan, StudentDeclaration, Subscription

GOOD_FOR = timedelta(days=365)
ASKED_AGAIN = timedelta(days=30)  # this long before the word is a year old
DECLARATION = "I study there now, and will say so again each year."


def declare_student(reader_id: int, institution: str, *, now: datetime) -> None:
    """Keep a reader's word that they study."""
    StudentDeclaration.objects.create(reader_id=reader_id, institution=institution, declared_at=now)


def find_institution(reader_id: int) -> str:
    """Where a reader has said that they study, last; empty if they never did."""
    return StudentDeclaration.objects.filter(reader_id=reader_id).values_list("institution", flat=True).first() or ""


def is_word_due(reader_id: int, *, now: datetime) -> bool:
    """Whether a reader pays a student's price and has to say again that they study."""
    holds = (
        Subscription.objects.filter(reader_id=reader_id, price__plan__kind=Plan.Kind.STUDENT)
        .exclude(status__in=(Status.ENDED, Status.UNPAID))
        .exists()
    )
    lately = StudentDeclaration.objects.filter(reader_id=reader_id, declared_at__gt=now - GOOD_FOR + ASKED_AGAIN)
    return holds and not lately.exists()
