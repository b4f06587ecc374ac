"""The account: what it shows, consent, sign-ins, change of address, export, erasure."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import AddressProof, User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Alert, Plan, Subscription
from broadsheet.billing.provider import ProviderAway
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.core.personal import REGISTER
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant, NewsletterConsent
from broadsheet.paywall.models import ErasedUnlock, Unlock
from tests.billing.purchases import buy
from tests.web.conftest import ReadLetter
from tests.web.pages import problem, state

pytestmark = pytest.mark.django_db

OLD, NEW = "old@example.net", "new@example.net"


@pytest.fixture
def reader(make_reader: Any) -> User:
    return make_reader(OLD)


@pytest.fixture
def own(visitor: Client, reader: User, sign_in: Any) -> Client:
    """The reader's browser."""
    sign_in(visitor, reader)
    return visitor


def test_account_shows_what_is_open_and_until_when(own: Client, make_article: Callable[..., Article]) -> None:
    article = make_article(headline="Who keeps the strait open")
    own.post(f"/articles/{article.pk}/unlock/")
    page = own.get("/account/").content.decode()
    assert "Who keeps the strait open" in page
    assert "until 19 March 2026" in page
    assert "2 of 3 articles left this month; new ones on 1 March" in page


def test_account_shows_what_is_held(visitor: Client, make_subscriber: Any, sign_in: Any) -> None:
    sign_in(visitor, make_subscriber())
    page = visitor.get("/account/").content.decode()
    assert "Subscription: every article and the whole library, until 17 February 2027" in page


def test_newsletter_is_switched_on_and_off(own: Client, reader: User) -> None:
    own.post("/account/newsletter/", {"newsletter": "1"})
    own.post("/account/newsletter/", {"newsletter": "1"})
    assert NewsletterConsent.objects.filter(reader=reader, ended_at=None).count() == 1
    own.post("/account/newsletter/")
    assert NewsletterConsent.objects.filter(reader=reader, ended_at=None).count() == 0


def test_signing_out_everywhere_ends_every_session(
    visit: Callable[[], Client], make_reader: Any, open_letter: Callable[[str], ReadLetter], clock: StoppedClock, sign_in: Any
) -> None:
    reader = make_reader(OLD)
    browsers = [visit(), visit()]
    for browser in browsers:
        browser.post("/login/", {"email": OLD})
        browser.post("/confirm/", {"code": open_letter(OLD).code})
        clock.advance(timedelta(minutes=10))
    without_row = visit()
    sign_in(without_row, reader)
    assert all(browser.get("/account/").status_code == 200 for browser in (*browsers, without_row))
    assert browsers[0].post("/account/sign-out-everywhere/").status_code == 303
    assert all(browser.get("/account/").status_code == 303 for browser in (*browsers, without_row))


@pytest.mark.parametrize("path", ["", "address/", "erase/"])
def test_stranger_is_led_to_sign_in(path: str, visitor: Client) -> None:
    answer = visitor.get(f"/account/{path}")
    assert (answer.status_code, answer["Location"]) == (303, f"/login/?next=%2Faccount%2F{path.replace('/', '%2F')}")


# -- Change of address -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_address_changes_when_both_mailboxes_agree(
    order: tuple[str, str], own: Client, reader: User, open_letter: Callable[[str], ReadLetter]
) -> None:
    own.post("/account/address/", {"email": NEW})
    for address in order:
        reader.refresh_from_db()
        assert reader.email == OLD
        field = "old_code" if address == OLD else "new_code"
        assert own.post("/account/address/", {field: open_letter(address).code}).status_code == 303
    reader.refresh_from_db()
    assert reader.email == NEW
    assert open_letter(OLD).kind == "address-changed"


def test_links_of_the_two_letters_do_the_same_in_any_browser(
    own: Client, visit: Callable[[], Client], reader: User, open_letter: Callable[[str], ReadLetter]
) -> None:
    own.post("/account/address/", {"email": NEW})
    phone = visit()
    assert "I agree" in phone.get(open_letter(OLD).link).content.decode()
    phone.post(open_letter(OLD).link)
    reader.refresh_from_db()
    assert reader.email == OLD
    phone.post(open_letter(NEW).link)
    reader.refresh_from_db()
    assert reader.email == NEW
    assert phone.get("/account/").status_code == 303  # agreeing signs nobody in


