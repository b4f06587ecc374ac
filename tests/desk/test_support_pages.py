"""The support's buttons: what each does, who may, why, and that the log keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.accounts.models import AddressProof, User
from broadsheet.billing import offline_flows
from broadsheet.billing.models import Order, Plan, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, order_of
from broadsheet.core import clock as house_clock
from broadsheet.core.clock import StoppedClock
from broadsheet.desk.models import AuditAction, AuditIsKept, AuditLine
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from broadsheet.paywall.flows import unlock_article
from tests.billing.conftest import offline, plan
from tests.billing.purchases import buy

__all__ = ["offline", "plan"]

Desk = Callable[[Role], Client]
pytestmark = pytest.mark.django_db


def page_of(client: Client, reader: User, **query: str) -> str:
    return client.get(f"/desk/readers/{reader.pk}/", query).content.decode()


def do(client: Client, reader: User, what: str, **fields: Any) -> int:
    return client.post(f"/desk/readers/{reader.pk}/{what}/", {"reason": "they wrote to us", **fields}).status_code


def log() -> list[tuple[str, str]]:
    return [(line.action, line.detail) for line in AuditLine.objects.order_by("id")]


# -- Who may ---------------------------------------------------------------------------------------------------------

HARMLESS = ["extend", "address", "ask", "sign-out", "sign-in-letter"]
HARMFUL = ["grants", "merge", "grants/{grant}/end", "subscriptions/{row}/cancel", "subscriptions/{row}/end"]
HARMFUL += ["subscriptions/{row}/pause", "subscriptions/{row}/payments/{payment}"]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.PUBLISHER, {*HARMLESS, *HARMFUL}),
        (Role.SUPPORT, set(HARMLESS)),
        (Role.EDITOR, set()),
        (Role.WRITER, set()),
    ],
)
def test_who_may_do_what(desk: Desk, offline: Any, plan: Plan, make_reader: Any, role: Role, may: set[str]) -> None:
    reader = make_reader()
    row = buy(reader, plan)
    payment = row.lines.get(kind="payment").detail
    client = desk(role)
    for what in [*HARMLESS, *HARMFUL]:
        address = what.format(grant=row.grant_id, row=row.pk, payment=payment)
        # Without a reason: whoever may is asked for one, and nothing happens.
        answer = client.post(f"/desk/readers/{reader.pk}/{address}/")
        is_let_in = answer.status_code == 422 or answer.headers.get("Location") == f"/desk/readers/{reader.pk}/"
        assert is_let_in is (what in may), what
    assert {line.action for line in AuditLine.objects.all()} <= {AuditAction.ASK_PROVIDER}
    assert (client.get("/desk/reports/audit/").status_code == 200) is (role is Role.PUBLISHER)


# -- What they do ----------------------------------------------------------------------------------------------------


def test_support_extends_by_a_month_at_most_and_once(desk: Desk, make_subscriber: Any, clock: StoppedClock) -> None:
    reader, support, publisher = make_subscriber(), desk(Role.SUPPORT), desk(Role.PUBLISHER)
    held_until = Grant.objects.get(reader=reader).ends_at
    assert held_until is not None
    assert do(support, reader, "extend", days=32) == 422
    assert do(support, reader, "extend", days=31) == 302
    assert Grant.objects.filter(reader=reader).last().ends_at == held_until + timedelta(days=31)  # type: ignore[union-attr]
    answer = support.post(f"/desk/readers/{reader.pk}/extend/", {"days": 1, "reason": "again"})
    assert "ask the publisher to do it again" in answer.content.decode()
    assert do(publisher, reader, "extend", days=90) == 302
    clock.advance(timedelta(days=32))
    assert do(support, reader, "extend", days=1) == 302
    assert [action for action, _ in log()] == ["extend"] * 3


def test_access_without_an_end_is_not_extended(desk: Desk, make_reader: Any, clock: StoppedClock) -> None:
    reader = make_reader()
    Grant.objects.create(reader=reader, source="complimentary", starts_at=clock.now(), reason="x", created_at=clock.now())
    assert do(desk(Role.PUBLISHER), reader, "extend", days=5) == 422
    assert log() == []


def test_money_goes_back_once_and_the_subscription_ends_with_it(
    desk: Desk, offline: Any, plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    reader = make_reader()
    row = buy(reader, plan)
    payment = row.lines.get(kind="payment").detail
    publisher, what = desk(Role.PUBLISHER), f"subscriptions/{row.pk}/payments/{payment}"
    page = publisher.get(f"/desk/readers/{reader.pk}/{what}/").content.decode()
    assert 'value="9.80"' in page
    assert do(publisher, reader, what, amount="10", left_cents=980) == 422
    assert do(publisher, reader, what, amount="nothing", left_cents=980) == 422
    assert do(publisher, reader, what, amount="4.80", left_cents=980) == 302
    assert do(publisher, reader, what, amount="4.80", left_cents=980) == 422, "the page that was pressed twice"
    assert do(publisher, reader, what, amount="5", left_cents=500, ends_now="on") == 302
    row.refresh_from_db()
    assert (row.kept_cents, row.status) == (0, "ended")
    clock.advance(timedelta(seconds=1))
    assert "was given back, and it ended on" in page_of(publisher, reader)
    refused = [detail for action, detail in log() if "not done" in detail]
    assert len(refused) == 2


def test_subscription_is_cancelled_taken_up_again_paused_and_ended(desk: Desk, offline: Any, plan: Plan, make_reader: Any) -> None:
    reader = make_reader()
    row = buy(reader, plan)
    publisher, address = desk(Role.PUBLISHER), f"subscriptions/{row.pk}"
    for what, fields, status in (
        ("cancel", {}, "active"),
        ("cancel", {}, "active"),  # refused: it is cancelled already
        ("undo-cancel", {}, "active"),
        ("pause", {"months": 2}, "paused"),
        ("resume", {}, "active"),
        ("end", {}, "ended"),
    ):
        do(publisher, reader, f"{address}/{what}", **fields)
        row.refresh_from_db()
        assert row.status == status, what
    done = [action for action, detail in log() if "not done" not in detail]
    assert done == ["cancel", "cancel", "undo_cancel", "pause", "resume", "end"]
    assert do(publisher, reader, f"{address}/explode") == 404


def test_letter_is_sent_again_but_never_one_with_a_code(desk: Desk, offline: Any, plan: Plan, make_reader: Any) -> None:
    reader = make_reader()
    buy(reader, plan)
    support = desk(Role.SUPPORT)
    receipt = OutboxLetter.objects.get(kind="receipt")
    assert f"/desk/readers/{reader.pk}/letters/{receipt.pk}/" in page_of(support, reader)
    assert do(support, reader, f"letters/{receipt.pk}") == 302
    first, second = OutboxLetter.objects.filter(kind="receipt")
    assert (first.text, first.html, first.to_address) == (second.text, second.html, second.to_address)
    assert first.message_id != second.message_id
    assert do(support, reader, "sign-in-letter") == 302
    code = OutboxLetter.objects.get(kind="sign-in")
    assert "{" not in code.text and "Our readers’ desk" in code.text
    assert f"letters/{code.pk}/" not in page_of(support, reader)
    assert do(support, reader, f"letters/{code.pk}") == 422
    assert do(support, make_reader(), f"letters/{receipt.pk}") == 404, "somebody else's letter"
    assert [action for action, _ in log()] == ["resend", "sign_in_letter"]


def test_sign_out_ends_sessions_and_passes(desk: Desk, make_reader: Any) -> None:
    reader, client = make_reader(), Client()
    client.force_login(reader)
    version = reader.rights_version
    assert client.get("/account/").status_code == 200
    assert do(desk(Role.SUPPORT), reader, "sign-out") == 302
    reader.refresh_from_db()
    assert reader.rights_version > version
    assert client.get("/account/").status_code in (302, 303)


def test_change_of_address_writes_to_both_mailboxes(desk: Desk, make_reader: Any) -> None:
    reader, support = make_reader("ada@example.org"), desk(Role.SUPPORT)
    assert do(support, reader, "address", address="nonsense") == 422
    assert do(support, reader, "address", address="Ada@example.org") == 422
    assert do(support, reader, "address", address="ada@example.net") == 302
    assert set(OutboxLetter.objects.values_list("to_address", flat=True)) == {"ada@example.org", "ada@example.net"}
    reader.refresh_from_db()
    assert reader.email == "ada@example.org"
    assert "example.net" not in str(log()), "the log holds no address"


def test_merge_asks_both_mailboxes(desk: Desk, make_reader: Any) -> None:
    reader, other, publisher = make_reader("ada@example.org"), make_reader("ada@example.net"), desk(Role.PUBLISHER)
    assert do(publisher, reader, "merge", other="nobody@example.org") == 422
    assert do(publisher, reader, "merge", other="ada@example.org") == 422
    assert do(publisher, reader, "merge", other="ada@example.net") == 302
    assert AddressProof.objects.filter(address_key__in=(reader.address_key, other.address_key)).count() == 2
    assert User.objects.filter(pk=other.pk).exists()
    assert log() == [("merge", f"takes in account {other.pk}")]


def test_provider_is_asked_about_an_order_that_led_to_nothing(desk: Desk, offline: Any, plan: Plan, make_reader: Any) -> None:
    reader, support, price = make_reader(), desk(Role.SUPPORT), plan.prices.first()
    assert price is not None
    begin_order(reader, Wish(price.pk, "offline"), now=house_clock.now())
    order = Order.objects.get()
    assert "They went to pay for All-Access" in page_of(support, reader)
    answer = support.post(f"/desk/readers/{reader.pk}/ask/", follow=True).content.decode()
    assert "the provider knows of no payment" in answer
    offline_flows.pay_order(order, order_of(order), now=house_clock.now())  # they paid, and closed the browser
    answer = support.post(f"/desk/readers/{reader.pk}/ask/", follow=True).content.decode()
    assert "paid; it is subscription" in answer
    assert "They can read everything" in answer
    assert Subscription.objects.get().reader == reader


# -- The log ---------------------------------------------------------------------------------------------------------


def test_log_is_never_changed_and_shows_who_did_what(desk: Desk, make_reader: Any) -> None:
    reader = make_reader("ada@example.org")
    do(desk(Role.SUPPORT), reader, "sign-out")
    line = AuditLine.objects.get()
    for attempt in (line.save, line.delete, AuditLine.objects.all().delete, lambda: AuditLine.objects.update(reason="")):
        with pytest.raises(AuditIsKept):
            attempt()
    page = desk(Role.PUBLISHER).get("/desk/reports/audit/").content.decode()
    assert "Signed out everywhere" in page and "they wrote to us" in page and "ada@example.org" in page
    assert "Nothing yet." in desk(Role.PUBLISHER).get("/desk/reports/audit/?action=refund").content.decode()
    assert line.staff is not None
    line.staff.delete()
    reader.delete()
    page = desk(Role.PUBLISHER).get("/desk/reports/audit/").content.decode()
    assert "somebody who has left" in page and f"erased account {line.reader_id}" in page


# -- The page --------------------------------------------------------------------------------------------------------


def test_history_is_merged_newest_first_paged_and_filtered(
    desk: Desk, offline: Any, plan: Plan, make_reader: Any, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, article, support = make_reader(), make_article(headline="Opened before paying"), desk(Role.SUPPORT)
    unlock_article(reader.pk, article.pk, now=clock.now())
    clock.advance(timedelta(days=1))
    buy(reader, plan)
    clock.advance(timedelta(hours=1))
    do(support, reader, "sign-out")
    history = page_of(support, reader).split('id="history"')[1]
    kinds = re.findall(r"<td>(money|grant|letter|reading|sign-in|consent|staff)</td>", history)
    assert kinds[0] == "staff"
    assert {"money", "grant", "letter", "reading"} <= set(kinds)
    assert history.index("Receipt") < history.index("Opened “Opened before paying”")
    money = page_of(support, reader, kind="money").split('id="history"')[1]
    assert set(re.findall(r"<td>(money|grant|letter|reading|sign-in|consent|staff)</td>", money)) == {"money"}
    for number in range(60):
        AuditLine.objects.create(reader_id=reader.pk, action="resend", reason=f"try {number}", at=clock.now())
    assert "Page 1 of 2" in page_of(support, reader, kind="staff")
    assert "try 0" in page_of(support, reader, kind="staff", page="2")


def test_number_of_queries_does_not_grow_with_the_history(desk: Desk, make_reader: Any, clock: StoppedClock) -> None:
    reader, support = make_reader(), desk(Role.SUPPORT)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(support, reader)
        return len(queries)

    count()
    few = count()
    for number in range(50):
        AuditLine.objects.create(reader_id=reader.pk, action="resend", reason=f"try {number}", at=clock.now())
        Grant.objects.create(reader=reader, source="gift", starts_at=clock.now(), reason="x", created_at=clock.now())
    assert count() <= few + 1


def test_form_of_the_page_that_the_reader_is_served_is_named(
    desk: Desk, make_subscriber: Any, make_reader: Any, make_article: Callable[..., Article]
) -> None:
    last = "The very last words of it all."
    article, support = make_article(paragraphs=[*["First words. " * 30] * 9, last]), desk(Role.SUPPORT)
    assert "open-subscription-subscriber" in page_of(support, make_subscriber(), article=str(article.pk))
    page = page_of(support, make_reader(), article=article.get_absolute_url() + "?from=mail")
    assert "wall-meter-reader-3" in page
    look = f"/desk/readers/articles/{article.pk}/?mode="
    assert f"{look}left-3" in page
    assert last not in support.get(f"{look}left-3").content.decode()
    assert last in support.get(f"{look}subscriber").content.decode()
    assert support.get(f"{look}editor").status_code == 404


def test_reader_is_found_by_name_and_by_every_number(desk: Desk, offline: Any, plan: Plan, make_reader: Any) -> None:
    reader = make_reader("ada@example.org", first_name="Ada", last_name="Byron")
    make_reader("adam@example.net")
    row = buy(reader, plan)
    support = desk(Role.SUPPORT)
    order, payment = Order.objects.get().ref, row.lines.get(kind="payment").detail
    for typed in ("da@example.o", "byron ada", order, row.ref, payment):
        page = support.get("/desk/readers/", {"q": typed}).content.decode()
        assert "ada@example.org" in page, typed
        assert "adam@example.net" not in page, typed
    assert f"payment {payment}" in page


def test_address_that_was_never_confirmed_is_found_and_written_to_again(desk: Desk, clock: StoppedClock) -> None:
    from broadsheet.accounts.addresses import parse_address
    from broadsheet.accounts.flows import Wish as ProofWish
    from broadsheet.accounts.flows import request_proof

    address = parse_address("waits@example.org")
    assert address is not None
    request_proof(address, ProofWish(browser_key="b"), now=house_clock.now())
    support, proof = desk(Role.SUPPORT), AddressProof.objects.get()
    page = support.get("/desk/readers/?q=waits@").content.decode()
    assert "never confirmed it" in page and "waits@example.org" in page
    again = f"/desk/readers/unconfirmed/{proof.pk}/"
    assert again in page
    assert support.post(again).status_code == 422
    clock.advance(timedelta(minutes=11))
    assert support.post(again, {"reason": "the letter went to spam"}).status_code == 302
    assert desk(Role.WRITER).post(again, {"reason": "x"}).status_code in (302, 403)
    first, second = OutboxLetter.objects.filter(kind="confirm")
    assert first.to_address == second.to_address
    assert "{" not in second.text and "Our readers’ desk" in second.text
    assert log() == [("confirmation", "")]
    assert "an address without an account" in desk(Role.PUBLISHER).get("/desk/reports/audit/").content.decode()


def test_paid_under_another_address_is_told(desk: Desk, offline: Any, plan: Plan, make_reader: Any) -> None:
    buy(make_reader("ada@example.net"), plan)
    page = page_of(desk(Role.SUPPORT), make_reader("ada@example.org"))
    assert "under another address, ada@example.net" in page


def test_new_groups_hold_what_the_roles_say() -> None:
    held = set(Group.objects.get(name=Role.SUPPORT).permissions.values_list("codename", flat=True))
    assert "add_auditline" in held
    assert not {"view_auditline", "add_grant", "view_daycount"} & held
