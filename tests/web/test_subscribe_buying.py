"""From the plans to a paid subscription and back to the article."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Alert, Campaign, Order, Plan, StudentDeclaration, Subscription
from broadsheet.billing.order_flows import order_of
from broadsheet.billing.provider import Checkout, ProviderAway
from broadsheet.billing.subscription_flows import UnknownPrice
from broadsheet.core.models import Event
from broadsheet.mail.models import OutboxLetter
from broadsheet.paywall.passes import COOKIE
from broadsheet.publication.models import PlainPage
from broadsheet.web import buying, subscribe
from tests.web import pages
from tests.web.conftest import ReadLetter

pytestmark = pytest.mark.django_db
HOLDS = "Every article\nThe library"


@pytest.fixture(autouse=True)
def offline(db: None, monkeypatch: pytest.MonkeyPatch) -> offline_flows.OfflineProvider:
    """The demo's provider is the one that takes money."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return provider


@pytest.fixture(autouse=True)
def month(db: None) -> Plan:
    Plan.objects.all().delete()
    Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year", holds=HOLDS, position=1)
    return Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month", holds=HOLDS, position=2)


@pytest.fixture
def campaign(month: Plan) -> Campaign:
    row = Campaign.objects.create(
        name="Spring", slug="spring", code="APRIL", headline="Half the price", discount_percent=50, discount_periods=2
    )
    row.plans.set([month])
    return row


@pytest.fixture
def reader(visitor: Client, make_reader: Callable[..., User], sign_in: Any) -> User:
    """The visitor, signed in."""
    made = make_reader("ann@example.net")
    sign_in(visitor, made)
    return made


def problem(answer: Any) -> str:
    return pages.problem(answer)


def state(answer: Any) -> str:
    return pages.state(answer)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def pay(order: Order, now: Any) -> None:
    offline_flows.pay_order(order, order_of(order), now=now)


# -- The whole way -------------------------------------------------------------------------------------------------------


def test_stranger_buys_and_reads_on_at_the_same_article(
    visitor: Client, make_article: Any, open_letter: Callable[[str], ReadLetter], clock: Any
) -> None:
    article = make_article()
    there = f"{article.get_absolute_url()}#continue"
    assert state(visitor.get(article.get_absolute_url())) == "wall stranger"
    plans = visitor.get("/subscribe/", {"next": there}).content.decode()
    address = re.search(r'href="(/subscribe/month/[^"]+)"', plans)
    assert address is not None
    here = address[1].replace("&amp;", "&")
    assert "Your email address" in visitor.get(here).content.decode()
    assert visitor.post(here, {"email": "new@example.net"})["Location"] == here
    letter = open_letter("new@example.net")
    assert "Type the code" in visitor.get(here).content.decode()
    assert visitor.post(here, {"letter_code": letter.code})["Location"] == here
    page = visitor.get(here).content.decode()
    assert "new@example.net" in page and "You order All-Access for €9.80 a month." in page
    to_pay = pages.order(visitor, here, {"provider": "offline"})
    order = Order.objects.get()
    assert (to_pay.status_code, to_pay["Location"]) == (303, f"{settings.BROADSHEET.site_url}/demo/pay/{order.ref}/")
    assert (order.next_path, order.price.cents) == (there, 980)
    assert order.agreed_text.startswith("You order All-Access for €9.80 a month.\nIt renews by itself each month")
    assert order.network_key and order.created_at == clock.now()
    pay(order, clock.now())
    done = visitor.get(f"/subscribe/done/{order.ref}/")
    assert f'href="{there}"' in done.content.decode() and "everything is open" in done.content.decode()
    assert COOKIE in done.cookies, "the pass holds the new right"
    assert state(visitor.get(article.get_absolute_url())) == "open subscription"
    assert {row.kind for row in OutboxLetter.objects.filter(to_address="new@example.net")} >= {"welcome", "receipt"}
    assert [*Event.objects.filter(kind="ordered").values_list("article_id", "source")] == [(article.pk, "")]


