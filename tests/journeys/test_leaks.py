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
    find_names,
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
def test_no_page_gives_a_reader_eight_words_they_may_not_read_or_names_what_nobody_may_know_of(
    publication: Publication, kind: str
) -> None:
    reader = publication.readers[kind]
    pages = list(crawl(reader, [*START, *extra_paths(publication.articles)]))
    assert not find_leaks(publication, reader, pages)
    assert not find_names(pages)
    assert len(reader.seen) > 60
    if kind == "subscriber":  # the search for runs is not blind: it finds every published body
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


def test_growing_phrases_rebuild_no_gated_sentence(publication: Publication) -> None:
    start, words = canary("metered", "p1"), closed_words("metered")
    sentence = words[words.index(start) :][:6]
    for kind, found in (("stranger", [start]), ("registered", [start]), ("subscriber", sentence)):
        reader = publication.readers[kind]
        assert "About metered" in reader.client.get("/library/", {"q": start}).content.decode()
        assert rebuild_sentence(reader, "About metered", sentence) == found
