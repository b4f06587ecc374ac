"""Gathers what `/metrics` says: the files of the processes, the database, the disk."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from broadsheet.conf.watch import metrics
from broadsheet.conf.watch.asking import NoAnswer, Question
from broadsheet.conf.watch.backups import find_last_backup
from broadsheet.conf.watch.metrics import Figures, Measure, Sample
from broadsheet.conf.watch.queues import Queues, load_queues
from broadsheet.conf.watch.snapshots import read_snapshots
from broadsheet.core import clock
from broadsheet.core.store import HeldHeartbeat, load_heartbeats
from broadsheet.library.search.index_flows import search_folder
from broadsheet.library.search.state import count_articles

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0  # monitoring gives up after ten seconds, and the other figures are worth having without these
KEEP_FOR_S = 1.0

Stated = dict[Measure, Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the database says at one moment."""

    at: datetime
    queues: Queues
    heartbeats: tuple[HeldHeartbeat, ...]


def ask_database() -> Told:
    """What the database says now."""
    now = clock.now()
    return Told(now, load_queues(now=now), load_heartbeats())


TOLD = Question(ask_database, patience_s=PATIENCE_S, keep_for_s=KEEP_FOR_S)


def read_figures() -> Figures:
    """Everything for one answer; without the database what it would say is missing."""
    data_dir, now = settings.BROADSHEET.data_dir, clock.SystemClock().now()
    backup, articles = find_last_backup(data_dir), count_articles(search_folder())
    stated: Stated = {
        metrics.DISK_FREE: [((), shutil.disk_usage(data_dir).free)],
        metrics.SEARCH_ARTICLES: [((), articles)] if articles is not None else [],
        metrics.BACKUP_AGE: [((), (now - backup.at).total_seconds())] if backup is not None else [],
    }
    try:
        stated |= state_told(TOLD.answer())
    except (NoAnswer, DatabaseError) as error:
        logger.warning("Metrics without what the database says: %s", error)
        stated[metrics.DATABASE_UP] = [((), 0)]
    return Figures(read_snapshots(data_dir / "metrics"), now.timestamp(), stated)


def state_told(told: Told) -> Stated:
    """What the database said, as samples."""
    outbox, jobs = told.queues.outbox, told.queues.jobs
    return {
        metrics.DATABASE_UP: [((), 1)],
        metrics.JOBS_WAITING: [((), jobs.waiting)],
        metrics.JOBS_FAILED: [((), jobs.failed)],
        metrics.JOBS_OLDEST: [((), _age_s(jobs.waiting_since, told.at))],
        metrics.LETTERS: [((state,), number) for state, number in outbox.letters.items()],
        metrics.LETTERS_LATE: [((), _age_s(outbox.due_since, told.at))],
        metrics.MAIL_HELD: [((), told.queues.is_mail_held)],
        metrics.BEAT_AGE: [((beat.name, beat.host), beat.age_s) for beat in told.heartbeats],
    }


def _age_s(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
