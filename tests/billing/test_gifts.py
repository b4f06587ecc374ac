"""A gift: bought, delivered on its day, redeemed once, never the giver's, and over when its money is given back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from broadsheet.billing import gifts, offline_flows
from broadsheet.billing.gift_flows import (
    GiftRefusal,
    GiftWish,
    change_gift,
    code_of,
    deliver_again,
    deliver_due_gifts,
    find_by_code,
    find_held,
    forget_recipients,
    redeem_gift,
    remind_of_gifts,
    report_unredeemed_gifts,
)
from broadsheet.billing.models import Alert, Gift, Order, Plan, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, follow_subscription
from broadsheet.billing.refund_flows import refund
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy, give

pytestmark = pytest.mark.django_db

ANN = "ann@example.org"


@pytest.fixture
def gift_plan() -> Plan:
    return Plan.objects.create(name="A year for a friend", slug="gift", price_cents=9600, period="year", kind=Plan.Kind.GIFT)


def letters(address: str) -> list[str]:
    return list(OutboxLetter.objects.filter(to_address=address).order_by("id").values_list("kind", flat=True))


def payment_of(row: Subscription) -> str:
    return row.lines.get(kind="payment").detail


# -- Buying ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
def test_gift_is_delivered_at_once_and_the_giver_may_read_nothing_for_it(
    told: bool, offline: Any, gift_plan: Plan, make_reader: Any
) -> None:
    giver = make_reader()
    gift = give(giver, gift_plan, told=told)
    assert not Grant.objects.filter(reader=giver).exists()
    assert letters(giver.email) == ["gift-bought"]
    assert letters(ANN) == ["gift"]
    letter = OutboxLetter.objects.get(to_address=ANN)
    assert "For the long evenings." in letter.text
    assert code_of(gift) in letter.text
    assert f"/gift/{code_of(gift)}/" in letter.html
    assert Order.objects.get(subscription=gift.subscription).details == {}


def test_gift_ends_for_the_giver_without_a_letter_and_is_never_paid_again(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    giver = make_reader()
    gift = give(giver, gift_plan, day=date(2027, 2, 17))
    clock.advance(timedelta(days=500))
    offline_flows.advance(now=clock.now())
    row = follow_subscription("offline", gift.subscription.ref, now=clock.now())
    assert (row.status, row.kept_cents) == ("ended", 9600)
    assert letters(giver.email) == ["gift-bought"]
    gift.refresh_from_db()
    assert gift.is_paid  # that the purchase has run out says nothing about the gift
    assert not gift.stopped_at


def test_purchase_without_an_order_is_put_before_the_staff(offline: Any, gift_plan: Plan, make_reader: Any) -> None:
    buy(make_reader(), gift_plan)
    assert not Gift.objects.exists()
    assert Alert.objects.get().key.endswith(":whom")


# -- Delivery --------------------------------------------------------------------------------------------------------


def test_gift_waits_for_eight_in_the_morning_where_the_publication_is(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    gift = give(make_reader(), gift_plan, day=date(2026, 3, 29))  # the night in which Berlin's clocks go ahead
    assert gift.deliver_at == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert gift.redeem_by == datetime(2027, 3, 29, 6, tzinfo=UTC)
    clock.at = gift.deliver_at - timedelta(seconds=1)
    assert deliver_due_gifts(now=clock.now()) == 0
    clock.advance(timedelta(seconds=1))
    assert deliver_due_gifts(now=clock.now()) == 1
    assert deliver_due_gifts(now=clock.now()) == 0
    assert letters(ANN) == ["gift"]


def test_server_that_was_down_delivers_later(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    give(make_reader(), gift_plan, day=date(2026, 3, 1))
    clock.advance(timedelta(days=90))
    assert deliver_due_gifts(now=clock.now()) == 1
    assert letters(ANN) == ["gift"]


def test_giver_changes_a_gift_until_it_is_delivered(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan, day=date(2026, 3, 1))
    later = GiftWish("cat@example.org", "Ben and Bo", "Soon", date(2026, 4, 1))
    assert change_gift(gift, later, now=clock.now())
    clock.at = datetime(2026, 3, 2, tzinfo=UTC)
    assert deliver_due_gifts(now=clock.now()) == 0
    assert change_gift(gift, GiftWish("cat@example.org", "Ben", "Now", None), now=clock.now())
    assert letters("cat@example.org") == ["gift"]
    assert letters(ANN) == []
    assert not change_gift(gift, later, now=clock.now())
    assert letters("cat@example.org") == ["gift"]


def test_one_reminder_comes_after_two_weeks_unless_the_gift_is_open(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    give(make_reader(), gift_plan)
    opened = give(make_reader(), gift_plan)
    redeem_gift(opened.pk, make_reader(), now=clock.now())
    clock.advance(timedelta(days=13))
    assert remind_of_gifts(now=clock.now()) == 0
    clock.advance(timedelta(days=1))
    assert remind_of_gifts(now=clock.now()) == 1
    clock.advance(timedelta(days=30))
    assert remind_of_gifts(now=clock.now()) == 0
    assert letters(ANN) == ["gift", "gift", "gift-reminder"]


def test_staff_send_a_gift_once_more_to_another_address_while_it_waits(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    gift = give(make_reader(), gift_plan)
    assert deliver_again(gift, "anne@example.org", now=clock.now())
    assert code_of(gift) in OutboxLetter.objects.get(to_address="anne@example.org").text
    redeem_gift(gift.pk, make_reader(), now=clock.now())
    assert not deliver_again(gift, ANN, now=clock.now())


# -- Redeeming -------------------------------------------------------------------------------------------------------


def test_gift_runs_for_its_whole_time_from_the_day_it_is_opened_in_whichever_account(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    gift, reader = give(make_reader(), gift_plan), make_reader("another-address@example.org")
    clock.advance(timedelta(days=100))
    assert isinstance(redeem_gift(gift.pk, reader, now=clock.now()), Gift)
    grant = Grant.objects.get(reader=reader)
    assert (grant.source, grant.starts_at) == ("gift", clock.now())
    assert grant.ends_at == clock.now().replace(year=2027)
    assert letters(reader.email) == ["gift-opened"]
    assert Event.objects.get(kind="gift_redeemed").reader_id == reader.pk


def test_gift_is_opened_once(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan)
    redeem_gift(gift.pk, make_reader(), now=clock.now())
    assert redeem_gift(gift.pk, make_reader(), now=clock.now()) is GiftRefusal.USED
    assert Grant.objects.count() == 1


def test_gift_waits_a_year_and_then_staff_decide(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan)
    clock.at = gift.redeem_by - timedelta(seconds=1)
    assert report_unredeemed_gifts(now=clock.now()) == 0
    assert find_by_code(code_of(gift), network_key="net", now=clock.now()) == gift
    clock.advance(timedelta(seconds=1))
    assert redeem_gift(gift.pk, make_reader(), now=clock.now()) is GiftRefusal.OVER
    report_unredeemed_gifts(now=clock.now())
    report_unredeemed_gifts(now=clock.now())
    assert Alert.objects.get().key == f"gift:{gift.pk}:unredeemed"


def test_gift_may_begin_when_what_is_held_has_ended_but_only_where_that_is_known(
    offline: Any, plan: Plan, gift_plan: Plan, make_reader: Any, make_subscriber: Any, clock: StoppedClock
) -> None:
    held = make_subscriber()
    end = clock.now() + timedelta(days=365)
    assert find_held(held.pk, now=clock.now()).ends_at == end
    redeem_gift(give(make_reader(), gift_plan).pk, held, after_what_is_held=True, now=clock.now())
    assert Grant.objects.get(reader=held, source="gift").starts_at == end
    renewing = make_reader()
    buy(renewing, plan)
    assert find_held(renewing.pk, now=clock.now()).renews
    redeem_gift(give(make_reader(), gift_plan).pk, renewing, after_what_is_held=True, now=clock.now())
    assert Grant.objects.get(reader=renewing, source="gift").starts_at == clock.now()


def test_own_subscription_stays_when_a_gift_ends(offline: Any, plan: Plan, gift_plan: Plan, make_reader: Any, clock: Any) -> None:
    reader = make_reader()
    own = buy(reader, plan)
    gift = give(make_reader(), gift_plan)
    redeem_gift(gift.pk, reader, now=clock.now())
    refund(gift.subscription_id, payment_of(gift.subscription), 9600, ends_now=True, by=None, now=clock.now())
    assert Grant.objects.get(pk=own.grant_id).ends_at > clock.now()
    assert Grant.objects.get(reader=reader, source="gift").ends_at <= clock.now() + timedelta(seconds=1)


def test_recipient_is_forgotten_long_after_and_whoever_was_never_paid_for_too(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    opened, waiting = give(make_reader(), gift_plan), give(make_reader(), gift_plan)
    redeem_gift(opened.pk, make_reader(), now=clock.now())
    begin_order(make_reader(), Wish(gift_plan.prices.get().pk, "offline", details={"address": ANN}), now=clock.now())
    clock.advance(timedelta(days=90))
    assert forget_recipients(now=clock.now()) == 0
    clock.advance(timedelta(seconds=1))
    assert forget_recipients(now=clock.now()) == 2
    assert list(Gift.objects.order_by("pk").values_list("address", flat=True)) == ["", ANN]
    assert Order.objects.get(subscription=None).details == {}
    clock.at = waiting.redeem_by + timedelta(days=91)
    assert forget_recipients(now=clock.now()) == 1


# -- Money that goes back --------------------------------------------------------------------------------------------


def test_refund_before_it_is_opened_ends_the_gift(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan, day=date(2026, 3, 1))
    refund(gift.subscription_id, payment_of(gift.subscription), 9600, ends_now=False, by=None, now=clock.now())
    assert redeem_gift(gift.pk, make_reader(), now=clock.now()) is GiftRefusal.STOPPED
    clock.advance(timedelta(days=30))
    assert deliver_due_gifts(now=clock.now()) == 0
    assert letters(ANN) == []


def test_part_of_the_money_back_leaves_the_gift(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan)
    refund(gift.subscription_id, payment_of(gift.subscription), 9599, ends_now=False, by=None, now=clock.now())
    assert isinstance(redeem_gift(gift.pk, make_reader(), now=clock.now()), Gift)


def test_refund_after_it_is_opened_ends_what_it_opens_and_says_so(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    gift, reader = give(make_reader(), gift_plan), make_reader()
    redeem_gift(gift.pk, reader, now=clock.now())
    clock.advance(timedelta(days=1))
    refund(gift.subscription_id, payment_of(gift.subscription), 9600, ends_now=True, by=None, now=clock.now())
    assert Grant.objects.get(reader=reader).ends_at == clock.now()
    assert letters(reader.email) == ["gift-opened", "gift-ended"]


def test_money_that_a_bank_holds_back_stops_the_gift_until_it_is_ours_again(
    offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    gift, reader = give(make_reader(), gift_plan), make_reader()
    redeem_gift(gift.pk, reader, now=clock.now())
    end = Grant.objects.get(reader=reader).ends_at
    clock.advance(timedelta(days=1))
    offline_flows.dispute_last_payment(gift.subscription.ref, now=clock.now())
    follow_subscription("offline", gift.subscription.ref, now=clock.now())
    assert Grant.objects.get(reader=reader).ends_at == clock.now()
    payment = offline_flows.OfflinePayment.objects.get()
    payment.is_disputed = False
    payment.save()
    clock.advance(timedelta(days=1))
    follow_subscription("offline", gift.subscription.ref, now=clock.now())
    assert Grant.objects.get(reader=reader).ends_at == end


# -- Codes -----------------------------------------------------------------------------------------------------------


def test_code_is_read_as_people_copy_it(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan)
    code = code_of(gift)
    for typed in (code, code.lower(), code.replace("-", " "), f" {code.replace('0', 'o').replace('1', 'l')} "):
        assert find_by_code(typed, network_key="net", now=clock.now()) == gift


def test_code_holds_80_bits_and_is_not_kept(offline: Any, gift_plan: Plan, make_reader: Any) -> None:
    gift = give(make_reader(), gift_plan)
    assert len(gifts.ALPHABET) ** gifts.CODE_LENGTH == 2**80
    code = gifts.make_code(gift.nonce, secret_key=settings.BROADSHEET.secret_key)
    assert code not in str(Gift.objects.values().get())
    assert gifts.make_code(gift.nonce, secret_key="another") != code


def test_ten_thousand_codes_are_not_even_looked_at(offline: Any, gift_plan: Plan, make_reader: Any, clock: StoppedClock) -> None:
    gift = give(make_reader(), gift_plan)
    tries = [f"{number:016d}" for number in range(60)]
    answers = [find_by_code(code, network_key="net", now=clock.now()) for code in tries]
    assert answers == [GiftRefusal.WRONG] * 20 + [GiftRefusal.TOO_MANY] * 40
    assert find_by_code(code_of(gift), network_key="net", now=clock.now()) is GiftRefusal.TOO_MANY
    assert find_by_code(code_of(gift), network_key="another", now=clock.now()) == gift
    clock.advance(timedelta(hours=1))
    for _ in range(30):  # right ones are not counted
        assert find_by_code(code_of(gift), network_key="net", now=clock.now()) == gift
