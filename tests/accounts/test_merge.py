"""Two accounts of one person become one: who may begin it, who must agree, what moves, what never happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from broadsheet.accounts.merge_flows import MergeRefused, find_waiting_merge, start_merge
from broadsheet.accounts.models import AccountMerge, User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import InvoiceRequest, OfflineSubscription, Plan, Subscription
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.consent import CONSENT_TEXT
from broadsheet.membership.flows import give_consent, give_grant, has_consent
from broadsheet.membership.models import Grant
from broadsheet.paywall.flows import UnlockOutcome, unlock_article
from broadsheet.paywall.models import ErasedUnlock, Unlock
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db

KEPT, CLOSED = "kept@example.net", "closed@example.net"


@pytest.fixture
def kept(make_reader: Any) -> User:
    return make_reader(KEPT)


@pytest.fixture
def closed(make_reader: Any) -> User:
    return make_reader(CLOSED)


@pytest.fixture
def staff(make_reader: Any) -> User:
    return make_reader("support@example.org", is_staff=True)


@pytest.fixture
def browser(db: None) -> Client:
    return Client(headers={"origin": settings.BROADSHEET.site_url})


@pytest.fixture
def agree(browser: Client) -> Callable[[str], str]:
    """Press the button in the newest letter to a mailbox; what the page says."""

    def press(address: str) -> str:
        text = OutboxLetter.objects.filter(to_address=address, kind="merge-agree").latest("id").text
        link = text.split(settings.BROADSHEET.site_url)[1].split()[0]
        assert "Let your two accounts become one?" in browser.get(link).content.decode()
        return browser.post(link).content.decode()

    return press


@pytest.fixture
def merge(kept: User, closed: User, staff: User, agree: Callable[[str], str], clock: StoppedClock) -> Callable[[], str]:
    """Begin it, and have both mailboxes agree."""

    def run() -> str:
        start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
        agree(CLOSED)
        return agree(KEPT)

    return run


@pytest.mark.parametrize("order", [(KEPT, CLOSED), (CLOSED, KEPT)])
def test_both_mailboxes_must_agree_in_any_order(
    order: tuple[str, str], kept: User, closed: User, staff: User, agree: Callable[[str], str], clock: StoppedClock
) -> None:
    row = start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
    give_grant(closed.pk, Grant.Source.GIFT, reason="a gift", ends_at=None, now=clock.now())
    assert "One mailbox has agreed" in agree(order[0])
    assert User.objects.filter(pk=closed.pk).exists()
    assert not Grant.objects.filter(reader=kept).exists()
    assert "Your two accounts are one" in agree(order[1])
    assert not User.objects.filter(pk=closed.pk).exists()
    assert Grant.objects.get().reader == kept
    row.refresh_from_db()
    assert (row.kept, row.closed, row.closed_number, row.started_by, row.finished_at) == (kept, None, closed.pk, staff, clock.now())
    assert set(OutboxLetter.objects.filter(kind="merged").values_list("to_address", flat=True)) == {KEPT, CLOSED}


def test_one_mailbox_twice_is_not_both(
    kept: User, closed: User, staff: User, browser: Client, agree: Callable[[str], str], clock: StoppedClock
) -> None:
    start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
    agree(CLOSED)
    text = OutboxLetter.objects.get(to_address=CLOSED, kind="merge-agree").text
    page = browser.post(text.split(settings.BROADSHEET.site_url)[1].split()[0]).content.decode()
    assert "become one" not in page
    assert User.objects.filter(pk=closed.pk).exists()


def test_everything_moves(
    kept: User,
    closed: User,
    merge: Callable[[], str],
    make_article: Callable[..., Article],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    plan = Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
    held = buy(closed, plan)
    InvoiceRequest.objects.create(plan=plan, reader=closed, name="A", email=CLOSED, postal_address="B", created_at=clock.now())
    give_consent(closed.pk, text=CONSENT_TEXT, network_key="", source="account", now=clock.now())
    article = make_article()
    unlock_article(closed.pk, article.pk, now=clock.now())
    version = kept.rights_version
    merge()
    held.refresh_from_db()
    assert (held.reader, held.grant.reader, held.status) == (kept, kept, "active")
    assert [line.detail for line in held.lines.filter(kind="moved")] == [f"account {closed.pk} to account {kept.pk}"]
    assert OfflineSubscription.objects.get().address == KEPT
    assert held.orders.get().reader == kept
    assert InvoiceRequest.objects.get().reader == kept
    assert has_consent(kept.pk)
    assert Unlock.objects.get().reader == kept
    assert not Event.objects.filter(reader_id=closed.pk).exists()
    kept.refresh_from_db()
    assert kept.rights_version > version


def test_consents_of_both_become_one(kept: User, closed: User, merge: Callable[[], str], clock: StoppedClock) -> None:
    for user in (kept, closed):
        give_consent(user.pk, text=CONSENT_TEXT, network_key="", source="account", now=clock.now())
    merge()
    assert has_consent(kept.pk)


@pytest.mark.parametrize(
    ("kept_opened", "closed_opened", "opened"),
    [
        ((1,), (2,), {1, 2}),
        ((1, 2), (2, 3), {1, 2, 3}),
        ((1, 2), (3, 4), {1, 2, 3}),
        ((1, 2, 3), (4, 5), {1, 2, 3}),
        ((), (1, 2), {1, 2}),
    ],
)
def test_articles_of_both_stay_open_and_there_is_never_a_fourth(
    kept: User,
    closed: User,
    merge: Callable[[], str],
    make_article: Callable[..., Article],
    clock: StoppedClock,
    kept_opened: tuple[int, ...],
    closed_opened: tuple[int, ...],
    opened: set[int],
) -> None:
    articles = {number: make_article() for number in range(1, 7)}
    for user, numbers in ((kept, kept_opened), (closed, closed_opened)):
        for number in numbers:
            unlock_article(user.pk, articles[number].pk, now=clock.now())
            clock.advance(timedelta(minutes=1))
    merge()
    rows = Unlock.objects.filter(reader=kept)
    assert {number for number, article in articles.items() if rows.filter(article=article).exists()} == opened
    outcome = unlock_article(kept.pk, articles[6].pk, now=clock.now()).outcome
    assert outcome is (UnlockOutcome.SPENT if len(opened) == 3 else UnlockOutcome.OPENED)
    assert Unlock.objects.count() <= 3
    assert ErasedUnlock.objects.count() == len(closed_opened)  # the mailbox that was given up has no fresh three


def test_closed_accounts_browsers_are_signed_out(
    kept: User, closed: User, merge: Callable[[], str], sign_in: Any, browser: Client
) -> None:
    own = Client()
    sign_in(own, closed)
    merge()
    assert own.get("/account/").status_code == 303
    assert browser.get("/account/").status_code == 303  # agreeing signs nobody in


def test_what_was_agreed_to_must_still_be_so(
    kept: User, closed: User, staff: User, agree: Callable[[str], str], clock: StoppedClock
) -> None:
    start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
    agree(CLOSED)
    kept.email = "new@example.net"
    kept.save()
    assert "This has been given up" in agree(KEPT)
    assert User.objects.filter(pk=closed.pk).exists()


def test_a_new_beginning_gives_the_old_one_up(
    kept: User, closed: User, staff: User, agree: Callable[[str], str], clock: StoppedClock, browser: Client, make_reader: Any
) -> None:
    start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
    agree(CLOSED)
    clock.advance(timedelta(minutes=11))
    other = make_reader("other@example.net")
    start_merge(other.pk, kept.pk, by=staff, now=clock.now())
    assert AccountMerge.objects.count() == 1
    agree(KEPT)
    assert User.objects.filter(pk__in=(kept.pk, closed.pk, other.pk)).count() == 3
    waiting = find_waiting_merge(kept.pk)
    assert waiting is not None and waiting.kept == other


def test_mailbox_that_had_a_letter_a_moment_ago_makes_staff_wait(
    kept: User, closed: User, staff: User, clock: StoppedClock, browser: Client
) -> None:
    browser.post("/login/", {"email": CLOSED})
    with pytest.raises(MergeRefused, match="had a letter a moment ago"):
        start_merge(kept.pk, closed.pk, by=staff, now=clock.now())
    assert not OutboxLetter.objects.filter(kind="merge-agree").exists()
    assert not AccountMerge.objects.exists()
    clock.advance(timedelta(minutes=11))
    start_merge(kept.pk, closed.pk, by=staff, now=clock.now())


@pytest.mark.parametrize("flaw", ["same", "missing", "staff", "inactive", "unconfirmed"])
def test_some_accounts_are_not_merged(flaw: str, kept: User, closed: User, staff: User, clock: StoppedClock) -> None:
    other = {"same": kept.pk, "missing": 999_999, "staff": staff.pk}.get(flaw, closed.pk)
    if flaw == "inactive":
        User.objects.filter(pk=closed.pk).update(is_active=False)
    if flaw == "unconfirmed":
        User.objects.filter(pk=closed.pk).update(confirmed_at=None)
    with pytest.raises(MergeRefused):
        start_merge(kept.pk, other, by=staff, now=clock.now())
    assert not OutboxLetter.objects.exists()


def test_two_subscriptions_both_go_on(
    kept: User, closed: User, merge: Callable[[], str], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    plan = Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
    for user in (kept, closed):
        buy(user, plan)
    merge()
    assert Subscription.objects.filter(reader=kept, status="active").count() == 2
    assert Grant.objects.filter(reader=kept).count() == 2
