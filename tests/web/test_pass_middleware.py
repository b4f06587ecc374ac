"""Which answers give a browser its pass, renew it, take it away, or leave it as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import SigningKey as KeyRow
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.library.access import Access
from broadsheet.library.models import Article
from broadsheet.membership.flows import change_rights
from broadsheet.membership.models import Grant
from broadsheet.paywall.passes import COOKIE, EXPIRES_AFTER, RENEW_AFTER, Pass, SigningKey, holder_name, read_pass, sign_pass
from broadsheet.paywall.resolver import Asked, decide
from broadsheet.web.asker import BROWSER_COOKIE
from broadsheet.web.pass_middleware import PassMiddleware
from tests.web.conftest import ReadLetter

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def keys() -> dict[str, SigningKey]:
    return {row.key_id: SigningKey(row.key_id, row.secret.encode()) for row in KeyRow.objects.all()}


def given(answer: Any) -> Pass | None:
    """The pass that an answer sets; None if it sets or deletes none."""
    morsel = answer.cookies.get(COOKIE)
    if morsel is None or not morsel.value:
        return None
    shown = read_pass(morsel.value, keys())
    assert shown is not None, "what is set can be read"
    return shown


def is_deleted(answer: Any) -> bool:
    return COOKIE in answer.cookies and answer.cookies[COOKIE]["max-age"] == 0


def holds(visitor: Client) -> Pass | None:
    """The pass that lies in a browser."""
    morsel = visitor.cookies.get(COOKIE)
    return read_pass(morsel.value, keys()) if morsel is not None and morsel.value else None


def opens(shown: Pass, article: Article, clock: StoppedClock) -> str:
    decision = decide(shown.entitlement, Asked(article.pk, Access(article.access)), allowance=3, now=clock.now())
    return f"{decision.outcome} {decision.reason}"


@pytest.fixture
def reader(make_reader: Callable[..., User]) -> User:
    return make_reader()


@pytest.fixture
def signed_in(visitor: Client, reader: User, sign_in: Callable[..., None]) -> Client:
    """The reader's browser, which has no pass yet."""
    sign_in(visitor, reader)
    return visitor


# -- Who gets one ------------------------------------------------------------------------------------------------------


