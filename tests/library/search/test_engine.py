"""The engine finds what is meant, in a sensible order, with counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadsheet.library.search.engine import EngineAway, FacetCount, Order
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter
from tests.library.search.articles import EVERYTHING, NOW_S, article, engine_over, search

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TantivyEngine:
    return engine_over(
        tmp_path_factory.mktemp("index"),
        [
            article(
                1, "Grain leaves Kyiv", teaser="The ships sailed at dawn.", rest="Turkey’s navy watched; Côte d’Ivoire bought most."
            ),
            article(2, "Erdoğan and the straits", teaser="A visit without a result.", rest="The grain deal was not renewed."),
            article(
                3, "Steel and carbon", teaser="The U.S. answered with tariffs.", facets={"topic": ("climate",), "year": ("2019",)}
            ),
            article(4, "Grain", teaser="Harvests were poor.", facets={"topic": ("trade", "climate"), "year": ("2019",)}),
            article(5, "Not yet", teaser="Grain under embargo.", known_from_s=NOW_S + 1),
        ],
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("kiev", {1}),
        ("erdogan", {2}),
        ("ERDOĞAN", {2}),
        ("ship sailing", {1}),
        ("ivory coast", {1}),
        ("turkey", {1}),
        ("US tariffs", {3}),
        ("U.S. tariffs", {3}),
        ("grain -ships", {2, 4}),
        ("navy OR tariffs", {1, 3}),
        ("topic:climate", {3, 4}),
        ("grain year:2010-2020", {4}),
        ("grain year:1000-2999", {1, 2, 4}),
        ("year:1000-1999", set()),
        ('author:"economy desk" steel', {3}),
        ("-grain", {3}),
        ("", {1, 2, 3, 4}),
        ("the of", {1, 2, 3}),
    ],
)
def test_what_is_meant_is_found(engine: TantivyEngine, typed: str, found: set[int]) -> None:
    assert set(search(engine, typed, EVERYTHING).article_ids) == found


def test_headlines_weigh_more_and_dates_order_on_demand(engine: TantivyEngine) -> None:
    assert search(engine, "grain").article_ids[0] == 4
    assert search(engine, "grain", order=Order.DATE).article_ids == (4, 2, 1)


def test_those_with_some_of_the_words_follow_where_few_have_all(engine: TantivyEngine) -> None:
    found = search(engine, "grain harvests ships")
    assert (found.with_all, found.is_widened, set(found.article_ids)) == (0, True, {1, 2, 4})
    found = search(engine, "grain harvests")
    assert (found.with_all, found.article_ids[0]) == (1, 4)
    assert not search(engine, "grain").is_widened


def test_facets_count_what_is_found_and_each_ignores_its_own_choice(engine: TantivyEngine) -> None:
    counts = search(engine, "grain").facets
    assert counts["topic"] == (FacetCount("trade", 3), FacetCount("climate", 1))
    narrowed = search(engine, "grain", facets={"topic": frozenset({"climate"})})
    assert narrowed.article_ids == (4,)
    assert narrowed.facets["topic"] == counts["topic"]
    assert narrowed.facets["year"] == (FacetCount("2019", 1),)
    either = search(engine, "", facets={"topic": frozenset({"climate", "trade"}), "year": frozenset({"2019"})})
    assert set(either.article_ids) == {3, 4}


def test_pages_follow_one_another(engine: TantivyEngine) -> None:
    whole = search(engine, "grain").article_ids
    pages = [search(engine, "grain", offset=start, limit=1).article_ids for start in range(4)]
    assert [ids for page in pages for ids in page] == list(whole)
    assert search(engine, "grain", offset=9).total == 3


def test_words_that_no_article_holds_are_named_and_near_ones_known(engine: TantivyEngine) -> None:
    assert search(engine, "grian kiev").unknown == ("grian",)
    assert engine.find_similar_word("grian") == "grain"
    assert engine.find_similar_word("harvets") == "harvests"
    assert engine.find_similar_word("grain") is None
    assert engine.find_similar_word("xqzvw") is None
    assert engine.complete("stra", limit=3) == ["straits"]
    assert engine.complete("", limit=3) == []


def test_words_of_withdrawn_articles_are_known_no_more(tmp_path: Path) -> None:
    engine_over(tmp_path, [article(1, "Zeppelins"), article(2, "Ships")])
    writer = TantivyWriter(tmp_path, language="en-GB")
    writer.replace([1], ())
    writer.commit()
    writer.close()
    engine = TantivyEngine(tmp_path, language="en-GB")
    assert search(engine, "zeppelins").unknown == ("zeppelins",)
    assert engine.complete("zep", limit=3) == []
    assert engine.find_similar_word("zepelins") is None


def test_only_what_is_open_is_looked_at_on_demand(engine: TantivyEngine) -> None:
    assert search(engine, "kyiv ships", EVERYTHING, is_open_only=True).article_ids == (1,)
    assert search(engine, "navy", EVERYTHING, is_open_only=True).article_ids == ()


def test_passages_show_what_matched(engine: TantivyEngine) -> None:
    texts = ["Élan — the grain was shipped – in Türkiye’s ships.", "Nothing here."]
    passage, none = engine.find_passages(parse_query("grain ship -Élan"), texts)
    assert none is None and passage is not None
    assert passage.parts[1::2] == ("grain", "shipped", "ships")
    assert passage.text in texts[0]


def test_other_languages_have_their_own_stems(tmp_path: Path) -> None:
    german = engine_over(tmp_path, [article(1, "Die Verhandlungen")], language="de-DE")
    assert search(german, "Verhandlung").article_ids == (1,)


@pytest.mark.parametrize("damage", ["meta.json is gone", "bits are flipped"])
def test_damaged_index_is_away(tmp_path: Path, damage: str) -> None:
    engine_over(tmp_path, [article(number, "Grain", rest="corridor " * number) for number in range(1, 200)])
    if damage == "meta.json is gone":
        (tmp_path / "meta.json").unlink()
    else:
        for path in tmp_path.glob("*.idx"):
            content = path.read_bytes()
            path.write_bytes(bytes(byte ^ 0x5A for byte in content[: len(content) // 2]) + content[len(content) // 2 :])
    with pytest.raises(EngineAway):
        search(TantivyEngine(tmp_path, language="en-GB"), "grain corridor")


def test_folder_that_holds_no_index_is_away(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(EngineAway):
        TantivyEngine(tmp_path, language="en")
