"""The support's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change
from broadsheet.desk.models import AuditLine
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.paywall.explanation import explain
from broadsheet.paywall.flows import unlock_article


@pytest.mark.django_db
def test_support_finds_a_reader_by_part_of_the_address(desk: Callable[[Role], Client], make_reader: Callable[..., User]) -> None:
    make_reader("ada.reader@example.org")
    make_reader("somebody.else@example.net")
    support = desk(Role.SUPPORT)
    page = support.get("/desk/readers/?q=Ada.R").content.decode()
    assert "ada.reader@example.org" in page
    assert "somebody.else@example.net" not in page
    assert "Type at least 3 letters." in support.get("/desk/readers/?q=ad").content.decode()


@pytest.mark.django_db
def test_support_sees_what_a_reader_holds_and_why(
    desk: Callable[[Role], Client], make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, opened, closed = make_reader(), make_article(headline="The opened one"), make_article(access="subscribers")
    unlock_article(reader.pk, opened.pk, now=clock.now())
    Grant.objects.create(
        reader=reader, source="gift", article=opened, starts_at=clock.now(), reason="a friend's gift", created_at=clock.now()
    )
    support = desk(Role.SUPPORT)
    address = f"/desk/readers/{reader.pk}/"
    page = support.get(address).content.decode()
    assert "a friend&#x27;s gift" in page
    assert "1 of 3" in page
    assert "The opened one" in page
    answer = support.get(address, {"article": f"https://example.org/articles/{closed.pk}/the-slug/"}).content.decode()
    assert "<strong>subscribers</strong>" in answer
    assert "The article is for subscribers, and the reader holds no subscription." in answer
    assert "<strong>grant</strong>" in support.get(address, {"article": str(opened.pk)}).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("something", "Give the article"),
        ("999999", "There is no published article with this number."),
        ("9" * 30, "Give the article"),
    ],
)
def test_question_that_cannot_be_answered_says_why(
    desk: Callable[[Role], Client], make_reader: Callable[..., User], typed: str, words: str
) -> None:
    page = desk(Role.SUPPORT).get(f"/desk/readers/{make_reader().pk}/", {"article": typed}).content.decode()
    assert words in page


@pytest.mark.django_db
def test_support_writes_nothing(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    article = make_article()
    support = desk(Role.SUPPORT)
    for address in (f"/desk/articles/edit/{article.pk}/", f"/desk/articles/unpublish/{article.pk}/", "/desk/articles/add/"):
        assert support.post(address, {}).status_code in (302, 403)
    article.refresh_from_db()
    assert article.live


@pytest.mark.django_db
def test_publisher_gives_access_after_an_invoice_and_ends_it(
    desk: Callable[[Role], Client], make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, article = make_reader(), make_article(access="subscribers")
    publisher = desk(Role.PUBLISHER)
    posted = {"source": "subscription", "last_day": "2026-02-17", "reason": "invoice 2026-014"}
    assert publisher.post(f"/desk/readers/{reader.pk}/grants/", posted).status_code == 302
    grant = Grant.objects.get()
    assert grant.ends_at == datetime(2026, 2, 17, 23, tzinfo=UTC)  # midnight in Berlin
    assert Change.objects.filter(kind="rights", subject=str(reader.pk)).count() == 1
    decision = explain(reader.email, article.pk, now=clock.now()).decision
    assert decision is not None
    assert decision.is_open
    end = f"/desk/readers/{reader.pk}/grants/{grant.pk}/end/"
    assert "Say why" in publisher.post(end).content.decode()
    assert publisher.post(end, {"reason": "the invoice was withdrawn"}).status_code == 302
    told = [(line.action, line.reason, line.reader_id) for line in AuditLine.objects.all()]
    assert told == [("end_grant", "the invoice was withdrawn", reader.pk), ("give", "invoice 2026-014", reader.pk)]
    decision = explain(reader.email, article.pk, now=clock.now() + timedelta(seconds=1)).decision
    assert decision is not None
    assert not decision.is_open


@pytest.mark.django_db
def test_grant_that_is_over_before_it_begins_is_refused(desk: Callable[[Role], Client], make_reader: Callable[..., User]) -> None:
    posted = {"source": "gift", "last_day": "2026-02-16", "reason": "x"}
    page = desk(Role.PUBLISHER).post(f"/desk/readers/{make_reader().pk}/grants/", posted)
    assert "That day is over. Choose today or a later one." in page.content.decode()
    assert not Grant.objects.exists()


@pytest.mark.django_db
def test_support_gives_nothing(desk: Callable[[Role], Client], make_reader: Callable[..., User]) -> None:
    support, reader = desk(Role.SUPPORT), make_reader()
    assert "Give access" not in support.get(f"/desk/readers/{reader.pk}/").content.decode()
    assert support.post(f"/desk/readers/{reader.pk}/grants/", {"source": "gift", "reason": "x"}).status_code in (302, 403)
    assert not Grant.objects.exists()