def test_reader_gets_a_pass_with_the_first_page_of_their_own(
    signed_in: Client, reader: User, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    answer = signed_in.get(article.get_absolute_url())
    shown = given(answer)
    assert shown is not None
    assert (shown.reader_id, shown.month, shown.issued_at) == (reader.pk, "2026-02", clock.now().timestamp())
    assert shown.holder == holder_name("session", signed_in.cookies[settings.SESSION_COOKIE_NAME].value)
    assert opens(shown, article, clock) == "wall meter"
    assert answer["Cache-Control"] == "private, no-store"


def test_cookie_is_kept_from_scripts_and_other_sites_for_a_day(signed_in: Client) -> None:
    cookie = signed_in.get("/account/").cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == EXPIRES_AFTER.total_seconds()
    assert not cookie["secure"] and not cookie["domain"]


def test_cookie_goes_over_tls_only_where_the_site_does(signed_in: Client, settings: Any) -> None:
    settings.BROADSHEET = replace(settings.BROADSHEET, site_url="https://localhost")
    assert signed_in.get("/account/", secure=True).cookies[COOKIE]["secure"]


def test_stranger_gets_none(visitor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    for path in (article.get_absolute_url(), "/", "/login/", "/feed.xml", "/nowhere/", "/account/"):
        assert COOKIE not in visitor.get(path).cookies, path
    assert not KeyRow.objects.exists()


def test_what_caches_keep_carries_nobodys_pass(signed_in: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    for path in (
        "/feed.xml",
        "/feed.json",
        "/sitemap.xml",
        "/robots.txt",
        "/theme.css",
        "/favicon.svg",
        f"/articles/{article.pk}/card.png",
    ):
        answer = signed_in.get(path)
        assert answer["Cache-Control"].startswith("public"), path
        assert COOKIE not in answer.cookies, path
    for path in ("/static/css/site.css", "/healthz"):
        assert COOKIE not in signed_in.get(path).cookies, path


def test_answer_that_caches_might_keep_is_closed_to_them_when_it_carries_a_pass(
    signed_in: Client, make_article: Callable[..., Article]
) -> None:
    answer = signed_in.get(f"/articles/{make_article().pk}/another-slug/")
    assert answer.status_code == 301
    assert given(answer) is not None
    assert answer["Cache-Control"] == "private, no-store"


def test_browser_that_left_an_address_gets_one_with_the_answer(
    visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article, other = make_article(), make_article()
    answer = visitor.post(f"/articles/{article.pk}/keep-reading/", {"email": "ann@example.net"})
    shown = given(answer)
    assert shown is not None
    assert (shown.reader_id, shown.version) == (None, 0)
    assert shown.holder == holder_name("browser", answer.cookies[BROWSER_COOKIE].value)
    assert opens(shown, article, clock) == "open instant"
    assert opens(shown, other, clock) == "wall unconfirmed"


def test_staff_get_none_and_lose_the_one_they_had(
    visitor: Client, make_reader: Callable[..., User], sign_in: Callable[..., None], make_article: Callable[..., Article]
) -> None:
    path, editor = make_article().get_absolute_url(), make_reader(is_staff=True)
    sign_in(visitor, editor)
    assert given(visitor.get(path)) is not None, "without a second factor they are readers"
    sign_in(visitor, editor, second_factor=True)
    answer = visitor.get(path)
    assert is_deleted(answer)
    assert COOKIE not in visitor.get(path).cookies
    assert COOKIE not in visitor.get("/desk/").cookies


@pytest.mark.parametrize("path", ["/", "/library/", "/library/?topic=trade", ""])
def test_answer_that_deletes_the_cookie_of_a_dead_session_is_kept_by_no_cache(
    path: str, visitor: Client, make_article: Callable[..., Article]
) -> None:
    path = path or make_article().get_absolute_url()
    visitor.cookies[settings.SESSION_COOKIE_NAME] = "a-session-that-is-over"
    visitor.cookies[COOKIE] = "its pass"
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0
    assert is_deleted(answer)


# -- When it is renewed ------------------------------------------------------------------------------------------------


def test_fresh_pass_is_left_alone_for_five_minutes(
    signed_in: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    path = make_article().get_absolute_url()
    first = given(signed_in.get(path))
    clock.advance(RENEW_AFTER - SECOND)
    assert COOKIE not in signed_in.get(path).cookies
    clock.advance(SECOND)
    second = given(signed_in.get(path))
    assert first is not None and second is not None
    assert second.issued_at - first.issued_at == RENEW_AFTER.total_seconds()


def test_pass_is_renewed_when_the_month_is_over(
    signed_in: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    path = make_article().get_absolute_url()
    clock.advance(clock.now().replace(month=2, day=28, hour=22, minute=59, second=30, microsecond=0) - clock.now())
    assert given(signed_in.get(path)) is not None
    clock.advance(timedelta(minutes=1))
    renewed = given(signed_in.get(path))
    assert renewed is not None and renewed.month == "2026-03"


def test_pass_is_renewed_when_the_clock_went_back(
    signed_in: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    path = make_article().get_absolute_url()
    signed_in.get(path)
    clock.advance(-timedelta(hours=1))
    renewed = given(signed_in.get(path))
    assert renewed is not None and renewed.issued_at == clock.now().timestamp()


def test_pass_is_renewed_when_rights_have_changed(
    signed_in: Client, reader: User, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    path = article.get_absolute_url()
    first = given(signed_in.get(path))
    now = clock.now()
    Grant.objects.create(reader=reader, source="subscription", starts_at=now, reason="in a test", created_at=now)
    second = given(signed_in.get(path))
    assert first is not None and second is not None
    assert second.version > first.version
    assert opens(second, article, clock) == "open subscription"
    assert COOKIE not in signed_in.get(path).cookies


@pytest.mark.parametrize("text", ["", "nonsense", "k1.eyJ9.x", "A" * 5_000, "é"])
def test_pass_that_is_none_is_replaced(text: str, signed_in: Client) -> None:
    signed_in.cookies[COOKIE] = text
    assert given(signed_in.get("/account/")) is not None


def test_pass_of_another_session_or_reader_is_replaced(
    signed_in: Client,
    visit: Callable[[], Client],
    sign_in: Callable[..., None],
    make_subscriber: Callable[..., User],
    make_article: Callable[..., Article],
    clock: StoppedClock,
) -> None:
    article = make_article()
    rich = visit()
    sign_in(rich, make_subscriber())
    stolen = given(rich.get("/account/"))
    assert stolen is not None and opens(stolen, article, clock) == "open subscription"
    signed_in.cookies[COOKIE] = rich.cookies[COOKIE].value
    answer = signed_in.get(article.get_absolute_url())
    own = given(answer)
    assert own is not None and opens(own, article, clock) == "wall meter"
    assert 'data-access="wall"' in answer.content.decode()


def test_pass_of_an_older_key_is_good_until_it_is_deleted(signed_in: Client, clock: StoppedClock) -> None:
    signed_in.get("/account/")
    rotate_signing_keys(now=clock.now())
    assert COOKIE not in signed_in.get("/account/").cookies
    rotate_signing_keys(now=clock.now())
    answer = signed_in.get("/account/")
    assert given(answer) is not None
    assert answer.cookies[COOKIE].value.startswith(KeyRow.objects.latest("id").key_id)


def test_forged_pass_that_lasts_for_ever_is_replaced(signed_in: Client, clock: StoppedClock) -> None:
    shown = given(signed_in.get("/account/"))
    assert shown is not None
    forged = replace(shown, issued_at=shown.issued_at + 10_000, subscribed=(0, None))
    key_id, secret = KeyRow.objects.values_list("key_id", "secret").get()
    signed_in.cookies[COOKIE] = sign_pass(forged, SigningKey(key_id, b"guessed"))
    assert given(signed_in.get("/account/")) == shown
    assert secret != "guessed"


def test_fresh_pass_costs_one_query(signed_in: Client, make_article: Callable[..., Article]) -> None:
    path = make_article().get_absolute_url()
    signed_in.get(path)
    with CaptureQueriesContext(connection) as queries:
        signed_in.get(path)
    asked = [query["sql"] for query in queries if "core_signingkey" in query["sql"]]
    assert len(asked) == 1
    assert len(queries) <= 9


# -- What a form changes is in the pass that comes with its answer -----------------------------------------------------


def test_unlock_is_in_the_pass_that_comes_with_it(
    signed_in: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article, other = make_article(), make_article()
    before = given(signed_in.get(article.get_absolute_url()))
    answer = signed_in.post(f"/articles/{article.pk}/unlock/")
    shown = given(answer)
    assert answer.status_code == 303 and shown is not None and before is not None
    assert opens(shown, article, clock) == "open unlock"
    assert opens(shown, other, clock) == "wall meter"
    assert shown.spent == 1 and shown.version > before.version


def test_every_form_renews_the_pass(signed_in: Client, make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    signed_in.get("/account/")
    for path in ("/account/newsletter/", f"/articles/{article.pk}/unlock/", f"/articles/{article.pk}/unlock/"):
        clock.advance(SECOND)
        shown = given(signed_in.post(path, {"newsletter": "1"}))
        assert shown is not None and shown.issued_at == clock.now().timestamp(), path


def test_signing_in_brings_a_pass_of_the_new_session_and_signing_out_takes_it(
    visitor: Client, open_letter: Callable[[str], ReadLetter], make_article: Callable[..., Article]
) -> None:
    visitor.post("/login/", {"email": "ann@example.net"})
    answer = visitor.post("/confirm/", {"code": open_letter("ann@example.net").code})
    shown = given(answer)
    assert shown is not None and shown.reader_id == User.objects.get().pk
    assert shown.holder == holder_name("session", answer.cookies[settings.SESSION_COOKIE_NAME].value)
    answer = visitor.post("/logout/")
    left = given(answer)
    assert left is None or (left.reader_id is None and left.holder == holder_name("browser", visitor.cookies[BROWSER_COOKIE].value))


def test_sign_out_of_a_browser_without_a_name_deletes_the_pass(signed_in: Client) -> None:
    assert given(signed_in.get("/account/")) is not None
    assert BROWSER_COOKIE not in signed_in.cookies
    assert is_deleted(signed_in.post("/logout/"))


def test_two_browsers_of_one_reader_have_passes_of_their_own(
    signed_in: Client,
    reader: User,
    visit: Callable[[], Client],
    sign_in: Callable[..., None],
    make_article: Callable[..., Article],
    clock: StoppedClock,
) -> None:
    article, second = make_article(), visit()
    sign_in(second, reader)
    one, two = given(signed_in.get("/account/")), given(second.get("/account/"))
    assert one is not None and two is not None
    assert (one.reader_id, two.reader_id) == (reader.pk, reader.pk) and one.holder != two.holder
    signed_in.post(f"/articles/{article.pk}/unlock/")
    renewed = given(second.get(article.get_absolute_url()))
    assert renewed is not None and opens(renewed, article, clock) == "open unlock"
    assert renewed.holder == two.holder


# -- Without the database ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OperationalError("stopped"), InterfaceError("connection already closed")], ids=repr)
def test_answer_goes_out_as_it_is_if_the_database_stops_in_between(error: Exception, reader: User, clock: StoppedClock) -> None:
    def refuse(*_: Any) -> None:
        raise error

    request = RequestFactory().post("/anything/")
    request.COOKIES = {COOKIE: "kept", settings.SESSION_COOKIE_NAME: "a-session-of-somebody"}
    request.session = SessionStore("a-session-of-somebody")
    request.user = reader
    with connection.execute_wrapper(refuse):
        answer = PassMiddleware(lambda request: HttpResponse("an answer"))(request)
    assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"an answer", {})


def test_redirect_of_a_stranger_stays_open_to_caches() -> None:
    request = RequestFactory().get("/anything/")
    request.session = SessionStore()
    answer = PassMiddleware(lambda request: HttpResponsePermanentRedirect("/elsewhere/"))(request)
    assert "Cache-Control" not in answer and not answer.cookies


def test_version_is_read_before_the_rights(signed_in: Client, reader: User, clock: StoppedClock) -> None:
    """Rights that change while the page is made leave the pass with the older version, so that it ends."""
    changed: list[int] = []

    def change(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "membership_grant" in sql and not changed:
            changed.append(1)
            change_rights(reader.pk, now=clock.now())
        return result

    with connection.execute_wrapper(change):
        shown = given(signed_in.get("/account/"))
    assert changed and shown is not None
    assert shown.version < User.objects.get(pk=reader.pk).rights_version
