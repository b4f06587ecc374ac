"""Seats of an organisation, as browsers of its owner and its people see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.billing import offline_flows
from broadsheet.billing.models import Order, Organisation, Plan, Seat
from broadsheet.billing.order_flows import order_of
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy_seats
from tests.web.pages import order, problem, state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("offline")]

FORM = {"plan": "team", "organisation": "Acme", "seats": "3"}


@pytest.fixture(autouse=True)
def group_plan(db: None) -> Plan:
    return Plan.objects.create(name="For your team", slug="team", price_cents=8000, period="year", kind=Plan.Kind.GROUP)


@pytest.fixture
def owner(make_reader: Any) -> Any:
    return make_reader("office@acme.example")


@pytest.fixture
def acme(offline: Any, group_plan: Plan, owner: Any) -> Organisation:
    """Three seats."""
    return buy_seats(owner, group_plan, 3)


@pytest.fixture
def own(visit: Callable[[], Client], owner: Any, sign_in: Any) -> Client:
    """The owner's browser."""
    browser = visit()
    sign_in(browser, owner)
    return browser


@pytest.fixture
def come(visit: Callable[[], Client], make_reader: Any, sign_in: Any) -> Callable[[str], Client]:
    """A browser in which somebody with that address is signed in."""

    def sign(address: str) -> Client:
        browser = visit()
        sign_in(browser, make_reader(address))
        return browser

    return sign


def place(organisation: Organisation, rest: str = "") -> str:
    return f"/account/group/{organisation.pk}/{rest}"


def link_to(address: str) -> str:
    text = OutboxLetter.objects.filter(to_address=address, kind="seat-invited").latest("id").text
    return f"/group/join/{text.partition('/group/join/')[2].partition('/')[0]}/"


def test_seats_are_reckoned_then_ordered_then_looked_after(own: Client, owner: Any, clock: StoppedClock) -> None:
    shown = own.post("/subscribe/group/", FORM).content.decode()
    assert "€240" in shown
    assert not Order.objects.exists()
    answer = order(own, "/subscribe/group/", {**FORM, "seats": "4", "provider": "offline"}, seen=FORM)
    assert (answer.status_code, "Read it again" in problem(answer), "€320" in answer.content.decode()) == (409, True, True)
    assert not Order.objects.exists()
    answer = order(own, "/subscribe/group/", {**FORM, "provider": "offline"}, seen=FORM)
    kept = Order.objects.get()
    assert (answer.status_code, kept.quantity) == (303, 3)
    assert "3 seats of For your team for Acme: €240 a year" in kept.agreed_text
    offline_flows.pay_order(kept, order_of(kept), now=clock.now())
    assert own.get(f"/subscribe/done/{kept.ref}/")["Location"] == "/account/group/"
    assert own.get("/account/group/")["Location"] == place(Organisation.objects.get())
    assert "0 of 3 seats" in own.get(place(Organisation.objects.get())).content.decode()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"organisation": ""}, "organisation’s name"),
        ({"seats": "1"}, "between 2 and 500"),
        ({"seats": "501"}, "between 2 and 500"),
        ({"seats": "-3"}, "between 2 and 500"),
        ({"seats": "٣"}, "between 2 and 500"),
        ({"seats": "three"}, "between 2 and 500"),
    ],
)
def test_order_says_what_is_wrong(changed: dict[str, str], words: str, own: Client) -> None:
    answer = own.post("/subscribe/group/", {**FORM, **changed, "provider": "offline"})
    assert answer.status_code == 422
    assert words in problem(answer)
    assert not Order.objects.exists()


def test_stranger_sees_what_seats_cost_and_orders_nothing(visitor: Client) -> None:
    assert "€80 a seat and year" in visitor.get("/subscribe/group/").content.decode()
    visitor.post("/subscribe/group/", {**FORM, "provider": "offline"})
    assert not Order.objects.exists()


def test_owner_invites_and_the_invited_read_in_the_same_browser(
    acme: Organisation, own: Client, visit: Callable[[], Client], come: Callable[[str], Client], make_article: Any
) -> None:
    article = make_article()
    assert own.post(place(acme, "invite/"), {"addresses": "ann@acme.example"}).status_code == 303
    link = link_to("ann@acme.example")
    stranger = visit()
    assert "Leave your address and take it" in stranger.get(link).content.decode()
    stranger.post(link)
    assert Seat.objects.get().reader is None
    ann = come("ann@private.example")
    assert "ann@private.example" in ann.get(link).content.decode()
    assert Seat.objects.get().reader is None  # looking takes no seat
    assert "You have a seat of Acme" in ann.post(link).content.decode()
    assert state(ann.get(article.get_absolute_url())).startswith("open")
    page = own.get(place(acme)).content.decode()
    assert "ann@acme.example" in page
    assert "ann@private.example" not in page
    assert ann.get(link).status_code == 404


