"""While the database is known to be away, nobody waits to find it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Barrier, Event, Thread
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


def test_forms_that_hang_leave_those_who_read_alone() -> None:
    all_hang, go_on = Barrier(OPENS_AT + TRIALS + 1), Event()
    seconds = iter([0.0] * OPENS_AT + [SLOW_AFTER_S] * 1000)

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            all_hang.wait(30)
            go_on.wait(30)
        return HttpResponse("done")

    middleware = OutageMiddleware(answer, seconds=lambda: next(seconds))
    post = RequestFactory().post("/unlock/")
    hanging = [Thread(target=middleware, args=(post,)) for _ in range(OPENS_AT + TRIALS)]
    for thread in hanging:
        thread.start()
    all_hang.wait(30)
    assert [middleware(post).status_code, middleware(RequestFactory().get("/")).status_code] == [503, 200]
    go_on.set()
    for thread in hanging:
        thread.join()
