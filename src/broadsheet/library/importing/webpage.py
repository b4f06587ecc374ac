"""Finds the article in a web page that a browser or a person saved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import html as lxml_html
from lxml.html import HtmlElement

from broadsheet.library.importing.credits import split_credit
from broadsheet.library.importing.fields import Place, clean_line, item_from_fields
from broadsheet.library.importing.furniture import is_furniture_element, is_furniture_text, is_related_heading
from broadsheet.library.importing.items import Desk, Item, Picture, Refused
from broadsheet.library.importing.pagefacts import Facts, facts_of_page, find_facts_in_text

_MAIN_NAMES = re.compile(r"(?:article|post|entry|story|content|page)[-_]?(?:body|content|text)", re.IGNORECASE)
_TEXT_TAGS = tuple("p h2 h3 h4 h5 h6 li blockquote div span td dd dt section a b i font strong em small time address".split())
_BLOCKS = frozenset(
    "p div section article main ul ol table figure blockquote h1 h2 h3 h4 h5 h6 header footer aside nav li dl pre form".split()
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_DEK_NAMES = re.compile(
    r"(?:^|[\s_-])(?:dek|deck|standfirst|sub-?(?:title|head|headline|heading)|strap(?:line)?|summary|lede|excerpt|intro)(?:$|[\s_-])",
    re.I,
)
_SHORTEST_PARAGRAPH = 60
# An element called like furniture stays if it holds this much of the page's running text.
_GREATER_PART = 0.4
# The article's element is the lowest that holds this much of the page's running text.
_ARTICLE_SHARE = 0.9
_LEAST_TEXT = 140
_LONGEST_CARD = 700
_WALL_SIGNS = re.compile(
    r"already a subscriber|to (?:continue|keep) reading|subscribe to (?:read|continue)|for subscribers", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """A saved page: its HTML, the address it was saved from if that is known, and the pictures that came in the same file."""

    html: str
    url: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def item_from_page(page: Page, place: Place, desk: Desk) -> Item:
    """The article in `page`, without the page's furniture.

    Raises:
        Refused: there is no article, or it has no headline.
    """
    root = _parse(page.html)
    facts = find_facts_in_text(facts_of_page(root, page.html, page.url), root)
    walled = _WALL_SIGNS.search(root.text_content()) is not None
    _drop_furniture(root)
    article = _find_article(root)
    if article is None:
        raise Refused("no article was found in the page")
    above = _picture_above(root, article)
    lead, dek = _take_head(article, facts)
    lead = lead or above
    _drop_furniture_text(article, facts)
    if len(_text(article)) < _LEAST_TEXT:
        raise Refused("no article was found in the page")
    fields: dict[str, Any] = {
        "headline": facts.headline,
        "url": facts.url or None,
        "dek": dek,
        "date": facts.published_at,
        "updated": facts.revised_at,
        "authors": list(facts.authors),
    }
    item = item_from_fields(fields, lxml_html.tostring(article, encoding="unicode"), place, desk)
    return _completed(item, page, lead, walled)


def _completed(item: Item, page: Page, lead: Picture | None, walled: bool) -> Item:
    warnings = list(item.warnings)
    if walled:
        warnings.append("the page showed a wall; what was saved may be only the beginning of the article")
    if item.published_at is None:
        warnings.append("no date was found in the page; it is dated now")
    return replace(item, lead_photo=lead, pictures=page.pictures, warnings=tuple(warnings))


def _parse(html: str) -> HtmlElement:
    try:
        root = lxml_html.document_fromstring(
            _safe_characters(html), parser=lxml_html.HTMLParser(huge_tree=True, remove_comments=False)
        )
    except (ValueError, lxml_html.etree.ParserError, lxml_html.etree.XMLSyntaxError):
        raise Refused("no article was found in the page") from None
    return root


def _safe_characters(html: str) -> str:
    html = re.sub(r"^\s*<\?xml[^>]*\?>", "", html)
    return re.sub("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]", " ", html)


def _drop_furniture(root: HtmlElement) -> None:
    """Take out the elements that are called like furniture, the greater part of the text excepted."""
    for comment in list(root.iter(lxml_html.etree.Comment, lxml_html.etree.ProcessingInstruction)):
        _take_out(comment)
    for heading in list(root.iter("h2", "h3", "h4", "h5", "h6")):
        if _is_linked_heading(heading) and (card := _card_around(heading)) is not None:
            _take_out(card)
    weights, whole = _weights(root)
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or element is root or not is_furniture_element(element):
            continue
        if (
            element.tag in ("nav", "form", "script", "style", "noscript", "template")
            or weights.get(element, 0) < _GREATER_PART * whole
        ):
            _take_out(element)


def _is_linked_heading(heading: HtmlElement) -> bool:
    """Whether a heading is nothing but a link to another page, as the headlines on cards are."""
    text = _text(heading)
    anchors = [a for a in heading.iter("a") if a.get("href") and not a.get("href", "").startswith("#")]
    inside = bool(anchors) and sum(len(_text(a)) for a in anchors) >= 0.9 * len(text)
    parent = heading.getparent()
    around = parent is not None and parent.tag == "a" and bool(parent.get("href"))
    return bool(text) and (inside or around)


def _card_around(heading: HtmlElement) -> HtmlElement | None:
    """The element that holds one linked headline with its summary and picture, and nothing of an article."""
    card: HtmlElement | None = None
    element = heading.getparent()
    while element is not None and element.tag not in ("body", "main", "html", "td"):
        headings = list(element.iter("h1", "h2", "h3", "h4", "h5", "h6"))
        if len(headings) > 1 or len(_text(element)) > _LONGEST_CARD:
            break
        card = element
        element = element.getparent()
    return card


def _weights(root: HtmlElement) -> tuple[dict[HtmlElement, int], int]:
    """How much running text each element holds, and how much there is in all."""
    weights: dict[HtmlElement, int] = {}
    whole = 0
    for paragraph in _paragraphs(root):
        length = len(_text(paragraph))
        whole += length
        element: HtmlElement | None = paragraph
        while element is not None:
            weights[element] = weights.get(element, 0) + length
            element = element.getparent()
    return weights, whole


def _paragraphs(root: HtmlElement) -> Iterator[HtmlElement]:
    """The elements that hold running text: long enough, and not mostly links."""
    for element in root.iter("p", "div", "section", "td", "blockquote", "li", "span"):
        if element.tag != "p" and (
            any(child.tag in _BLOCKS for child in element) or (element.tag == "span" and _in_paragraph(element))
        ):
            continue
        text = _text(element)
        if len(text) >= _SHORTEST_PARAGRAPH and _linked(element) < 0.5 * len(text) and not is_furniture_text(text):
            yield element


def _in_paragraph(element: HtmlElement) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag in ("p", "li", "td", "blockquote", "span", "div", "section")


def _find_article(root: HtmlElement) -> HtmlElement | None:
    """The lowest element that holds nearly all the running text; one that is marked as the article's body comes first."""
    weights, whole = _weights(root)
    if not whole:
        return None
    for mark in root.iter():
        if (
            isinstance(mark.tag, str)
            and "articlebody" in (mark.get("itemprop") or "").lower()
            and weights.get(mark, 0) >= 0.5 * whole
        ):
            return mark
    articles = [element for element in root.iter("article") if weights.get(element, 0) >= 0.5 * whole]
    scope = articles[-1] if articles else root
    whole = weights.get(scope, whole)
    best = scope
    while True:
        heavy = [child for child in best if weights.get(child, 0) >= _ARTICLE_SHARE * whole]
        if not heavy or heavy[0].tag in ("p", "blockquote", "ul", "ol", "li"):
            return best
        if articles and best is scope and not _MAIN_NAMES.search(f"{heavy[0].get('class')} {heavy[0].get('id')}"):
            return best
        best = heavy[0]


