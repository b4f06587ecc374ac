"""Whatever cookies and forms hold: never a server error, never a right that nobody gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from broadsheet.accounts.models import User
from broadsheet.billing.models import InvoiceRequest, Plan
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.paywall.models import InstantAccess, Unlock
from tests.web.pages import state

pytestmark = pytest.mark.django_db

many = hypothesis_settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])

# What a header can carry: Latin-1 without line ends. What a form can carry: anything.
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=120)
tokens = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=16, max_size=64)
cookies = st.dictionaries(
    st.sampled_from([settings.SESSION_COOKIE_NAME, "broadsheet_browser", "broadsheet_pass", "csrftoken", "messages", "x"]),
    tokens | header_text,
    max_size=4,
).map(lambda held: "; ".join(f"{name}={value}" for name, value in held.items()))
values = st.text(max_size=60) | st.sampled_from(
    [
        "ann@example.net",
        "ann@gmial.com",
        "1",
        "000000",
        "/library/",
        "//evil.example",
        "\x00",
        "a\x00@b.example",
        "'; --",
        "٣٣٣٣٣٣",
        "x" * 5000,
    ]
)
forms = st.dictionaries(
    st.sampled_from(
        ["email", "sure", "newsletter", "code", "next", "resend", "password", "message", "about", "name", "postal_address"]
    ),
    values | st.lists(values, max_size=2),
    max_size=6,
)
POSTS = [
    "/login/",
    "/confirm/",
    "/confirm/sometoken/",
    "/logout/",
    "/help/",
    "/subscribe/all-access/",
    "/account/",
    "/account/erase/",
]
GETS = ["/login/", "/confirm/", "/account/", "/subscribe/", "/help/", "/"]


@given(cookie=cookies)
@many
def test_no_cookie_opens_an_article(cookie: str, make_article: Callable[..., Article]) -> None:
    article = Article.objects.first() or make_article()
    client = Client(raise_request_exception=False)
    answer = client.get(article.get_absolute_url(), headers={"cookie": cookie})
    assert answer.status_code == 200
    assert state(answer) == "wall stranger"


@given(path=st.sampled_from(GETS), cookie=cookies, query=forms)
@many
def test_no_page_breaks(path: str, cookie: str, query: dict[str, Any]) -> None:
    client = Client(raise_request_exception=False)
    assert client.get(path, query, headers={"cookie": cookie}).status_code < 500


@given(path=st.sampled_from(POSTS), cookie=cookies, form=forms)
@many
def test_no_form_breaks_or_gives_a_right(path: str, cookie: str, form: dict[str, Any]) -> None:
    if not Plan.objects.filter(slug="all-access").exists():
        Plan.objects.create(name="All-Access", slug="all-access", price_cents=9600, period="year")
    origin = settings.BROADSHEET.site_url
    client = Client(raise_request_exception=False)
    answer = client.post(path, form, headers={"cookie": cookie, "origin": origin})
    assert answer.status_code < 500
    assert settings.SESSION_COOKIE_NAME not in answer.cookies or not answer.cookies[settings.SESSION_COOKIE_NAME].value
    assert not User.objects.exists()
    assert not Grant.objects.exists()
    assert InvoiceRequest.objects.count() == InvoiceRequest.objects.exclude(email="").count()


@given(cookie=cookies, form=forms, wanted=st.sampled_from(["keep-reading", "unlock"]))
@many
def test_walls_forms_open_what_they_may_and_nothing_else(
    cookie: str, form: dict[str, Any], wanted: str, make_article: Callable[..., Article]
) -> None:
    metered = Article.objects.filter(access="metered").first() or make_article()
    closed = Article.objects.filter(access="subscribers").first() or make_article(access="subscribers")
    client = Client(raise_request_exception=False)
    headers = {"cookie": cookie, "origin": settings.BROADSHEET.site_url}
    for article in (metered, closed):
        answer = client.post(f"/articles/{article.pk}/{wanted}/", form, headers=headers)
        assert answer.status_code in (200, 303, 422)
        assert state(answer) in ("", "open instant", "wall stranger", "wall unconfirmed", "wall subscribers")
    assert not Unlock.objects.exists()
    assert not InstantAccess.objects.exclude(article=metered).exists()
    assert not User.objects.exists()


@given(number=st.integers(0, 10**40))
@many
def test_no_number_breaks_an_article_address(number: int) -> None:
    client = Client(raise_request_exception=False)
    headers = {"origin": settings.BROADSHEET.site_url}
    for path in ("keep-reading", "unlock"):
        assert client.post(f"/articles/{number}/{path}/", {"email": "ann@example.net"}, headers=headers).status_code == 404