def test_known_and_unknown_addresses_look_alike_and_sign_nobody_in(visit: Callable[[], Client], make_reader: Any) -> None:
    make_reader("known@example.net")
    answers = []
    for address in ("known@example.net", "other@example.net"):
        browser = visit()
        asked = browser.post("/subscribe/month/", {"email": address})
        shown = browser.get("/subscribe/month/").content.decode().replace(address, "…")
        answers.append((asked.status_code, asked["Location"], shown))
        assert settings.SESSION_COOKIE_NAME not in browser.cookies
        assert browser.post("/subscribe/month/", {"provider": "offline"}).status_code == 200
        assert not Order.objects.exists()
    assert answers[0] == answers[1]


def test_wrong_code_and_wrong_address_say_what_to_do(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    assert "@ in the middle" in problem(visitor.post("/subscribe/month/", {"email": "ann"}))
    visitor.post("/subscribe/month/", {"email": "ann@example.net"})
    answer = visitor.post("/subscribe/month/", {"letter_code": "000000"})
    assert (answer.status_code, "not the code" in problem(answer)) == (422, True)
    assert "Your email address" in visitor.get("/subscribe/month/?other=1").content.decode()


def test_form_of_another_site_orders_nothing(visitor: Client, reader: User) -> None:
    for origin in ("https://evil.example", "null"):
        assert visitor.post("/subscribe/month/", {"provider": "offline"}, headers={"origin": origin}).status_code == 403
    assert not Order.objects.exists()


# -- What somebody has already -----------------------------------------------------------------------------------------


@pytest.fixture
def held(visitor: Client, reader: User, clock: Any) -> Subscription:
    pages.order(visitor, "/subscribe/month/", {"provider": "offline"})
    order = Order.objects.get()
    pay(order, clock.now())
    visitor.get(f"/subscribe/done/{order.ref}/")
    return Subscription.objects.get()


def test_subscriber_sees_what_they_have_instead_of_an_offer(visitor: Client, held: Subscription) -> None:
    page = visitor.get("/subscribe/?next=/library/").content.decode()
    assert "You already have All-Access" in page and "renews on 17 March 2026" in page
    assert 'href="/account/subscription/"' in page and 'href="/library/"' in page
    assert "/subscribe/month/" not in page
    assert "/subscribe/month/?next=%2Flibrary%2F" in visitor.get("/subscribe/?next=/library/&more=1").content.decode()


def test_second_subscription_needs_a_tick(visitor: Client, held: Subscription) -> None:
    assert "You already have All-Access" in visitor.get("/subscribe/year/").content.decode()
    answer = pages.order(visitor, "/subscribe/year/", {"provider": "offline"})
    assert (answer.status_code, "pay twice" in problem(answer)) == (422, True)
    assert Order.objects.count() == 1
    assert pages.order(visitor, "/subscribe/year/", {"provider": "offline", "again": "1"}).status_code == 303


def test_reader_with_access_from_the_desk_is_told_so(visitor: Client, make_subscriber: Any, sign_in: Any) -> None:
    sign_in(visitor, make_subscriber())
    page = visitor.get("/subscribe/").content.decode()
    assert "You can read everything already" in page and "/subscribe/month/" not in page


# -- Coming back -----------------------------------------------------------------------------------------------------------


def test_page_waits_for_a_payment_for_a_minute_and_then_explains(visitor: Client, reader: User) -> None:
    pages.order(visitor, "/subscribe/month/", {"provider": "offline"})
    place = f"/subscribe/done/{Order.objects.get().ref}/"
    first = visitor.get(place)
    assert first["Refresh"] == f"3; url={place}?look=2"
    assert "being confirmed" in first.content.decode()
    assert visitor.get(f"{place}?look=19")["Refresh"] == f"3; url={place}?look=20"
    for look in ("20", "99"):
        late = visitor.get(place, {"look": look})
        assert "Refresh" not in late.headers
        assert "not heard of your payment yet" in late.content.decode()
    for look in ("x", "-1", "1e3", "٣", "9" * 50):
        assert visitor.get(place, {"look": look}).status_code == 200


def test_provider_that_is_away_on_the_way_back_loses_nothing(
    visitor: Client, reader: User, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    pages.order(visitor, "/subscribe/month/", {"provider": "offline"})
    order = Order.objects.get()
    pay(order, clock.now())

    def raise_away(*args: Any, **kwargs: Any) -> Any:
        raise ProviderAway("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(offline_flows.OfflineProvider, "fetch", raise_away)
        assert "being confirmed" in visitor.get(f"/subscribe/done/{order.ref}/").content.decode()
    assert "everything is open" in visitor.get(f"/subscribe/done/{order.ref}/").content.decode()
    monkeypatch.setattr(offline_flows.OfflineProvider, "fetch", raise_away)  # nobody is asked for what is known
    assert "everything is open" in visitor.get(f"/subscribe/done/{order.ref}/").content.decode()


def test_payment_for_an_unknown_price_is_put_before_the_staff(
    visitor: Client, reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.order(visitor, "/subscribe/month/", {"provider": "offline"})

    def raise_unknown(*args: Any, **kwargs: Any) -> Any:
        raise UnknownPrice("no such price")

    monkeypatch.setattr(buying, "finish_order", raise_unknown)
    assert visitor.get(f"/subscribe/done/{Order.objects.get().ref}/").status_code == 200
    assert "no such price" in Alert.objects.get().text


def test_page_of_an_order_tells_strangers_nothing_of_its_buyer(
    visitor: Client, visit: Callable[[], Client], reader: User, clock: Any
) -> None:
    pages.order(visitor, "/subscribe/month/", {"provider": "offline"})
    order = Order.objects.get()
    pay(order, clock.now())
    page = visit().get(f"/subscribe/done/{order.ref}/").content.decode()
    assert "ann@example.net" not in page and "Log in" in page
    assert visitor.get("/subscribe/done/none/").status_code == 404


def test_cancelled_checkout_leads_back_to_what_was_chosen(visitor: Client, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def start(self: Any, order: Any, *, return_url: str, cancel_url: str, now: Any) -> Checkout:
        seen.append(cancel_url)
        return Checkout("https://pay.example/session?a=1&b=2")

    monkeypatch.setattr(offline_flows.OfflineProvider, "start_checkout", start)
    away = pages.order(visitor, "/subscribe/month/", {"provider": "offline", "next": "/library/"})
    # No form may lead to another site (form-action 'self'), so a page of ours does.
    assert (away.status_code, away["Refresh"]) == (200, "0; url=https://pay.example/session?a=1&b=2")
    assert 'href="https://pay.example/session?a=1&amp;b=2"' in away.content.decode()
    page = visitor.get(seen[0].removeprefix(settings.BROADSHEET.site_url)).content.decode()
    assert "Nothing was ordered and nothing was taken" in page
    assert re.search(r'class="way chosen[^"]*">(?:(?!class="way).)*/subscribe/month/\?next=%2Flibrary%2F', page, re.DOTALL)


def test_provider_that_does_not_answer_takes_no_order(visitor: Client, reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_away(*args: Any, **kwargs: Any) -> Any:
        raise ProviderAway("no answer")

    monkeypatch.setattr(offline_flows.OfflineProvider, "start_checkout", raise_away)
    answer = pages.order(visitor, "/subscribe/month/", {"provider": "offline"})
    assert (answer.status_code, "Nothing was ordered" in problem(answer)) == (503, True)


@pytest.mark.parametrize("name", ["stripe", "", "invoice", "../x"])
def test_provider_that_is_not_offered_is_refused(visitor: Client, reader: User, name: str) -> None:
    assert visitor.post("/subscribe/month/", {"provider": name}).status_code == 422
    assert not Order.objects.exists()


def test_orders_of_one_reader_are_limited(visitor: Client, reader: User) -> None:
    answers = [pages.order(visitor, "/subscribe/month/", {"provider": "offline"}).status_code for _ in range(22)]
    assert answers == [303] * 20 + [429] * 2


# -- Campaigns -----------------------------------------------------------------------------------------------------------


def test_campaigns_page_shows_its_prices_and_the_order_has_them(
    visitor: Client, reader: User, campaign: Campaign, clock: Any
) -> None:
    page = visitor.get("/subscribe/offer/spring/?next=/library/")
    assert "Half the price" in page.content.decode()
    assert "€9.80 €4.90 a month" in text_of(page) and "€96 a year" in text_of(page)
    address = re.search(r'href="(/subscribe/month/[^"]+)"', page.content.decode())
    assert address is not None
    here = address[1].replace("&amp;", "&")
    shown = visitor.get(here).content.decode()
    assert "With this offer the first 2 months cost €4.90 a month; after them, €9.80 a month." in shown
    pages.order(visitor, here, {"provider": "offline"})
    order = Order.objects.get()
    assert (order.campaign, order.discount_percent, order.discount_periods, order.next_path) == ("spring", 50, 2, "/library/")
    assert "€4.90" in order.agreed_text
    pay(order, clock.now())
    visitor.get(f"/subscribe/done/{order.ref}/")
    assert Subscription.objects.get().kept_cents == 490


def test_code_is_typed_on_the_subscribe_page(visitor: Client, campaign: Campaign) -> None:
    assert 'name="code"' in visitor.get("/subscribe/").content.decode()
    wrong = visitor.post("/subscribe/code/", {"code": "MAY", "next": "/library/"})
    assert (wrong.status_code, "don’t know that code" in problem(wrong)) == (422, True)
    assert 'value="MAY"' in wrong.content.decode()
    right = visitor.post("/subscribe/code/", {"code": "april", "next": "/library/"})
    assert right.status_code == 303
    assert "€4.90" in visitor.get(right["Location"]).content.decode()
    assert "next=%2Flibrary%2F" in right["Location"]


def test_codes_are_tried_ten_times_an_hour(visit: Callable[[], Client], campaign: Campaign, clock: Any) -> None:
    answers = [visit().post("/subscribe/code/", {"code": f"C{n}"}) for n in range(12)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert "Wait an hour" in problem(answers[-1])
    assert visit().post("/subscribe/code/", {"code": "APRIL"}).status_code == 429
    clock.advance(timedelta(hours=1))
    assert visit().post("/subscribe/code/", {"code": "APRIL"}).status_code == 303


def test_no_code_is_asked_for_where_none_would_do(visitor: Client) -> None:
    assert 'name="code"' not in visitor.get("/subscribe/").content.decode()


def test_offer_that_is_over_says_so_and_costs_the_full_price(visitor: Client, reader: User, campaign: Campaign) -> None:
    typed = visitor.post("/subscribe/code/", {"code": "APRIL"})["Location"]
    offer = typed.partition("offer=")[2]
    Campaign.objects.update(is_on=False)
    for path in ("/subscribe/offer/spring/", typed):
        assert "This offer is over" in visitor.get(path).content.decode()
    here = f"/subscribe/month/?offer={offer}"
    assert "The offer you came with is over" in visitor.get(here).content.decode()
    pages.order(visitor, here, {"provider": "offline"})
    assert Order.objects.get().discount_percent == 0
    assert visitor.get("/subscribe/offer/never/").status_code == 404


def test_offer_that_ends_while_somebody_reads_the_terms_orders_nothing_at_another_price(
    visitor: Client, reader: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = visitor.post("/subscribe/code/", {"code": "APRIL"})["Location"].partition("offer=")[2]
    Campaign.objects.update(max_uses=0)
    answer = pages.order(visitor, f"/subscribe/month/?offer={offer}", {"provider": "offline"})
    assert (answer.status_code, "as often as it could be" in problem(answer)) == (422, True)
    assert not Order.objects.exists()


def make_price_higher() -> None:
    plan = Plan.objects.get(slug="month")
    plan.price_cents = 1280
    plan.save()


def end_the_offer() -> None:
    Campaign.objects.update(is_on=False)


def write_other_terms() -> None:
    PlainPage.objects.create(title="Terms", slug="terms", body="")


@pytest.mark.parametrize("change", [make_price_higher, end_the_offer, write_other_terms])
def test_nobody_orders_at_once_what_has_changed_since_they_looked(
    visitor: Client, reader: User, campaign: Campaign, change: Callable[[], None]
) -> None:
    here = visitor.post("/subscribe/code/", {"code": "APRIL"})["Location"].replace("/subscribe/", "/subscribe/month/", 1)
    seen = pages.agreed_of(visitor.get(here))
    change()
    answer = visitor.post(here, {"provider": "offline", "agreed": seen})
    assert (answer.status_code, "Read it again" in problem(answer)) == (409, True)
    assert not Order.objects.exists()
    assert pages.order(visitor, here, {"provider": "offline"}).status_code == 303
    terms = "Our terms hold, as of" in Order.objects.get().agreed_text
    assert terms == PlainPage.objects.filter(slug="terms").exists()


# -- Students, other kinds, no provider ----------------------------------------------------------------------------------


def test_student_says_where_they_study(visitor: Client, reader: User) -> None:
    Plan.objects.create(name="Student", slug="student-year", price_cents=4200, period="year", kind="student")
    answer = pages.order(visitor, "/subscribe/student-year/", {"provider": "offline"})
    assert answer.status_code == 422
    assert "Tell us where you study" in answer.content.decode() and "Tick this if you do" in answer.content.decode()
    said = {"provider": "offline", "institution": "  A   college ", "studies": "1"}
    assert pages.order(visitor, "/subscribe/student-year/", said).status_code == 303
    assert StudentDeclaration.objects.get().institution == "A college"
    assert Order.objects.get().details == {"institution": "A college"}
    assert Order.objects.get().agreed_text.endswith("I study there now, and will say so again each year.")


def test_student_says_so_again(visitor: Client, reader: User) -> None:
    assert visitor.get("/subscribe/student/").status_code == 200
    assert visitor.post("/subscribe/student/", {"institution": "A college"}).status_code == 422
    assert visitor.post("/subscribe/student/", {"institution": "A college", "studies": "1"})["Location"] == "/account/subscription/"
    assert StudentDeclaration.objects.get().reader == reader


@pytest.mark.parametrize(("kind", "where"), [("gift", "/subscribe/gift/"), ("group", "/subscribe/group/")])
def test_presents_and_seats_have_pages_of_their_own(visitor: Client, kind: str, where: str) -> None:
    assert where not in visitor.get("/subscribe/").content.decode()
    Plan.objects.create(name="Other", slug="other", price_cents=100, period="year", kind=kind)
    page = visitor.get("/subscribe/").content.decode()
    assert f'href="{where}"' in page and "/subscribe/other/" not in page
    assert visitor.get("/subscribe/other/?next=/library/")["Location"] == f"{where}?next=%2Flibrary%2F"


@pytest.mark.parametrize(("payments", "where"), [(("invoice",), "/subscribe/month/invoice/?next=%2Flibrary%2F"), ((), None)])
def test_without_a_provider_there_is_the_invoice_or_the_help_desk(
    visitor: Client, reader: User, monkeypatch: pytest.MonkeyPatch, payments: tuple[str, ...], where: str | None
) -> None:
    monkeypatch.setattr(providers, "load_providers", dict)
    monkeypatch.setattr(settings, "BROADSHEET", replace(settings.BROADSHEET, payments=payments))
    answer = visitor.get("/subscribe/month/?next=/library/")
    assert answer.headers.get("Location") == where
    if where is None:
        assert "can’t be bought here just now" in answer.content.decode()
        assert visitor.get("/subscribe/month/invoice/").status_code == 404


# -- What pages carry --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/" + "x" * 400])
def test_nobody_is_led_to_another_site(visitor: Client, wanted: str) -> None:
    for path in ("/subscribe/", "/subscribe/month/"):
        assert wanted not in visitor.get(path, {"next": wanted}).content.decode()
    assert visitor.get("/subscribe/code/", {"next": wanted})["Location"] == "/subscribe/"


def test_page_without_any_plan_leads_to_a_person(visitor: Client) -> None:
    Plan.objects.update(is_offered=False)
    page = visitor.get("/subscribe/").content.decode()
    assert "nothing on offer just now" in page and "/help/?about=/subscribe/" in page
    assert visitor.get("/subscribe/month/").status_code == 404


def test_view_of_the_offer_is_counted_when_somebody_looks(visitor: Client, make_article: Any) -> None:
    article = make_article()
    path = f"/subscribe/?next={article.get_absolute_url()}"
    visitor.get(path)
    visitor.get(path, headers={"sec-fetch-dest": "document", "sec-purpose": "prefetch"})
    visitor.get(path, headers={"sec-fetch-dest": "document"})
    assert [*Event.objects.filter(kind="offer_seen").values_list("article_id", flat=True)] == [article.pk]


def test_offer_is_shown_while_nothing_can_be_written(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(subscribe, "record_event", refuse)
    assert visitor.get("/subscribe/", headers={"sec-fetch-dest": "document"}).status_code == 200


def test_answers_are_kept_by_no_cache(visitor: Client, reader: User, campaign: Campaign) -> None:
    for path in ("/subscribe/", "/subscribe/month/", "/subscribe/offer/spring/", "/subscribe/student/"):
        assert visitor.get(path)["Cache-Control"] == "private, no-store"
