"""Withdrawing and cancelling without sign-in: what is taken, what comes back, what stays hidden."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.declaration_flows import forget_old_declarations, settle
from broadsheet.billing.models import Alert, Declaration, LawSettings, Plan, Subscription
from broadsheet.billing.provider import Refused
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy
from tests.web.conftest import ReadLetter
from tests.web.pages import problem

pytestmark = pytest.mark.django_db

ADDRESS = "ann@example.net"
WHO = {"name": "Ann Example", "email": ADDRESS, "contract": "All-Access, since Tuesday"}
CANCEL = {**WHO, "manner": "ordinary"}


@pytest.fixture
def laws() -> LawSettings:
    return LawSettings.objects.create(eu_withdrawal=True, german_cancel=True)


@pytest.fixture
def held(make_reader: Any, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    """Ann's month, bought with the offline provider."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return buy(make_reader(ADDRESS), Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month"))


@pytest.fixture
def publisher(make_reader: Any, visit: Any, sign_in: Any) -> Client:
    """A publisher at the desk."""
    browser: Client = visit()
    sign_in(browser, make_reader("publisher@example.org", is_staff=True, is_superuser=True), second_factor=True)
    return browser


def declare(browser: Client, path: str = "/withdraw/", **fields: str) -> Declaration:
    form = {**WHO, "confirm": "1"} if path == "/withdraw/" else CANCEL
    assert browser.post(path, {**form, **fields}).status_code == 200
    return Declaration.objects.latest("id")


