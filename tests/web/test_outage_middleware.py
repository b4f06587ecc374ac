"""While the database is known to be away, nobody waits to find it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from broadsheet.core import outage
from broadsheet.web.breaker import OPENS_AT, SLOW_AFTER_S, TRIALS
from broadsheet.web.outage_middleware import OutageMiddleware

pytestmark = pytest.mark.django_db


@pytest.fixture
def away() -> Iterator[list[bool]]:
    """Whether the database is away: a list of one, to be changed."""
    state = [True]
    replaced = outage.watch(lambda: state[0])
    yield state
    outage.watch(replaced)


@pytest.mark.parametrize("path", ["/", "/articles/1/a-treaty/", "/login/", "/account/", "/desk/", "/library/?q=sea", "/nowhere/"])
def test_every_page_is_refused_without_a_question(
    visit: Callable[[], Client], away: list[bool], django_assert_num_queries: Callable[[int], Any], path: str
) -> None:
    with django_assert_num_queries(0):
        response = visit().get(path)
    assert response.status_code == 503 and response["Retry-After"]
    assert int(response["Content-Length"]) == len(response.content)  # so that a browser knows when it has all of it


def test_what_was_typed_is_kept_and_goes_through_afterwards(visit: Callable[[], Client], away: list[bool]) -> None:
    client, fields = visit(), {"email": "reader@example.org"}
    response = client.post("/login/", fields)
    assert response.status_code == 503 and 'value="reader@example.org"' in response.content.decode()
    away[0] = False
    assert client.post("/login/", fields).status_code == 303


def test_small_files_need_no_database(client: Client, away: list[bool], django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(0):
        assert [client.get(path).status_code for path in ("/theme.css", "/favicon.svg", "/robots.txt")] == [200, 200, 200]
        assert "immutable" not in client.get("/theme.css?v=0123456789ab")["Cache-Control"]


def test_forms_that_wait_in_vain_are_soon_refused_and_those_who_read_are_not() -> None:
    seconds = count(step=SLOW_AFTER_S)
    post, let_in = RequestFactory().post("/unlock/"), 0

    def answer(request: HttpRequest) -> HttpResponse:
        nonlocal let_in
        if request.method == "GET":
            return HttpResponse("a page")
        let_in += 1
        if let_in > OPENS_AT:
            middleware(post)  # while this one waits, another comes
        return HttpResponse(status=503)

    middleware = OutageMiddleware(answer, seconds=lambda: next(seconds))
    for _ in range(OPENS_AT):
        middleware(post)
    assert middleware(post).status_code == 503
    assert let_in == OPENS_AT + TRIALS
    assert middleware(RequestFactory().get("/")).status_code == 200
