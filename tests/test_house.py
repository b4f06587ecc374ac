"""The tests' own footing: database, clock, makers, site and browser are what they promise to be."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from wagtail.models import Locale

from broadsheet.accounts.models import User
from broadsheet.core import clock as core_clock
from broadsheet.core.models import Change
from broadsheet.library.models import Article, ArticleTeaser
from tests.browser import PHONE
from tests.conftest import START


def test_clock_stands_still_at_the_start() -> None:
    assert core_clock.now() == START


def test_outside_network_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))


def test_maker_publishes_an_article_with_its_texts(make_article: Callable[..., Article]) -> None:
    article = make_article(headline="Who keeps the strait open")
    assert article.live
    assert article.published_at == START
    assert ArticleTeaser.objects.get(article=article).text
    assert Change.objects.filter(kind="article", subject=str(article.pk)).exists()


def test_draft_has_no_texts(make_article: Callable[..., Article]) -> None:
    article = make_article(published=False)
    assert not article.live
    assert not ArticleTeaser.objects.filter(article=article).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next(turn: int) -> None:
    assert not User.objects.exists()
    assert Locale.objects.exists()  # made by a migration, so it must come back
    User.objects.create_user("reader@example.org")


@pytest.mark.django_db(transaction=True)
def test_another_thread_sees_what_was_committed(make_reader: Callable[..., User]) -> None:
    make_reader()
    seen: list[int] = []

    def look() -> None:
        seen.append(User.objects.count())
        connection.close()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


@pytest.mark.browser
def test_browser_reaches_the_site(page: Any, live_server: Any) -> None:
    response = page.goto("/login/")
    assert response.status == 200
    assert page.url.startswith(live_server.url)


def test_html_checker_finds_a_planted_error(find_html_errors: Any) -> None:
    start = "<!doctype html><html lang=en><title>A</title>"
    assert find_html_errors({"good": f"{start}<p>Text.</p>"}) == []
    errors = find_html_errors({"good": f"{start}<p>Text.</p>", "bad": f"{start}<p><img src='a.png'></p>"})
    assert len(errors) == 1
    assert errors[0].startswith("bad:1: An “img” element must have an “alt” attribute")


@pytest.mark.browser
def test_axe_finds_a_planted_problem(page: Any, find_accessibility_problems: Any) -> None:
    page.set_content("<!doctype html><html lang=en><title>A</title><main><h1>A</h1><img src=''></main>")
    assert [problem.split(":")[0] for problem in find_accessibility_problems(page)] == ["image-alt"]


@pytest.mark.browser
def test_signed_in_browser_is_known_to_the_site(page: Any, make_reader: Any, sign_in: Any, live_server: Any) -> None:
    sign_in(page.context, make_reader("one@example.org"))
    page.goto("/account/")
    assert page.url == f"{live_server.url}/account/"


def test_staff_with_a_second_factor_get_to_the_desk(client: Any, make_reader: Any, sign_in: Any) -> None:
    sign_in(client, make_reader(is_staff=True, is_superuser=True), second_factor=True)
    assert client.get("/desk/").status_code == 200


@pytest.mark.browser
def test_second_browser_shares_no_cookies(page: Any, open_browser: Any, live_server: Any) -> None:
    page.context.add_cookies([{"name": "mark", "value": "1", "url": live_server.url}])
    assert open_browser(viewport=PHONE).cookies() == []
    assert len(page.context.cookies()) == 1
