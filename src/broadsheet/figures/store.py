"""The figures' queries: what waits to be counted, and the sums by week, article, source and plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, models
from django.db.models import Q, Sum

from broadsheet.billing.ledger import Line
from broadsheet.billing.models import LedgerLine, Plan, Price, Subscription
from broadsheet.core.models import Event
from broadsheet.figures.facts import PriceFacts, yearly
from broadsheet.figures.models import ArticleDayCount, DayCount, SubscriptionDay
from broadsheet.figures.tables import Move

EventRow = tuple[str, datetime, int | None, str, int]
READ_AT_ONCE = 5_000
# Below it no event can appear any more: every transaction that might still show one has a higher number.
_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events as (kind, at, article, source, count), and the place from which on the next batch starts."""

    rows: Iterable[EventRow]
    next_place: int


def read_events(place: int, *, at_most: int) -> EventBatch:
    """The events from a place on that are final, about `at_most` of them; call it inside a transaction.

    A place is an id on SQLite, where writers take turns, and the number of a transaction on PostgreSQL, where ids
    commit out of order (see `core.models.Event`). Events older than that column come with the first batch.
    """
    if connection.vendor != "postgresql":
        last = Event.objects.filter(id__gte=place).order_by("id").values_list("id", flat=True)[:at_most]
        end = max(last, default=place - 1) + 1
        rows = Event.objects.filter(id__gte=place, id__lt=end)
    else:
        with connection.cursor() as cursor:
            cursor.execute(_HORIZON)
            horizon: int = cursor.fetchone()[0]
        # Everything of one transaction goes into one batch, so a batch is at least one transaction long.
        further = Event.objects.filter(place__gt=max(place, 0), place__lt=horizon).order_by("place")
        end = further.values_list("place", flat=True)[at_most : at_most + 1].first() or horizon
        rows = Event.objects.filter(Q(place__gte=place, place__lt=end) | (Q(place__isnull=True) if place == 0 else Q(pk=None)))
    values = rows.order_by().values_list("kind", "at", "article_id", "source", "count")
    return EventBatch(values.iterator(chunk_size=READ_AT_ONCE), end)


def load_prices() -> Mapping[str, Mapping[str, PriceFacts]]:
    """What each price means, by provider and by the number that its ledgers give it."""
    found = _Prices()
    for price in Price.objects.select_related("plan"):
        is_gift = price.plan.kind == Plan.Kind.GIFT
        facts = PriceFacts(price.plan_id, price.currency, yearly(price.cents, price.period), recurs=not is_gift)
        found.own[str(price.pk)] = facts
        for provider, ref in price.provider_refs.items():
            found.of_provider.setdefault(provider, {})[ref] = facts
    return found


def load_ledgers(numbers: Iterable[int]) -> Iterator[tuple[int, str, list[Line]]]:
    """Subscriptions by number: (number, provider, lines in the order in which they were written)."""
    providers = dict(Subscription.objects.filter(pk__in=numbers).values_list("pk", "provider"))
    ledgers: dict[int, list[Line]] = {pk: [] for pk in providers}
    for row in LedgerLine.objects.filter(subscription_id__in=ledgers).order_by("id"):
        ledgers[row.subscription_id].append(row.line())
    for pk, lines in ledgers.items():
        yield pk, providers[pk], lines


def add(model: type[models.Model], names: Sequence[str], sums: Mapping[tuple[Any, ...], tuple[int, ...]]) -> None:
    """Add to the rows that have these keys, or make them; in one order, so that two who add never wait for each other."""
    if not sums:
        return
    values = ("count",) if model is not SubscriptionDay else ("count", "yearly_cents")
    table, columns = model._meta.db_table, [*names, *values]
    sql = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608 (own names)
        f" ON CONFLICT ({', '.join(names)}) DO UPDATE SET"
        f" {', '.join(f'{name} = {table}.{name} + excluded.{name}' for name in values)}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(key[0].isoformat(), *key[1:], *sums[key]) for key in sorted(sums)])


class _Prices(dict[str, Mapping[str, PriceFacts]]):
    """Prices by provider: each knows our own numbers and, where it has them, its own."""

    def __init__(self) -> None:
        super().__init__()
        self.own: dict[str, PriceFacts] = {}
        self.of_provider: dict[str, dict[str, PriceFacts]] = {}

    def __missing__(self, provider: str) -> Mapping[str, PriceFacts]:
        self[provider] = {**self.own, **self.of_provider.get(provider, {})}
        return self[provider]


# -- Sums for pages --------------------------------------------------------------------------------------------------


def sum_by_day(first: date, last: date, kinds: Sequence[str]) -> dict[tuple[date, str], int]:
    """(day, kind) to sum, all articles and sources together."""
    rows = DayCount.objects.filter(day__range=(first, last), kind__in=kinds).order_by()
    return {(day, kind): count for day, kind, count in rows.values_list("day", "kind").annotate(Sum("count"))}


def sum_by_source(first: date, last: date, kinds: Sequence[str]) -> dict[tuple[str, str], int]:
    """(kind, source) to sum."""
    rows = DayCount.objects.filter(day__range=(first, last), kind__in=kinds).order_by()
    return {(kind, source): count for kind, source, count in rows.values_list("kind", "source").annotate(Sum("count"))}


def sum_by_article(first: date, last: date, kinds: Sequence[str]) -> dict[tuple[int, str], int]:
    """(article, kind) to sum."""
    rows = ArticleDayCount.objects.filter(day__range=(first, last), kind__in=kinds).order_by()
    return {(article, kind): count for article, kind, count in rows.values_list("article_id", "kind").annotate(Sum("count"))}


def sum_of_article(article_id: int, first: date, last: date, kinds: Sequence[str]) -> dict[tuple[date, str], int]:
    """(day, kind) to sum, of one article."""
    rows = ArticleDayCount.objects.filter(article_id=article_id, day__range=(first, last), kind__in=kinds).order_by()
    return {(day, kind): count for day, kind, count in rows.values_list("day", "kind").annotate(Sum("count"))}


def load_moves(first: date, last: date) -> list[Move]:
    """What happened to subscriptions, day by day."""
    rows = SubscriptionDay.objects.filter(day__range=(first, last)).order_by("day")
    return [Move(*row) for row in rows.values_list("day", "what", "why", "plan_id", "currency", "count", "yearly_cents")]


def load_moves_before(day: date) -> list[Move]:
    """All that happened before a day, as sums by what and plan, dated the day itself."""
    rows = SubscriptionDay.objects.filter(day__lt=day).order_by().values_list("what", "plan_id", "currency")
    sums = rows.annotate(Sum("count"), Sum("yearly_cents"))
    return [Move(day, what, "", plan_id, currency, count, cents) for what, plan_id, currency, count, cents in sums]


def load_first_day() -> date | None:
    """The earliest day of which anything is known."""
    days = (
        DayCount.objects.order_by("day").values_list("day", flat=True).first(),
        SubscriptionDay.objects.order_by("day").values_list("day", flat=True).first(),
    )
    return min((day for day in days if day is not None), default=None)
