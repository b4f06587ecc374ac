"""Names in all their spellings: the file is in order, sets no trap, and leads from each spelling to the others."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from broadsheet.library.search import names
from broadsheet.library.search.engine import Readable
from broadsheet.library.search.names import load_groups, load_spellings, split_words
from broadsheet.library.search.plan import plan
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.stopwords import STOPWORDS
from broadsheet.library.search.tantivy_engine import make_analyser
from tests.library.search.articles import EVERYTHING, NOTHING, article, engine_over, search

pytestmark = pytest.mark.pure

SHORT = {"eu", "un", "uk", "au"}  # that are no words of English
# (typed, as an article has it)
PLACES = [
    ("Kiev", "Kyiv"), ("kharkov", "Kharkiv"), ("Burma", "Myanmar"), ("Peking", "Beijing"), ("Türkiye", "Turkey"),
    ("Bombay", "Mumbai"), ("ivory coast", "Côte d’Ivoire"), ("Swaziland", "Eswatini"), ("Zaire", "DR Congo"),
    ("DRC", "Democratic Republic of the Congo"), ("Irian Jaya", "West Papua"), ("bosphorus", "Bosporus"),
]  # fmt: skip
PEOPLE = [
    ("erdogan", "Erdoğan"), ("Gadaffi", "Qadhafi"), ("khadafy", "Gaddafi"), ("Zelenskyy", "Zelensky"), ("al-Sisi", "Sisi"),
    ("Soeharto", "Suharto"), ("Mao Tse-tung", "Mao Zedong"), ("Xi Jinping", "Jinping Xi"), ("Kim Jong-un", "Kim Jong Un"),
    ("MBS", "Mohammed bin Salman"), ("Usama bin Laden", "Osama bin Laden"), ("gorbachov", "Gorbachev"),
]  # fmt: skip
BODIES = [
    ("EU", "European Union"), ("un", "United Nations"), ("UAE", "United Arab Emirates"), ("IAEA", "International Atomic Energy Agency"),
    ("NATO", "North Atlantic Treaty Organization"), ("icc", "International Criminal Court"), ("Hizbullah", "Hezbollah"),
    ("Taleban", "Taliban"), ("al-Qaida", "Al-Qaeda"), ("ISIS", "Islamic State"), ("USSR", "Soviet Union"), ("DPRK", "North Korea"),
]  # fmt: skip
WORDS = [
    ("defense", "defence"), ("labor", "labour"), ("neighbors", "neighbours"), ("organizations", "organisation"), ("center", "centre"),
    ("program", "programmes"), ("license", "licence"), ("recognize", "recognised"), ("cease-fire", "ceasefire"), ("percent", "per cent"),
]  # fmt: skip


def stem(text: str) -> tuple[str, ...]:
    return tuple(make_analyser("en").analyze(text))


def test_every_line_of_the_file_is_a_name_in_several_spellings() -> None:
    lines = yaml.safe_load(names._FILE.read_text("utf-8"))
    assert len(lines) >= 300
    for line in lines:
        assert len(line) >= 2 and all(isinstance(spelling, str) and split_words(spelling) for spelling in line), line
        assert len(set(map(split_words, line))) == len(line), f"twice in {line}"
        assert len(set(map(stem, line))) >= 2, f"one and the same in {line}"


def test_no_spelling_is_that_of_two_names() -> None:
    seen = Counter(stems for group in load_groups() for stems in {stem(" ".join(spelling)) for spelling in group})
    assert [stems for stems, count in seen.items() if count > 1] == []


def test_no_spelling_is_short_or_a_stop_word() -> None:
    stops = {part for word in STOPWORDS for part in stem(word)}
    for spelling in (spelling for group in load_groups() for spelling in group if len(spelling) == 1):
        assert len(spelling[0]) >= 3 or spelling[0] in SHORT
        assert not stops & set(stem(spelling[0]))


@pytest.mark.parametrize("pairs", [PLACES, PEOPLE, BODIES, WORDS])
@pytest.mark.parametrize("readable", [NOTHING, EVERYTHING])
def test_each_spelling_finds_the_others(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], readable: Readable
) -> None:
    articles = [article(number, f"What {written} said", names=()) for number, (_, written) in enumerate(pairs)]
    engine = engine_over(tmp_path_factory.mktemp("names"), articles)
    missed = [typed for number, (typed, _) in enumerate(pairs) if number not in search(engine, typed, readable).article_ids]
    assert missed == []


def test_the_country_is_no_pronoun(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = engine_over(
        tmp_path_factory.mktemp("us"),
        [
            article(1, "The US answers with tariffs"),
            article(2, "U.S. troops leave"),
            article(3, "A talk with the United States"),
            article(4, "What they told us", teaser="They let us go."),
        ],
    )
    for typed in ("us", "US", "u.s.", "USA", "united states", "america OR us"):
        assert set(search(engine, typed).article_ids) == {1, 2, 3}, typed
    assert search(engine, '"told us"').article_ids == (4,)


def test_names_are_known_in_every_form_and_longest_first() -> None:
    (wanted,) = plan(parse_query("democratic republic of the congo"), stem)
    assert wanted.typed == "democratic republic of the congo"
    assert load_spellings(stem)[stem("neighbours")] == (("neighbor",),)
    assert [each.typed for each in plan(parse_query("kyiv grain kyiv"), stem)] == ["kyiv", "grain"]
    assert [each.times for each in plan(parse_query("kyiv grain kyiv"), stem)] == [2, 1]


def test_an_old_spelling_weighs_no_more_than_a_new_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = engine_over(
        tmp_path_factory.mktemp("weights"),
        [
            article(1, "An old book", teaser="Peking it was called there."),
            article(2, "Beijing", teaser="Beijing and again Beijing."),
            *(article(number, f"Talks in Beijing {number}") for number in range(3, 20)),
        ],
    )
    assert search(engine, "peking").article_ids[0] == search(engine, "beijing").article_ids[0] == 2
