"""Gifts and organisations in the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.gift_flows import code_of, redeem_gift
from broadsheet.billing.models import Plan
from broadsheet.core import clock
from broadsheet.desk.models import AuditLine
from broadsheet.desk.roles import Role
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy_seats, give

pytestmark = pytest.mark.django_db

Desk = Callable[[Role], Client]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})


@pytest.fixture
def gift(make_reader: Any) -> Any:
    plan = Plan.objects.create(name="Gift", slug="gift", price_cents=9600, period="year", kind=Plan.Kind.GIFT)
    return give(make_reader("ben@example.net"), plan)


@pytest.fixture
def acme(make_reader: Any) -> Any:
    plan = Plan.objects.create(name="Team", slug="team", price_cents=8000, period="year", kind=Plan.Kind.GROUP)
    return buy_seats(make_reader("office@acme.example"), plan, 3)


def test_support_sends_a_gift_to_another_address_and_says_why(gift: Any, desk: Desk, make_reader: Any) -> None:
    support = desk(Role.SUPPORT)
    found = support.get("/desk/gifts/?q=ben@").content.decode()
    assert "ann@example.org" in found
    assert "No gift has an address" in support.get("/desk/gifts/?q=nobody").content.decode()
    page = support.get(f"/desk/gifts/{gift.pk}/").content.decode()
    assert code_of(gift) not in page  # staff need not be able to open it
    assert "no email address" in support.post(f"/desk/gifts/{gift.pk}/", {"address": "anne", "reason": "x"}).content.decode()
    answer = support.post(f"/desk/gifts/{gift.pk}/", {"address": "anne@example.org", "reason": "the first was misspelt"})
    assert answer.status_code == 302
    assert code_of(gift) in OutboxLetter.objects.get(to_address="anne@example.org").text
    line = AuditLine.objects.get()
    assert (line.action, line.reason, line.reader_id) == ("resend", "the first was misspelt", gift.subscription.reader_id)
    redeem_gift(gift.pk, make_reader(), now=clock.now())
    assert "Send it" not in support.get(f"/desk/gifts/{gift.pk}/").content.decode()


def test_writers_see_neither_gifts_nor_organisations(gift: Any, acme: Any, desk: Desk) -> None:
    writer = desk(Role.WRITER)
    for path in ("gifts/", f"gifts/{gift.pk}/", "organisations/", f"organisations/{acme.pk}/"):
        assert writer.get(f"/desk/{path}").status_code in (302, 403), path


def test_support_sees_organisations_and_changes_none(acme: Any, desk: Desk) -> None:
    support = desk(Role.SUPPORT)
    assert "0 of 3" in support.get("/desk/organisations/").content.decode()
    assert "Hand over" not in support.get(f"/desk/organisations/{acme.pk}/").content.decode()
    for path, form in (("name", {"name": "X"}), ("domains", {"domain": "x.example"}), ("owner", {"address": "x@x.example"})):
        assert support.post(f"/desk/organisations/{acme.pk}/{path}/", {**form, "reason": "y"}).status_code in (302, 403)
    acme.refresh_from_db()
    assert (acme.name, acme.domains.count(), acme.owner.email) == ("Acme", 0, "office@acme.example")


def test_publisher_checks_a_domain_names_an_owner_and_mends_the_name(acme: Any, desk: Desk, make_reader: Any) -> None:
    publisher, other = desk(Role.PUBLISHER), make_reader("boss@other.example")
    place = f"/desk/organisations/{acme.pk}/"
    assert publisher.get(place).status_code == 200
    refused = publisher.post(f"{place}domains/", {"domain": "gmail.com", "reason": "asked"}).content.decode()
    assert "Anybody can have a mailbox there" in refused
    assert publisher.post(f"{place}domains/", {"domain": "Acme-Labs.example", "reason": "checked"}).status_code == 302
    assert list(acme.domains.values_list("domain", flat=True)) == ["acme-labs.example"]
    nobody = publisher.post(f"{place}owner/", {"address": "nobody@x.example", "reason": "asked"}).content.decode()
    assert "There is no confirmed account" in nobody
    assert publisher.post(f"{place}owner/", {"address": other.email, "reason": "asked"}).status_code == 302
    assert publisher.post(f"{place}name/", {"name": "Acme Ltd", "reason": "misspelt"}).status_code == 302
    publisher.post(f"{place}domains/", {"remove": str(acme.domains.get().pk)})
    acme.refresh_from_db()
    assert (acme.name, acme.owner, acme.subscription.reader, acme.domains.count()) == ("Acme Ltd", other, other, 0)
    assert AuditLine.objects.filter(action="mend_seats").count() == 4
