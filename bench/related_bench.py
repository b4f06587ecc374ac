"""Related articles: how many of those about the same event are found, by the index and by the words of those at hand alone.

The articles are the news of ECB+ (Cybulska and Vossen 2014), each with its event: BROADSHEET_EVENTS names an archive (tar)
that holds `…/<topic>/<number>ecb.xml` and `…/<topic>/<number>ecbplus.xml`. Without topics and regions, which the news have not.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from random import Random
from typing import TYPE_CHECKING

from lxml import etree

from bench.needs import Missing
from broadsheet.library.search.engine import IndexedArticle
from broadsheet.library.search.likeness import OpenText
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter
from broadsheet.pages.related import RELATED_COUNT, RELATED_FOUND, RELATED_POOL, Candidate, rank_found, rank_related

if TYPE_CHECKING:
    from bench.run import Result

OPEN_SHARE = 0.4  # of a text, at most, is its teaser
Rule = Callable[[int], Sequence[int]]  # from an article to others, the nearest first


@dataclass(frozen=True, slots=True)
class News:
    """One text with the event that it is about."""

    event: str
    headline: str
    teaser: str

    @property
    def candidate_text(self) -> str:
        return f"{self.headline} {self.teaser}"


def measure_related() -> list[Result]:
    """Mean average precision and precision at four, each beside the rule without an index."""
    from bench.run import Result

    archive = os.environ.get("BROADSHEET_EVENTS")
    if not archive:
        raise Missing("related articles need news of known events: BROADSHEET_EVENTS names the archive of ECB+.")
    news = list(load_news(Path(archive)))
    Random(1).shuffle(news)  # as if published in this order
    with tempfile.TemporaryDirectory(prefix="broadsheet-related-bench-") as folder:
        ours = judge(news, by_index(news, Path(folder)))
    newest, every = judge(news, by_words(news, RELATED_POOL)), judge(news, by_words(news, len(news)))
    note = f"{len(news)} news of {len({each.event for each in news})} events; comparing all of them without an index gives"
    return [
        Result("related: MAP", "", ours[0], 1.0, newest[0], note=f"{note} {every[0]:.3f}"),
        Result("related: precision at 4", "", ours[1], 1.0, newest[1], note=f"{note} {every[1]:.3f}"),
    ]


def load_news(archive: Path) -> Iterator[News]:
    """Texts with a headline and a teaser."""
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda member: member.name):
            file = tar.extractfile(member) if member.name.endswith(".xml") else None
            if file is not None:
                topic = PurePosixPath(member.name).parent.name
                kind = "plus" if "plus" in PurePosixPath(member.name).name else "ecb"
                headline, *text = read_sentences(file.read()) or [""]
                if text:
                    yield News(f"{topic}{kind}", headline, " ".join(cut(text)))


def read_sentences(xml: bytes) -> list[str]:
    """Sentences of a text; addresses and scraps of the page are left out."""
    words: dict[int, list[str]] = {}
    for token in etree.fromstring(xml).iter("token"):
        words.setdefault(int(token.get("sentence", "0")), []).append(token.text or "")
    sentences = [" ".join(each) for _, each in sorted(words.items())]
    return [sentence for sentence in sentences if "http" not in sentence and len(sentence.split()) > 3]


def cut(sentences: Sequence[str]) -> Iterator[str]:
    """As many sentences as a teaser holds; one at least."""
    room = OPEN_SHARE * sum(len(sentence.split()) for sentence in sentences)
    for number, sentence in enumerate(sentences):
        room -= len(sentence.split())
        if number and room < 0:
            return
        yield sentence


def by_index(news: Sequence[News], folder: Path) -> Rule:
    """The rule of a library with an index."""
    writer = TantivyWriter(folder, language="en")
    writer.replace((), (indexed(number, each) for number, each in enumerate(news)))
    writer.commit()
    writer.close()
    engine = TantivyEngine(folder, language="en")

    def find(subject: int) -> Sequence[int]:
        text = OpenText(news[subject].headline, "", news[subject].teaser)
        nearness = {each.article_id: each.nearness for each in engine.find_similar(text, without=subject, limit=RELATED_FOUND)}
        found = [candidate(number, news) for number in sorted(nearness)]
        return rank_found(candidate(subject, news), found, nearness, count=RELATED_FOUND)

    return find


def by_words(news: Sequence[News], pool: int) -> Rule:
    """The rule without one: the words of the newest are compared."""
    candidates = [candidate(number, news) for number in range(len(news))]

    def find(subject: int) -> Sequence[int]:
        others = [each for each in candidates if each.article_id != subject][:pool]
        return rank_related(candidates[subject], others, count=RELATED_FOUND)

    return find


def indexed(number: int, news: News) -> IndexedArticle:
    return IndexedArticle(number, news.headline, "", news.teaser, news.teaser, (), {}, 0, 0)


def candidate(number: int, news: Sequence[News]) -> Candidate:
    return Candidate(number, frozenset(), frozenset(), news[number].candidate_text)


def judge(news: Sequence[News], rule: Rule) -> tuple[float, float]:
    """Mean average precision, and precision among the first four (of as many as there are, if fewer)."""
    events = Counter(each.event for each in news)
    averages, firsts = [], []
    for number, each in enumerate(news):
        wanted = events[each.event] - 1
        if not wanted:
            continue
        hits = [news[other].event == each.event for other in rule(number)]
        averages.append(sum(sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit) / wanted)
        firsts.append(sum(hits[:RELATED_COUNT]) / min(RELATED_COUNT, wanted))
    return sum(averages) / len(averages), sum(firsts) / len(firsts)
