"""Many requests at once for links and for openings: never one more than there may be, on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.library.models import Article
from broadsheet.paywall.friend_flows import ShareResult, open_link, share_article
from broadsheet.paywall.models import FriendLink, FriendOpening
from broadsheet.publication.models import Publication

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make every call in a thread with a connection of its own, all in the same moment."""
    start = Barrier(len(calls))

    def make(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def test_24_wishes_at_once_for_12_articles_make_exactly_as_many_links_as_a_month_holds(
    make_article: Callable[..., Article], make_subscriber: Callable[..., User], clock: StoppedClock
) -> None:
    Publication.objects.create(friend_links_per_month=5)
    giver, articles, now = make_subscriber(), [make_article().pk for _ in range(12)], clock.now()
    results: list[ShareResult] = all_at_once([lambda pk=pk: share_article(giver.pk, pk, now=now) for pk in articles * 2])
    outcomes = Counter(str(result.outcome) for result in results)
    assert outcomes["made"] == 5
    assert outcomes["already_made"] <= 5
    assert sum(outcomes.values()) == 24
    links = list(FriendLink.objects.order_by("slot").values_list("slot", "article_id"))
    assert [slot for slot, _ in links] == [1, 2, 3, 4, 5]
    assert len({article for _, article in links}) == 5, "one article was given away twice"
    assert len({result.token for result in results if result.token}) == 5
    assert Event.objects.filter(kind="shared").count() == 5


def test_browsers_at_once_are_never_more_than_may_open_a_link(
    make_article: Callable[..., Article], make_subscriber: Callable[..., User], clock: StoppedClock
) -> None:
    Publication.objects.create(friend_link_browsers=5)
    share_article(make_subscriber().pk, make_article().pk, now=clock.now())
    link, now = FriendLink.objects.get(), clock.now()
    browsers = [f"{number % 12:032x}" for number in range(24)]  # each of twelve twice
    opened = all_at_once([lambda key=key: open_link(link.pk, browser_key=key, now=now) for key in browsers])
    let_in = {key for key, is_open in zip(browsers, opened, strict=True) if is_open}
    assert len(let_in) == 5
    assert set(FriendOpening.objects.values_list("browser_key", flat=True)) == let_in


@pytest.mark.parametrize("slot", [0, 11])
def test_table_itself_refuses_a_link_beyond_the_allowance(
    slot: int, make_article: Callable[..., Article], make_subscriber: Callable[..., User], clock: StoppedClock
) -> None:
    share_article(make_subscriber().pk, make_article().pk, now=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        FriendLink.objects.update(slot=slot)
