"""Sums by day, and how far the counting has come."""

from __future__ import annotations

from django.db import models


class DayCount(models.Model):
    """How often one kind of event happened on one day (publication's zone), by its source."""

    day = models.DateField()
    kind = models.CharField(max_length=24)
    source = models.CharField(max_length=60, blank=True)
    count = models.BigIntegerField()

    class Meta:
        ordering = ("day", "kind", "source")
        constraints = [models.UniqueConstraint(fields=("day", "kind", "source"), name="figures_day_once")]


class ArticleDayCount(models.Model):
    """The same for one article; an event without an article stands in `DayCount` only."""

    day = models.DateField()
    kind = models.CharField(max_length=24)
    article_id = models.BigIntegerField()
    source = models.CharField(max_length=60, blank=True)
    count = models.BigIntegerField()

    class Meta:
        ordering = ("day", "kind", "article_id", "source")
        constraints = [models.UniqueConstraint(fields=("day", "kind", "article_id", "source"), name="figures_article_day_once")]
        indexes = [models.Index(fields=("article_id", "day"), name="figures_article_day")]


class SubscriptionDay(models.Model):
    """What happened to subscriptions on one day: how many, and by how much recurring revenue changed.

    `yearly_cents` is what the change is worth in a year, in the currency's smallest unit, so that neither a month nor
    a year has to be rounded.
    """

    day = models.DateField()
    what = models.CharField(max_length=12)
    why = models.CharField(max_length=12, blank=True)
    plan_id = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    count = models.BigIntegerField()
    yearly_cents = models.BigIntegerField()

    class Meta:
        ordering = ("day", "what", "why", "plan_id", "currency")
        constraints = [
            models.UniqueConstraint(fields=("day", "what", "why", "plan_id", "currency"), name="figures_subscription_day_once")
        ]


class LedgerNews(models.Model):
    """A subscription whose ledger has new lines; written in the transaction that adds them, deleted when they are counted.

    A row for each time, never one that is used again: whoever counts deletes those that it has seen and no other.
    """

    subscription_id = models.BigIntegerField()

    class Meta:
        ordering = ("id",)


class CountedLedger(models.Model):
    """How many lines of one subscription's ledger have been counted."""

    subscription_id = models.BigIntegerField(primary_key=True)
    lines = models.PositiveIntegerField()


class Mark(models.Model):
    """How far one log has been counted, and in which zone's days; where the zone is another now, counting starts over."""

    name = models.CharField(max_length=16, unique=True)
    place = models.BigIntegerField(default=0)
    zone = models.CharField(max_length=64)
