"""What waits: letters in the outbox, jobs for the job worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django_tasks_db.models import DBTaskResult

from broadsheet.mail.store import Outbox, is_mail_held, load_outbox

LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Jobs:
    """How many jobs wait and since when the oldest may run; how many failed in the last day."""

    waiting: int
    waiting_since: datetime | None
    failed: int


@dataclass(frozen=True, slots=True)
class Queues:
    """Everything that waits."""

    outbox: Outbox
    is_mail_held: bool
    jobs: Jobs


def load_queues(*, now: datetime) -> Queues:
    """What waits now, by the publication's clock."""
    return Queues(load_outbox(now=now), is_mail_held(), load_jobs(now=now))


def load_jobs(*, now: datetime) -> Jobs:
    """How the jobs stand. Those that are to run later do not count as waiting."""
    waiting = DBTaskResult.objects.ready()
    oldest = waiting.order_by("enqueued_at").values_list("enqueued_at", "run_after").first()
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=now - LATELY).count()
    return Jobs(waiting.count(), _since(*oldest, now) if oldest is not None else None, failed)


def _since(enqueued_at: datetime, run_after: datetime, now: datetime) -> datetime:
    """Since when a job could have run; one that may run at once has a date in the year 9999."""
    return run_after if enqueued_at < run_after <= now else enqueued_at
