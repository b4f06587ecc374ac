"""What a web page says about its article: headline, authors, dates, address, summary.

Sources in this order: schema.org in JSON-LD, meta elements (Open Graph, Dublin Core, Highwire), then the page itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from lxml.html import HtmlElement

from broadsheet.library.importing.fields import clean_line

_ARTICLE_TYPES = re.compile(r"Article$|^(?:BlogPosting|Report|Review|OpinionPiece|AnalysisNewsArticle|LiveBlogPosting)$")
_SAVED_FROM = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(\S+)")
_BYLINE_NAMES = re.compile(r"(?:^|[\s_-])(?:byline|author|authors|by|contributor|writer)(?:$|[\s_-]|name)", re.IGNORECASE)
_BYLINE = re.compile(r"^(?:by|von|par|por|words by|written by|story by|analysis by)[:\s]+(.{2,120})$", re.IGNORECASE)
_DATE_LINE = re.compile(
    r"^(?:(?:first )?(?:published|updated|last updated|posted|modified|created)(?: on| at)?\W*)?(?:\w+,?\s+)?"
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s+[A-Z][a-z]+\.?,?\s+\d{4}|[A-Z][a-z]+\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}|\d{4}-\d\d-\d\d)\b.{0,40}$",
    re.IGNORECASE,
)
_NAME = re.compile(r"^[^\d@:/]{2,80}$")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the article; empty where the page does not say."""

    headline: str = ""
    dek: str = ""
    url: str = ""
    authors: tuple[str, ...] = ()
    published_at: str = ""
    revised_at: str = ""

    def is_line(self, text: str) -> bool:
        """Whether a piece of text only repeats these facts: a byline or a date line."""
        if len(text) > 160:
            return False
        byline = _BYLINE.match(text)
        names = [name.casefold() for name in self.authors]
        if byline and any(name in text.casefold() for name in names):
            return True
        return text.casefold() in names or _DATE_LINE.match(text) is not None


def facts_of_page(root: HtmlElement, html: str, url: str) -> Facts:
    """The facts in the page's head."""
    meta = _meta(root)
    said = next(_articles(root), {})
    site = meta.get("og:site_name", "")
    saved = _SAVED_FROM.search(html[:4000])
    address = _canonical(root) or meta.get("og:url", "") or url or (saved.group(1) if saved else "")
    return Facts(
        headline=_headline(root, said, meta, site),
        dek=clean_line(unescape(str(said.get("description") or meta.get("og:description") or meta.get("description") or ""))),
        url=address if address.startswith(("http://", "https://")) else "",
        authors=_authors(said) or _meta_authors(root),
        published_at=_said_date(said, "datePublished")
        or _first(meta, "article:published_time", "citation_publication_date", "dc.date", "date"),
        revised_at="",
    )


def find_facts_in_text(facts: Facts, root: HtmlElement) -> Facts:
    """`facts`, with what the head did not say read from the page: its byline and its date line."""
    if not facts.authors:
        facts = replace(facts, authors=tuple(_byline(root)))
    if not facts.published_at:
        facts = replace(facts, published_at=_date(root))
    return facts


def _meta(root: HtmlElement) -> dict[str, str]:
    """Meta elements by name; the first of a name counts."""
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower()
        if name and element.get("content"):
            found.setdefault(name, clean_line(element.get("content") or ""))
    return found


def _first(meta: dict[str, str], *names: str) -> str:
    return next((meta[name] for name in names if meta.get(name)), "")


def _canonical(root: HtmlElement) -> str:
    return next(
        (link.get("href") or "" for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower()), ""
    ).strip()