def _take_head(article: HtmlElement, facts: Facts) -> tuple[Picture | None, str]:
    """Take what stands above the text (headline, dek, lead picture) out of the article, and give picture and dek back."""
    first = next(_paragraphs(article), None)
    dek = facts.dek
    lead: Picture | None = None
    for element in list(article.iter()):
        if element is first:
            break
        if not isinstance(element.tag, str) or element.getroottree().getroot() is not article.getroottree().getroot():
            continue
        text = _text(element)
        if element.tag in _HEADINGS and _alike(text, facts.headline):
            _take_out(element)
        elif element.tag in ("p", "h2", "h3", "div") and _DEK_NAMES.search(element.get("class") or "") and 0 < len(text) < 400:
            dek = text
            _take_out(element)
        elif lead is None and element.tag == "figure" and (lead := _picture(element)) is not None:
            _take_out(element)
    if first is not None and dek and _alike(_text(first), dek):
        _take_out(first)
    return lead, dek


def _picture_above(root: HtmlElement, article: HtmlElement) -> Picture | None:
    """The first figure that stands before the article's own element."""
    for element in root.iter():
        if element is article:
            return None
        if element.tag == "figure" and (picture := _picture(element)) is not None:
            return picture
    return None


def _picture(figure: HtmlElement) -> Picture | None:
    image = next(figure.iter("img"), None)
    if image is None or not image.get("src"):
        return None
    words = next(figure.iter("figcaption"), None)
    named = [
        e
        for e in figure.iter("span", "small", "cite", "div", "p", "em")
        if re.search("credit|copyright|source", e.get("class") or "", re.I)
    ]
    credit = _text(named[0]) if named else ""
    caption = _text(words) if words is not None else ""
    if credit:
        caption = caption.replace(credit, "").strip(" |•–-")
    else:
        caption, credit = split_credit(caption)
    return Picture(str(image.get("src")), caption, credit, alt=clean_line(image.get("alt") or ""))


