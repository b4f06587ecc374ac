"""The engine that comes with Broadsheet: tantivy, in this process, over files of this host.

Fields. `headline`, `dek` and `teaser` are what everybody may read; `body` is all of it, headline, dek and text. Whoever may
not read an article matches its `body` by single words; words side by side are looked for in what is open. `spelling` holds
the words of what is open, as they are written.

Weight. A word weighs by BM25 in `body`, and on top of that in headline, dek and names, there too by how rare it is in
`body`: a word that is common in texts says little, however few headlines have it.

Words of deleted articles stay in tantivy's lists until their segment is merged with others. So a list of words is no more
than a hint: a word is known if a search finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import islice, pairwise
from math import log
from pathlib import Path
from threading import Lock
from typing import ParamSpec, TypeVar

from tantivy import (
    Document,
    FieldType,
    Filter,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    SearchResult,
    SnippetGenerator,
    TextAnalyzer,
    TextAnalyzerBuilder,
    Tokenizer,
)

from broadsheet.library.search.engine import FACETS, Asked, EngineAway, FacetCount, Found, IndexedArticle, Order, Passage, Readable
from broadsheet.library.search.likeness import OpenText, Similar, weigh_words
from broadsheet.library.search.names import Words
from broadsheet.library.search.plan import Spelling, Wanted, plan
from broadsheet.library.search.query import Query as TypedQuery
from broadsheet.library.search.soundness import check_files
from broadsheet.library.search.spelling import Vocabulary, even_out, fold

LAYOUT = 2  # to be raised when fields or their treatment change: older indexes are then built anew
STEMMERS = {
    "ar": "arabic", "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french", "de": "german",
    "el": "greek", "hu": "hungarian", "it": "italian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
FEW = 10  # articles with all words, below which those with some follow
MOST_VALUES = 60  # of one facet
WRITER_BYTES = 64_000_000
PASSAGE_CHARS = 220
MOST_UNKNOWN = 5  # words of which is told that no article holds them
MOST_LOOKED_AT = 50  # words of a list, until enough are found that an article holds
LONGEST_WORD = 60
_OPEN = ("headline", "dek", "teaser")
_BOOST = {"headline": 0.7, "dek": 0.5, "names": 1.0}  # beside the whole text; bench/search_quality_bench.py judges them
_SIDE_BY_SIDE = 0.2  # of the weight of two words, if they stand as near each other as they were typed
SLOP = 2  # words between them
MOST_PAIRS = 8  # of neighbours that are looked for so
_OTHER = 0.8  # of the weight of a name as it was typed, where it is spelled otherwise
_ALL_WORDS = 1_000.0  # more than any sum of scores: articles with all words come first
_ANALYSER = "broadsheet"
_PANIC = "PanicException"  # how Rust's own faults come, as over garbled files; no module has it to import
_P = ParamSpec("_P")
_R = TypeVar("_R")


def make_schema() -> Schema:
    """The fields of an index."""
    builder = SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    for name in (*_OPEN, "names", "body"):
        builder.add_text_field(name, tokenizer_name=_ANALYSER)
    builder.add_text_field("spelling", tokenizer_name="spelling", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_unsigned_field("published", indexed=True, fast=True)
    builder.add_unsigned_field("known_from", indexed=True, fast=True)
    return builder.build()


def make_analyser(language: str) -> TextAnalyzer:
    """From text to the stems that are compared; `language` is a tag such as `en-GB`."""
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    stemmer = STEMMERS.get(language.partition("-")[0].lower())
    builder = builder.filter(Filter.ascii_fold())
    return (builder.filter(Filter.stemmer(stemmer)) if stemmer else builder).build()


def open_index(folder: Path, *, language: str) -> Index:
    """The index in a folder, made if the folder is empty; raises ValueError or OSError if it cannot be read."""
    index = Index(make_schema(), path=str(folder), reuse=True)
    index.register_tokenizer(_ANALYSER, make_analyser(language))
    spelling = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    index.register_tokenizer("spelling", spelling.filter(Filter.ascii_fold()).build())
    return index


class TantivyWriter:
    """Takes articles in; one at a time for each folder."""

    def __init__(self, folder: Path, *, language: str) -> None:
        self._index = open_index(folder, language=language)
        self._schema = self._index.schema
        self._writer = self._index.writer(WRITER_BYTES, 1)

    def replace(self, article_ids: Iterable[int], articles: Iterable[IndexedArticle]) -> None:
        """Forget the articles of those numbers, and take these in."""
        for article_id in article_ids:
            # By a query: `delete_documents_by_term` takes a number for a signed one, and so finds no unsigned field's.
            self._writer.delete_documents_by_query(Query.term_query(self._schema, "id", article_id, "basic"))
        for article in articles:
            self._writer.add_document(make_document(article))

    def commit(self) -> None:
        """Let it be seen, and kept through a crash."""
        self._writer.commit()

    def close(self) -> None:
        """Finish what is being merged, and let another write."""
        self._writer.wait_merging_threads()


def make_document(article: IndexedArticle) -> Document:
    """An article as tantivy takes it in."""
    document = Document()
    document.add_unsigned("id", article.article_id)
    for name in _OPEN:
        document.add_text(name, even_out(getattr(article, name)))
    for name in ("headline", "dek", "body"):  # apart, so that no phrase reaches from one into the next
        document.add_text("body", even_out(getattr(article, name)))
    for name in article.names:
        document.add_text("names", even_out(name))
    document.add_text("spelling", even_out(" ".join((article.headline, article.dek, article.teaser, *article.names))))
    for name, values in article.facets.items():
        for value in values:
            document.add_text(name, value)
    document.add_unsigned("published", article.published_s)
    document.add_unsigned("known_from", article.known_from_s)
    return document


def _raises_away(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """What tantivy raises of files that it cannot read comes as `EngineAway`."""

    @wraps(method)
    def call(*arguments: _P.args, **named: _P.kwargs) -> _R:
        try:
            return method(*arguments, **named)
        except BaseException as error:
            if isinstance(error, (ValueError, OSError)) or type(error).__name__ == _PANIC:
                raise EngineAway(str(error)) from error
            raise

    return call


class TantivyEngine:
    """Answers from the index in one folder, as it was when it was last reloaded."""

    @_raises_away
    def __init__(self, folder: Path, *, language: str) -> None:
        if not Index.exists(str(folder)):  # to open it would make an empty one
            raise EngineAway("There is no index.")
        self._folder, self._sound = folder, set[str]()
        self._index = open_index(folder, language=language)
        self._schema = self._index.schema
        self._index.config_reader("Manual")
        self._look()
        self._analyser = make_analyser(language)
        self._stem = self._stem_text  # one object, so that what is computed for it is kept
        self._vocabulary: Vocabulary | None = None
        self._lock = Lock()

    @_raises_away
    def reload(self) -> None:
        """See what has been committed since."""
        self._look()
        self._vocabulary = None

    def _look(self) -> None:
        check_files(self._folder, self._sound)
        self._index.reload()
        searcher = self._index.searcher()
        dated = Query.range_query(self._schema, "known_from", FieldType.Unsigned, 0)
        if _count(searcher, [(Occur.Must, dated)]) != searcher.num_docs:  # each article has a date
            raise EngineAway("The index does not hold as many articles as it says.")

    @_raises_away
    def search(self, asked: Asked) -> Found:
        """One page of what is found."""
        searcher = self._index.searcher()
        wanted = plan(asked.query, self._stem)
        years = {year for year, _ in searcher.terms_with_prefix("year", "")}
        text = [_boost(self._wanted(each, asked, years), each.times) for each in wanted if each.is_text]
        fields = [(Occur.Must, self._wanted(each, asked, years)) for each in wanted if not each.is_text and not each.is_negated]
        excluded = [(Occur.MustNot, self._wanted(each, asked, years)) for each in wanted if each.is_negated]
        known = Query.range_query(self._schema, "known_from", FieldType.Unsigned, None, asked.now_s)
        around = [(Occur.Must, Query.const_score_query(known, 0.0)), *fields, *excluded]
        chosen = {name: self._values(name, sorted(values)) for name, values in asked.facets.items() if values}
        base = [*((Occur.Must, query) for query in text), *around]
        with_all = _count(searcher, [*base, *_musts(chosen)])
        if with_all < FEW and len(text) > 1:
            every = Query.const_score_query(Query.boolean_query([(Occur.Must, query) for query in text]), _ALL_WORDS)
            base = [(Occur.Must, _any([every, *text])), *around]
        order_by = "published" if asked.order is Order.DATE else None
        nearer = () if order_by else self._side_by_side(wanted, asked)
        whole = Query.boolean_query([*base, *_musts(chosen), *((Occur.Should, query) for query in nearer)])
        result = searcher.search(whole, asked.limit, True, order_by, asked.offset)
        total = _total(result)
        ids = searcher.fast_field_values("id", [address for _, address in result.hits])
        return Found(
            article_ids=tuple(int(value or 0) for value in ids),
            total=total,
            is_widened=total > with_all,
            with_all=with_all,
            unknown=() if with_all else tuple(islice(self._find_unknown(searcher, wanted), MOST_UNKNOWN)),
            facets=self._count_facets(searcher, base, chosen) if asked.is_counted else {},
        )

    @_raises_away
    def find_passages(self, query: TypedQuery, texts: Sequence[str]) -> list[Passage | None]:
        """The best piece of each text, with what matched."""
        spellings = [spelling for wanted in plan(query, self._stem) if wanted.is_text for spelling in wanted.spellings]
        stems = sorted({stem for spelling in spellings for stem in spelling.stems})
        if not stems:
            return [None] * len(texts)
        query_of_stems = _any([self._in("body", (stem,)) for stem in stems])
        generator = SnippetGenerator.create(self._index.searcher(), query_of_stems, self._schema, "body")
        generator.set_max_num_chars(PASSAGE_CHARS)
        return [self._passage(generator, text) for text in texts]

    @_raises_away
    def complete(self, prefix: str, *, limit: int) -> list[str]:
        """Words of what is open that begin like this."""
        searcher, start = self._index.searcher(), fold(prefix)
        found = searcher.terms_with_prefix("spelling", start, limit=500) if len(start) > 1 else []
        frequent = [word for word, _ in sorted(found, key=lambda pair: (-pair[1], pair[0]))]
        return list(islice(self._spelled(searcher, frequent), limit))

    @_raises_away
    def find_similar_word(self, word: str) -> str | None:
        """The word that was probably meant."""
        searcher = self._index.searcher()
        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = Vocabulary(dict(searcher.terms_with_prefix("spelling", "")))
            vocabulary = self._vocabulary
        return next(self._spelled(searcher, vocabulary.find_similar(word)), None)

    @_raises_away
    def find_similar(self, text: OpenText, *, without: int, limit: int) -> list[Similar]:
        """Other articles whose open text is like this."""
        searcher = self._index.searcher()

        def count_articles(stem: str) -> int:
            return max(searcher.doc_freq(name, stem) for name in _OPEN)

        weights = weigh_words(text, self._stem, count_articles, total=searcher.num_docs)
        if not weights:
            return []
        terms = ((name, stem, weight) for stem, weight in weights for name in _OPEN)
        found = [Query.boost_query(Query.term_query(self._schema, name, stem, "freq"), weight) for name, stem, weight in terms]
        itself = Query.term_query(self._schema, "id", without, "basic")
        hits = searcher.search(Query.boolean_query([(Occur.Must, _any(found)), (Occur.MustNot, itself)]), limit, False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        scores = [float(score or 0) for score, _ in hits]
        return [Similar(int(number or 0), score / scores[0]) for number, score in zip(ids, scores, strict=True)]

    def count(self) -> int:
        """How many articles the index holds."""
        return int(self._index.searcher().num_docs)

    @_raises_away
    def find_with(self, facet: str, value: str) -> list[int]:
        """The articles that the index holds under one value of a facet."""
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(self._schema, facet, value, "basic"), max(1, searcher.num_docs)).hits
        return [int(found or 0) for found in searcher.fast_field_values("id", [address for _, address in hits])]

    # How a search is put together.

    def _stem_text(self, text: str) -> Words:
        return tuple(self._analyser.analyze(text))

    def _wanted(self, wanted: Wanted, asked: Asked, years: set[str]) -> Query:
        if wanted.values:
            return self._values(wanted.field, [value for value in wanted.values if wanted.field != "year" or value in years])
        if wanted.field == "author":
            return _any([self._in("names", spelling.stems) for spelling in wanted.spellings])
        find = self._in_open if asked.is_open_only else self._in_text
        if len(wanted.spellings) == 1:
            return find(wanted.spellings[0], asked.readable)
        known = [each for each in wanted.spellings if self._holds("body", each.stems) or self._holds("names", each.stems)]
        worth = self._rarity_of_any([each.stems for each in known])
        weighed = [
            _boost(
                find(each, asked.readable),
                worth / self._rarity("body", each.stems) * (1.0 if each is wanted.spellings[0] else _OTHER),
            )
            for each in known
        ]
        return Query.disjunction_max_query(weighed) if weighed else Query.empty_query()

    def _in_open(self, spelling: Spelling, _: Readable) -> Query:
        """A word, or several side by side, in what everybody may read."""
        return _any([self._in(name, spelling.stems) for name in (*_OPEN, "names")])

    def _in_text(self, spelling: Spelling, readable: Readable) -> Query:
        """A word anywhere; several side by side in what the asker may read, or in the rest apart if that will do."""
        stems = spelling.stems
        if len(stems) == 1 or readable.everything:
            return _any([self._in(name, stems) for name in (*_BOOST, "body") if name == "body" or self._holds(name, stems)])
        found = [self._in_open(spelling, readable)]
        if not spelling.is_phrase:
            found.append(Query.boolean_query([(Occur.Must, self._in("body", (stem,))) for stem in stems]))
        elif readable.article_ids:
            own = Query.const_score_query(Query.term_set_query(self._schema, "id", sorted(readable.article_ids)), 0.0)
            found.append(Query.boolean_query([(Occur.Must, own), (Occur.Must, self._in("body", stems))]))
        return _any(found)

    def _side_by_side(self, wanted: Sequence[Wanted], asked: Asked) -> Iterator[Query]:
        """Words that were typed one after the other, as they stand near each other in what the asker may read."""
        names = ("headline", "dek", "body") if asked.readable.everything and not asked.is_open_only else _OPEN
        runs = [each.spellings[0].stems for each in wanted if each.is_text and not each.spellings[0].is_phrase]
        for left, right in islice(pairwise(runs), MOST_PAIRS):
            for name in names:
                if self._holds(name, (*left, *right)):
                    yield _boost(Query.phrase_query(self._schema, name, [*left, *right], SLOP), _SIDE_BY_SIDE)

    def _in(self, name: str, stems: Words) -> Query:
        """One word, or several side by side, in one field."""
        if not stems:
            return Query.empty_query()
        query = (
            Query.term_query(self._schema, name, stems[0], "freq")
            if len(stems) == 1
            else Query.phrase_query(self._schema, name, list(stems))
        )
        return (
            query if name not in _BOOST else _boost(query, _BOOST[name] * self._rarity("body", stems) / self._rarity(name, stems))
        )

    def _rarity(self, name: str, stems: Words) -> float:
        """What BM25 makes of how few articles have these words in a field; of several side by side, of each."""
        searcher = self._index.searcher()
        return sum(_rarity(searcher.doc_freq(name, stem), searcher.num_docs) for stem in stems)

    def _rarity_of_any(self, spellings: Sequence[Words]) -> float:
        """The same for a name in all its spellings, so that an article is not worth more for an old or odd one."""
        searcher = self._index.searcher()
        held = sum(min((searcher.doc_freq("body", stem) for stem in stems), default=0) for stems in spellings)
        return _rarity(held, searcher.num_docs)

    def _holds(self, name: str, stems: Words) -> bool:
        searcher = self._index.searcher()
        return all(searcher.doc_freq(name, stem) for stem in stems)

    def _values(self, name: str, values: Sequence[str]) -> Query:
        return Query.const_score_query(_any([Query.term_query(self._schema, name, value, "basic") for value in values]), 0.0)

    def _count_facets(
        self, searcher: Searcher, base: list[_Part], chosen: Mapping[str, Query]
    ) -> dict[str, tuple[FacetCount, ...]]:
        """Counts of each facet's values among what is found; what is chosen of a facet does not narrow its own counts."""
        wholly = Query.boolean_query([*base, *_musts(chosen)])
        counted = searcher.aggregate(wholly, {name: _terms(name) for name in FACETS if name not in chosen})
        for name in chosen:
            others = {other: query for other, query in chosen.items() if other != name}
            counted |= searcher.aggregate(Query.boolean_query([*base, *_musts(others)]), {name: _terms(name)})
        return {
            name: tuple(FacetCount(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted[name]["buckets"])
            for name in FACETS
        }

    def _find_unknown(self, searcher: Searcher, wanted: Sequence[Wanted]) -> Iterator[str]:
        """What stands in no article, in none of its spellings; of several words side by side, one of them."""
        for each in wanted:
            if each.is_text and not any(self._is_known(searcher, spelling) for spelling in each.spellings):
                yield each.typed

    def _is_known(self, searcher: Searcher, spelling: Spelling) -> bool:
        anywhere = (_any([self._in(name, (stem,)) for name in (*_BOOST, "body")]) for stem in spelling.stems)
        return bool(spelling.stems) and all(_count(searcher, [(Occur.Must, query)]) for query in anywhere)

    def _spelled(self, searcher: Searcher, words: Iterable[str]) -> Iterator[str]:
        """Those of the words that an article still holds."""
        for word in islice(words, MOST_LOOKED_AT):
            if _count(searcher, [(Occur.Must, Query.term_query(self._schema, "spelling", word, "basic"))]):
                yield word

    @staticmethod
    def _passage(generator: SnippetGenerator, text: str) -> Passage | None:
        document = Document()
        document.add_text("body", text)
        snippet = generator.snippet_from_doc(document)
        fragment, ranges = snippet.fragment().encode(), snippet.highlighted()
        if not ranges:
            return None
        ends = [0, *(place for span in ranges for place in (span.start, span.end)), len(fragment)]  # in bytes of UTF-8
        return Passage(tuple(fragment[start:end].decode() for start, end in pairwise(ends)))


_Part = tuple[Occur, Query]


def _any(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def _boost(query: Query, boost: float) -> Query:
    return query if boost == 1 else Query.boost_query(query, float(boost))


def _rarity(held: int, documents: int) -> float:
    return log(1 + (max(0, documents - held) + 0.5) / (held + 0.5))


def _musts(queries: Mapping[str, Query]) -> list[_Part]:
    return [(Occur.Must, query) for query in queries.values()]


def _count(searcher: Searcher, parts: list[_Part]) -> int:
    return _total(searcher.search(Query.boolean_query(parts), 1))


def _total(result: SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # missing from tantivy's stubs


def _terms(name: str) -> dict[str, object]:
    return {"terms": {"field": name, "size": MOST_VALUES}}
