"""Seats of an organisation: bought, filled by address or domain, never more than are paid for, and over with the money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadsheet.billing import change_flows, groups, offline_flows, providers
from broadsheet.billing.group_flows import (
    DomainProblem,
    SeatOutcome,
    accept_invitation,
    add_domain,
    answer_offer,
    find_invitation,
    free_seat,
    hand_over,
    invite,
    invite_again,
    join_by_domain,
    offer_ownership,
    take_own_seat,
)
from broadsheet.billing.groups import next_seat, read_list
from broadsheet.billing.models import Organisation, OrganisationDomain, Plan, Seat, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import Refused
from broadsheet.billing.seat_flows import change_seats, preview_seats
from broadsheet.core import clock
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from broadsheet.paywall.explanation import explain_reader
from tests.billing.purchases import buy, buy_seats

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def group_plan() -> Plan:
    return Plan.objects.create(name="For your team", slug="team", price_cents=8000, period="year", kind=Plan.Kind.GROUP)


@pytest.fixture
def owner(make_reader: Any) -> Any:
    return make_reader("office@acme.example")


@pytest.fixture
def acme(offline: Any, group_plan: Plan, owner: Any) -> Organisation:
    """Three seats."""
    return buy_seats(owner, group_plan, 3)


def fresh(organisation: Organisation) -> Organisation:
    return Organisation.objects.select_related("subscription__price__plan").get(pk=organisation.pk)


def letters(address: str) -> list[str]:
    return list(OutboxLetter.objects.filter(to_address=address).order_by("id").values_list("kind", flat=True))


def token_to(address: str) -> str:
    text = OutboxLetter.objects.filter(to_address=address, kind="seat-invited").latest("id").text
    return text.partition("/group/join/")[2].partition("/")[0]


def seat_reader(organisation: Organisation, reader: Any) -> Seat:
    """Invite a reader and let them come."""
    invite(organisation.pk, read_list(reader.email), now=clock.now())
    assert accept_invitation(token_to(reader.email), reader, now=clock.now()) is SeatOutcome.TAKEN
    return Seat.objects.get(organisation=organisation, reader=reader)


def may_read(reader: Any) -> bool:
    grants = Grant.objects.filter(reader=reader, article=None, starts_at__lte=clock.now())
    return any(grant.ends_at is None or grant.ends_at > clock.now() for grant in grants)


def follow(organisation: Organisation) -> Subscription:
    offline_flows.advance(now=clock.now())
    return follow_subscription("offline", organisation.subscription.ref, now=clock.now())


# -- Buying ----------------------------------------------------------------------------------------------------------


def test_seats_are_paid_for_by_the_number_and_open_nothing_to_whoever_buys_them(acme: Organisation, owner: Any) -> None:
    assert (acme.name, acme.owner) == ("Acme", owner)
    assert acme.subscription.quantity == 3
    assert acme.subscription.kept_cents == 3 * 8000
    assert not Grant.objects.exists()
    assert letters(owner.email) == ["group-begun", "receipt"] or letters(owner.email) == ["receipt", "group-begun"]


def test_owner_takes_a_seat_like_anybody(acme: Organisation, owner: Any, make_reader: Any) -> None:
    assert take_own_seat(acme, make_reader(), now=clock.now()) is SeatOutcome.NOT_YOURS
    assert take_own_seat(acme, owner, now=clock.now()) is SeatOutcome.TAKEN
    assert take_own_seat(acme, owner, now=clock.now()) is SeatOutcome.ALREADY
    assert may_read(owner)


# -- Inviting --------------------------------------------------------------------------------------------------------


def test_invitation_is_accepted_in_whichever_account_and_the_owner_sees_the_invited_address(
    acme: Organisation, make_reader: Any
) -> None:
    invite(acme.pk, read_list("ann@acme.example"), now=clock.now())
    reader = make_reader("private@example.org")
    token = token_to("ann@acme.example")
    assert accept_invitation(token, reader, now=clock.now()) is SeatOutcome.TAKEN
    assert accept_invitation(token, make_reader(), now=clock.now()) is SeatOutcome.NOT_YOURS
    seat = Seat.objects.get()
    assert (seat.address, seat.reader) == ("ann@acme.example", reader)
    assert may_read(reader)
    assert letters(reader.email) == ["seat-taken"]


def test_explanation_names_the_organisation(acme: Organisation, make_reader: Any, make_article: Any) -> None:
    reader = make_reader("ann@acme.example")
    seat_reader(acme, reader)
    decision = explain_reader(reader.pk, make_article().pk, now=clock.now()).decision
    assert decision is not None
    assert "seat of Acme" in decision.record


def test_pasted_list_says_entry_by_entry_what_is_wrong(acme: Organisation, make_reader: Any) -> None:
    seat_reader(acme, make_reader("ann@acme.example"))
    pasted = "Bea Bo <bea@acme.example>; nobody\nANN@acme.example, bea@acme.example\n\ncy@acme.example\tdan@acme.example"
    done = invite(acme.pk, read_list(pasted), now=clock.now())
    assert done.written == 2
    problems = {(one.number, one.typed): one.problem for one in done.problems}
    assert set(problems) == {(2, "nobody"), (3, "ANN@acme.example"), (4, "bea@acme.example"), (6, "dan@acme.example")}
    assert "no email address" in problems[2, "nobody"]
    assert "has a seat already" in problems[3, "ANN@acme.example"]
    assert "has a seat already" in problems[4, "bea@acme.example"]
    assert "No seat is free" in problems[6, "dan@acme.example"]
    assert letters("dan@acme.example") == []


def test_member_who_came_by_another_address_is_not_invited_again(acme: Organisation, make_reader: Any) -> None:
    reader = make_reader("private@example.org")
    invite(acme.pk, read_list("ann@acme.example"), now=clock.now())
    accept_invitation(token_to("ann@acme.example"), reader, now=clock.now())
    assert invite(acme.pk, read_list("private@example.org"), now=clock.now()).written == 0


def test_list_holds_five_hundred(offline: Any, group_plan: Plan, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_AT_ONCE", 2)
    acme = buy_seats(owner, group_plan, 5)
    done = invite(acme.pk, read_list("a@x.example\nb@x.example\nc@x.example"), now=clock.now())
    assert (done.written, [one.number for one in done.problems]) == (2, [3])


def test_invitation_is_written_again_three_times_a_day_and_only_the_last_link_leads_in(
    acme: Organisation, make_reader: Any, clock: StoppedClock
) -> None:
    invite(acme.pk, read_list("ann@acme.example"), now=clock.now())
    seat, first = Seat.objects.get(), token_to("ann@acme.example")
    assert [invite_again(seat, now=clock.now()) for _ in range(4)] == [True, True, True, False]
    assert find_invitation(first) is None
    accept_invitation(token_to("ann@acme.example"), make_reader(), now=clock.now())
    clock.advance(timedelta(days=1))
    assert not invite_again(seat, now=clock.now())


def test_withdrawn_invitation_frees_its_seat(acme: Organisation, make_reader: Any) -> None:
    invite(acme.pk, read_list("a@x.example b@x.example".replace(" ", "\n") + "\nc@x.example"), now=clock.now())
    token = token_to("b@x.example")
    free_seat(Seat.objects.get(address="b@x.example"), tells=True, now=clock.now())
    assert accept_invitation(token, make_reader(), now=clock.now()) is SeatOutcome.NOT_YOURS
    assert invite(acme.pk, read_list("d@x.example"), now=clock.now()).written == 1
    assert Seat.objects.get(address="d@x.example").number == 2


# -- Domains ---------------------------------------------------------------------------------------------------------


def test_owner_adds_the_domain_of_their_own_confirmed_address_only(acme: Organisation, owner: Any) -> None:
    tries = {text: add_domain(acme, text, by=owner, now=clock.now()) for text in ("@Acme.example", "acme.example", "other.example")}
    assert tries == {"@Acme.example": None, "acme.example": DomainProblem.KNOWN, "other.example": DomainProblem.NOT_OWN}
    assert add_domain(acme, "gmail.com", by=owner, is_staff=True, now=clock.now()) is DomainProblem.PUBLIC
    assert add_domain(acme, "no domain", by=owner, is_staff=True, now=clock.now()) is DomainProblem.UNREADABLE
    assert add_domain(acme, "bücher.example", by=owner, is_staff=True, now=clock.now()) is None
    assert set(acme.domains.values_list("domain", flat=True)) == {"acme.example", "xn--bcher-kva.example"}
    owner.confirmed_at = None
    assert add_domain(acme, "acme.example", by=owner, now=clock.now()) is DomainProblem.NOT_OWN


def test_owner_with_a_mailbox_at_a_public_provider_adds_no_domain(acme: Organisation, make_reader: Any) -> None:
    assert add_domain(acme, "gmx.de", by=make_reader("boss@gmx.de"), now=clock.now()) is DomainProblem.PUBLIC


def test_confirmed_addresses_of_a_domain_sit_while_seats_last(acme: Organisation, owner: Any, make_reader: Any) -> None:
    add_domain(acme, "acme.example", by=owner, now=clock.now())
    outcomes = [join_by_domain(acme.pk, make_reader(f"{name}@acme.example"), now=clock.now()) for name in "abcd"]
    assert outcomes == [SeatOutcome.TAKEN] * 3 + [SeatOutcome.FULL]
    assert join_by_domain(acme.pk, make_reader("e@sub.acme.example"), now=clock.now()) is SeatOutcome.NOT_YOURS
    assert join_by_domain(acme.pk, make_reader("f@other.example"), now=clock.now()) is SeatOutcome.NOT_YOURS


def test_unconfirmed_account_does_not_sit_by_its_domain(acme: Organisation, owner: Any, make_reader: Any) -> None:
    add_domain(acme, "acme.example", by=owner, now=clock.now())
    reader = make_reader("a@acme.example", confirmed_at=None)
    assert join_by_domain(acme.pk, reader, now=clock.now()) is SeatOutcome.NOT_YOURS


def test_invited_reader_who_joins_by_domain_takes_the_seat_that_was_set_aside(
    acme: Organisation, owner: Any, make_reader: Any
) -> None:
    add_domain(acme, "acme.example", by=owner, now=clock.now())
    invite(acme.pk, read_list("a@acme.example\nb@x.example\nc@x.example"), now=clock.now())
    assert join_by_domain(acme.pk, make_reader("a@acme.example"), now=clock.now()) is SeatOutcome.TAKEN
    assert Seat.objects.count() == 3


def test_list_of_public_providers_is_in_order_and_holds_those_that_slips_are_mended_to() -> None:
    from broadsheet.accounts.slips import COMMON_DOMAINS

    assert set(COMMON_DOMAINS) <= groups.load_public_domains()


# -- Leaving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tells", [True, False])
def test_end_of_a_seat_ends_its_grant_and_no_other(
    tells: bool, acme: Organisation, plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    reader = make_reader("ann@acme.example")
    own = buy(reader, plan)
    seat = seat_reader(acme, reader)
    clock.advance(SECOND)
    free_seat(seat, tells=tells, now=clock.now())
    assert may_read(reader)  # by the subscription of their own
    assert Grant.objects.get(source="seat").ends_at == clock.now()
    assert Grant.objects.get(pk=own.grant_id).ends_at > clock.now()
    assert ("seat-ended" in letters(reader.email)) is tells


# -- The subscription's life -----------------------------------------------------------------------------------------


def test_seats_go_on_with_each_renewal(acme: Organisation, make_reader: Any, clock: StoppedClock) -> None:
    reader = make_reader("ann@acme.example")
    seat_reader(acme, reader)
    for _ in range(2):
        clock.advance(timedelta(days=366))
        follow(acme)
        assert may_read(reader)


def test_failed_payment_keeps_the_seats_through_the_retries_and_then_ends_them_all(
    acme: Organisation, make_reader: Any, clock: StoppedClock
) -> None:
    readers = [make_reader(f"{name}@acme.example") for name in "ab"]
    for reader in readers:
        seat_reader(acme, reader)
    offline_flows.fail_next_payment(acme.subscription.ref)
    clock.advance(timedelta(days=366))
    seen = []
    for _ in range(30):
        status = follow(acme).status
        seen.append((status, *(may_read(reader) for reader in readers)))
        clock.advance(timedelta(days=1))
    assert seen[0] == ("past_due", True, True)
    assert ("past_due", False, False) not in seen
    assert seen[-1] == ("unpaid", False, False)
    for reader in readers:
        assert letters(reader.email).count("seat-ended") == 1
    offline_flows.mend_card(acme.subscription.ref, now=clock.now())
    follow(acme)
    assert all(may_read(reader) for reader in readers)


def test_cancelled_subscription_ends_every_seat_with_the_period(acme: Organisation, make_reader: Any, clock: StoppedClock) -> None:
    reader = make_reader("ann@acme.example")
    seat_reader(acme, reader)
    change_flows.cancel(acme.subscription, now=clock.now())
    end = fresh(acme).subscription.period_end
    assert Grant.objects.get(reader=reader).ends_at == end
    clock.at = end
    follow(acme)
    assert not may_read(reader)
    assert invite_refused(acme)
    assert join_after_end(acme, make_reader)


def invite_refused(organisation: Organisation) -> bool:
    with pytest.raises(Refused, match="not running"):
        invite(organisation.pk, read_list("z@acme.example"), now=clock.now())
    return True


def join_after_end(organisation: Organisation, make_reader: Any) -> bool:
    owner = organisation.owner
    add_domain(organisation, "acme.example", by=owner, is_staff=True, now=clock.now())  # type: ignore[arg-type]
    return join_by_domain(organisation.pk, make_reader("late@acme.example"), now=clock.now()) is SeatOutcome.OVER


# -- More and fewer seats --------------------------------------------------------------------------------------------


def test_more_seats_begin_at_once_for_what_the_rest_of_the_period_is_worth(acme: Organisation, clock: StoppedClock) -> None:
    clock.advance(timedelta(days=73))  # a fifth of the year
    shown = preview_seats(acme, 5, now=clock.now())
    assert shown.due_cents == 5 * 8000 - int(3 * 8000 * 4 / 5)
    change_seats(acme, 5, agreed_text="Five seats.", shown_cents=shown.due_cents, now=clock.now())
    row = fresh(acme).subscription
    assert (row.quantity, row.kept_cents) == (5, 3 * 8000 + shown.due_cents)
    assert invite(acme.pk, read_list("\n".join(f"{name}@x.example" for name in "abcdef")), now=clock.now()).written == 5


def test_fewer_seats_come_with_the_next_period_and_never_below_those_in_use(
    acme: Organisation, make_reader: Any, clock: StoppedClock
) -> None:
    readers = [make_reader(f"{name}@acme.example") for name in "ab"]
    for reader in readers:
        seat_reader(acme, reader)
    with pytest.raises(Refused, match="between 2 and 500"):
        change_seats(acme, 1, agreed_text="", shown_cents=0, now=clock.now())
    change_seats(acme, 2, agreed_text="Two seats.", shown_cents=0, now=clock.now())
    change_seats(acme, 3, agreed_text="Three seats after all.", shown_cents=0, now=clock.now())
    with pytest.raises(Refused, match="3 seats already"):
        change_seats(acme, 3, agreed_text="", shown_cents=0, now=clock.now())
    change_seats(acme, 2, agreed_text="Two seats.", shown_cents=0, now=clock.now())
    assert fresh(acme).subscription.quantity == 3
    late = make_reader("c@acme.example")
    seat_reader(fresh(acme), late)
    clock.advance(timedelta(days=366))
    follow(acme)
    assert fresh(acme).subscription.quantity == 2
    assert [may_read(reader) for reader in (*readers, late)] == [True, True, False]
    assert invite(acme.pk, read_list("d@acme.example"), now=clock.now()).written == 0


def test_no_more_sit_than_are_paid_for_now_whoever_was_promised_a_seat_before(
    acme: Organisation, make_reader: Any, clock: StoppedClock
) -> None:
    readers = [make_reader(f"{name}@acme.example") for name in "abc"]
    change_seats(acme, 2, agreed_text="Two seats.", shown_cents=0, now=clock.now())
    invite(acme.pk, read_list("\n".join(reader.email for reader in readers)), now=clock.now())
    clock.advance(timedelta(days=366))
    follow(acme)
    sat = [accept_invitation(token_to(reader.email), reader, now=clock.now()) for reader in readers[:3]]
    assert sat == [SeatOutcome.TAKEN, SeatOutcome.TAKEN, SeatOutcome.FULL]
    OrganisationDomain.objects.create(organisation=acme, domain="acme.example", created_at=clock.now())
    assert join_by_domain(acme.pk, readers[2], now=clock.now()) is SeatOutcome.FULL
    free_seat(Seat.objects.get(reader=readers[0]), tells=False, now=clock.now())
    assert accept_invitation(token_to(readers[2].email), readers[2], now=clock.now()) is SeatOutcome.TAKEN


def test_member_beyond_the_seats_reads_again_when_one_is_freed(acme: Organisation, make_reader: Any, clock: StoppedClock) -> None:
    readers = [make_reader(f"{name}@acme.example") for name in "abc"]
    for reader in readers[:2]:
        seat_reader(acme, reader)
    change_seats(acme, 2, agreed_text="Two seats.", shown_cents=0, now=clock.now())
    seat_reader(fresh(acme), readers[2])
    clock.advance(timedelta(days=366))
    follow(acme)
    assert not may_read(readers[2])
    free_seat(Seat.objects.get(reader=readers[0]), tells=False, now=clock.now())
    assert [may_read(reader) for reader in readers] == [False, True, True]


def test_seats_outside_what_the_plan_has_are_refused_and_nothing_is_taken(acme: Organisation) -> None:
    for seats, words in ((501, "between 2 and 500"), (3, "3 seats already")):
        with pytest.raises(Refused, match=words):
            change_seats(acme, seats, agreed_text="", shown_cents=10**9, now=clock.now())
    with pytest.raises(Refused, match="amount has changed"):
        change_seats(acme, 4, agreed_text="", shown_cents=0, now=clock.now())
    assert fresh(acme).subscription.kept_cents == 3 * 8000


# -- Handing over ----------------------------------------------------------------------------------------------------


def test_member_agrees_before_seats_and_payments_are_theirs(acme: Organisation, owner: Any, make_reader: Any) -> None:
    member, other = make_reader("ann@acme.example"), make_reader("bea@acme.example")
    seat = seat_reader(acme, member)
    assert offer_ownership(acme, seat, now=clock.now())
    assert fresh(acme).owner == owner
    assert not answer_offer(acme, other, agrees=True, now=clock.now())
    assert answer_offer(acme, member, agrees=True, now=clock.now())
    held = fresh(acme)
    assert (held.owner, held.offered_to, held.subscription.reader) == (member, None, member)
    assert held.subscription.lines.filter(kind="moved").count() == 1
    assert not answer_offer(acme, member, agrees=True, now=clock.now())
    assert "group-handed-over" in letters(owner.email)
    follow(acme)
    assert fresh(acme).subscription.reader == member


def test_declined_offer_changes_nothing(acme: Organisation, owner: Any, make_reader: Any) -> None:
    member = make_reader("ann@acme.example")
    offer_ownership(acme, seat_reader(acme, member), now=clock.now())
    assert answer_offer(acme, member, agrees=False, now=clock.now())
    assert (fresh(acme).owner, fresh(acme).offered_to) == (owner, None)


def test_staff_name_another_owner(acme: Organisation, make_reader: Any) -> None:
    reader = make_reader()
    hand_over(acme, reader, now=clock.now())
    hand_over(acme, reader, now=clock.now())
    assert fresh(acme).subscription.reader == reader
    assert fresh(acme).subscription.lines.filter(kind="moved").count() == 1


def test_provider_that_writes_letters_itself_hears_of_the_new_owner(
    acme: Organisation, make_reader: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[tuple[str, str]] = []

    class Writing(offline_flows.OfflineProvider):
        def change_address(self, ref: str, address: str, *, now: Any) -> None:
            told.append((ref, address))

    monkeypatch.setattr(providers, "load_providers", lambda: {"offline": Writing()})
    with django_capture_on_commit_callbacks(execute=True):
        hand_over(acme, make_reader("new@acme.example"), now=clock.now())
    assert told == [(acme.subscription.ref, "new@acme.example")]


# -- The rule of seats -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "seats", "number"),
    [
        pytest.param(set(), 2, 1, id="first"),
        pytest.param({1, 3}, 3, 2, id="gap"),
        pytest.param({1, 2}, 2, None, id="full"),
        pytest.param({1, 2, 4, 5}, 4, None, id="as many in use as are paid for, one of them beyond"),
        pytest.param({1, 2, 5}, 4, 3, id="one beyond, one free"),
        pytest.param({1}, 0, None, id="none paid for"),
    ],
)
def test_next_seat(taken: set[int], seats: int, number: int | None) -> None:
    assert next_seat(taken, seats) == number
