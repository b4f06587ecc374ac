"""The reader's subscription: what it shows, and each thing that can be done about it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import LawSettings, Plan, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import ProviderAway
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy
from tests.web.pages import problem

pytestmark = pytest.mark.django_db

HOME = "/account/subscription/"


@pytest.fixture
def reader(make_reader: Any) -> User:
    return make_reader("reader@example.net")


@pytest.fixture
def own(visitor: Client, reader: User, sign_in: Any) -> Client:
    """The reader's browser."""
    sign_in(visitor, reader)
    return visitor


@pytest.fixture
def held(reader: User, monkeypatch: pytest.MonkeyPatch) -> Subscription:
    """A month of All-Access, bought with the offline provider; a cheaper plan and one by the year are on offer."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    plan = Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month", position=1)
    Plan.objects.create(name="By the year", slug="year", price_cents=9600, period="year", position=2)
    Plan.objects.create(name="Small", slug="small", price_cents=500, period="month", position=3)
    return buy(reader, plan)


def words(browser: Client, path: str = HOME) -> str:
    """A page's text, spaces evened out."""
    text = re.sub(r"<[^>]+>", " ", browser.get(path).content.decode())
    return re.sub(r"\s+([.,:])", r"\1", " ".join(text.split()))


def pass_time(row: Subscription, clock: StoppedClock, days: int) -> None:
    clock.advance(timedelta(days=days))
    offline_flows.advance(now=clock.now())
    follow_subscription(row.provider, row.ref, now=clock.now())


def letters(kind: str) -> int:
    return OutboxLetter.objects.filter(kind=kind).count()


def test_stranger_is_led_to_sign_in_and_another_reader_finds_nothing(
    visit: Any, held: Subscription, make_reader: Any, sign_in: Any
) -> None:
    stranger, other = visit(), visit()
    sign_in(other, make_reader())
    payment = held.lines.get(kind="payment").detail
    for path in (HOME, f"{HOME}{held.pk}/cancel/", f"{HOME}{held.pk}/change/", "/account/card/", f"/account/payments/{payment}/"):
        assert stranger.get(path).status_code == 303
    for path in (
        f"{HOME}{held.pk}/cancel/",
        f"{HOME}{held.pk}/pause/",
        f"{HOME}{held.pk}/change/",
        f"/account/payments/{payment}/",
    ):
        assert other.get(path).status_code == 404
    assert other.post(f"{HOME}{held.pk}/cancel/").status_code == 404
    assert "All-Access" not in words(other)
    held.refresh_from_db()
    assert held.cancel_at is None


def test_page_says_what_is_held_what_it_costs_and_what_was_paid(own: Client, held: Subscription) -> None:
    page = words(own)
    assert "Price €9.80 a month Since 17 February 2026 Next payment €9.80 on 17 March 2026" in page
    assert "17 February 2026 €9.80 Receipt" in page


def test_price_that_has_risen_is_said_to_be_honoured(own: Client, held: Subscription) -> None:
    plan = held.price.plan
    plan.price_cents = 1280
    plan.save()
    LawSettings.objects.create(price_words="incl. VAT")
    page = words(own)
    assert "Price €9.80 a month (incl. VAT)" in page
    assert "You keep the price you subscribed at; new subscribers pay €12.80 a month." in page


def test_two_subscriptions_have_a_section_each(own: Client, held: Subscription, reader: User) -> None:
    held.orders.update(reader=None)  # `buy` looks for the reader's one order
    second = buy(reader, Plan.objects.get(slug="year"))
    page = own.get(HOME).content.decode()
    assert all(f'id="subscription-{row.pk}"' in page for row in (held, second))
    own.post(f"{HOME}{second.pk}/cancel/")
    held.refresh_from_db()
    second.refresh_from_db()
    assert (held.cancel_at, second.cancel_at) == (None, second.period_end)


def test_gift_says_that_it_does_not_renew(own: Client, reader: User, clock: StoppedClock) -> None:
    Grant.objects.create(
        reader=reader,
        source=Grant.Source.GIFT,
        reason="Gift 4",
        starts_at=clock.now(),
        ends_at=clock.now() + timedelta(days=90),
        created_at=clock.now(),
    )
    page = words(own)
    assert "until 18 May 2026" in page
    assert "does not renew by itself" in page