@pytest.mark.parametrize("path", ["/withdraw/", "/cancel/"])
def test_pages_are_there_and_linked_only_where_the_law_is_on(visitor: Client, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert visitor.post(path, {**CANCEL, "confirm": "1"}).status_code == 404
    assert f'href="{path}"' not in visitor.get("/").content.decode()
    LawSettings.objects.create(eu_withdrawal=path == "/withdraw/", german_cancel=path == "/cancel/")
    assert visitor.get(path).status_code == 200
    for page in ("/", "/help/", "/library/"):
        foot = visitor.get(page).content.decode().partition("<footer")[2]
        assert re.findall(r'href="(/withdraw/|/cancel/)"', foot) == [path]
    assert not Declaration.objects.exists()


def test_withdrawal_is_declared_by_a_second_click_and_proven_by_a_letter(
    visitor: Client, laws: LawSettings, open_letter: Any
) -> None:
    shown = visitor.post("/withdraw/", WHO).content.decode()
    assert "I withdraw from the contract “All-Access, since Tuesday”." in shown
    assert "Confirm withdrawal</button>" in shown
    assert not Declaration.objects.exists()
    assert not OutboxLetter.objects.exists()
    row = declare(visitor)
    assert (row.kind, row.name, row.email, row.state) == ("withdrawal", "Ann Example", ADDRESS, "new")
    letter: ReadLetter = open_letter(ADDRESS)
    assert letter.kind == "withdrawal-received"
    for words in (row.ref, "17 February 2026, 10:30 CET", "Ann Example", "All-Access, since Tuesday", "withdrawal from a contract"):
        assert words in letter.text
    alert = Alert.objects.get()
    assert row.ref in alert.text
    assert ADDRESS not in alert.text
    assert OutboxLetter.objects.filter(kind="money-alert").count() == 1


def test_what_was_typed_can_be_corrected(visitor: Client, laws: LawSettings) -> None:
    page = visitor.post("/withdraw/", {**WHO, "correct": "1"}).content.decode()
    assert 'value="Ann Example"' in page
    assert not Declaration.objects.exists()


def test_cancellation_names_its_manner_day_and_reason(visitor: Client, laws: LawSettings, open_letter: Any) -> None:
    page = visitor.get("/cancel/").content.decode()
    assert "Cancel now</button>" in page
    row = declare(visitor, "/cancel/", manner="extraordinary", reason="The paper is closed.", ends_on="2026-03-31")
    assert (row.is_extraordinary, str(row.ends_on)) == (True, "2026-03-31")
    text = open_letter(ADDRESS).text
    for words in ("extraordinary cancellation", "To end: 31 March 2026", "Reason: The paper is closed.", "10:30 CET"):
        assert words in text
    declare(visitor, "/cancel/")
    text = open_letter(ADDRESS).text
    assert "ordinary cancellation" in text
    assert "To end: as soon as it can" in text
    assert "Reason" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Tell us your name."),
        ({"email": "ann"}, "An address has an @"),
        ({"contract": ""}, "Name the contract"),
        ({"contract": "see https://example.com/"}, "Leave out web addresses"),
        ({"name": "www.example.com"}, "Leave out web addresses"),
        ({"manner": "other"}, "Choose one of the two."),
        ({"manner": "extraordinary"}, "An extraordinary cancellation needs its reason"),
        ({"ends_on": "2026-02-16"}, "That day is over."),
        ({"ends_on": "soon"}, "Give a day such as"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(visitor: Client, laws: LawSettings, fields: dict[str, str], said: str) -> None:
    answer = visitor.post("/cancel/", {**CANCEL, **fields})
    assert answer.status_code == 422
    assert problem(answer).startswith(said)
    assert "Ann Example" in answer.content.decode() or "name" in fields
    assert not Declaration.objects.exists()


@pytest.mark.parametrize(("path", "form"), [("/withdraw/", {**WHO, "confirm": "1"}), ("/cancel/", CANCEL)])
def test_answer_and_work_are_the_same_whoever_the_address_belongs_to(
    visit: Any, laws: LawSettings, held: Subscription, path: str, form: dict[str, str]
) -> None:
    bodies, counts = [], []
    visit().post(path, {**form, "email": "first@example.net"})  # makes the network's tally
    for email in (ADDRESS, "nobody@example.net"):
        browser = visit()
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(path, {**form, "email": email})
        counts.append(len(queries))
        ref = Declaration.objects.latest("id").ref
        bodies.append((answer.status_code, answer.content.decode().replace(email, "ADDRESS").replace(ref, "REF")))
    assert bodies[0] == bodies[1]
    assert counts[0] == counts[1]


def test_one_mailbox_and_one_network_get_few_letters(visitor: Client, laws: LawSettings) -> None:
    for _ in range(5):
        declare(visitor)
    answer = visitor.post("/withdraw/", {**WHO, "confirm": "1"})
    assert answer.status_code == 429
    assert "a letter there counts just the same" in problem(answer)
    assert Declaration.objects.count() == 5
    for number in range(24):
        declare(visitor, email=f"other{number}@example.net")
    assert visitor.post("/withdraw/", {**WHO, "email": "new@example.net", "confirm": "1"}).status_code == 429


def test_other_sites_declare_nothing(visitor: Client, laws: LawSettings) -> None:
    assert visitor.post("/withdraw/", {**WHO, "confirm": "1"}, headers={"origin": "https://elsewhere.example"}).status_code == 403


def test_reader_finds_the_way_from_their_subscription_and_the_fields_filled_in(
    visitor: Client, laws: LawSettings, held: Subscription, sign_in: Any, clock: StoppedClock
) -> None:
    sign_in(visitor, held.reader)
    link = f"/withdraw/?about={held.pk}"
    shown = visitor.get("/account/subscription/").content.decode()
    assert link in shown
    assert "Until 3 March 2026 you may also" in shown
    page = visitor.get(link).content.decode()
    assert f'value="{ADDRESS}"' in page
    assert f'value="All-Access, subscription {held.pk}"' in page
    clock.advance(timedelta(days=15))
    assert link not in visitor.get("/account/subscription/").content.decode()


# -- At the desk -----------------------------------------------------------------------------------------------------


def test_publisher_gives_back_and_ends_with_one_button(
    visitor: Client, laws: LawSettings, held: Subscription, publisher: Client, clock: StoppedClock
) -> None:
    row = declare(visitor)
    clock.advance(timedelta(days=20))  # what counts is when it was declared
    page = publisher.get(f"/desk/declarations/{row.pk}/").content.decode()
    assert "Refund and end" in page
    publisher.post(f"/desk/declarations/{row.pk}/{held.pk}/")
    held.refresh_from_db()
    row.refresh_from_db()
    assert (held.status, held.kept_cents, row.state) == ("ended", 0, "settled")
    assert row.settled_by.email == "publisher@example.org"
    assert Alert.objects.get().settled_at is not None
    kinds = set(OutboxLetter.objects.filter(to_address=ADDRESS).values_list("kind", flat=True))
    assert {"refunded", "ended"} <= kinds
    assert "Refund and end" not in publisher.get(f"/desk/declarations/{row.pk}/").content.decode()


def test_too_late_withdrawal_has_no_button(
    visitor: Client, laws: LawSettings, held: Subscription, publisher: Client, clock: StoppedClock
) -> None:
    clock.advance(timedelta(days=15))
    row = declare(visitor)
    assert "Refund and end" not in publisher.get(f"/desk/declarations/{row.pk}/").content.decode()
    publisher.post(f"/desk/declarations/{row.pk}/{held.pk}/")
    held.refresh_from_db()
    assert (held.status, held.kept_cents) == ("active", 980)


@pytest.mark.parametrize(("manner", "status"), [("ordinary", "active"), ("extraordinary", "ended")])
def test_cancellation_ends_with_the_paid_time_or_at_once(
    visitor: Client, laws: LawSettings, held: Subscription, publisher: Client, manner: str, status: str
) -> None:
    row = declare(visitor, "/cancel/", manner=manner, reason="A reason." if manner == "extraordinary" else "")
    publisher.post(f"/desk/declarations/{row.pk}/{held.pk}/")
    held.refresh_from_db()
    assert (held.status, held.kept_cents) == (status, 980)
    assert (held.cancel_at == held.period_end) is (manner == "ordinary")


def test_subscription_of_another_address_is_never_touched(
    visitor: Client, laws: LawSettings, held: Subscription, publisher: Client
) -> None:
    row = declare(visitor, email="else@example.net")
    publisher.post(f"/desk/declarations/{row.pk}/{held.pk}/")
    with pytest.raises(Refused):
        settle(row, held, by=User.objects.get(email="publisher@example.org"), now=row.created_at)
    held.refresh_from_db()
    assert (held.status, held.kept_cents) == ("active", 980)


def test_what_fits_nothing_is_noted(visitor: Client, laws: LawSettings, publisher: Client) -> None:
    row = declare(visitor)
    publisher.post(f"/desk/declarations/{row.pk}/decline/", {"outcome": ""})
    row.refresh_from_db()
    assert row.state == "new"
    publisher.post(f"/desk/declarations/{row.pk}/decline/", {"outcome": "no contract; written to"})
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("declined", "no contract; written to")


def test_support_sees_declarations_and_settles_none(
    visitor: Client, laws: LawSettings, held: Subscription, make_reader: Any, visit: Any, sign_in: Any
) -> None:
    row, browser = declare(visitor), visit()
    support: User = make_reader("support@example.org", is_staff=True)
    support.groups.set([Group.objects.get(name="Support")])
    sign_in(browser, support, second_factor=True)
    assert "Refund and end" not in browser.get(f"/desk/declarations/{row.pk}/").content.decode()
    browser.post(f"/desk/declarations/{row.pk}/{held.pk}/")
    held.refresh_from_db()
    assert held.status == "active"
    assert "text/csv" not in browser.get("/desk/declarations/consents.csv")["Content-Type"]


def test_consents_are_listed_for_whoever_has_to_prove_them(held: Subscription, publisher: Client) -> None:
    held.orders.update(agreed_text="You order All-Access.")
    lines = publisher.get("/desk/declarations/consents.csv").content.decode().splitlines()
    assert lines[0].startswith("order,at,account")
    assert "You order All-Access." in lines[1]
    assert ADDRESS not in lines[1]


def test_declarations_are_deleted_when_nobody_can_claim_from_them(visitor: Client, laws: LawSettings, clock: StoppedClock) -> None:
    row = declare(visitor)
    Declaration.objects.update(state="settled")
    clock.advance(timedelta(days=1400))  # 18 December 2029
    assert forget_old_declarations(now=clock.now()) == 0
    clock.advance(timedelta(days=20))
    Declaration.objects.update(state="new")
    assert forget_old_declarations(now=clock.now()) == 0
    Declaration.objects.update(state="settled")
    assert forget_old_declarations(now=clock.now()) == 1
    assert not Declaration.objects.filter(pk=row.pk).exists()


def test_publisher_turns_the_laws_on_in_the_desk_and_an_editor_does_not(
    make_reader: Any, visit: Any, sign_in: Any, visitor: Client
) -> None:
    form = {"eu_withdrawal": "on", "withdrawal_days": "14", "price_words": "incl. VAT", "save_offer": "none"}
    assert 'href="/withdraw/"' not in visitor.get("/").content.decode()
    for role in ("Editor", "Publisher"):
        browser, person = visit(), make_reader(f"{role.lower()}@example.org", is_staff=True)
        person.groups.set([Group.objects.get(name=role)])
        sign_in(browser, person, second_factor=True)
        browser.get("/desk/settings/billing/lawsettings/", follow=True)
        row, _ = LawSettings.objects.get_or_create(pk=1)
        browser.post("/desk/settings/billing/lawsettings/1/", form)
        row.refresh_from_db()
        assert row.eu_withdrawal is (role == "Publisher")
    assert 'href="/withdraw/"' in visitor.get("/").content.decode()
