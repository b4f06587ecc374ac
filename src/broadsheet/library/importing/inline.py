"""Running text in HTML as the rich text of the desk: `b`, `i`, `a`, `sup`, `sub`, `br`, and marks of notes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import parse_qs, urljoin, urlsplit

from lxml.html import HtmlElement

BOLD = frozenset({"b", "strong"})
ITALIC = frozenset({"i", "em", "cite", "dfn", "var"})
# How deep inline elements may stand in each other; what is deeper is read as plain text.
DEEPEST = 40
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_PLAIN_STYLE = re.compile(r"font-weight\s*:\s*(?:normal|400)", re.IGNORECASE)
_ITALIC_STYLE = re.compile(r"font-style\s*:\s*italic", re.IGNORECASE)
_RAISED_STYLE = re.compile(r"vertical-align\s*:\s*super", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.IGNORECASE)
_NOTE_MARK = re.compile(r"\[\^\d+\]")
_ONLY_MARKS = re.compile(r"^[\s,;–\[\]()]*$")
_EMPTY = re.compile(r"<(b|i|sup|sub)>(\s*)</\1>")


def collapse(text: str | None) -> str:
    """Escaped text with each run of white space as one space."""
    if not text:
        return ""
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        text = _SPACES.sub(" ", text)
    return escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


def is_hidden(element: HtmlElement) -> bool:
    """Whether the page does not show the element."""
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style) and _HIDDEN_STYLE.search(style) is not None


class InlineWriter:
    """Writes running text; what cannot stand in a line (pictures, tables) is put into `lifted` for the caller."""

    def __init__(self, *, marks: dict[HtmlElement, str], lift: Iterable[str], base_url: str) -> None:
        self.marks = marks
        self.lifted: list[HtmlElement] = []
        self._lift = frozenset(lift)
        self._base_url = base_url

    def write(self, element: HtmlElement, depth: int = 0) -> str:
        """The content of `element`, without its own tag and its tail."""
        parts = [collapse(element.text)]
        for child in element:
            parts.append(self.write_element(child, depth))
            parts.append(collapse(child.tail))
        return "".join(parts)

    def write_element(self, element: HtmlElement, depth: int = 0) -> str:
        """`element` with its own tag, without its tail."""
        tag = element.tag
        if tag == "br":
            return "<br/>"
        if not isinstance(tag, str) or is_hidden(element):
            return ""
        if element in self.marks:
            return f"[^{self.marks[element]}]"
        if tag in self._lift:
            self.lifted.append(element)
            return ""
        inner = self.write(element, depth + 1) if depth < DEEPEST else collapse(element.text_content())
        return self._wrap(element, tag, inner)

    def _wrap(self, element: HtmlElement, tag: str, inner: str) -> str:
        if tag in ("sup", "sub"):
            return _raise(inner, tag)
        if tag == "a":
            return self._link(element, inner)
        if tag == "q":
            return f"“{inner}”"
        style = element.get("style") or ""
        if (tag in BOLD and not _PLAIN_STYLE.search(style)) or (style and _BOLD_STYLE.search(style)):
            inner = _around(inner, "b")
        if tag in ITALIC or (style and _ITALIC_STYLE.search(style)):
            inner = _around(inner, "i")
        if style and _RAISED_STYLE.search(style):
            inner = _raise(inner, "sup")
        return inner

    def _link(self, element: HtmlElement, inner: str) -> str:
        address = resolve_address(element.get("href") or "", self._base_url)
        if not address or not inner.strip() or "<a " in inner:
            return inner
        return f'<a href="{escape(address, quote=True)}">{inner}</a>'


def resolve_address(href: str, base_url: str) -> str:
    """The address a link leads to: whole, or from the root of the site; empty when it cannot be followed."""
    href = re.sub(r"[\x00-\x20]+", "", href) if href.strip().lower().startswith(("java", "data", "vb")) else href.strip()
    try:
        whole = urljoin(base_url, href) if base_url else href
        parts = urlsplit(whole)
    except ValueError:
        return ""
    if parts.netloc in ("www.google.com", "google.com") and parts.path == "/url":
        asked = parse_qs(parts.query)
        return resolve_address((asked.get("q") or asked.get("url") or [""])[0], "")
    if parts.scheme in ("http", "https") and parts.netloc:
        return whole
    if parts.scheme == "mailto" and parts.path:
        return whole
    return whole if whole.startswith("/") and not whole.startswith("//") else ""


def tidy(html: str) -> str:
    """A line without empty tags and without white space or breaks at its ends."""
    if "</b>" in html or "</i>" in html or "</su" in html:
        html = _EMPTY.sub(r"\2", html)
        html = html.replace("</b><b>", "").replace("</i><i>", "")
    if "  " in html:
        html = re.sub(r" {2,}", " ", html)
    if "<br/>" in html:
        html = html.replace(" <br/>", "<br/>").replace("<br/> ", "<br/>")
    html = html.strip(" \t\n\r\f\xa0")
    while html.startswith("<br/>"):
        html = html[5:].lstrip(" \xa0")
    while html.endswith("<br/>"):
        html = html[:-5].rstrip(" \xa0")
    return html


def _around(inner: str, tag: str) -> str:
    return f"<{tag}>{inner}</{tag}>" if inner.strip() and f"<{tag}>" not in inner else inner


def _raise(inner: str, tag: str) -> str:
    """`inner` in `tag`; marks of notes stand bare, without the brackets and commas around them."""
    found = _NOTE_MARK.findall(inner)
    if found and _ONLY_MARKS.match(_NOTE_MARK.sub("", re.sub(r"<[^>]*>", "", inner))):
        return "".join(found)
    return _around(inner, tag)
