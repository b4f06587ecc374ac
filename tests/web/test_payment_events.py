"""Where payment providers tell what has happened."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import OfflineEvent, Plan, ReceivedEvent
from broadsheet.core import clock, outage
from broadsheet.core.counts import COUNTS
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db
ADDRESS = "/payments/offline/events/"


@pytest.fixture
def event(monkeypatch: pytest.MonkeyPatch, make_reader: Any) -> OfflineEvent:
    """What the offline provider has to say after a purchase."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    buy(make_reader(), Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month"))
    return OfflineEvent.objects.get()


def tell(client: Client, body: str, address: str = ADDRESS) -> Any:
    return client.post(address, body, content_type="application/json")


def test_event_is_kept_once_and_answered_at_once(event: OfflineEvent) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = tell(client, f'{{"id": "{event.event_id}"}}')
        assert (answer.status_code, answer.json()) == (200, {"received": True})
        assert answer["Cache-Control"] == "private, no-store"
        assert not answer.cookies
    row = ReceivedEvent.objects.get()
    assert (row.event_id, row.received_at, row.settled_at) == (event.event_id, clock.now(), None)


@pytest.mark.parametrize("body", ['{"id": "evt_other"}', "{}", "[]", "", "\x00", '{"id": {"a": 1}}', "7"])
def test_event_that_is_not_the_providers_is_refused_without_a_reason(client: Client, event: OfflineEvent, body: str) -> None:
    before = COUNTS.events.numbers.get(("refusal", "untrusted-event"), 0)
    answer = tell(client, body)
    assert (answer.status_code, answer.json()) == (400, {"error": "not accepted"})
    assert COUNTS.events.numbers["refusal", "untrusted-event"] == before + 1
    assert not ReceivedEvent.objects.exists()


def test_too_much_is_not_read(client: Client, event: OfflineEvent) -> None:
    assert tell(client, f'{{"id": "{event.event_id}", "x": "{"y" * 256 * 1024}"}}').status_code == 413


def test_provider_that_is_not_set_up_is_not_there(client: Client, event: OfflineEvent) -> None:
    assert tell(client, "{}", "/payments/stripe/events/").status_code == 404
    assert client.get(ADDRESS).status_code == 405


def test_without_the_database_the_provider_is_asked_to_send_it_again(
    client: Client, event: OfflineEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "is_away", lambda: True)
    answer = tell(client, f'{{"id": "{event.event_id}"}}')
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
