"""Our books against the provider's: every difference is found, and can be mended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadsheet.billing import offline_flows
from broadsheet.billing.models import OfflineSubscription, Plan, Subscription
from broadsheet.billing.reconcile_flows import find_differences, mend
from broadsheet.core import clock
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


def test_books_agree_after_a_purchase(offline: Any, plan: Plan, make_reader: Any) -> None:
    buy(make_reader(), plan)
    assert list(find_differences(now=clock.now())) == []


def test_payment_that_nobody_told_of_is_found_and_mended(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    row = buy(make_reader(), plan)
    clock.advance(timedelta(days=40))
    offline_flows.advance(now=clock.now())
    found = list(find_differences(now=clock.now()))
    assert any("payment of 9.80 EUR is missing here" in difference.what for difference in found)
    assert any(difference.what.startswith("money:") for difference in found)
    assert mend(found[0], now=clock.now())
    assert list(find_differences(now=clock.now())) == []
    row.refresh_from_db()
    assert row.kept_cents == 2 * 980


def test_subscription_that_only_one_side_has_is_found(offline: Any, plan: Plan, make_reader: Any) -> None:
    ours, theirs = buy(make_reader(), plan), buy(make_reader(), plan)
    OfflineSubscription.objects.filter(ref=ours.ref).delete()
    Subscription.objects.filter(pk=theirs.pk).update(ref="other")
    whats = sorted(difference.what for difference in find_differences(now=clock.now()))
    assert sum("the provider has none of that number" in what for what in whats) == 2
    assert sum("we do not" in what for what in whats) == 1


def test_grant_that_was_lengthened_by_hand_is_found(offline: Any, plan: Plan, make_reader: Any) -> None:
    row = buy(make_reader(), plan)
    grant = Grant.objects.get(pk=row.grant_id)
    grant.ends_at = (grant.ends_at or clock.now()) + timedelta(days=30)
    grant.save()
    assert ["ledger says" in difference.what for difference in find_differences(now=clock.now())] == [True]
