"""Whole requests, to the edge before Django and to Django alone: the same answer for every kind of reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Author, Region, Topic
from tests.edge.conftest import DJANGO, Process
from tests.edge.visitor import Visitor
from tests.truth_table import ACCESSES, EMBARGOES, ROWS, Maker

pytestmark = pytest.mark.django_db(transaction=True)

ENCODINGS = {"br": "br, gzip", "gzip": "gzip, deflate", "nothing": "identity", "refused": "br;q=0, gzip;q=0", "none": ""}
SHORT = {"gzip": "gzip"}
THOROUGHLY = ("stranger", "registered", "campus")  # with every encoding and every condition


def compare(process: Process, visitor: Visitor, path: str, *, encodings: dict[str, str], by_edge: bool) -> list[str]:
    """What differs between the two answers to each form of one request, and who answered where the other should have."""
    alone = Visitor(DJANGO, address=visitor.address, cookies=visitor.cookies)
    found = []
    for accept in encodings.values():
        whole = alone.get(path, accept_encoding=accept)
        tag = whole.headers.get("etag", '"none"')
        asked: list[tuple[str, dict[str, str]]] = [("GET", {}), ("HEAD", {})]
        asked += [("GET", {"if_none_match": value}) for value in (tag, f'W/{tag}, "other"', '"other"', "*")]
        for method, headers in asked if encodings is ENCODINGS else asked[:1]:
            process.look()
            before = len(process.handed_over)
            mine = visitor.ask(method, path, {"accept_encoding": accept, **headers})
            theirs = alone.ask(method, path, {"accept_encoding": accept, **headers})
            if (len(process.handed_over) == before) != by_edge:
                found.append(f"{method} {path} {accept} {headers}: answered by {'Django' if by_edge else 'the edge'}")
            elif mine.telling != theirs.telling:
                found.append(f"{method} {path} {accept} {headers}: {mine.telling} is not {theirs.telling}")
            elif mine.body != (b"" if by_edge and method == "HEAD" else theirs.body):
                found.append(f"{method} {path} {accept} {headers}: other bytes")
    return found


@pytest.mark.parametrize("embargo", EMBARGOES)
@pytest.mark.parametrize("access", ACCESSES)
def test_every_kind_of_reader_gets_from_the_edge_what_django_would_give(
    access: str,
    embargo: str,
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    clock: StoppedClock,
) -> None:
    until = EMBARGOES[embargo]
    article = make_article(access=access, embargo_until=clock.now() + until if until else None)
    maker = Maker(article, make_article(), make_reader, sign_in, clock.now())
    path, found = article.get_absolute_url(), {}
    visitors = {row: make_visitor(process, maker, row) for row in ROWS}
    queries = {row: maker.query(row) for row in ROWS}
    process.look()
    first_answers = {row: visitor.get(path + queries[row]) for row, visitor in visitors.items()}
    process.look()
    for row, visitor in visitors.items():
        first = first_answers[row]
        outcome, reason = ROWS[row][access].split()
        is_hidden = embargo == "embargo in force" and reason != "staff"
        is_staff = row == "staff with second factor"
        differing = [] if first.state.split()[:2] == ([str(404)] if is_hidden else [outcome, reason]) else [first.state]
        visitor.get(path + queries[row])  # a page that nobody has asked for yet is made by Django
        encodings = ENCODINGS if embargo == "no embargo" and row in THOROUGHLY else SHORT
        by_edge = not (is_hidden or is_staff or queries[row])
        differing += compare(process, visitor, path + queries[row], encodings=encodings, by_edge=by_edge)
        if differing:
            found[row] = differing
    assert not found


def make_visitor(process: Process, maker: Maker, row: str) -> Visitor:
    client, extra = maker.client(row)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    return process.visitor(cookies=cookies, address=extra.get("REMOTE_ADDR", "127.0.0.1"))


LISTS = ("/", "/topics/", "/topics/trade/", "/regions/", "/regions/asia/", "/authors/a-desk/", "/library/")
FILES = (
    *("/feed.xml", "/feed.json", "/topics/trade/feed.xml", "/regions/asia/feed.json", "/authors/a-desk/feed.xml"),
    *("/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-02.xml", "/news-sitemap.xml"),
)


@pytest.fixture
def subjects(make_article: Callable[..., Article], transactional_db: None) -> None:
    topic = Topic.objects.create(name="Trade", slug="trade")
    region = Region.objects.create(name="Asia", slug="asia")
    Author.objects.create(name="A desk", slug="a-desk")
    make_article(topics=[topic], regions=[region])


AUDIENCES = ("stranger", "address left here for this article", "registered", "subscriber", "campus", "staff with second factor")


@pytest.mark.usefixtures("subjects")
@pytest.mark.parametrize("row", AUDIENCES)
def test_every_list_and_file_is_the_same_from_the_edge(
    row: str,
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    clock: StoppedClock,
) -> None:
    article = make_article()
    visitor = make_visitor(process, Maker(article, make_article(), make_reader, sign_in, clock.now()), row)
    for path in (*LISTS, *FILES):
        assert visitor.get(path).status == 200, path
    process.look()
    found: list[Any] = []
    for path in (*LISTS, *FILES):
        by_edge = path in FILES or row != "staff with second factor"
        found += compare(process, visitor, path, encodings=ENCODINGS if row == "stranger" else SHORT, by_edge=by_edge)
    assert not found


def test_requests_that_the_edge_does_not_know_go_to_django_once(process: Process, make_article: Callable[..., Article]) -> None:
    article = make_article()
    process.look()
    visitor = process.visitor()
    path = article.get_absolute_url()
    for method, asked in (("POST", path), ("PUT", path), ("OPTIONS", path), ("get", path), ("GET", f"{path}?utm_source=x")):
        before = len(process.handed_over)
        visitor.ask(method, asked, {})
        assert process.handed_over[before:] == [path], method
    assert visitor.get("/articles/999999/none/").status == 404
    assert visitor.get(f"/articles/{article.pk}/another-slug/").headers["location"] == path