def test_trial_says_what_is_taken_when(own: Client, held: Subscription, make_reader: Any, visit: Any, sign_in: Any) -> None:
    Plan.objects.create(name="Try it", slug="try", price_cents=700, period="month", trial_days=10)
    other, browser = make_reader(), visit()
    row = buy(other, Plan.objects.get(slug="try"))
    sign_in(browser, other)
    assert "Free until 27 February 2026. Then €7 is taken; cancel before that day and nothing is." in words(browser)
    assert "You read everything until 27 February 2026, and nothing is taken." in words(browser, f"{HOME}{row.pk}/cancel/")
    browser.post(f"{HOME}{row.pk}/cancel/")
    row.refresh_from_db()
    assert (row.cancel_at, row.kept_cents) == (row.period_end, 0)


def test_account_leads_there_and_gives_no_end_to_what_renews(own: Client, held: Subscription) -> None:
    page = own.get("/account/").content.decode()
    assert f'href="{HOME}"' in page
    assert "Subscription: every article and the whole library." in words(own, "/account/")
    own.post(f"{HOME}{held.pk}/cancel/")
    assert "Subscription: every article and the whole library, until 17 March 2026." in words(own, "/account/")


def test_cancelling_takes_two_clicks_and_one_undoes_it(own: Client, held: Subscription) -> None:
    assert f'href="{HOME}{held.pk}/cancel/"' in own.get(HOME).content.decode()
    page = own.get(f"{HOME}{held.pk}/cancel/").content.decode()
    assert page.count("<button") == 1
    assert 'class="offer"' not in page
    held.refresh_from_db()
    assert held.cancel_at is None  # looking cancels nothing
    assert own.post(f"{HOME}{held.pk}/cancel/").status_code == 303
    assert "Cancelled. You read everything until 17 March 2026. Nothing more is taken." in words(own)
    assert letters("cancelled") == 1
    assert own.post(f"{HOME}{held.pk}/undo/").status_code == 303
    assert "Next payment €9.80 on 17 March 2026" in words(own)
    assert letters("goes-on") == 1


@pytest.mark.parametrize(
    ("offer", "shown"), [("none", ""), ("pause", "Or rest for a while"), ("cheaper", "Small costs €5 a month.")]
)
def test_one_offer_at_most_stands_beside_the_button(own: Client, held: Subscription, offer: str, shown: str) -> None:
    LawSettings.objects.create(save_offer=offer)
    page = own.get(f"{HOME}{held.pk}/cancel/").content.decode()
    assert page.count('class="offer"') == bool(shown)
    assert shown in page
    assert page.index("Cancel the subscription</button>") < page.index(shown or "</main>")


def test_pausing_and_going_on(own: Client, held: Subscription, clock: StoppedClock) -> None:
    assert own.post(f"{HOME}{held.pk}/pause/", {"months": "9"}).status_code == 409
    assert own.post(f"{HOME}{held.pk}/pause/", {"months": "2"}).status_code == 303
    assert "You read everything until 17 March 2026. It goes on by itself on 17 May 2026, when €9.80 is taken." in words(own)
    assert letters("paused") == 1
    clock.advance(timedelta(days=40))
    assert "Go on now: €9.80 is taken today" in words(own)
    own.post(f"{HOME}{held.pk}/resume/")
    held.refresh_from_db()
    assert (held.status, held.kept_cents) == ("active", 1960)


def test_change_says_what_is_taken_before_it_is_taken(own: Client, held: Subscription, clock: StoppedClock) -> None:
    clock.advance(timedelta(days=10))
    page = own.get(f"{HOME}{held.pk}/change/").content.decode()
    text = words(own, f"{HOME}{held.pk}/change/")
    assert "€89.70 is taken now. That is the new price less €6.30" in text
    assert "Small, €5 a month Nothing is taken now. It begins on 17 March 2026" in text
    price = Plan.objects.get(slug="year").prices.get().pk
    cents = re.search(rf'value="{price}"><input type="hidden" name="shown_cents" value="(\d+)"', page)
    assert cents
    answer = own.post(f"{HOME}{held.pk}/change/", {"price": price, "shown_cents": cents[1]})
    assert answer.status_code == 303
    held.refresh_from_db()
    assert (held.kept_cents, held.price_id) == (980 + 8970, price)
    assert held.orders.first().agreed_text.startswith("Change to By the year now. €89.70 is taken at once")


@pytest.mark.parametrize("form", [{}, {"price": "1", "shown_cents": "x"}, {"price": "999999", "shown_cents": "1"}, {"price": "9"}])
def test_change_to_nothing_that_was_offered_changes_nothing(own: Client, held: Subscription, form: dict[str, str]) -> None:
    answer = own.post(f"{HOME}{held.pk}/change/", form)
    assert (answer.status_code, problem(answer)) == (422, "Choose one of these plans.")


