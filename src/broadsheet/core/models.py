"""Tables that every package may write to: change log, event log, tallies, the demo's clock offset."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now


class TransactionNumber(models.Func):
    """The number of the transaction that inserts a row; on SQLite, where writers take turns and ids say as much, 0."""

    template = "0"
    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(pg_current_xact_id()::text::bigint)", **context)


class Change(models.Model):
    """One line of the change log: something that finished pages or open sessions depend on has changed.

    Written in the transaction that makes the change. Processes that hold derived state read it in order of
    `place`: on PostgreSQL lines appear when their transaction commits, not in the order of their ids.
    """

    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField()
    place = models.BigIntegerField(db_default=TransactionNumber(), editable=False, db_index=True)

    class Meta:
        ordering = ("id",)


class Event(models.Model):
    """One thing that happened on the way from stranger to subscriber. Holds no address.

    Numbers instead of foreign keys: an event outlives the article and the account it tells of. `place` is as in
    `Change`, and empty in events that are older than it.
    """

    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    month = models.CharField(max_length=7)
    article_id = models.BigIntegerField(null=True)
    reader_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=60, blank=True)
    place = models.BigIntegerField(null=True, db_default=TransactionNumber(), editable=False)

    class Meta:
        ordering = ("id",)
        indexes = [
            models.Index(fields=("kind", "at"), name="core_event_kind_at"),
            # On SQLite every place is 0 and the index stays empty.
            models.Index(fields=("place",), condition=models.Q(place__gt=0), name="core_event_place"),
        ]


class Tally(models.Model):
    """How often something was tried in one window of time, counted in the database so that all processes share it."""

    scope = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    window = models.CharField(max_length=24)
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("scope", "subject", "window"), name="core_tally_once")]


class ClockOffset(models.Model):
    """How far the demo's clock runs ahead; one row at most, and none outside the demo."""

    seconds = models.BigIntegerField(default=0)


class TrimmedLog(models.Model):
    """Up to which line the change log has been deleted for its age; one row. Who stands below has missed something.

    `last_at` is when the newest deleted line was made: a clock that was far ahead may have deleted it far too early.
    """

    up_to = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)


class SigningKey(models.Model):
    """A key that signs readers' passes. The newest signs; those before it still count until they are deleted."""

    key_id = models.CharField(max_length=12, unique=True)
    secret = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)


class Heartbeat(models.Model):
    """When a process that answers no requests last said that it lives; one row for each kind of process and host.

    `at` is the host's own clock, `seen_at` the database's: they differ by how far the host's clock is off.
    """

    name = models.CharField(max_length=24)
    host = models.CharField(max_length=120)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField()
    clock_jumped_at = models.DateTimeField(null=True)
    clock_jump_s = models.FloatField(null=True)

    class Meta:
        ordering = ("name", "host")
        constraints = [models.UniqueConstraint(fields=("name", "host"), name="core_heartbeat_once")]
