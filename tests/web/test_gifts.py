"""Giving and opening a subscription, as a browser sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.billing import offline_flows
from broadsheet.billing.gift_flows import code_of
from broadsheet.billing.models import Gift, Order, Plan
from broadsheet.billing.order_flows import order_of
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.purchases import give
from tests.web.pages import agreed_of, order, problem, state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("offline")]

FORM = {
    "plan": "gift",
    "email": "ann@example.org",
    "giver_name": "Ben",
    "message": "Enjoy <it>.",
    "when": "now",
    "provider": "offline",
}


@pytest.fixture(autouse=True)
def gift_plan(db: None) -> Plan:
    return Plan.objects.create(name="A year for a friend", slug="gift", price_cents=9600, period="year", kind=Plan.Kind.GIFT)


def pay(reader: Any, clock: StoppedClock) -> str:
    """Press Pay; where the buyer then comes back to."""
    kept = Order.objects.get(reader=reader)
    offline_flows.pay_order(kept, order_of(kept), now=clock.now())
    return f"/subscribe/done/{kept.ref}/"


def test_stranger_sees_what_can_be_given_and_leaves_an_address_first(visitor: Client) -> None:
    page = visitor.get("/subscribe/gift/").content.decode()
    assert "A year for a friend, €96" in page
    assert 'href="/login/?next=/subscribe/gift/"' in page
    assert visitor.post("/subscribe/gift/", FORM).status_code == 200
    assert not Order.objects.exists()


def test_page_is_not_there_without_a_plan_to_give(visitor: Client) -> None:
    Plan.objects.update(is_offered=False)
    assert visitor.get("/subscribe/gift/").status_code == 404


def test_gift_is_bought_delivered_and_seen_by_its_giver_who_may_read_nothing_more(
    visitor: Client, make_reader: Any, make_article: Any, sign_in: Any, clock: StoppedClock
) -> None:
    giver, article = make_reader("ben@example.org"), make_article()
    sign_in(visitor, giver)
    answer = order(visitor, "/subscribe/gift/", FORM)
    assert (answer.status_code, "/demo/pay/" in answer["Location"]) == (303, True)
    kept = Order.objects.get()
    assert "never renews" in kept.agreed_text
    assert kept.network_key
    assert visitor.get(pay(giver, clock))["Location"] == "/account/gifts/"
    page = visitor.get("/account/gifts/").content.decode()
    assert "ann@example.org" in page
    assert "Delivered, not opened yet" in page
    assert state(visitor.get(article.get_absolute_url())).startswith("wall")
    letter = OutboxLetter.objects.get(to_address="ann@example.org")
    assert "Enjoy &lt;it&gt;." in letter.html


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"email": "nobody"}, "Is it missing?", id="no address"),
        pytest.param({"email": "ann@gmial.com"}, "Did you mean ann@gmail.com?", id="a slip"),
        pytest.param({"giver_name": " "}, "Tell us who gives it", id="no giver"),
        pytest.param({"message": "x" * 501}, "500 letters at most", id="too many words"),
        pytest.param({"when": "day", "day": ""}, "Choose the day", id="no day"),
        pytest.param({"when": "day", "day": "2026-02-16"}, "within a year", id="yesterday"),
        pytest.param({"when": "day", "day": "2027-02-18"}, "within a year", id="a year and a day"),
    ],
)
def test_form_says_beside_the_field_what_is_wrong_and_keeps_the_rest(
    changed: dict[str, str], words: str, visitor: Client, make_reader: Any, sign_in: Any
) -> None:
    sign_in(visitor, make_reader())
    answer = visitor.post("/subscribe/gift/", {**FORM, **changed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert page.count('aria-invalid="true"') == 1
    assert not Order.objects.exists()
    assert "Enjoy &lt;it&gt;." in page or "message" in changed


def test_gift_whose_price_has_changed_since_the_giver_looked_is_not_ordered(
    visitor: Client, make_reader: Any, sign_in: Any, gift_plan: Plan
) -> None:
    sign_in(visitor, make_reader())
    seen = agreed_of(visitor.get("/subscribe/gift/"))
    gift_plan.price_cents = 12000
    gift_plan.save()
    answer = visitor.post("/subscribe/gift/", {**FORM, "agreed": seen})
    assert (answer.status_code, "Read it again" in problem(answer)) == (409, True)
    assert "Enjoy &lt;it&gt;." in answer.content.decode()
    assert not Order.objects.exists()


def test_slip_that_is_meant_is_taken_the_second_time(visitor: Client, make_reader: Any, sign_in: Any) -> None:
    sign_in(visitor, make_reader())
    answer = order(visitor, "/subscribe/gift/", {**FORM, "email": "ann@gmial.com", "sure": "ann@gmial.com"})
    assert answer.status_code == 303
    assert Order.objects.get().details["address"] == "ann@gmial.com"


def test_giver_changes_a_gift_until_it_has_gone_out(visitor: Client, make_reader: Any, sign_in: Any, clock: StoppedClock) -> None:
    giver = make_reader("ben@example.org")
    sign_in(visitor, giver)
    order(visitor, "/subscribe/gift/", {**FORM, "when": "day", "day": "2026-03-01"})
    visitor.get(pay(giver, clock))
    gift = Gift.objects.get()
    own = f"/account/gifts/{gift.pk}/"
    assert 'value="2026-03-01"' in visitor.get(own).content.decode()
    assert visitor.post(own, {**FORM, "email": "cat@example.org", "when": "day", "day": "2026-03-05"}).status_code == 303
    gift.refresh_from_db()
    assert (gift.address, gift.deliver_at.day) == ("cat@example.org", 5)
    assert visitor.post(own, {**FORM, "email": "cat@example.org", "when": "now"}).status_code == 303
    assert OutboxLetter.objects.filter(to_address="cat@example.org", kind="gift").count() == 1
    late = visitor.post(own, FORM)
    assert (late.status_code, "nothing was changed" in late.content.decode()) == (409, True)


def test_gift_is_shown_to_whoever_paid_for_it_only(visit: Any, make_reader: Any, sign_in: Any, gift_plan: Plan) -> None:
    gift = give(make_reader(), gift_plan)
    other = visit()
    sign_in(other, make_reader())
    for path in (f"/account/gifts/{gift.pk}/", f"/account/gifts/{gift.pk}/card/"):
        assert other.get(path).status_code == 404
        assert visit().get(path).status_code == 303
    assert code_of(gift) not in other.get("/account/gifts/").content.decode()


def test_card_bears_the_code_until_the_gift_is_open(
    visitor: Client,
    make_reader: Any,
    sign_in: Any,
    gift_plan: Plan,
    visit: Any,
) -> None:
    giver = make_reader()
    gift = give(giver, gift_plan)
    sign_in(visitor, giver)
    assert code_of(gift) in visitor.get(f"/account/gifts/{gift.pk}/card/").content.decode()
    reader = visit()
    sign_in(reader, make_reader())
    reader.post(f"/gift/{code_of(gift)}/")
    assert visitor.get(f"/account/gifts/{gift.pk}/card/").status_code == 303
    assert code_of(gift) not in visitor.get(f"/account/gifts/{gift.pk}/").content.decode()


# -- Opening ---------------------------------------------------------------------------------------------------------


def test_code_leads_to_the_gift_and_one_press_opens_everything_in_this_browser(
    visitor: Client,
    make_reader: Any,
    make_article: Any,
    sign_in: Any,
    gift_plan: Plan,
) -> None:
    gift, reader, article = give(make_reader(), gift_plan), make_reader(), make_article()
    answer = visitor.post("/gift/", {"code": code_of(gift).lower().replace("-", " ")})
    assert answer["Location"] == f"/gift/{code_of(gift)}/"
    page = visitor.get(answer["Location"]).content.decode()
    assert "For the long evenings." in page
    assert f"/login/?next=%2Fgift%2F{code_of(gift)}%2F" in page
    visitor.post(answer["Location"])  # a press without an account opens nothing
    assert not Grant.objects.exists()
    sign_in(visitor, reader)
    assert reader.email in visitor.get(answer["Location"]).content.decode()
    assert "until 17 February 2027" in visitor.post(answer["Location"]).content.decode()
    assert state(visitor.get(article.get_absolute_url())).startswith("open")
    assert "opened already" in visitor.get(answer["Location"]).content.decode()


def test_looking_at_a_gift_opens_nothing(visitor: Client, make_reader: Any, sign_in: Any, gift_plan: Plan) -> None:
    gift = give(make_reader(), gift_plan)
    sign_in(visitor, make_reader())
    visitor.get(f"/gift/{code_of(gift)}/")
    assert not Grant.objects.exists()


def test_subscriber_may_let_it_begin_when_their_own_has_ended(
    visitor: Client,
    make_reader: Any,
    make_subscriber: Any,
    sign_in: Any,
    gift_plan: Plan,
    clock: StoppedClock,
) -> None:
    gift, reader = give(make_reader(), gift_plan), make_subscriber()
    sign_in(visitor, reader)
    assert "to begin on 17 February 2027" in visitor.get(f"/gift/{code_of(gift)}/").content.decode()
    page = visitor.post(f"/gift/{code_of(gift)}/", {"later": "1"}).content.decode()
    assert "begins on 17 February 2027" in page
    assert Grant.objects.get(source="gift").starts_at == clock.now() + timedelta(days=365)


def test_giver_is_told_that_opening_it_uses_it_up(visitor: Client, make_reader: Any, sign_in: Any, gift_plan: Plan) -> None:
    giver = make_reader()
    sign_in(visitor, giver)
    assert "uses it up" in visitor.get(f"/gift/{code_of(give(giver, gift_plan))}/").content.decode()


def test_wrong_codes_are_refused_alike_and_then_not_looked_at(visitor: Client) -> None:
    answers = [visitor.post("/gift/", {"code": f"{number:016d}"}) for number in range(22)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 2
    assert "no gift with this code" in answers[0].content.decode()
    assert visitor.get("/gift/7K3M-9QPX-2VTR-84HC/").status_code == 429