def _drop_furniture_text(article: HtmlElement, facts: Facts) -> None:
    """Take out the pieces that say what furniture says, and lists of links to other articles under their headings."""
    for heading in list(article.iter(*_HEADINGS)):
        if is_related_heading(_text(heading)):
            _drop_under(heading)
    for bold in list(article.iter("b", "strong")):
        line = bold.getparent()
        if line is not None and line.tag in ("p", "div") and _text(line) == _text(bold) and is_related_heading(_text(line)):
            _drop_under(line)
    for element in list(article.iter(*_TEXT_TAGS)):
        if element is article or (element.tag in ("div", "section", "span") and any(child.tag in _BLOCKS for child in element)):
            continue
        text = _text(element)
        if element.tag in ("span", "strong", "em", "small", "a", "b", "i", "font", "time") and not _has_own_line(element):
            continue
        if text and (is_furniture_text(text) or facts.is_line(text) or (element.tag != "li" and _is_link_alone(element, text))):
            _take_out(element)
    for element in list(article.iter("ul", "ol")):
        if _is_list_of_links(element):
            _take_out(element)


def _drop_under(heading: HtmlElement) -> None:
    """A heading of furniture goes with what follows up to the next heading, unless that is running text."""
    for element in list(heading.itersiblings()):
        if (
            element.tag in _HEADINGS
            or next(_paragraphs(element), None) is not None
            or (element.tag == "p" and not _is_link_alone(element, _text(element)))
        ):
            break
        _take_out(element)
    _take_out(heading)


def _is_link_alone(element: HtmlElement, text: str) -> bool:
    """Whether a paragraph is nothing but a link to another page, as "read more" lines are."""
    return (
        element.tag in ("p", "div")
        and len(text) > 0
        and _linked(element) >= 0.95 * len(text)
        and next(element.iter("img"), None) is None
    )


def _is_list_of_links(element: HtmlElement) -> bool:
    text = _text(element)
    items = sum(1 for _ in element.iter("li"))
    return items >= 2 and _linked(element) >= 0.9 * len(text) and not any("#" in (a.get("href") or "") for a in element.iter("a"))


def _has_own_line(element: HtmlElement) -> bool:
    """Whether an inline element stands alone between breaks or blocks, and not in running text."""
    before, after, parent = element.getprevious(), element.getnext(), element.getparent()
    text_before = before.tail if before is not None else parent.text if parent is not None else ""
    if (text_before or "").strip() or (element.tail or "").strip():
        return False
    return all(other is None or other.tag in _BLOCKS or other.tag == "br" for other in (before, after))


def _linked(element: HtmlElement) -> int:
    """How many characters of the element's text are links."""
    return sum(len(_text(a)) for a in element.iter("a") if a.get("href"))


def _alike(one: str, other: str) -> bool:
    first, second = (re.sub(r"\W+", " ", text).casefold().strip() for text in (one, other))
    return (
        bool(first)
        and bool(second)
        and (first == second or (len(second) > 30 and (first.startswith(second) or second.startswith(first)) and len(first) > 30))
    )


def _text(element: HtmlElement) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _take_out(element: HtmlElement) -> None:
    parent = element.getparent()
    if parent is not None:
        element.drop_tree()
