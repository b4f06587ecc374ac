"""Plans, campaigns and prices at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Campaign, Plan, PriceChange
from broadsheet.desk.roles import Role
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")


@pytest.fixture
def held(plan: Plan, make_reader: Any, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan that somebody has subscribed to."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    buy(make_reader(), plan)
    return plan


@pytest.fixture
def publisher(desk: Callable[[Role], Client]) -> Client:
    return desk(Role.PUBLISHER)


def address(view: str, plan: Plan) -> str:
    return reverse(plan.snippet_viewset.get_url_name(view), args=[plan.pk])  # type: ignore[attr-defined]


def filled(**changes: object) -> dict[str, object]:
    values = {"name": "All-Access", "slug": "month", "price": "9.80", "currency": "eur", "period": "month", "kind": "standard"}
    return {**values, "trial_days": "0", "position": "0", "min_seats": "1", "max_seats": "100", "is_offered": "on", **changes}


@pytest.mark.parametrize(("typed", "currency", "cents"), [("12.8", "EUR", 1280), ("12,80", "eur", 1280), ("980", "JPY", 980)])
def test_price_is_typed_as_people_write_it(publisher: Client, plan: Plan, typed: str, currency: str, cents: int) -> None:
    assert 'value="9.80"' in publisher.get(address("edit", plan)).content.decode()
    publisher.post(address("edit", plan), filled(price=typed, currency=currency))
    plan.refresh_from_db()
    assert (plan.price_cents, plan.currency) == (cents, currency.upper())
    assert plan.prices.all()[0].cents == cents


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": "9.805"}, "no amount of EUR"),
        ({"price": "-1"}, "no amount of EUR"),
        ({"price": "9.8", "currency": "JPY"}, "no amount of JPY"),
        ({"currency": "E1"}, "three letters"),
        ({"slug": "gift"}, "another page already"),
    ],
)
def test_plan_that_cannot_be_is_not_saved(publisher: Client, plan: Plan, changes: dict[str, object], words: str) -> None:
    assert words in publisher.post(address("edit", plan), filled(**changes)).content.decode()
    plan.refresh_from_db()
    assert (plan.price_cents, plan.slug) == (980, "month")


def test_held_plan_is_not_deleted_and_the_desk_says_what_to_do(publisher: Client, held: Plan) -> None:
    bulk = reverse("wagtail_bulk_action", args=["billing", "plan", "delete"]) + f"?id={held.pk}"
    for delete in (address("delete", held), bulk):
        page = publisher.post(delete, follow=True).content.decode()
        assert "is held by 1; it can’t be deleted. Stop offering it instead" in page
        assert Plan.objects.filter(pk=held.pk).exists()


def test_plan_that_nobody_ever_had_is_deleted(publisher: Client, plan: Plan) -> None:
    publisher.post(address("delete", plan))
    assert not Plan.objects.filter(pk=plan.pk).exists()


def test_rise_is_announced_and_withdrawn(publisher: Client, held: Plan) -> None:
    held.price_cents = 1280
    held.save()
    old = held.prices.last()
    assert old is not None
    page = publisher.get(reverse("desk_plan_prices", args=[held.pk])).content.decode()
    assert "€9.80 a month" in page and "Asked of new subscribers" in page
    announce = reverse("desk_announce_price_change", args=[held.pk, old.pk])
    early = publisher.post(announce, {"effective_on": "2026-03-01"})
    assert early.status_code == 422
    assert "20 March 2026 or later" in early.content.decode()
    publisher.post(announce, {"effective_on": "2026-04-01"})
    change = PriceChange.objects.get()
    assert (change.effective_on, change.to_price.cents, change.announced_by is None) == (date(2026, 4, 1), 1280, False)
    publisher.post(reverse("desk_withdraw_price_change", args=[held.pk, change.pk]))
    assert not PriceChange.objects.filter(withdrawn_at=None).exists()


def test_campaign_is_made_at_the_desk(publisher: Client, plan: Plan) -> None:
    add = reverse(Campaign.snippet_viewset.get_url_name("add"))  # type: ignore[attr-defined]
    values = {"name": "Spring", "slug": "spring", "code": "", "plans": [plan.pk], "discount_percent": "50", "is_on": "on"}
    assert "Give it a code or a page" in publisher.post(add, values).content.decode()
    publisher.post(add, {**values, "code": " spring ", "discount_periods": "3"})
    row = Campaign.objects.get()
    assert (row.code, row.discount_periods, list(row.plans.all())) == ("spring", 3, [plan])
    assert "50%" in publisher.get(reverse(Campaign.snippet_viewset.get_url_name("list"))).content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", [Role.WRITER, Role.EDITOR, Role.SUPPORT])
def test_prices_are_the_publishers_business(desk: Callable[[Role], Client], plan: Plan, role: Role) -> None:
    for path in (reverse("desk_plan_prices", args=[plan.pk]), address("edit", plan)):
        assert desk(role).get(path).status_code in (302, 403)
