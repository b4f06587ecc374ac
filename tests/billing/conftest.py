"""A plan, and the offline provider to buy it from."""

from __future__ import annotations

import pytest

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Plan


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> offline_flows.OfflineProvider:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return provider


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
