"""What is sold: cards, discounts, free days, campaigns and their codes, changes of prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from broadsheet.billing import offline_flows
from broadsheet.billing.campaign_flows import CodeRefusal, find_by_token, find_campaign, hold_campaign, token_of, try_code
from broadsheet.billing.change_flows import CHANGE, CHANGE_OF_SEATS, next_payment, order_change
from broadsheet.billing.changes import PeriodPrice
from broadsheet.billing.ledger import LineKind
from broadsheet.billing.letter_flows import write_price_letters, write_student_letters
from broadsheet.billing.models import Alert, Campaign, Order, Plan, PriceChange, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, follow_subscription, order_of
from broadsheet.billing.price_change_flows import (
    CannotAnnounce,
    announce_price_change,
    apply_price_changes,
    load_price_history,
    withdraw_price_change,
)
from broadsheet.billing.provider import ProviderAway, Refused
from broadsheet.billing.store import compare, compose_cards, load_offers
from broadsheet.billing.student_flows import declare_student
from broadsheet.billing.terms import Terms, compose_terms
from broadsheet.core import clock as house_clock
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(plan: Plan) -> Campaign:
    row = Campaign.objects.create(name="Spring", slug="spring", code="Spring-26", discount_percent=50, discount_periods=2)
    row.plans.set([plan])
    return row


def order(reader: Any, plan: Plan, campaign: str = "") -> Order:
    """Go to pay and not come back."""
    price = plan.prices.first()
    assert price is not None
    begin_order(reader, Wish(price.pk, "offline", campaign=campaign), now=house_clock.now())
    return Order.objects.filter(reader=reader).latest("id")


def pay(row: Order) -> Subscription:
    offline_flows.pay_order(row, order_of(row), now=house_clock.now())
    found = finish_order(row, now=house_clock.now())
    assert found is not None
    return found


def live(row: Subscription, clock: Any, days: int) -> list[int]:
    """Let days pass; returns all sums that were taken by then."""
    for _ in range(days):
        clock.advance(timedelta(days=1))
        apply_price_changes(now=house_clock.now())
        offline_flows.advance(now=house_clock.now())
        follow_subscription("offline", row.ref, now=house_clock.now())
    row.refresh_from_db()
    return list(row.lines.filter(kind=LineKind.PAYMENT).values_list("cents", flat=True))


# -- Plans -------------------------------------------------------------------------------------------------------------


def test_plans_of_one_name_are_one_card_that_says_what_a_year_saves() -> None:
    Plan.objects.all().delete()
    holds = "Every article\nThe library"
    Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year", holds=holds, position=1)
    Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month", holds=holds, position=2)
    Plan.objects.create(name="Brief", slug="brief", price_cents=300, period="month", holds="The library", position=3)
    Plan.objects.create(name="Seats", slug="seats", price_cents=300, period="year", kind="group", position=4)
    cards = compose_cards(load_offers())
    assert [(card.name, [offer.slug for offer in card.offers], card.saving_percent) for card in cards] == [
        ("All-Access", ["year", "month"], 18),  # 96 instead of 117.60
        ("Brief", ["brief"], 0),
    ]
    assert compare(cards) == (("Every article", (True, False)), ("The library", (True, True)))


@pytest.mark.parametrize(("year", "saving"), [(11760, 0), (12000, 0), (11759, 0), (11642, 1), (0, 100)])
def test_saving_is_rounded_down_and_never_below_nothing(year: int, saving: int) -> None:
    Plan.objects.all().delete()
    Plan.objects.create(name="A", slug="year", price_cents=year, period="year")
    Plan.objects.create(name="A", slug="month", price_cents=980, period="month")
    assert [card.saving_percent for card in compose_cards(load_offers())] == [saving]


@pytest.mark.parametrize("slug", ["gift", "group", "code", "offer", "done", "student"])
def test_plan_cannot_take_the_address_of_another_page(slug: str) -> None:
    with pytest.raises(ValidationError, match="another page"):
        Plan(name="A", slug=slug, price_cents=100, period="year").full_clean()


def test_free_days_are_for_those_who_never_subscribed(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    Plan.objects.update(trial_days=7)
    plan.refresh_from_db()
    reader = make_reader()
    first = pay(order(reader, plan))
    assert (first.status, first.kept_cents, first.period_end) == ("trial", 0, clock.now() + timedelta(days=7))
    offline.cancel(first.ref, at_period_end=False, now=clock.now())
    follow_subscription("offline", first.ref, now=clock.now())
    assert pay(order(reader, plan)).kept_cents == 980


def test_terms_say_what_is_taken_and_when() -> None:
    said = compose_terms(Terms("All-Access", 980, "EUR", "month", 7, 50, 3, "incl. VAT"))
    assert said[:3] == (
        "You order All-Access for €9.80 a month (incl. VAT).",
        "With this offer the first 3 months cost €4.90 a month; after them, €9.80 a month.",
        "The first 7 days are free; then €4.90 is taken, unless you have cancelled before.",
    )
    assert "renews by itself each month until you cancel" in said[3]
    assert "first year costs €48; after it, €96 a year" in compose_terms(Terms("A", 9600, "EUR", "year", 0, 50, 1))[1]
    assert "it costs ¥500 a month" in compose_terms(Terms("A", 1000, "JPY", "month", 0, 50, None))[1]


# -- Campaigns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("periods", "taken"), [(1, [490, 980, 980, 980]), (2, [490, 490, 980, 980]), (None, [490, 490, 490, 490])])
def test_discount_holds_for_its_payments_and_the_full_price_comes_after(
    offline: Any, plan: Plan, campaign: Campaign, make_reader: Any, clock: Any, periods: int | None, taken: list[int]
) -> None:
    Campaign.objects.update(discount_periods=periods)
    assert live(pay(order(make_reader(), plan, "spring")), clock, 95) == taken


def test_free_days_use_no_payment_of_a_discount_up(
    offline: Any, plan: Plan, campaign: Campaign, make_reader: Any, clock: Any
) -> None:
    Plan.objects.update(trial_days=7)
    plan.refresh_from_db()
    assert live(pay(order(make_reader(), plan, "spring")), clock, 75) == [490, 490, 980]


def test_campaign_is_used_no_more_often_than_it_may_be(
    offline: Any, plan: Plan, campaign: Campaign, make_reader: Any, clock: Any
) -> None:
    Campaign.objects.update(max_uses=2)
    pay(order(make_reader(), plan, "spring"))
    waiting = make_reader()
    for _ in range(3):
        order(waiting, plan, "spring")  # one reader holds one use, however often they go to pay
    with pytest.raises(Refused, match="as often as it could be"):
        order(make_reader(), plan, "spring")
    clock.advance(timedelta(hours=25))  # whoever did not pay holds it no more
    pay(order(make_reader(), plan, "spring"))
    with pytest.raises(Refused):
        order(waiting, plan, "spring")


def test_campaign_for_new_subscribers_is_for_them_only(offline: Any, plan: Plan, campaign: Campaign, make_reader: Any) -> None:
    Campaign.objects.update(new_only=True)
    reader = make_reader()
    buy(reader, plan)
    with pytest.raises(Refused, match="new subscribers"):
        order(reader, plan, "spring")


def test_campaign_is_for_its_plans_only(offline: Any, campaign: Campaign, make_reader: Any) -> None:
    other = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    with pytest.raises(Refused, match="over"):
        order(make_reader(), other, "spring")


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        ({}, True),
        ({"is_on": False}, False),
        ({"starts_at": timedelta(hours=1)}, False),
        ({"starts_at": timedelta(0)}, True),
        ({"ends_at": timedelta(0)}, False),
        ({"ends_at": timedelta(seconds=1)}, True),
    ],
)
def test_campaign_runs_from_its_start_to_its_end(plan: Plan, campaign: Campaign, clock: Any, change: Any, runs: bool) -> None:
    values = {name: clock.now() + value if isinstance(value, timedelta) else value for name, value in change.items()}
    Campaign.objects.update(**values)
    now = clock.now()
    assert (find_campaign("spring", now=now) is not None) is runs
    assert (find_by_token(token_of(campaign), now=now) is not None) is runs
    assert isinstance(try_code("spring-26", network_key="n", browser_key=None, now=now), Campaign) is runs


def test_page_and_code_are_two_ways_of_their_own(campaign: Campaign, clock: Any) -> None:
    Campaign.objects.update(has_page=False)
    assert find_campaign("spring", now=clock.now()) is None
    for forged in ("spring", "spring.", "spring.0123456789abcdef0123", ".", "", "spring.é"):
        assert find_by_token(forged, now=clock.now()) is None
    assert find_by_token(token_of(campaign), now=clock.now()) == campaign


@pytest.mark.parametrize("typed", ["Spring-26", "SPRING-26", "spring-26", "  spring-26 "])
def test_code_is_the_same_in_capitals_and_small_letters(campaign: Campaign, clock: Any, typed: str) -> None:
    assert try_code(typed, network_key="n", browser_key="b", now=clock.now()) == campaign


def test_two_campaigns_cannot_share_a_code(campaign: Campaign) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.create(name="Other", slug="other", code="sPRING-26", discount_percent=10)
    for slug in ("page-one", "page-two"):
        Campaign.objects.create(name="No code", slug=slug, discount_percent=10)


def test_ten_thousand_codes_are_not_tried_from_one_network(campaign: Campaign, clock: Any) -> None:
    """Ten an hour are looked at; then even the right one is refused, so that nobody learns anything. An hour later it works."""
    answers = [try_code(f"code-{n}", network_key="n", browser_key=f"b{n}", now=clock.now()) for n in range(30)]
    assert answers == [CodeRefusal.WRONG] * 10 + [CodeRefusal.TOO_MANY] * 20
    assert try_code("spring-26", network_key="n", browser_key=None, now=clock.now()) is CodeRefusal.TOO_MANY
    assert try_code("spring-26", network_key="other", browser_key=None, now=clock.now()) == campaign
    clock.advance(timedelta(hours=1))
    assert try_code("spring-26", network_key="n", browser_key=None, now=clock.now()) == campaign


def test_browser_that_changes_networks_is_counted_too(campaign: Campaign, clock: Any) -> None:
    answers = [try_code("wrong", network_key=f"n{n}", browser_key="b", now=clock.now()) for n in range(12)]
    assert answers[9:] == [CodeRefusal.WRONG, CodeRefusal.TOO_MANY, CodeRefusal.TOO_MANY]


def test_right_codes_are_not_counted(campaign: Campaign, clock: Any) -> None:
    for _ in range(30):
        assert try_code("spring-26", network_key="n", browser_key="b", now=clock.now()) == campaign


def test_empty_code_finds_no_campaign_without_one(campaign: Campaign, clock: Any) -> None:
    Campaign.objects.update(code="")
    for typed in ("", "  "):
        assert try_code(typed, network_key="n", browser_key="b", now=clock.now()) is CodeRefusal.WRONG


def test_campaign_cannot_be_held_for_a_plan_outside_a_transaction_of_its_order(
    campaign: Campaign, plan: Plan, make_reader: Any, clock: Any
) -> None:
    with transaction.atomic():
        assert hold_campaign("spring", make_reader(), plan, now=clock.now()) == campaign


# -- Prices ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def raised(offline: Any, plan: Plan, make_reader: Any) -> Callable[[], Subscription]:
    """Somebody subscribes at 9.80; then the price is 12.80."""

    def make() -> Subscription:
        row = buy(make_reader(), plan)
        plan.price_cents = 1280
        plan.save()
        return row

    return make


def announce(row: Subscription, clock: Any, *, days: int = 40, told: bool = True, letters: int = 1) -> PriceChange:
    change = announce_price_change(row.price, (clock.now() + timedelta(days=days)).date(), by=None, now=clock.now())
    if told:
        assert write_price_letters(now=clock.now()) == letters
    return change


def test_history_says_how_many_pay_each_price(raised: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    raised()
    Order.objects.all().delete()
    buy(make_reader(), plan)
    assert [(row.price.cents, row.holders, row.is_asked_now) for row in load_price_history(plan)] == [
        (1280, 1, True),
        (980, 1, False),
    ]


def test_new_price_is_taken_at_the_first_renewal_after_the_day_and_not_before(raised: Any, clock: Any) -> None:
    row = raised()
    announce(row, clock, days=70)  # bought on 17 February: renewals on the 17th of each month; the day is 28 April
    assert live(row, clock, 60) == [980, 980, 980]
    assert live(row, clock, 30) == [980, 980, 980, 1280]
    assert row.price.cents == 1280
    assert live(row, clock, 31) == [980, 980, 980, 1280, 1280]


def test_who_was_not_told_in_time_keeps_the_old_price(raised: Any, clock: Any) -> None:
    row = raised()
    announce(row, clock, days=40, told=False)
    clock.advance(timedelta(days=35))
    assert write_price_letters(now=clock.now()) == 1
    assert live(row, clock, 30)[-1] == 980  # 17 April: told 25 days before
    assert live(row, clock, 31)[-1] == 1280


def test_withdrawn_change_changes_nothing(raised: Any, clock: Any) -> None:
    row = raised()
    change = announce(row, clock)
    live(row, clock, 30)
    withdraw_price_change(change, now=clock.now())
    assert live(row, clock, 40) == [980, 980, 980]


def test_whoever_has_cancelled_is_not_asked_for_the_new_price(raised: Any, offline: Any, clock: Any) -> None:
    row = raised()
    announce(row, clock)
    live(row, clock, 35)
    offline.cancel(row.ref, at_period_end=True, now=clock.now())
    assert live(row, clock, 40) == [980, 980]


@pytest.mark.parametrize("seats", [1, 2])
def test_announced_price_does_not_undo_what_the_reader_has_chosen_for_the_renewal(raised: Any, clock: Any, seats: int) -> None:
    row = raised()
    announce(row, clock)
    live(row, clock, 35)
    small = Plan.objects.create(name="Small", slug="small", price_cents=480, period="month").prices.get()
    price, source = (small, CHANGE) if seats == 1 else (row.price, CHANGE_OF_SEATS)
    row = order_change(row, price, seats=seats, source=source, agreed_text="", at_renewal=True, now=clock.now())
    assert next_payment(row, now=clock.now()) == PeriodPrice(price.cents * seats, "EUR", "month")
    assert live(row, clock, 25) == [980, 980, price.cents * seats]


def test_provider_that_does_not_answer_is_asked_once_and_changes_prices_later(
    raised: Any, plan: Plan, make_reader: Any, offline: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, row, asked = buy(make_reader(), plan), raised(), []
    announce(row, clock, letters=2)
    live(row, clock, 57)
    clock.advance(timedelta(days=1))
    follow_subscription("offline", other.ref, now=house_clock.now())

    def be_away(self: Any, ref: str, *args: Any, **terms: Any) -> None:
        asked.append(ref)
        raise ProviderAway("No answer.")

    with monkeypatch.context() as patch:
        patch.setattr(type(offline), "change_price", be_away)
        assert apply_price_changes(now=house_clock.now()) == 0
    assert (len(asked), Alert.objects.count()) == (1, 0)
    assert apply_price_changes(now=house_clock.now()) == 2


def test_change_is_announced_at_least_thirty_days_before(raised: Any, clock: Any) -> None:
    row = raised()
    today = date(2026, 2, 17)
    with pytest.raises(CannotAnnounce, match="20 March 2026 or later"):
        announce_price_change(row.price, today + timedelta(days=30), by=None, now=clock.now())
    announce_price_change(row.price, today + timedelta(days=31), by=None, now=clock.now())
    announce_price_change(row.price, today + timedelta(days=60), by=None, now=clock.now())
    assert [change.effective_on for change in PriceChange.objects.filter(withdrawn_at=None)] == [today + timedelta(days=60)]


def test_price_that_is_asked_now_is_not_changed(raised: Any, plan: Plan, clock: Any) -> None:
    raised()
    newest = plan.prices.first()
    assert newest is not None
    with pytest.raises(CannotAnnounce, match="asked now"):
        announce_price_change(newest, date(2026, 8, 1), by=None, now=clock.now())


# -- Students --------------------------------------------------------------------------------------------------------------


def test_students_are_asked_once_a_year_whether_they_study(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    Plan.objects.update(kind="student")
    reader = make_reader()
    declare_student(reader.pk, "A college", now=clock.now())
    row = buy(reader, plan)
    written = [live(row, clock, 335), write_student_letters(now=clock.now())][1:]
    for days in (1, 10, 353, 1):
        live(row, clock, days)
        written.append(write_student_letters(now=clock.now()))
    assert written == [1, 0, 0, 0, 1], "a month before the word is a year old, and a year later again"
    letter = OutboxLetter.objects.filter(kind="still-student").latest("id")
    assert "last time you named: A college" in letter.text and "/subscribe/student/" in letter.text
    declare_student(reader.pk, "Another", now=clock.now())
    live(row, clock, 300)
    assert write_student_letters(now=clock.now()) == 0