def test_one_mailbox_twice_is_not_both(own: Client, reader: User, open_letter: Callable[[str], ReadLetter]) -> None:
    own.post("/account/address/", {"email": NEW})
    for _ in range(2):
        own.post(open_letter(NEW).link)
    reader.refresh_from_db()
    assert reader.email == OLD


def test_agreement_to_one_change_does_not_serve_another(
    own: Client, reader: User, open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    own.post("/account/address/", {"email": NEW})
    agreed = open_letter(OLD)
    own.post(agreed.link)
    clock.advance(timedelta(minutes=10))
    own.post("/account/address/", {"email": "thief@example.net"})
    own.post(open_letter("thief@example.net").link)
    own.post(agreed.link)
    reader.refresh_from_db()
    assert reader.email == OLD


def test_address_of_another_account_is_not_taken(
    own: Client, reader: User, make_reader: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    make_reader(NEW)
    own.post("/account/address/", {"email": NEW})
    own.post("/account/address/", {"old_code": open_letter(OLD).code})
    answer = own.post("/account/address/", {"new_code": open_letter(NEW).code})
    assert "already" in problem(answer)
    reader.refresh_from_db()
    assert reader.email == OLD


# -- Export and erasure ----------------------------------------------------------------------------------------------


def test_export_holds_everything_and_no_formula(own: Client, reader: User, make_article: Callable[..., Article]) -> None:
    article = make_article(headline="=HYPERLINK(1)")
    own.post(f"/articles/{article.pk}/unlock/")
    own.post("/account/newsletter/", {"newsletter": "1"})
    answer = own.post("/account/export/")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    tables = json.loads(archive.read("account.json"))
    assert tables["account"][0]["email"] == OLD
    assert tables["unlocked_articles"][0]["article__headline"] == "=HYPERLINK(1)"
    assert len(tables["newsletter_consents"]) == 1
    assert "'=HYPERLINK(1)" in archive.read("unlocked_articles.csv").decode()


def test_erasing_needs_the_address(own: Client) -> None:
    assert own.get("/account/erase/").status_code == 200
    for typed in ("", "else@example.net"):
        assert own.post("/account/erase/", {"email": typed}).status_code == 422
    assert User.objects.exists()


def test_erasing_leaves_nothing_personal(
    own: Client, reader: User, make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    own.post(f"/articles/{make_article().pk}/unlock/")
    own.post("/account/newsletter/", {"newsletter": "1"})
    own.post("/account/address/", {"email": NEW})
    answer = own.post("/account/erase/", {"email": OLD})
    assert answer.status_code == 200
    assert own.get("/account/").status_code == 303
    for model in (User, Unlock, Grant, NewsletterConsent, AddressProof):
        assert not model.objects.exists()
    assert not Event.objects.filter(reader_id__isnull=False).exists()
    assert [(row.kind, row.to_address) for row in OutboxLetter.objects.all()] == [("erased", OLD)]
    assert not OutboxLetter.objects.filter(to_address=NEW).exists()
    assert ErasedUnlock.objects.count() == 1
    assert OLD not in str(ErasedUnlock.objects.values().get())


def test_erased_reader_who_comes_back_has_no_fresh_allowance(
    own: Client, make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    articles = [make_article() for _ in range(3)]
    for article in articles[:2]:
        own.post(f"/articles/{article.pk}/unlock/")
    own.post("/account/erase/", {"email": OLD})
    clock.advance(timedelta(minutes=11))
    own.post("/login/", {"email": OLD})
    own.post("/confirm/", {"code": open_letter(OLD).code})
    assert state(own.get(articles[0].get_absolute_url())) == "wall meter 1"
    clock.advance(timedelta(days=14))
    assert state(own.get(articles[0].get_absolute_url())) == "wall meter 3"


def test_staff_do_not_erase_themselves(visitor: Client, make_reader: Any, sign_in: Any) -> None:
    sign_in(visitor, make_reader(OLD, is_staff=True))
    visitor.post("/account/erase/", {"email": OLD})
    assert User.objects.exists()


# -- Erasing while a subscription runs -------------------------------------------------------------------------------


@pytest.fixture
def held(reader: User, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return buy(reader, Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month"))


def test_erasing_ends_a_subscription_and_keeps_the_money_without_a_name(own: Client, held: Subscription) -> None:
    assert "A subscription runs: All-Access." in own.get("/account/erase/").content.decode()
    assert own.post("/account/erase/", {"email": OLD}).status_code == 200
    held.refresh_from_db()
    assert (held.status, held.reader, held.grant, held.kept_cents) == ("ended", None, None, 980)
    assert offline_flows.OfflineProvider().fetch(held.ref, now=held.checked_at).status == "ended"
    assert [order.reader for order in held.orders.all()] == [None]
    for table in REGISTER.tables:
        assert OLD not in str(list(table.model._default_manager.values())) or table.model is OutboxLetter
    assert [row.kind for row in OutboxLetter.objects.all()] == ["erased"]


def test_account_stays_while_it_is_not_sure_that_nothing_more_is_taken(
    own: Client, held: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("no answer")

    monkeypatch.setattr(offline_flows.OfflineProvider, "cancel", fail)
    answer = own.post("/account/erase/", {"email": OLD})
    assert answer.status_code == 503
    assert "we cannot make sure that nothing more is taken from you" in problem(answer)
    assert User.objects.exists()


def test_whoever_pays_for_others_hands_that_over_first(own: Client, held: Subscription) -> None:
    Plan.objects.update(kind="group")
    answer = own.post("/account/erase/", {"email": OLD})
    assert answer.status_code == 409
    assert "Hand the organisation over" in problem(answer)
    held.refresh_from_db()
    assert held.status == "active"


def test_gift_that_was_paid_outlives_the_account_of_its_giver(own: Client, held: Subscription) -> None:
    Plan.objects.update(kind="gift")
    assert own.post("/account/erase/", {"email": OLD}).status_code == 200
    held.refresh_from_db()
    assert (held.status, held.reader) == ("active", None)


def test_export_holds_what_was_bought_and_agreed_to_and_no_code(
    own: Client, held: Subscription, visit: Callable[[], Client]
) -> None:
    held.orders.update(agreed_text="You order All-Access.")
    own.post("/account/address/", {"email": NEW})
    archive = zipfile.ZipFile(io.BytesIO(own.post("/account/export/").content))
    tables = json.loads(archive.read("account.json"))
    assert tables["subscriptions"][0]["kept_cents"] == 980
    assert tables["orders"][0]["agreed_text"] == "You order All-Access."
    assert "payment" in [row["kind"] for row in tables["subscription_lines"]]
    # Whoever holds a browser that is signed in does not hold the mailbox: the export proves it to nobody.
    code = re.search(r"(?m)^ +(\d{6})$", OutboxLetter.objects.get(kind="change-old").text)
    assert code
    assert code[1] not in archive.read("account.json").decode()
    assert "change-old" in [row["kind"] for row in tables["letters"]]


def test_subscription_goes_along_to_the_new_address_and_its_provider_hears_of_it(
    own: Client, reader: User, held: Subscription, open_letter: Callable[[str], ReadLetter]
) -> None:
    own.post("/account/address/", {"email": NEW})
    own.post("/account/address/", {"old_code": open_letter(OLD).code})
    assert not held.lines.filter(kind="moved").exists()
    own.post("/account/address/", {"new_code": open_letter(NEW).code})
    held.refresh_from_db()
    assert (held.reader, held.status) == (reader, "active")
    assert offline_flows.OfflineProvider().fetch(held.ref, now=held.checked_at).email == NEW
    moved = held.lines.get(kind="moved")
    assert "@" not in moved.detail


def test_provider_that_hears_nothing_of_a_new_address_is_shown_to_staff(
    own: Client, reader: User, held: Subscription, open_letter: Callable[[str], ReadLetter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("no answer")

    monkeypatch.setattr(offline_flows.OfflineProvider, "change_address", fail)
    own.post("/account/address/", {"email": NEW})
    for field, address in (("old_code", OLD), ("new_code", NEW)):
        own.post("/account/address/", {field: open_letter(address).code})
    reader.refresh_from_db()
    assert reader.email == NEW
    alert = Alert.objects.get(subscription=held)
    assert "has not heard of its reader's new address" in alert.text
    assert "@" not in alert.text
