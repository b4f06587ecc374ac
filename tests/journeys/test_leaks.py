"""The leak crawl: every address that can be reached, as each kind of reader, and not eight words too many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.library.search.index_flows import Indexer
from tests.journeys.leak_crawl import (
    START,
    Publication,
    Reader,
    canary,
    closed_words,
    crawl,
    extra_paths,
    find_bodies,
    find_leaks,
    make_publication,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(
    make_article: Callable[..., Article], make_reader: Callable[..., User], clock: StoppedClock, search_index: Indexer
) -> Publication:
    made = make_publication(make_article, make_reader, clock.now())
    search_index.step()
    return made


@pytest.mark.parametrize("kind", ["stranger", "left an address", "registered", "spent", "subscriber"])
def test_no_page_gives_a_reader_eight_words_they_may_not_read(publication: Publication, kind: str) -> None:
    reader = publication.readers[kind]
    leaks = find_leaks(publication, reader, crawl(reader, [*START, *extra_paths(publication.articles)]))
    assert not leaks
    assert len(reader.seen) > 60


@pytest.mark.parametrize("kind", ["stranger", "registered", "subscriber"])
def test_what_nobody_may_know_of_is_named_nowhere(publication: Publication, kind: str) -> None:
    reader = publication.readers[kind]
    for method, path, text in crawl(reader, list(START)):
        for name in ("embargoed", "withdrawn", "draft"):
            assert f"About {name}" not in text, (method, path)


def test_the_crawl_would_see_a_leak(publication: Publication) -> None:
    """The subscriber's crawl finds every published body, so the search for runs is not blind."""
    reader = publication.readers["subscriber"]
    pages = crawl(reader, [*START, *extra_paths(publication.articles)])
    assert find_bodies(publication, pages) == {"free", "metered", "chosen", "instant", "subscribers"}


def rebuild_sentence(reader: Reader, headline: str, sentence: list[str]) -> list[str]:
    """As much of a sentence as growing phrases tell: at each word a few are tried, as an attacker would try all."""
    found = sentence[:1]
    for word in sentence[1:]:
        for tried in ("harbour", word):
            page = reader.client.get("/library/", {"q": f'"{" ".join([*found, tried])}"'}).content.decode()
            if headline in page:
                found.append(tried)
                break
        else:
            break
    return found


@pytest.mark.parametrize(("kind", "may_read"), [("stranger", False), ("registered", False), ("subscriber", True)])
def test_growing_phrases_rebuild_no_gated_sentence(publication: Publication, kind: str, may_read: bool) -> None:
    reader, start = publication.readers[kind], canary("metered", "p1")
    words = closed_words("metered")
    sentence = words[words.index(start) :][:6]
    assert "About metered" in reader.client.get("/library/", {"q": start}).content.decode()
    assert rebuild_sentence(reader, "About metered", sentence) == (sentence if may_read else [start])