def test_cheaper_plan_waits_and_can_be_taken_back(own: Client, held: Subscription, clock: StoppedClock) -> None:
    own.post(f"{HOME}{held.pk}/change/", {"price": Plan.objects.get(slug="small").prices.get().pk, "shown_cents": "0"})
    assert "Next payment €5 on 17 March 2026. From then on Small, €5 a month Keep All-Access" in words(own).replace(" . ", ". ")
    own.post(f"{HOME}{held.pk}/keep/")
    assert "Next payment €9.80 on 17 March 2026" in words(own)


def test_failed_payment_is_said_plainly_with_until_when(own: Client, held: Subscription, clock: StoppedClock) -> None:
    assert own.get("/account/").content.decode().count("did not go through") == 0
    offline_flows.fail_next_payment(held.ref)
    pass_time(held, clock, 29)
    page = words(own)
    assert "A payment did not go through on 17 March 2026. You go on reading until 7 April 2026" in page
    assert f'href="/account/card/{held.pk}/"' in own.get(HOME).content.decode()
    for path in ("/account/", "/help/", "/subscribe/"):
        assert "Your last payment is still open" in words(own, path)
    assert "Your last payment is still open" not in page  # it says so itself


def test_page_waits_for_no_provider(own: Client, held: Subscription, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("no answer")

    for name in ("manage_url", "preview_change", "fetch"):
        monkeypatch.setattr(offline_flows.OfflineProvider, name, fail)
    for path in (HOME, f"{HOME}{held.pk}/cancel/", f"{HOME}{held.pk}/pause/"):
        assert own.get(path).status_code == 200
    for path in ("/account/card/", f"{HOME}{held.pk}/change/"):
        answer = own.get(path)
        assert answer.status_code == 503
        assert "Nothing has happened" in problem(answer)


def test_subscription_by_invoice_has_neither_card_nor_pause_and_changes_with_the_next_invoice(
    own: Client, held: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    Subscription.objects.update(provider="invoice")
    offline = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {"invoice": offline})
    page = own.get(HOME).content.decode()
    assert "/account/card/" not in page
    assert "/pause/" not in page
    assert 'href="/account/invoices/"' in page
    assert "is taken now" not in words(own, f"{HOME}{held.pk}/change/").replace("Nothing is taken now", "")
    Subscription.objects.update(status="past_due", failed_at=held.started_at)
    assert "An invoice is still open, since 17 February 2026." in words(own)


def test_card_leads_to_the_provider_and_nowhere_else(own: Client, held: Subscription) -> None:
    for path in ("/account/card/", f"/account/card/{held.pk}/"):
        assert own.get(path)["Location"].endswith(f"/demo/card/{held.ref}/")
    assert own.get("/account/card/999/")["Location"] == HOME


def test_receipt_can_be_printed(own: Client, held: Subscription) -> None:
    page = words(own, f"/account/payments/{held.lines.get(kind='payment').detail}/")
    assert "has received a payment from reader@example.net. Amount €9.80 Received on 17 February 2026 For All-Access" in page
    assert own.get("/account/payments/pay_0/").status_code == 404


@pytest.mark.parametrize("step", ["cancel", "pause", "change", "undo", "resume"])
def test_provider_that_is_away_changes_nothing_and_says_so(
    own: Client, held: Subscription, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("connection refused by 192.0.2.1")

    if step == "undo":
        own.post(f"{HOME}{held.pk}/cancel/")
    if step == "resume":
        own.post(f"{HOME}{held.pk}/pause/", {"months": "1"})
    for name in ("cancel", "pause", "change_price", "undo_cancel", "resume"):
        monkeypatch.setattr(offline_flows.OfflineProvider, name, fail)
    lines = held.lines.count()
    small = Plan.objects.get(slug="small").prices.get().pk
    answer = own.post(f"{HOME}{held.pk}/{step}/", {"months": "1", "price": small, "shown_cents": "0"})
    assert answer.status_code == 503
    assert "Nothing has happened and nothing was taken" in problem(answer)
    assert "192.0.2.1" not in answer.content.decode()
    assert held.lines.count() == lines


def test_refusal_stands_beside_what_was_refused(own: Client, held: Subscription) -> None:
    answer = own.post(f"{HOME}{held.pk}/resume/")
    assert (answer.status_code, problem(answer)) == (409, "This subscription is not paused.")
    own.post(f"{HOME}{held.pk}/cancel/")
    answer = own.post(f"{HOME}{held.pk}/cancel/")
    assert (answer.status_code, problem(answer)) == (409, "This subscription is cancelled already, or over.")


def test_other_sites_cancel_nothing(own: Client, held: Subscription) -> None:
    assert own.post(f"{HOME}{held.pk}/cancel/", headers={"origin": "https://elsewhere.example"}).status_code == 403
