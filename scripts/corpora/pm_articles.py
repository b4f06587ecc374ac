"""Makes a library of 50,000 articles of the transcripts of Australian prime ministers, as JSON Lines for `broadsheet import`.

    python scripts/corpora/pm_articles.py FOLDER > articles.jsonl
    broadsheet import articles.jsonl

FOLDER holds the archive of transcripts, or is one itself (`pm_transcripts.py` says what is in it). Long transcripts are cut
at the ends of paragraphs into parts of about the same length, as many as it takes; the parts of one follow each other five
minutes apart. The same archive always gives the same articles.

What an article is filed under comes from its text: its kind from the sort of transcript, its topics and regions from its
words or else the whole transcript's (`TOPICS`, `REGIONS`), its authors from who speaks and who asks. A third is free, a third metered, a third for subscribers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from html import unescape
from pathlib import Path
from typing import Any

from pm_transcripts import CREDIT, parse_fields, parse_transcript, read_documents

ARTICLES = 50_000
LONGEST_PART = 4_000  # words
LONGEST_HEADLINE = 180  # characters, so that the number of the part stands behind it
FIRST_MINUTE, MINUTES_APART = 6 * 60, 5
TOPICS_EACH, REGIONS_EACH = 3, 2
LEAST_WORDS = 2  # about one topic or region, for an article to be filed under it
KINDS = {"Speech": "in-depth", "Statement in Parliament": "in-depth", "Report": "in-depth", "Media Release": "briefing",
         "Statement": "briefing", "Joint Statement": "briefing", "Communique": "briefing"}  # fmt: skip
ACCESS = ("free", "metered", "subscribers")

TOPICS = {
    "Trade": "trade trading tariff tariffs exports exporters exporting imports wto gatt protectionism apec cairns",
    "Taxes": "tax taxes taxation gst excise taxpayers taxpayer",
    "Budget": "budget deficit surplus treasury expenditure treasurer savings",
    "Economy": "inflation growth economy recession productivity unemployment recovery macroeconomic",
    "Banks and money": "bank banks banking mortgage monetary credit currency shares superannuation",
    "Defence": "defence army navy forces soldiers military troops submarines veterans anzac anzus",
    "Terrorism": "terrorism terrorist terrorists qaeda bali bombing bombings asio hicks",
    "Arms control": "nuclear disarmament missiles weapons proliferation uranium treaty inspectors",
    "Diplomacy": "diplomatic ambassador bilateral summit chogm sanctions un nations unga",
    "Climate and nature": "climate environment environmental greenhouse emissions kyoto forests water drought landcare reef carbon",
    "Energy": "oil petrol gas coal electricity energy petroleum fuel",
    "Farming": "farmers farm farming wheat wool beef rural agriculture agricultural sugar dairy",
    "Health": "health hospital hospitals medicare doctors patients medical nurses disease aids drugs",
    "Schools and science": "education school schools students teachers university universities research science training",
    "Work and wages": "union unions workers wages wage employees employers workplace strike industrial awards accord",
    "Families and welfare": "families children childcare pension pensioners pensions welfare carers elderly disability",
    "Immigration": "immigration migrants refugees refugee asylum boats visa visas multicultural migration settlement",
    "Indigenous affairs": "aboriginal aborigines indigenous mabo wik reconciliation torres native",
    "Constitution": "constitution constitutional republic referendum monarchy queen preamble governor-general",
    "Elections": "election elections electorate vote voters campaign poll polls preselection opposition",
    "Law and crime": "court courts police crime guns gun firearms law judges justice laws commission",
    "Transport and telephones": "roads rail railway airport airlines airline aviation ships shipping telstra qantas ansett telecommunications",
    "Culture and sport": "olympic olympics games cricket rugby sport sporting arts film museum music team",
}
REGIONS = {
    "Australia": "queensland tasmania victoria nsw perth adelaide brisbane melbourne sydney darwin canberra hobart",
    "Pacific": "pacific fiji papua guinea png solomon solomons vanuatu bougainville nauru tonga samoa zealand zealanders auckland",
    "South-East Asia": "indonesia indonesian indonesians jakarta suharto timor timorese malaysia malaysian mahathir singapore thailand"
    " bangkok philippines vietnam vietnamese cambodia asean burma",
    "East Asia": "china chinese beijing japan japanese tokyo korea korean koreans seoul taiwan hong kong",
    "South Asia": "india indian delhi pakistan pakistani afghanistan afghan taliban lanka bangladesh",
    "Middle East": "iraq iraqi iraqis saddam baghdad kuwait gulf iran israel israeli palestinian palestinians saudi lebanon egypt",
    "Europe": "britain british london blair thatcher european europe france french germany german italy greece ireland nato bosnia",
    "Russia and its neighbours": "russia russian soviet moscow gorbachev yeltsin ussr ukraine",
    "North America": "washington american americans clinton reagan bush canada canadian congress",
    "Africa": "africa african apartheid mandela zimbabwe mugabe nigeria namibia sudan somalia",
    "Latin America": "chile mexico brazil argentina peru latin",
}
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[a-z'-]+")
_LINE_END = re.compile(r"(?<=[.!?])\s*<br\s*/?>\s*")
_ASKED_BY = re.compile(r"\b[Ii]nterview [Ww]ith ([A-Z][a-z]+ (?:Mc|O')?[A-Z][a-z]+)\b")


def find_archive(path: Path) -> Path:
    """The archive in a folder; the path itself if it is one, or a folder of XML files."""
    archives = sorted(path.glob("*.tar.xz")) if path.is_dir() else []
    return archives[0] if archives else path


def make_articles(archive: Path, wanted: int) -> Iterator[dict[str, Any]]:
    """At least `wanted` articles, as long as the texts allow."""
    lengths = [[_count_words(piece) for piece in pieces_of(_body_of(content))] for content in read_documents(archive)]
    longest = find_length(lengths, wanted)
    for content in read_documents(archive):
        yield from articles_of(content, longest)


def find_length(documents: Sequence[Sequence[int]], wanted: int) -> int:
    """The greatest length of a part, in words, with which the documents make as many parts as are wanted.

    Raises:
        ValueError: they never make so many.
    """
    low, high = 1, LONGEST_PART
    if sum(len(cut(lengths, low)) for lengths in documents) < wanted:
        raise ValueError(f"There is not enough text for {wanted} articles.")
    while low < high:
        middle = (low + high + 1) // 2
        if sum(len(cut(lengths, middle)) for lengths in documents) >= wanted:
            low = middle
        else:
            high = middle - 1
    return low


def cut(lengths: Sequence[int], longest: int) -> list[slice]:
    """Where pieces of these lengths part: each part reaches `longest` words, and a short rest goes with the one before."""
    parts: list[slice] = []
    start = words = 0
    for place, length in enumerate(lengths, 1):
        words += length
        if words >= longest:
            parts.append(slice(start, place))
            start, words = place, 0
    if words > longest // 3 or not parts:
        return [*parts, slice(start, len(lengths))] if words else parts
    return [*parts[:-1], slice(parts[-1].start, len(lengths))]


def articles_of(content: bytes, longest: int) -> Iterator[dict[str, Any]]:
    """The articles that one transcript makes."""
    said, fields = parse_fields(content), parse_transcript(content)
    pieces = pieces_of(fields.get("body_html", ""))
    parts = cut([_count_words(piece) for piece in pieces], longest)
    headline, whole = make_headline(said), count_words_of(fields.get("body_html", ""))
    for number, part in enumerate(parts):
        body = "".join(pieces[part])
        words = count_words_of(body)
        minute = FIRST_MINUTE + number * MINUTES_APART
        article = {
            "id": fields["id"] if number == 0 else f"{fields['id']}-{number + 1}",
            "headline": headline if len(parts) == 1 else f"{headline} ({number + 1} of {len(parts)})",
            "date": f"{fields['date']}T{minute // 60:02}:{minute % 60:02}",
            "authors": [name for name in (*fields["authors"], *_ASKED_BY.findall(headline)[:1]) if name],
            "topics": (file_under(words, TOPICS) or file_under(whole, TOPICS))[:TOPICS_EACH],
            "regions": (file_under(words, REGIONS) or file_under(whole, REGIONS))[:REGIONS_EACH],
            "kind": KINDS.get(said.get("release-type", ""), "daily"),
            "access": ACCESS[blake2b(fields["id"].encode(), digest_size=4).digest()[0] % len(ACCESS)],
            "old_urls": fields["old_urls"] if number == 0 else [],
            "body_html": body,
        }
        yield {name: value for name, value in article.items() if value}


def make_headline(said: Mapping[str, str]) -> str:
    """The transcript's title on one line, not too long; where it has none, its sort and date."""
    title = " ".join(unescape(said.get("title", "")).split())
    if title in ("", "UNKNOWN"):
        title = f"{said.get('release-type') or 'Transcript'}, {said.get('release-date', '')}"
    return title if len(title) <= LONGEST_HEADLINE else f"{title[:LONGEST_HEADLINE].rpartition(' ')[0]} …"


