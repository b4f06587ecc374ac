"""Giving money back: never more than is left, once, and with the end if that is meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadsheet.billing import offline_flows, refund_flows
from broadsheet.billing.models import Alert, OfflineSubscription, Plan, Subscription
from broadsheet.billing.provider import ProviderAway, Refused
from broadsheet.core import clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


def payment_of(row: Subscription) -> str:
    return str(row.lines.get(kind="payment").detail)


def give_back(row: Subscription, cents: int, *, ends_now: bool = False, left_cents: int | None = None) -> Subscription:
    ref = payment_of(row)
    return refund_flows.refund(row.pk, ref, cents, ends_now=ends_now, by=None, now=clock.now(), left_cents=left_cents)


def test_all_of_a_payment_is_given_back_and_access_ends_with_it(offline: Any, plan: Plan, make_reader: Any) -> None:
    row = give_back(buy(make_reader(), plan), 980, ends_now=True)
    assert (row.status, row.kept_cents) == ("ended", 0)
    assert Grant.objects.get(pk=row.grant_id).ends_at <= clock.now() + timedelta(microseconds=1)
    assert list(OutboxLetter.objects.filter(kind__in=("refunded", "ended")).values_list("kind", flat=True)) == ["refunded", "ended"]


def test_part_of_a_payment_is_given_back_and_the_subscription_goes_on(offline: Any, plan: Plan, make_reader: Any) -> None:
    row = give_back(buy(make_reader(), plan), 480)
    assert (row.status, row.kept_cents) == ("active", 500)
    assert Grant.objects.get(pk=row.grant_id).ends_at > clock.now()
    assert OutboxLetter.objects.get(kind="refunded").subject.endswith("€4.80")


@pytest.mark.parametrize(
    ("cents", "words"), [(501, "Only €5 of this payment are left"), (0, "above nothing"), (-5, "above nothing")]
)
def test_more_than_is_left_is_refused_and_nothing_moves(offline: Any, plan: Plan, make_reader: Any, cents: int, words: str) -> None:
    row = give_back(buy(make_reader(), plan), 480)
    with pytest.raises(Refused, match=words):
        give_back(row, cents)
    row.refresh_from_db()
    assert row.kept_cents == 500


def test_pressing_twice_gives_back_once(offline: Any, plan: Plan, make_reader: Any) -> None:
    row = give_back(buy(make_reader(), plan), 100, left_cents=980)
    with pytest.raises(Refused, match=r"€8\.80 are left by now"):
        give_back(row, 100, left_cents=980)
    row.refresh_from_db()
    assert row.kept_cents == 880


def test_refund_that_the_provider_made_by_itself_is_counted_before_more_is_given(
    offline: offline_flows.OfflineProvider, plan: Plan, make_reader: Any
) -> None:
    row = buy(make_reader(), plan)
    offline.refund(row.ref, payment_of(row), cents=900, now=clock.now())
    with pytest.raises(Refused, match=r"Only €0\.80"):
        give_back(row, 100)


def test_payment_that_is_not_the_subscriptions_is_refused(offline: Any, plan: Plan, make_reader: Any) -> None:
    row, other = buy(make_reader(), plan), buy(make_reader(), plan)
    with pytest.raises(Refused, match="holds no payment"):
        refund_flows.refund(row.pk, payment_of(other), 100, ends_now=False, by=None, now=clock.now())


def test_staff_are_told_when_the_money_is_back_and_the_end_could_not_be_ordered(
    offline: Any, plan: Plan, make_reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = buy(make_reader(), plan)

    def be_away(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("No answer.")

    monkeypatch.setattr(type(offline), "cancel", be_away)
    row = give_back(row, 980, ends_now=True)
    assert (row.status, row.kept_cents) == ("active", 0)
    assert "has not ended: No answer." in Alert.objects.get(subscription=row).text
    assert OfflineSubscription.objects.get(ref=row.ref).status == "active"
