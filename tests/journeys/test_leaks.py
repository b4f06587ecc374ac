"""The leak crawl: every address that can be reached, as each kind of reader, and not eight words too many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from tests.journeys.leak_crawl import START, Publication, crawl, extra_paths, find_bodies, find_leaks, make_publication

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(make_article: Callable[..., Article], make_reader: Callable[..., User], clock: StoppedClock) -> Publication:
    return make_publication(make_article, make_reader, clock.now())


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
