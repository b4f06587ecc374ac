"""Tables that every package may write to: change log, event log, tallies, the demo's clock offset."""

from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One line of the change log: something that finished pages or open sessions depend on has changed.

    Written in the transaction that makes the change. Processes that hold derived state read it in order.
    """

    kind = models.CharField(max_length=24)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)


class Event(models.Model):
    """One thing that happened on the way from stranger to subscriber. Holds no address.

    Numbers instead of foreign keys: an event outlives the article and the account it tells of.
    """

    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    month = models.CharField(max_length=7)
    article_id = models.BigIntegerField(null=True)
    reader_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=("kind", "at"), name="core_event_kind_at")]


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
