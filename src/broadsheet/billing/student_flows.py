"""Students say where they study when they subscribe, and once a year again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

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


def words_due(*, now: datetime) -> QuerySet[Subscription]:
    """Subscriptions at a student's price whose readers have to say again that they study."""
    lately = now - GOOD_FOR + ASKED_AGAIN
    word = StudentDeclaration.objects.filter(reader_id=OuterRef("reader_id"), declared_at__gt=lately)
    return Subscription.objects.filter(
        ~Exists(word),
        reader_id__isnull=False,
        price__plan__kind=Plan.Kind.STUDENT,
        started_at__lte=lately,
        status__in=(Status.TRIAL, Status.ACTIVE),
        cancel_at__isnull=True,
    )


def number_of_year(row: Subscription, *, now: datetime) -> int:
    """Which time it is that a student is asked: once a year."""
    return (now + ASKED_AGAIN - row.started_at) // GOOD_FOR