def _articles(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """The articles that the page's JSON-LD describes."""
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            said = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for entry in _entries(said):
            if any(_ARTICLE_TYPES.search(str(kind)) for kind in _as_list(entry.get("@type"))):
                yield entry


def _entries(said: Any) -> Iterator[dict[str, Any]]:
    for entry in _as_list(said):
        if isinstance(entry, dict):
            yield entry
            yield from (inner for inner in _as_list(entry.get("@graph")) if isinstance(inner, dict))
            if isinstance(entry.get("mainEntity"), dict):
                yield entry["mainEntity"]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _said_date(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value.strip() if isinstance(value, str) else ""


def _authors(said: dict[str, Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for author in _as_list(said.get("author")):
        name = author.get("name") if isinstance(author, dict) else author
        for part in _as_list(name):
            if isinstance(part, str) and not part.startswith("http") and clean_line(unescape(part)):
                names[clean_line(unescape(part))] = None
    return tuple(names)


def _meta_authors(root: HtmlElement) -> tuple[str, ...]:
    wanted = ("author", "citation_author", "dc.creator", "article:author", "parsely-author", "sailthru.author", "byl")
    names: dict[str, None] = {}
    for wish in wanted:
        for element in root.iter("meta"):
            if (element.get("name") or element.get("property") or "").lower() == wish:
                for name in split_names(element.get("content") or ""):
                    names[name] = None
        if names:
            break
    return tuple(names)


def split_names(text: str) -> list[str]:
    """The names in a byline (`By A, B and C`)."""
    byline = _BYLINE.match(clean_line(text))
    parts = re.split(r"\s*(?:,|;|\||·|\band\b|\bund\b|\bet\b|&)\s*", byline.group(1) if byline else clean_line(text))
    return [part for part in parts if part and _NAME.match(part) and not part.lower().startswith(("http", "updated", "published"))]


def _headline(root: HtmlElement, said: dict[str, Any], meta: dict[str, str], site: str) -> str:
    """The page's only top heading; else what the head says, without the site's name."""
    tops = [text for heading in root.iter("h1") if (text := clean_line(heading.text_content()))]
    told = clean_line(unescape(str(said.get("headline") or ""))) or meta.get("og:title", "") or meta.get("citation_title", "")
    if len(tops) == 1:
        return tops[0]
    title = next((clean_line(element.text_content()) for element in root.iter("title")), "")
    best = _without_site(told or title, site)
    return next((top for top in tops if top.casefold() in (best.casefold(), told.casefold())), best or next(iter(tops), ""))


def _without_site(title: str, site: str) -> str:
    parts = re.split(r"\s+[|–—»-]\s+", title)
    if len(parts) > 1 and (not site or parts[-1].casefold() == site.casefold() or len(parts[-1]) < 30):
        return title[: title.rfind(parts[-1])].rstrip(" |–—»-")
    return title


def _lines(element: HtmlElement) -> list[str]:
    """The lines of an element's text, as its breaks part them."""
    parts: list[str] = []
    for node in element.iter():
        parts.append("\n" if node.tag == "br" else "")
        parts.append(node.text or "" if isinstance(node.tag, str) else "")
        parts.append((node.tail or "") if node is not element else "")
    return [line for part in "".join(parts).split("\n") if (line := clean_line(part))]


def _byline(root: HtmlElement) -> list[str]:
    """The names in the first element that is called a byline or has a line that reads like one."""
    for element in root.iter("a", "span", "div", "p", "address", "li", "small", "font", "b", "i", "em"):
        lines = _lines(element)
        if not 0 < len(lines) <= 4 or not 2 < len(lines[0]) <= 120:
            continue
        names = f"{element.get('class') or ''} {element.get('rel') or ''} {element.get('itemprop') or ''}"
        named = lines if _BYLINE_NAMES.search(names) else [line for line in lines if _BYLINE.match(line)]
        for line in named:
            if found := split_names(re.split(r"\s[|•·]\s", line)[0]):
                return found
    return []


def _date(root: HtmlElement) -> str:
    for element in root.iter("time"):
        written = element.get("datetime") or clean_line(element.text_content())
        if re.search(r"\d{4}", written):
            return written.strip()
    for element in root.iter("span", "p", "div", "small", "li", "font", "b", "i", "em"):
        for line in _lines(element)[:4]:
            if len(line) < 80 and _DATE_LINE.match(line):
                return line
    return ""
