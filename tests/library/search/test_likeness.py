"""Finding articles like one: by what everybody may read of them, names above all."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.library.search.likeness import MOST_WORDS, OpenText, find_names, weigh_words
from broadsheet.library.search.tantivy_engine import TantivyEngine
from tests.library.search.articles import article, engine_over

pytestmark = pytest.mark.pure

SUBJECT = OpenText(
    "A port waits for grain", "", "The ships that were to load in Odesa lie idle. The minister in Odesa says they will sail."
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TantivyEngine:
    return engine_over(
        tmp_path_factory.mktemp("index"),
        [
            article(1, SUBJECT.headline, teaser=SUBJECT.teaser),
            article(2, "Ships idle in the port", teaser="They were to load grain."),
            article(3, "What the mayor of Odesa wants", teaser="A talk."),
            article(4, "Harvest", teaser="Apples.", rest="The ships that were to load in Odesa lie idle and sail no more."),
            *(article(number, f"Other matters {number}", teaser="Nothing happened in the cabinet.") for number in range(5, 30)),
        ],
    )


def test_what_is_open_is_compared_and_the_article_itself_left_out(engine: TantivyEngine) -> None:
    found = engine.find_similar(SUBJECT, without=1, limit=3)
    assert [similar.article_id for similar in found][:2] == [2, 3]
    assert found[0].nearness == 1 and all(0 < similar.nearness <= 1 for similar in found)
    assert 4 not in [similar.article_id for similar in engine.find_similar(SUBJECT, without=1, limit=30)]


def test_nothing_is_like_words_that_stand_nowhere(engine: TantivyEngine, tmp_path: Path) -> None:
    assert engine.find_similar(OpenText("Quixotic zephyrs", "", ""), without=0, limit=3) == []
    assert engine.find_similar(OpenText("", "", ""), without=0, limit=3) == []
    assert engine_over(tmp_path, []).find_similar(SUBJECT, without=0, limit=3) == []


def test_a_name_weighs_twice_a_word_as_rare_and_few_words_are_asked_for() -> None:
    many = " ".join(f"word{chr(97 + n)}{chr(97 + m)}" for n in range(9) for m in range(9))
    text = OpenText("", "", f"We saw Odesa and the harbour. {many}")
    weights = weigh_words(text, lambda words: words.lower().split(), lambda _: 2, total=100)
    assert len(weights) == MOST_WORDS and weights[0][0] == "odesa"
    assert weights[0][1] == pytest.approx(2 * weights[1][1])
    assert weigh_words(text, lambda words: words.lower().split(), lambda word: word == "odesa", total=100)[0][0] == "odesa"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The talks in Kyiv failed. Now Erdoğan calls.", ["Kyiv", "Erdoğan"]),
        ("Élysée talks, and Émile too", ["Émile"]),
        ("“Never,” she said: “Not in Łódź.”", ["Łódź"]),
        ("Why the Straits Convention Still Decides Which Warships Pass", []),
        ("ALL ABOUT GRAIN", []),
        ("no capitals at all", []),
        ("مَن جَدَّ وَجَدَ", []),
    ],
)
def test_names_are_words_with_a_capital_within_a_sentence(text: str, names: list[str]) -> None:
    assert find_names(text) == names