def test_pasted_list_keeps_what_went_wrong(acme: Organisation, own: Client) -> None:
    answer = own.post(place(acme, "invite/"), {"addresses": "ann@acme.example\nnobody\nbea@acme.example"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 invitations written" in page
    assert "<strong>nobody</strong> (number 2 of your list)" in page
    assert ">nobody</textarea>" in page


def test_nobody_else_looks_after_the_seats(acme: Organisation, come: Callable[[str], Client]) -> None:
    other = come("other@acme.example")
    assert other.get(place(acme)).status_code == 404
    assert other.get(place(acme, "seats/?seats=5")).status_code == 404
    for rest, form in (
        ("invite/", {"addresses": "x@x.example"}),
        ("own-seat/", {}),
        ("domains/", {"domain": "acme.example"}),
        ("seats/", {"seats": "5", "due_cents": "999999"}),
        ("seats/1/", {"what": "free"}),
    ):
        assert other.post(place(acme, rest), form).status_code == 404, rest
    other.post(place(acme, "answer/"), {"agree": "1"})
    acme.refresh_from_db()
    assert acme.owner.email == "office@acme.example"
    assert not Seat.objects.exists()


def test_seat_of_another_organisation_is_out_of_reach(
    acme: Organisation, own: Client, group_plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    other = buy_seats(make_reader(), group_plan, 2)
    own_seat = Seat.objects.create(organisation=other, number=1, paid_seats=2, address="x@x.example", address_key="x@x.example")
    own.post(place(acme, f"seats/{own_seat.pk}/"), {"what": "free"})
    assert Seat.objects.filter(pk=own_seat.pk).exists()


def test_owner_frees_a_seat_and_the_member_is_told(
    acme: Organisation, own: Client, come: Callable[[str], Client], make_article: Any, clock: StoppedClock
) -> None:
    article = make_article()
    own.post(place(acme, "invite/"), {"addresses": "ann@acme.example"})
    ann = come("ann@acme.example")
    ann.post(link_to("ann@acme.example"))
    clock.advance(timedelta(seconds=1))
    own.post(place(acme, f"seats/{Seat.objects.get().pk}/"), {"what": "free"})
    assert state(ann.get(article.get_absolute_url())).startswith("wall")
    assert OutboxLetter.objects.filter(to_address="ann@acme.example", kind="seat-ended").count() == 1


def test_member_gives_the_seat_back_and_nobody_elses(acme: Organisation, own: Client, come: Callable[[str], Client]) -> None:
    own.post(place(acme, "own-seat/"))
    own.post(place(acme, "invite/"), {"addresses": "ann@acme.example"})
    ann = come("ann@acme.example")
    ann.post(link_to("ann@acme.example"))
    assert "A seat of <strong>Acme</strong>" in ann.get("/account/group/").content.decode()
    for seat in Seat.objects.all():
        ann.post(f"/account/group/seats/{seat.pk}/leave/")
    assert [seat.address for seat in Seat.objects.all()] == ["office@acme.example"]


def test_domain_lets_its_people_in_and_is_taken_off_again(acme: Organisation, own: Client, come: Callable[[str], Client]) -> None:
    assert "domain of your own" in problem(own.post(place(acme, "domains/"), {"domain": "other.example"}))
    assert "Anybody can have a mailbox" in problem(own.post(place(acme, "domains/"), {"domain": "gmail.com"}))
    assert own.post(place(acme, "domains/"), {"domain": "acme.example"}).status_code == 303
    ann = come("ann@acme.example")
    assert "Take a seat of Acme" in ann.get("/group/join/").content.decode()
    assert "You have a seat of Acme" in ann.post("/group/join/", {"organisation": str(acme.pk)}).content.decode()
    assert "already" in problem(ann.post("/group/join/", {"organisation": str(acme.pk)}))
    stranger = come("x@elsewhere.example")
    assert "No organisation has seats" in stranger.get("/group/join/").content.decode()
    assert stranger.post("/group/join/", {"organisation": str(acme.pk)}).status_code == 409
    own.post(place(acme, "domains/"), {"remove": str(acme.domains.get().pk)})
    assert come("bea@acme.example").post("/group/join/", {"organisation": str(acme.pk)}).status_code == 409


def test_more_seats_are_shown_before_they_are_bought(acme: Organisation, own: Client) -> None:
    page = own.get(place(acme, "seats/?seats=5")).content.decode()
    assert "Change now and pay €160" in page
    assert own.post(place(acme, "seats/"), {"seats": "5", "due_cents": "100"}).status_code == 422
    assert own.post(place(acme, "seats/"), {"seats": "5", "due_cents": "16000"}).status_code == 303
    assert "of 5 seats" in own.get(place(acme)).content.decode()
    assert "between 2 and 500" in problem(own.get(place(acme, "seats/?seats=900")))
    assert "Nothing is taken today" in own.get(place(acme, "seats/?seats=4")).content.decode()


def test_seats_are_handed_over_to_a_member_who_agrees(acme: Organisation, own: Client, come: Callable[[str], Client]) -> None:
    own.post(place(acme, "invite/"), {"addresses": "ann@acme.example"})
    ann = come("private@home.example")
    ann.post(link_to("ann@acme.example"))
    own.post(place(acme, f"seats/{Seat.objects.get().pk}/"), {"what": "offer"})
    page = own.get(place(acme)).content.decode()
    assert "You have asked ann@acme.example" in page
    assert "private@home.example" not in page
    assert "Will you look after the seats of Acme?" in ann.get("/account/group/").content.decode()
    ann.post(place(acme, "answer/"), {"agree": "1"})
    assert ann.get(place(acme)).status_code == 200
    assert own.get(place(acme)).status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_do_so(visitor: Client, acme: Organisation) -> None:
    assert visitor.get("/group/join/")["Location"] == "/login/?next=%2Fgroup%2Fjoin%2F"
    assert visitor.get(place(acme)).status_code == 303
