"""Which passes count: whose they are, when they were made, what has happened since; and that odd cookies fill no memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from broadsheet.core.counts import AnswerCounts
from broadsheet.edge.application import Edge
from broadsheet.edge.database import Database
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.known import FUTURE_S, LONGEST_KNOWN, OVERHEAD_BYTES, KnownPasses
from broadsheet.edge.routes import find_route
from broadsheet.membership.entitlement import HeldUnlock
from broadsheet.pages.encoding import choose_encoding
from broadsheet.paywall.passes import EXPIRES_AFTER, RENEW_AFTER, Pass, SigningKey, holder_name, make_pass, sign_pass
from tests.paywall.holders import DAY, NOW, grant, reader

KEY, OLDER = SigningKey("k1", b"a secret"), SigningKey("k0", b"an older secret")
SESSION, BROWSER = "a-session-of-a-reader", "a-browser-of-somebody"
SECOND = timedelta(seconds=1)


@pytest.fixture
def holdings() -> Holdings:
    """What a process holds that follows a log in which nothing has happened."""
    held = Holdings(Database("sqlite:////nowhere"), Terms("recipe", ZoneInfo("Europe/Berlin"), 3, []), max_bytes=1_000_000)
    held.keys = {"k1": KEY, "k0": OLDER}
    return held


def made(*, kind: str = "session", secret: str = SESSION, now: datetime = NOW, month: str = "2026-02", version: int = 5) -> Pass:
    shown = make_pass(
        reader(grants=(grant("subscription"),)), holder=holder_name(kind, secret), version=version, month=month, now=now
    )
    assert shown is not None
    return shown


def header(shown: Pass, *, session: str = SESSION, browser: str = "", key: SigningKey = KEY) -> str:
    cookies = {"broadsheet_session": session, "broadsheet_browser": browser, "broadsheet_pass": sign_pass(shown, key)}
    return "; ".join(f"{name}={value}" for name, value in cookies.items() if value)


def counts(holdings: Holdings, text: str, now: datetime = NOW) -> bool:
    passes = KnownPasses(holdings)
    first = passes.find(text, now) is not None
    assert (passes.find(text, now) is not None) == first, "what is known already is judged like what is not"
    return first


# -- Whose it is -------------------------------------------------------------------------------------------------------


def test_pass_counts_beside_the_session_it_was_given_to(holdings: Holdings) -> None:
    assert counts(holdings, header(made()))
    assert counts(holdings, header(made(), browser=BROWSER))
    assert counts(holdings, f"consent=yes; {header(made())}; theme=dark")
    assert counts(holdings, header(made(kind="browser", secret=BROWSER), session="", browser=BROWSER))


@pytest.mark.parametrize(
    "text",
    [
        header(made(), session="another-session"),
        header(made(), session=""),
        header(made(), session="", browser=BROWSER),
        header(made(), session="", browser=SESSION),
        header(made(kind="browser", secret=BROWSER), session="", browser="another-browser"),
        header(made(kind="browser", secret=BROWSER), browser=BROWSER),
        header(made(kind="browser", secret=SESSION)),
        header(made(secret=BROWSER), session="", browser=BROWSER),
        f"{header(made())}; broadsheet_session=another",
        f"broadsheet_session={SESSION}; {header(made())}",
        f"{header(made())}; {header(made())}",
        f"{header(made())}; broadsheet_pass=",
        f"broadsheet_session={SESSION}",
        f"broadsheet_session={SESSION}; broadsheet_pass=",
        f"broadsheet_session={SESSION}; broadsheet_pass=nonsense",
        f"broadsheet_session={SESSION}; broadsheet_pass={'A' * 5_000}",
        f"broadsheet_session={SESSION}; broadsheet_pass=\u00e9.\u00ff.\u00e9",
        header(made()).upper(),
        header(made()).replace("; ", ", "),
        header(made()).replace("broadsheet_session", "broadsheet_sessio"),
        header(made(), key=SigningKey("k1", b"guessed")),
        header(made(), key=SigningKey("k2", KEY.secret)),
    ],
    ids=lambda text: text[:60].encode("unicode-escape").decode(),
)
def test_pass_of_somebody_else_or_of_nobody_does_not_count(text: str, holdings: Holdings) -> None:
    for is_away in (False, True):
        holdings.is_away = is_away
        assert not counts(holdings, text)


# -- When --------------------------------------------------------------------------------------------------------------


def test_pass_counts_five_minutes_and_a_day_without_the_database(holdings: Holdings) -> None:
    text = header(made())
    assert counts(holdings, text, NOW + RENEW_AFTER - SECOND)
    assert not counts(holdings, text, NOW + RENEW_AFTER)
    holdings.is_away = True
    assert counts(holdings, text, NOW + EXPIRES_AFTER - SECOND)
    assert not counts(holdings, text, NOW + EXPIRES_AFTER)


def test_pass_from_the_far_future_does_not_count_and_one_of_a_host_a_little_ahead_does(holdings: Holdings) -> None:
    assert counts(holdings, header(made(now=NOW + timedelta(seconds=FUTURE_S))))
    for is_away in (False, True):
        holdings.is_away = is_away
        assert not counts(holdings, header(made(now=NOW + timedelta(seconds=FUTURE_S + 1))))
        assert not counts(holdings, header(made(now=NOW + timedelta(days=400))))


def test_pass_of_a_month_that_is_over_counts_only_without_the_database(holdings: Holdings) -> None:
    last = datetime(2026, 2, 28, 22, 59, 59, tzinfo=UTC)  # a second before March in Berlin
    text = header(made(now=last))
    assert counts(holdings, text, last)
    assert not counts(holdings, text, last + SECOND)
    assert not counts(holdings, header(made(now=last, month="2026-03")), last)
    holdings.is_away = True
    assert counts(holdings, text, last + SECOND), "no reader is locked out by an outage over midnight"
    holdings.is_away = False
    assert counts(holdings, text, last), "the clock went back"


# -- What has happened since -------------------------------------------------------------------------------------------


def test_pass_that_counted_ends_with_its_session_or_with_a_newer_version(holdings: Holdings) -> None:
    passes = KnownPasses(holdings)
    of_session, of_browser = made(), replace(made(kind="browser", secret=BROWSER), reader_id=None, version=0)
    texts = [header(of_session), header(of_browser, session="", browser=BROWSER)]
    assert all(passes.find(text, NOW) for text in texts)
    holdings.revocations.raise_version(7, 5)
    assert all(passes.find(text, NOW) for text in texts), "it was made after that change"
    holdings.revocations.raise_version(7, 6)
    assert [passes.find(text, NOW) is not None for text in texts] == [False, True]
    holdings.revocations.raise_version(7, 4)
    assert passes.find(texts[0], NOW) is None, "versions never go back"
    holdings.revocations.end_session(of_browser.holder)
    assert passes.find(texts[1], NOW) is None


def test_pass_ends_with_its_key_and_not_with_the_one_before(holdings: Holdings) -> None:
    passes = KnownPasses(holdings)
    old, new = header(made(), key=OLDER), header(made())
    assert passes.find(old, NOW) and passes.find(new, NOW)
    holdings.keys = {"k2": SigningKey("k2", b"a newer secret"), "k1": KEY}
    assert passes.find(old, NOW) is None
    assert passes.find(new, NOW)
    holdings.keys = {"k3": SigningKey("k3", b"the newest"), "k2": SigningKey("k2", b"a newer secret")}
    assert passes.find(new, NOW) is None


# -- Memory ------------------------------------------------------------------------------------------------------------


def grown(act: Callable[[], object]) -> int:
    """By how many bytes the memory in use grows."""
    gc.collect()
    tracemalloc.start()
    act()
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken


def test_one_pass_under_many_headers_fills_no_memory(holdings: Holdings) -> None:
    passes = KnownPasses(holdings)
    unlocks = tuple(HeldUnlock(10_000_000 + number, NOW + DAY, "") for number in range(40))
    shown = make_pass(reader(unlocks=unlocks), holder=holder_name("session", SESSION), version=5, month="2026-02", now=NOW)
    assert shown is not None
    text = header(shown)
    assert len(text) < LONGEST_KNOWN - 100

    def ask() -> None:
        for number in range(5_000):
            found = passes.find(f"x={number}; {text}", NOW)
            assert found is not None and found.entitlement.unlocks and found.letters_for(10_000_001, NOW) == "u"

    assert grown(ask) < 5_000 * (len(text) + OVERHEAD_BYTES)


def test_known_passes_take_no_more_memory_than_they_are_counted_for_and_may(holdings: Holdings) -> None:
    headers = [header(made(secret=f"session {number}", version=number), session=f"session {number}") for number in range(4_000)]
    passes = KnownPasses(holdings, max_bytes=2_000_000)

    def ask() -> None:
        for text in headers:
            assert passes.find(text, NOW) is not None

    assert grown(ask) < 2_050_000
    assert passes.find(headers[-1], NOW) is passes.find(headers[-1], NOW), "the last ones are still known"


def test_headers_that_are_long_or_hold_no_pass_are_not_kept(holdings: Holdings) -> None:
    passes, text = KnownPasses(holdings), header(made())

    def ask() -> None:
        for number in range(1_000):
            assert passes.find(f"{text}; x={number:05000d}", NOW)
            assert passes.find(f"broadsheet_session={number}; broadsheet_pass=k1.{number}.x", NOW) is None

    assert grown(ask) < 100_000


def test_addresses_and_encodings_that_nobody_has_fill_no_memory() -> None:
    def ask() -> None:
        for number in range(1_000):
            assert find_route(f"/articles/{number + 1}/{'x' * 50_000}/") is None
            assert choose_encoding(f"gzip, x-{'y' * 10_000}{number}") == "gzip"

    assert grown(ask) < 100_000


def test_known_addresses_stay_within_bounds() -> None:
    def ask() -> None:
        for number in range(40_000):
            find_route(f"/articles/{number + 1}/{'x' * 150}/")
            choose_encoding(f"gzip, x-{number}")

    assert grown(ask) < 20_000 * 1_200


def test_request_with_whatever_cookies_is_answered_without_an_error(holdings: Holdings) -> None:
    edge = Edge(lambda environ, start: [b"Django"], holdings, proxies=(), count_view=lambda *_: None, counts=AnswerCounts())
    for text in (
        "broadsheet_",
        "broadsheet_pass",
        "=;=;;broadsheet_pass=;",
        "broadsheet_pass=\xff\xfe\x80",
        "broadsheet_pass=" + "." * 99,
    ):
        for is_away in (False, True):
            holdings.is_away = is_away
            environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_COOKIE": text}
            assert list(edge(environ, lambda *_: None)) == [b"Django"]
