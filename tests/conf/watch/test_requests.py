"""Each request that Django answers has a name, a count and a line in the log; the line tells nothing of the reader."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from ipaddress import ip_network

import pytest
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path, resolve

from broadsheet.accounts.models import User
from broadsheet.conf.urls import urlpatterns as site_urlpatterns
from broadsheet.conf.watch.log_lines import JsonFormatter, logged_path
from broadsheet.conf.watch.requests import count_name
from broadsheet.core.counts import COUNTS
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter

BEHIND_PROXY = replace(settings.BROADSHEET, trusted_proxies=(ip_network("127.0.0.1/32"),))
READER = "reader.of.ours@example.org"
NETWORK, NETWORK6 = "203.0.113.77", "2001:db8::77"
OWN = {"Origin": settings.BROADSHEET.site_url}


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What every logger writes while the test runs, as the JSON lines that it would be in production."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(name) for name in (None, "broadsheet.request", "django.request")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


Lines = Callable[[], list[dict[str, object]]]


def requests_of(lines: Lines) -> list[dict[str, object]]:
    """The lines that tell of requests."""
    return [line for line in lines() if line["logger"] == "broadsheet.request"]


def break_down(request: HttpRequest, token: str) -> HttpResponse:
    """A view that fails."""
    raise RuntimeError(f"{READER} at {NETWORK}")


def be_away(request: HttpRequest) -> HttpResponse:
    """A view that answers 503 of its own accord, as all do while the database is away."""
    return HttpResponse(status=503)


urlpatterns = [path("broken/<str:token>/", break_down), path("away/", be_away), *site_urlpatterns]
handler500 = "broadsheet.web.errors.server_error"

# -- Names -----------------------------------------------------------------------------------------------------------


def test_each_answer_has_a_name_of_its_own(client: Client, db: None) -> None:
    names = {client.get("/login/")["X-Request-ID"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)


@pytest.mark.parametrize(
    ("given", "through_proxy", "is_taken"),
    [
        ("trace-0123456789", True, True),
        ("trace-0123456789", False, False),
        ("short", True, False),
        ('0123456789", "level": "', True, False),
        ("0123456789\n0123456789", True, False),
        ("a" * 65, True, False),
    ],
)
def test_name_is_taken_from_our_own_proxy_only(client: Client, db: None, given: str, through_proxy: bool, is_taken: bool) -> None:
    with override_settings(BROADSHEET=BEHIND_PROXY if through_proxy else settings.BROADSHEET):
        answer = client.get("/login/", headers={"X-Request-ID": given, "X-Forwarded-For": NETWORK})
    assert (answer["X-Request-ID"] == given) is is_taken


@pytest.mark.parametrize("status", [403, 404])
def test_error_page_tells_the_name_where_support_can_use_it(client: Client, db: None, status: int) -> None:
    answer = client.post("/articles/1/unlock/") if status == 403 else client.get("/no/such/page/")
    assert answer.status_code == status
    assert (answer["X-Request-ID"] in answer.content.decode()) is (status == 403)


# -- Lines -----------------------------------------------------------------------------------------------------------


def test_line_holds_method_path_status_time_and_name(client: Client, db: None, lines: Lines) -> None:
    answer = client.get("/login/?email=somebody%40example.org")
    (line,) = requests_of(lines)
    assert line["request"] == answer["X-Request-ID"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/login/", 200)
    assert isinstance(line["milliseconds"], float)
    assert "reader" not in line
    assert line["level"] == "info"


def test_line_holds_the_number_of_the_reader(
    client: Client, make_reader: Callable[..., User], sign_in: Callable[..., None], lines: Lines
) -> None:
    reader = make_reader(READER)
    sign_in(client, reader)
    client.get("/account/")
    assert requests_of(lines)[-1]["reader"] == reader.pk


def test_naming_the_reader_asks_the_database_nothing(
    client: Client, make_reader: Callable[..., User], sign_in: Callable[..., None], django_assert_num_queries: Callable[..., object]
) -> None:
    sign_in(client, make_reader(READER))
    client.get("/robots.txt")
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        client.get("/robots.txt")


def test_path_cannot_forge_a_line() -> None:
    assert logged_path("/x\n2026 ERROR forged\x1b[31m/", None) == "/x?2026 ERROR forged?[31m/"
    assert len(logged_path("/" + "x" * 10_000, None)) == 200


def test_log_of_a_journey_holds_no_address_and_no_secret(
    client: Client,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    lines: Lines,
) -> None:
    """Through the wall, to the mailbox and back by the link, an unlock, a search, errors: nothing of it may be in the log."""
    article, other = make_article(), make_article()
    with override_settings(BROADSHEET=BEHIND_PROXY):
        for network in (NETWORK, NETWORK6):
            from_there = {**OWN, "X-Forwarded-For": network, "User-Agent": f"agent of {READER}"}
            client.get(f"/articles/{article.pk}/{article.slug}/", headers=from_there)
            client.post(f"/articles/{article.pk}/keep-reading/", {"email": READER, "newsletter": "1"}, headers=from_there)
            client.post("/login/", {"email": READER}, headers=from_there)
        text = OutboxLetter.objects.filter(to_address=READER).latest("id").text
        token, code = re.search(r"/confirm/([^/\s]+)/", text), re.search(r"\b\d{6}\b", text)
        assert token is not None
        assert code is not None
        client.get(f"/confirm/{token[1]}/", headers=from_there)
        client.post(f"/confirm/{token[1]}/", headers=from_there)
        client.get("/confirm/0123456789abcdef0123456789/", headers=from_there)
        client.post(f"/articles/{other.pk}/unlock/", headers=from_there)
        client.get(f"/library/?q={READER}", headers=from_there)
        client.get(f"/{READER}/", headers=from_there)
        client.get("/account/export/", headers=from_there)
        client.post("/account/address/", {"email": f"new.{READER}"}, headers=from_there)
        client.get("/", headers={**from_there, "Host": "203.0.113.9"})
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser = client.cookies["broadsheet_browser"].value
    written = json.dumps(lines())
    assert len(requests_of(lines)) >= 15
    assert f"/articles/{other.pk}/unlock/" in written
    for secret in (READER, "reader.of.ours", NETWORK, NETWORK6, "203.0.113.9", token[1], code[0], session, browser):
        assert secret not in written, secret
    assert "@" not in written


@override_settings(ROOT_URLCONF=__name__)
def test_trouble_is_logged_with_its_traceback_under_the_requests_name(client: Client, db: None, lines: Lines) -> None:
    client.raise_request_exception = False
    answer = client.get("/broken/0123456789-secret/")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    (traceback,) = [line for line in lines() if "exception" in line]
    assert traceback["request"] == answer["X-Request-ID"]
    assert "RuntimeError: [address] at [network]" in str(traceback["exception"])
    assert requests_of(lines)[-1]["path"] == "/broken/…/"
    assert "0123456789-secret" not in json.dumps(lines()), "Django's own line about it names the path too"
    assert requests_of(lines)[-1]["level"] == "error"


@override_settings(ROOT_URLCONF=__name__)
def test_answer_without_a_cause_has_one_line_only(client: Client, db: None, lines: Lines) -> None:
    assert client.get("/away/").status_code == 503
    assert [line["logger"] for line in lines()] == ["broadsheet.request"]


# -- Counts ----------------------------------------------------------------------------------------------------------


def counted(variant: str, status: str) -> int:
    """How often Django has answered so."""
    return COUNTS.django.numbers.get((variant, status), 0)


def test_answers_are_counted_by_variant_or_module_and_status(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    kinds = [("wall-stranger-stranger", "200"), ("web.signin", "200"), ("none", "404"), ("web.wall", "403")]
    before = [counted(*kind) for kind in kinds]
    client.get(f"/articles/{article.pk}/{article.slug}/")
    client.get("/login/")
    client.get("/no/such/page/")
    client.post(f"/articles/{article.pk}/unlock/")
    assert [counted(*kind) for kind in kinds] == [number + 1 for number in before]


@pytest.mark.parametrize(
    ("address", "name"),
    [("/desk/login/", "desk.sign_in"), ("/accounts/2fa/", "allauth"), ("/static/css/site.css", "static"), ("/x/y/z/", "none")],
)
def test_count_names_nothing_that_a_stranger_could_invent(address: str, name: str) -> None:
    request = RequestFactory().get(address)
    try:
        request.resolver_match = resolve(address)
    except Http404:
        request.resolver_match = None
    assert count_name(request) == name
