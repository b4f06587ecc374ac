"""Search is no way around the wall: whoever may not read a text learns single words of it, and nothing of their order.

The proof is by comparison: two indexes that differ in nothing but the order of the words behind the wall. Whatever
somebody without access asks, both must answer alike; whoever has access sees the difference.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.library.search.engine import IndexedArticle, Order, Readable
from broadsheet.library.search.tantivy_engine import TantivyEngine
from tests.library.search.articles import EVERYTHING, NOTHING, article, engine_over, search

pytestmark = pytest.mark.pure

GATED = "the minister told two envoys that the northern corridor would open in may and that ivory coast had already paid the toll"
WORDS = GATED.split()


def library(rest: str) -> list[IndexedArticle]:
    return [
        article(1, "Corridor", teaser="Envoys met the minister in the north.", rest=rest),
        article(2, "Toll", teaser="The ivory trade pays a toll.", rest="Coast guards and envoys told the minister."),
        article(3, "Open letter", teaser="In may the corridor would open.", rest=""),
    ]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> tuple[TantivyEngine, TantivyEngine]:
    shuffled = WORDS.copy()
    Random(7).shuffle(shuffled)
    return (
        engine_over(tmp_path_factory.mktemp("written"), library(GATED)),
        engine_over(tmp_path_factory.mktemp("shuffled"), library(" ".join(shuffled))),
    )


word = st.sampled_from(WORDS)
phrase = st.builds(lambda words: f'"{" ".join(words)}"', st.lists(word, min_size=1, max_size=4))
# What is written side by side is what an attacker would try first.
run = st.builds(lambda start, size: f'"{" ".join(WORDS[start : start + size])}"', st.integers(0, len(WORDS) - 2), st.integers(2, 5))
part = st.builds(lambda sign, text: sign + text, st.sampled_from(["", "", "-", "author:", "topic:"]), st.one_of(word, phrase, run))
attack = st.builds(lambda parts, glue: glue.join(parts), st.lists(part, min_size=1, max_size=5), st.sampled_from([" ", " OR "]))


@settings(max_examples=150, deadline=None)
@given(attack, st.sampled_from(Order), st.sampled_from([NOTHING, Readable(article_ids=frozenset({2, 3}))]))
def test_order_of_gated_words_changes_no_answer_to_those_without_access(
    engines: tuple[TantivyEngine, TantivyEngine], typed: str, order: Order, readable: Readable
) -> None:
    written, shuffled = (search(engine, typed, readable, order=order) for engine in engines)
    assert written == shuffled


@pytest.mark.parametrize("readable", [EVERYTHING, Readable(article_ids=frozenset({1}))])
def test_those_with_access_find_phrases_anywhere(engines: tuple[TantivyEngine, TantivyEngine], readable: Readable) -> None:
    assert search(engines[0], '"northern corridor would open"', readable).article_ids == (1,)
    assert search(engines[1], '"northern corridor would open"', readable).article_ids == ()
    assert search(engines[0], 'minister -"northern corridor"', readable).article_ids == (2,)


def test_phrases_of_one_opened_article_do_not_open_another(engines: tuple[TantivyEngine, TantivyEngine]) -> None:
    assert search(engines[0], '"northern corridor"', Readable(article_ids=frozenset({2}))).article_ids == ()


def test_single_gated_words_are_found_by_everybody(engines: tuple[TantivyEngine, TantivyEngine]) -> None:
    assert search(engines[0], "northern").article_ids == (1,)


def test_spelling_and_completion_know_no_gated_word(engines: tuple[TantivyEngine, TantivyEngine]) -> None:
    assert engines[0].find_similar_word("norhtern") is None
    assert engines[0].complete("north", limit=5) == ["north"]


def test_all_of_a_free_article_is_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    free = article(1, teaser=GATED, rest="")
    engine = engine_over(tmp_path_factory.mktemp("free"), [free])
    assert search(engine, '"northern corridor"').article_ids == (1,)
    assert engine.complete("north", limit=5) == ["northern"]


def test_nearness_of_words_behind_the_wall_moves_no_article(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = "the northern corridor was closed for long in may", "the corridor was closed for long in may northern"
    orders: dict[bool, list[tuple[int, ...]]] = {True: [], False: []}
    for written in (texts, texts[::-1]):
        articles = [article(number, "A toll", rest=text) for number, text in enumerate(written, 1)]
        engine = engine_over(tmp_path_factory.mktemp("near"), articles)
        for everything, found in orders.items():
            found.append(search(engine, "northern corridor", Readable(everything=everything)).article_ids)
    assert orders[False][0] == orders[False][1]
    assert orders[True] == [(1, 2), (2, 1)]