def pieces_of(body_html: str) -> list[str]:
    """The paragraphs; scanned texts, whose pages are one paragraph of lines, part where a line ends a sentence."""
    pieces = []
    for paragraph in re.split(r"(?<=</p>)", body_html):
        lines = _LINE_END.split(paragraph)
        pieces += [paragraph] if len(lines) == 1 else [*(f"{line}</p>\n<p>" for line in lines[:-1]), lines[-1]]
    return pieces


def file_under(words: Mapping[str, int], shelves: Mapping[str, str]) -> list[str]:
    """The shelves whose words are in a text often enough, the most frequent first."""
    counts = {name: sum(words.get(word, 0) for word in its_words.split()) for name, its_words in shelves.items()}
    return [name for name, count in sorted(counts.items(), key=lambda pair: -pair[1]) if count >= LEAST_WORDS]


def count_words_of(html: str) -> Counter[str]:
    """How often each word stands in a text."""
    return Counter(_WORD.findall(_TAG.sub(" ", html).lower()))


def _body_of(content: bytes) -> str:
    return parse_fields(content).get("content", "")


def _count_words(html: str) -> int:
    return len(_TAG.sub(" ", html).split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=CREDIT)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=ARTICLES, help=f"how many at least (default: {ARTICLES})")
    options = parser.parse_args()
    try:
        for article in make_articles(find_archive(options.folder), options.articles):
            sys.stdout.write(json.dumps(article, ensure_ascii=False) + "\n")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
