"""No answer that sets a cookie may be kept by caches that browsers share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory

from broadsheet.library.models import Article
from broadsheet.web.sharing_middleware import SharingMiddleware


@pytest.mark.parametrize(
    ("said", "cookie", "kept"),
    [
        ("public, max-age=0, s-maxage=2", "x", "private, no-store"),
        ("max-age=3600, public", "x", "private, no-store"),
        ("public, max-age=0, s-maxage=2", "", "public, max-age=0, s-maxage=2"),
        ("private, max-age=5", "x", "private, max-age=5"),
        ("", "x", None),
    ],
)
def test_answer_is_closed_to_shared_caches_if_it_sets_a_cookie(said: str, cookie: str, kept: str | None) -> None:
    made = HttpResponse(headers={"Cache-Control": said} if said else {})
    if cookie:
        made.set_cookie("any", cookie)
    answer = SharingMiddleware(lambda request: made)(RequestFactory().get("/"))
    assert answer.headers.get("Cache-Control") == kept


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "/", "/library/?before=x", "/feed.xml", "/theme.css", "/robots.txt"])
@pytest.mark.parametrize("session", ["no-key", "k" * 32])
def test_page_that_takes_away_the_cookie_of_a_session_that_is_over_is_not_shared(
    path: str, session: str, visitor: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    visitor.cookies[settings.SESSION_COOKIE_NAME] = session
    answer = visitor.get(path or article.get_absolute_url())
    is_shared = answer["Cache-Control"].startswith("public")
    assert answer.status_code == 200
    assert is_shared == (not answer.cookies)
    if session == "no-key":
        assert not is_shared, "Django takes away at once what can't be a key"
