"""Counting: events and lines of ledgers become sums by day. Safe to kill and to run in several workers.

One transaction adds to the sums and moves the mark, whose row is locked meanwhile; so nothing is lost and nothing is
counted twice. Each thing is counted on its own day, however late it comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from broadsheet.billing.models import Subscription
from broadsheet.figures import store
from broadsheet.figures.facts import facts_of
from broadsheet.figures.models import ArticleDayCount, CountedLedger, DayCount, LedgerNews, Mark, SubscriptionDay

EVENTS, LEDGERS = "events", "ledgers"
# On SQLite everybody who writes waits for a batch: 20,000 events take a fifth of a second.
EVENTS_AT_ONCE = 20_000
LEDGERS_AT_ONCE = 1_000
MAX_BATCHES = 50  # of one run of the job; the next goes on from there


def count_everything() -> int:
    """Count what has happened since the last time; returns how many events and ledgers that were."""
    return _repeat(count_events) + _repeat(count_ledgers)


def count_events(*, at_most: int = EVENTS_AT_ONCE) -> int:
    """Count one batch of events; returns how many."""
    with transaction.atomic():
        mark = _lock_mark(EVENTS)
        batch = store.read_events(mark.place, at_most=at_most)
        days: Counter[tuple[date, str, str]] = Counter()
        articles: Counter[tuple[date, str, int, str]] = Counter()
        day_of = _day_finder(settings.BROADSHEET.zone)
        number = 0
        for kind, at, article_id, source, count in batch.rows:
            number += 1
            day = day_of(at)
            days[day, kind, source] += count
            if article_id is not None:
                articles[day, kind, article_id, source] += count
        if not number:
            return 0  # the mark stays: a server without readers is not written to every few seconds
        store.add(DayCount, ("day", "kind", "source"), {key: (count,) for key, count in days.items()})
        store.add(ArticleDayCount, ("day", "kind", "article_id", "source"), {key: (count,) for key, count in articles.items()})
        mark.place = batch.next_place
        mark.save(update_fields=["place"])
    return number


def count_ledgers(*, at_most: int = LEDGERS_AT_ONCE) -> int:
    """Count what is new in the ledgers of some subscriptions; returns how many ledgers that were."""
    with transaction.atomic():
        _lock_mark(LEDGERS)
        news = list(LedgerNews.objects.order_by("id").values_list("id", "subscription_id")[:at_most])
        if not news:
            return 0
        sums: dict[tuple[date, str, str, int, str], tuple[int, int]] = {}
        prices = store.load_prices()
        numbers = {subscription_id for _, subscription_id in news}
        counted = dict(CountedLedger.objects.filter(pk__in=numbers).values_list("pk", "lines"))
        day_of = _day_finder(settings.BROADSHEET.zone)
        seen = {}
        for subscription_id, provider, lines in store.load_ledgers(numbers):
            seen[subscription_id] = len(lines)
            for fact in facts_of(lines, prices[provider], skip=counted.get(subscription_id, 0)):
                key = (day_of(fact.at), str(fact.what), str(fact.why), fact.plan_id, fact.currency)
                count, cents = sums.get(key, (0, 0))
                sums[key] = (count + fact.count, cents + fact.yearly_cents)
        store.add(SubscriptionDay, ("day", "what", "why", "plan_id", "currency"), sums)
        CountedLedger.objects.bulk_create(
            (CountedLedger(subscription_id=pk, lines=lines) for pk, lines in seen.items()),
            update_conflicts=True,
            update_fields=["lines"],
            unique_fields=["subscription_id"],
        )
        LedgerNews.objects.filter(pk__in=[pk for pk, _ in news]).delete()
    return len(numbers)


def start_over(name: str) -> None:
    """Forget what was counted of one log, so that the next run counts it from its beginning."""
    with transaction.atomic():
        mark = Mark.objects.select_for_update().filter(name=name).first()
        if name == EVENTS:
            DayCount.objects.all().delete()
            ArticleDayCount.objects.all().delete()
        else:
            SubscriptionDay.objects.all().delete()
            CountedLedger.objects.all().delete()
            LedgerNews.objects.all().delete()
            LedgerNews.objects.bulk_create(
                (LedgerNews(subscription_id=pk) for pk in Subscription.objects.order_by("pk").values_list("pk", flat=True)),
                batch_size=1_000,
            )
        if mark is not None:
            mark.place, mark.zone = 0, settings.BROADSHEET.zone.key
            mark.save(update_fields=["place", "zone"])


def _repeat(count_batch: Callable[[], int]) -> int:
    total = 0
    for _ in range(MAX_BATCHES):
        number = count_batch()
        total += number
        if not number:
            break
    return total


def _lock_mark(name: str) -> Mark:
    """The mark of one log, held until the transaction ends; in other days than the publication's, counting starts over."""
    zone = settings.BROADSHEET.zone.key
    mark, is_new = Mark.objects.get_or_create(name=name, defaults={"zone": zone})
    mark = Mark.objects.select_for_update().get(pk=mark.pk)
    if is_new or mark.zone != zone:
        start_over(name)
        mark.refresh_from_db()
    return mark


def _day_finder(zone: ZoneInfo) -> Callable[[datetime], date]:
    """Turns moments into the publication's days; those of one hour are reckoned once, as zones change on the quarter."""
    known: dict[int, date] = {}

    def find(at: datetime) -> date:
        quarter = int(at.timestamp()) // 900
        day = known.get(quarter)
        if day is None:
            day = known[quarter] = at.astimezone(zone).date()
        return day

    return find
