"""A plan, and the offline provider to buy it from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Plan
from broadsheet.core import clock as core_clock
from tests.billing.worlds import InvoiceWorld, OfflineWorld, StripeWorld, stripe_world


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> offline_flows.OfflineProvider:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return provider


@pytest.fixture
def stripe_side(monkeypatch: pytest.MonkeyPatch, clock: core_clock.StoppedClock) -> Iterator[StripeWorld]:
    """Our Stripe gateway, with a double of Stripe behind it."""
    with stripe_world(clock.now()) as world:
        monkeypatch.setattr(providers, "load_providers", lambda: {"stripe": world.provider})
        yield world


@pytest.fixture(params=["offline", "stripe", "invoice"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> OfflineWorld | StripeWorld | InvoiceWorld:
    """Each provider in turn."""
    if request.param == "invoice":
        invoices = InvoiceWorld()
        monkeypatch.setattr(providers, "load_providers", lambda: {"invoice": invoices.provider})
        return invoices
    if request.param == "stripe":
        world: StripeWorld = request.getfixturevalue("stripe_side")
        return world
    request.getfixturevalue("offline")
    return OfflineWorld()


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
