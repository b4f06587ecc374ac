"""What a process keeps in memory: never more than it may, never what was loaded before a change."""

from __future__ import annotations

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.core.change_cursor import ChangeLine
from broadsheet.edge.database import Database, FoundPage
from broadsheet.edge.held import HeldArticle, HeldPage, Shelf, hold_page
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.library.access import Access
from broadsheet.paywall.resolver import Asked

HEADERS = [("X-Frame-Options", "SAMEORIGIN"), ("Referrer-Policy", "strict-origin-when-cross-origin")]
NOW = datetime(2026, 2, 17, tzinfo=UTC)
MAX = 1_000

operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.integers(0, 2 * MAX)),
        st.tuples(st.just("get"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("discard"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("clear"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


class Bytes(bytes):
    is_used = False


@given(operations)
def test_shelf_never_holds_more_than_it_may_and_knows_what_it_holds(script: list[tuple[str, int, int]]) -> None:
    shelf: Shelf[Bytes] = Shelf(MAX)
    for name, key, size in script:
        if name == "put":
            shelf.put(key, Bytes(size), turn=shelf.turn)
            assert size > MAX or shelf.get(key) == bytes(size)
        elif name == "get":
            shelf.get(key)
        elif name == "discard":
            shelf.discard([key])
            assert shelf.get(key) is None
        else:
            shelf.clear()
        held = dict(shelf.items())
        assert shelf.bytes == sum(map(len, held.values())) <= MAX
        assert len(shelf) == len(held)


def full_shelf() -> Shelf[Bytes]:
    shelf: Shelf[Bytes] = Shelf(30)
    for key in "abc":
        shelf.put(key, Bytes(10), turn=shelf.turn)
    return shelf


@pytest.mark.parametrize(("used", "left"), [("ac", "acd"), ("ab", "abd"), ("bc", "bcd"), ("a", "acd"), ("", "bcd"), ("abc", "bcd")])
def test_what_was_asked_for_stays_and_so_does_the_newest(used: str, left: str) -> None:
    shelf = full_shelf()
    for key in used:
        shelf.get(key)
    shelf.put("d", Bytes(10), turn=shelf.turn)
    assert {key for key, _ in shelf.items()} == set(left)


def test_what_was_spared_once_has_to_be_asked_for_again() -> None:
    shelf = full_shelf()
    shelf.get("a")
    for key in "defg":
        shelf.put(key, Bytes(10), turn=shelf.turn)
    assert shelf.get("a") is None


def test_what_was_loaded_before_a_change_is_not_kept_after_it() -> None:
    shelf: Shelf[Bytes] = Shelf(MAX)
    turn = shelf.turn
    shelf.discard(["another"])
    shelf.put("page", Bytes(b"old"), turn=turn)
    assert shelf.get("page") is None
    turn = shelf.turn
    shelf.clear()
    shelf.put("page", Bytes(b"old"), turn=turn)
    assert shelf.get("page") is None
    shelf.put("page", Bytes(b"new"), turn=shelf.turn)
    assert shelf.get("page") == b"new"


def test_value_that_is_put_anew_counts_once() -> None:
    shelf: Shelf[Bytes] = Shelf(MAX)
    for size in (400, 300, 500):
        shelf.put("page", Bytes(size), turn=shelf.turn)
    assert shelf.bytes == 500


def test_threads_that_look_up_while_others_change_it_leave_the_shelf_whole() -> None:
    shelf: Shelf[Bytes] = Shelf(200)

    def use(seed: int) -> None:
        random = Random(seed)
        for _ in range(4_000):
            key = random.randrange(40)
            if shelf.get(key) is None:
                shelf.put(key, Bytes(10), turn=shelf.turn)
            elif random.random() < 0.1:
                shelf.discard([key])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(4)))
    assert shelf.bytes == sum(len(value) for _, value in shelf.items()) <= 200


def page(number: int, size: int) -> HeldPage:
    body = number.to_bytes(4, "big") * (size // 4)
    found = FoundPage("text/html; charset=utf-8", f"{number:024x}", body, None, frozenset(range(number, number + 6)))
    return hold_page(found, "wall-stranger-stranger", "br", HEADERS * 3)


@pytest.mark.parametrize(("subject", "left"), [("7,8", {"/articles/9/"}), ("", {"/articles/7/", "/articles/9/"})])
def test_what_is_arranged_anew_takes_articles_own_pages_and_all_lists(subject: str, left: set[str]) -> None:
    """The page of article 9 names 7, and stays: the article itself is as it was."""
    holdings = Holdings(Database("sqlite:////nowhere"), Terms("recipe", ZoneInfo("Europe/Berlin"), 3, []), max_bytes=1_000_000)
    for path in ("/articles/7/", "/articles/9/", "/library/", "/series/rivers/"):
        holdings.pages.put((path, "open", "br"), page(7, 10), turn=holdings.pages.turn)
    holdings.follow([ChangeLine(1, "arrangement", subject, 1)])
    assert {key[0] for key, _ in holdings.pages.items()} == left  # type: ignore[index]


def test_held_pages_take_no_more_memory_than_is_counted() -> None:
    shelf: Shelf[HeldPage] = Shelf(20_000_000)
    gc.collect()
    tracemalloc.start()
    for number in range(1_000):
        shelf.put((f"/articles/{number}/", f"wall-meter-reader-{number % 3}", "br"), page(number, 4_000), turn=shelf.turn)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shelf) == 1_000
    assert taken < shelf.bytes < 3 * taken


def test_held_articles_take_no_more_memory_than_is_counted() -> None:
    shelf: Shelf[HeldArticle] = Shelf(20_000_000)
    gc.collect()
    tracemalloc.start()
    for number in range(1_000):
        slug = f"the-question-of-article-{number}-and-what-came-of-it-in-the-end-of-the-year"
        held = HeldArticle(
            slug, Asked(number + 10_000, Access.METERED, NOW.replace(microsecond=number)), NOW.replace(microsecond=number)
        )
        shelf.put(number + 10_000, held, turn=shelf.turn)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < shelf.bytes


def test_plain_bytes_are_held_as_they_lie_in_the_table() -> None:
    found = FoundPage("text/html", "a" * 24, brotli.compress(b"a page"), None, frozenset())
    assert hold_page(found, "wall-stranger-stranger", "br", HEADERS).body is found.body
