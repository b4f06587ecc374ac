"""The support's pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
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
