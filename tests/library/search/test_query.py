"""What people type is read as they mean it, and any text is a query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.search.plan import MOST_WORDS, plan
from broadsheet.library.search.query import MOST_PHRASES, MOST_TOKENS, Clause, Query, Term, parse_query

pytestmark = pytest.mark.pure


def clauses(text: str) -> list[tuple[str, list[str], bool]]:
    return [(clause.field, [str(term) for term in clause.terms], clause.is_negated) for clause in parse_query(text).clauses]


def test_words_phrases_and_what_must_not_be_there() -> None:
    assert clauses('gas "price cap" -football') == [("", ["gas"], False), ("", ['"price cap"'], False), ("", ["football"], True)]


def test_or_joins_its_neighbours_only() -> None:
    assert clauses("gas OR oil OR coal price") == [("", ["gas", "oil", "coal"], False), ("", ["price"], False)]
    assert clauses("OR gas OR") == [("", ["gas"], False)]
    assert clauses("gas or oil") == [("", ["gas"], False), ("", ["or"], False), ("", ["oil"], False)]


def test_fields() -> None:
    assert clauses('author:smith topic:"climate policy" Region:africa') == [
        ("author", ["smith"], False),
        ("topic", ['"climate policy"'], False),
        ("region", ["africa"], False),
    ]


@pytest.mark.parametrize(("typed", "years"), [("year:2014", (2014, 2014)), ("year:2014-2010", (2010, 2014)), ("year:soon", None)])
def test_years(typed: str, years: tuple[int, int] | None) -> None:
    assert parse_query(typed).clauses[0].years == years


def test_quotation_marks_of_every_keyboard_and_one_that_is_not_closed() -> None:
    wanted = [("", ['"black sea"'], False)]
    assert clauses("“black sea”") == clauses("«black  sea»") == clauses('"black sea') == wanted


@pytest.mark.parametrize("nothing", ["", "   ", '""', "-", "author:", "& * ?", "OR", "\x00\x1f"])
def test_what_means_nothing_is_passed_by(nothing: str) -> None:
    assert parse_query(nothing).is_empty


def test_there_is_a_limit_to_what_one_query_asks() -> None:
    words = [f"w{number}" for number in range(150)]
    assert len(parse_query(" ".join(words)).clauses) == MOST_TOKENS
    assert len(parse_query(" ".join(f'"{word} x"' for word in words)).clauses) == MOST_PHRASES
    assert len(parse_query(" ".join(f'"{word}"' for word in words)).clauses) == MOST_TOKENS
    assert len(plan(parse_query("-".join(words)), lambda text: tuple(text.split()))) == MOST_WORDS
    assert len(plan(parse_query("grain " * 90), lambda text: tuple(text.split()))) == 1


typed = st.one_of(st.text(max_size=120), st.text(alphabet='ab -":ORéı“”year120|\x00\n', max_size=120))


@given(typed)
def test_any_text_is_a_query_and_its_own_words_read_as_the_same(text: str) -> None:
    query = parse_query(text)
    assert parse_query(str(query)) == query


def test_one_word_is_spelled_anew_and_phrases_and_fields_stay() -> None:
    query = parse_query('grian "grian deal" author:grian')
    assert str(query.replace_word("grian", "grain")) == 'grain "grian deal" author:grian'
    assert Query((Clause((Term("x"),)),)).replace_word("y", "z") == Query((Clause((Term("x"),)),))
