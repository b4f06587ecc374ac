"""Any HTML as the blocks of an article's body.

Pure. Takes what a person pastes or a file holds (Word, LibreOffice, Google Docs, Markdown, WordPress,
web pages) and gives what `library.blocks` describes. The result is safe whatever came in: every tag that
comes out is written here, and nh3 reads all HTML first that holds more than paragraphs and breaks.

A picture becomes a figure whose `photo` is None and whose `src` says where the picture lay; who calls
puts the id of the stored photo there or takes the block out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import urlsplit

import nh3
from lxml import html as lxml_html
from lxml.html import HtmlElement

from broadsheet.library.importing.credits import find_caption, plain_text
from broadsheet.library.importing.footnotes import Notes, take_notes
from broadsheet.library.importing.inline import InlineWriter, collapse, is_hidden, resolve_address, tidy
from broadsheet.library.importing.tables import is_layout, table_block

Block = dict[str, Any]

# Elements that begin a new line; all others are part of one.
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4 h5 h6"
    " header hgroup hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_LIFTED = frozenset({"img", "figure", "picture", "table", "iframe", "video", "audio", "embed"})
_PLAYERS = frozenset({"iframe", "video", "audio", "embed"})
_HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"}
_DROPPED = frozenset({"button", "datalist", "dialog", "form", "head", "input", "label", "nav", "select", "textarea", "title"})
_SILENT = {"script", "style", "template", "noscript", "svg", "math", "object", "canvas", "map", "xml"}
_INLINE = (
    "a abbr acronym b bdi bdo big br cite code del dfn em font i ins kbd mark q s samp small source span strike strong"
    " sub sup time tt u var wbr"
)
_ATTRIBUTES = {
    "*": {"id", "class", "style", "hidden", "name", "role"},
    "a": {"href"},
    "img": {"src", "data-src", "data-lazy-src", "data-original", "alt", "title", "width", "height"},
    **{player: {"src", "title"} for player in _PLAYERS},
    "source": {"src"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_CLEANER = nh3.Cleaner(
    tags=set(_BLOCKS | _LIFTED | _DROPPED | set(_INLINE.split())) - {"head", "title", "body"},
    attributes=_ATTRIBUTES,
    clean_content_tags=_SILENT,
    url_schemes={"http", "https", "mailto", "file", "cid"},
    link_rel=None,
)
_MORE = re.compile(r"<!--\s*(?:more\b[^>]*|noteaser)\s*-->|<p[^>]*>\s*<!--\s*more\b.*?-->\s*</p>", re.IGNORECASE)
# What neither XML nor PostgreSQL takes as text.
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MORE_ELEMENT = '<hr class="teaser-end">'
_PARAGRAPH_BREAK = re.compile(r"(?:<br/>[\s\xa0]*){2,}")
_BULLET = re.compile(r"^[\s\xa0]*(?:[·•▪◦o§Øü–-]|(\d+|[a-z]|[ivx]+)[.)])[\s\xa0]*", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^>]*>")
_VOID = frozenset({"br", "hr", "img", "input", "source", "wbr", "meta", "link", "embed", "area", "col", "p", "li"})
# How deep elements may stand in each other; real pages stay under 60, parsers break somewhere above 250.
_DEEPEST = 100


def blocks_from_html(html: str, *, base_url: str = "") -> list[Block]:
    """The blocks of an article's body that read like `html`.

    Args:
        html: a document or a fragment, from anywhere; `<!--more-->` ends the teaser.
        base_url: where the document lay, to make its links whole.

    Returns:
        Raw stream blocks in reading order, notes last; empty when nothing readable is left.
    """
    html = _readable(html)
    paragraphs = _plain_paragraphs(html)
    if paragraphs is not None:
        return [{"type": "text", "value": paragraphs}] if paragraphs else []
    if "<!--" in html and _MORE.search(html):
        html = _MORE.sub(_MORE_ELEMENT, html)
    clean = _CLEANER.clean(_limit_depth(html))
    if not clean.strip():
        return []
    root = lxml_html.fragment_fromstring(clean, create_parent="div", parser=_parser())
    return _Writer(take_notes(root), base_url).write_body(root)


def _readable(html: str) -> str:
    """`html` without what neither XML nor PostgreSQL takes as text; a look at the bytes is faster than the pattern."""
    try:
        content = html.encode()
    except UnicodeEncodeError:
        return _UNREADABLE.sub(" ", html)
    clean = len(content.translate(None, _CONTROLS)) == len(content) and b"\xef\xbf" not in content
    return html if clean else _UNREADABLE.sub(" ", html)


def _plain_paragraphs(html: str) -> str | None:
    """The rich text of HTML that holds no tags but `<p>`, `</p>` and `<br>`; None for any other.

    There is nothing in it to be cleaned, and no tree to be built: a sixth of the time, for most of an old library.
    """
    breaks = html.count("<br>") + html.count("<br />") + html.count("<br/>")
    if html.count("<") != html.count("<p>") + html.count("</p>") + breaks:
        return None
    text = html.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\f", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.replace("</p>", "<p>")
    if breaks:
        text = text.replace("<br>", "<br/>").replace("<br />", "<br/>").replace(" <br/>", "<br/>").replace("<br/> ", "<br/>")
    if "&" in text:
        text = text.replace("&nbsp;", "\xa0")
    if "<br/><br/>" in text or "<br/>\xa0" in text:
        text = _PARAGRAPH_BREAK.sub("<p>", text)
    lines = [line.strip(" \xa0") for line in text.split("<p>")]
    if breaks or "&" in text or text.count(">") > text.count("<"):
        lines = [_tidy_line(line) if "&" in line or ">" in line else line for line in lines]
    return "".join([f"<p>{line}</p>" for line in lines if line])


def _tidy_line(line: str) -> str:
    if line.startswith("<br/>") or line.endswith("<br/>"):
        line = tidy(line)
    if "&" in line or ">" in line:
        # One pass over the line: a character that no text holds stands for its breaks meanwhile.
        line = escape(unescape(line.replace("<br/>", "\0")), quote=False).replace("\0", "<br/>")
    return line


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8", huge_tree=True)


def _limit_depth(html: str) -> str:
    """`html` without the tags that stand deeper than parsers go; their text stays."""
    if html.count("<") - 2 * html.count("<p") - html.count("<br") < 2 * _DEEPEST:
        return html
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        closing, tag = match.groups()
        if tag.lower() in _VOID:
            return match.group()
        depth = max(depth - 1, 0) if closing else depth + 1
        return match.group() if depth + bool(closing) <= _DEEPEST else " "

    return _TAG.sub(keep, html)


class _Writer:
    """Walks the tree once; consecutive rich text is gathered into one block."""

    def __init__(self, notes: Notes, base_url: str) -> None:
        self._notes = notes
        self._base_url = base_url
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._holding: set[HtmlElement] = set()
        self._inline = InlineWriter(marks=notes.keys, lift=_LIFTED, base_url=base_url)

    def write_body(self, root: HtmlElement) -> list[Block]:
        self._holding = _holders(root)
        self._container(root)
        self._flush()
        for key, element in self._notes.elements.items():
            text = self._note_text(element)
            if text:
                self._blocks.append({"type": "footnote", "value": {"key": key, "text": text}})
        return self._blocks

    def _note_text(self, element: HtmlElement) -> str:
        parts: list[str] = []
        for html in _lines(element, self._inline):
            parts.append(html)
        self._inline.lifted.clear()
        return re.sub(r"^[\s\xa0^↑.\]]+", "", tidy(" ".join(parts).replace("<br/>", " ")))

    def _flush(self) -> None:
        if self._text:
            self._blocks.append({"type": "text", "value": "".join(self._text)})
            self._text = []

    def _add(self, block: Block) -> None:
        self._flush()
        self._blocks.append(block)

    def _container(self, element: HtmlElement) -> None:
        """Write the children of `element`; loose text and inline elements between blocks become paragraphs."""
        line = [collapse(element.text)]
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                pass
            elif tag in _BLOCKS or child in self._holding:
                self._paragraph("".join(line))
                line = []
                self._block(child, tag)
            elif tag not in _DROPPED:
                line.append(self._inline.write_element(child))
            line.append(collapse(child.tail))
        self._paragraph("".join(line))

    def _block(self, element: HtmlElement, tag: str) -> None:
        if tag == "p" and element not in self._holding:
            if _is_list_paragraph(element):
                self._word_item(element)
            elif element.get("hidden") is None and not (element.get("style") and is_hidden(element)):
                self._paragraph(self._inline.write(element))
            return
        if tag in _DROPPED or is_hidden(element):
            return
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        else:
            getattr(self, f"_{tag}", self._container)(element)

    def _paragraph(self, html: str) -> None:
        for part in _PARAGRAPH_BREAK.split(html) if "<br/>" in html else (html,):
            line = tidy(part)
            if line:
                self._text.append(f"<p>{line}</p>")
        self._write_lifted()

    def _write_lifted(self) -> None:
        lifted, self._inline.lifted = self._inline.lifted, []
        for element in lifted:
            if element.tag in _PLAYERS:
                self._player(element)
            elif element.tag == "img":
                self._picture(element, "", "")
            elif element.tag == "picture":
                self._container(element)
            else:
                self._block(element, element.tag)

    def _heading(self, element: HtmlElement, tag: str) -> None:
        html = tidy(re.sub(r"</?b>", "", self._inline.write(element)).replace("<br/>", " "))
        if html:
            self._text.append(f"<{tag}>{html}</{tag}>")
        self._write_lifted()

    def _hr(self, element: HtmlElement) -> None:
        marked = any(block["type"] == "teaser_end" for block in self._blocks)
        if element.get("class") == "teaser-end" and not marked:
            self._add({"type": "teaser_end", "value": None})

    def _ul(self, element: HtmlElement) -> None:
        self._write_list(element, "ul")

    def _ol(self, element: HtmlElement) -> None:
        self._write_list(element, "ol")

    def _write_list(self, element: HtmlElement, tag: str) -> None:
        html = self._list(element, tag, 0)
        if html:
            self._text.append(html)
        self._write_lifted()

    def _list(self, element: HtmlElement, tag: str, depth: int) -> str:
        items: list[str] = []
        for child in element:
            if child.tag in ("ul", "ol") and items and depth < 8:
                items[-1] += self._list(child, child.tag, depth + 1)
            elif isinstance(child.tag, str) and not is_hidden(child):
                items.append(self._item(child, depth))
        filled = "".join(f"<li>{item}</li>" for item in items if item)
        return f"<{tag}>{filled}</{tag}>" if filled else ""

    def _item(self, element: HtmlElement, depth: int) -> str:
        nested = list(element.iterchildren("ul", "ol")) if depth < 8 else []
        inside = set(nested)
        lines = [line for line in _lines(element, self._inline, skip=inside) if line]
        return "<br/>".join(lines) + "".join(self._list(child, str(child.tag), depth + 1) for child in nested)

    def _word_item(self, element: HtmlElement) -> None:
        """A paragraph that Word shows as an item of a list; consecutive ones become one list."""
        html = tidy(self._inline.write(element))
        match = _BULLET.match(unescape(re.sub(r"<[^>]*>", "", html)))
        tag = "ol" if match and match.group(1) else "ul"
        item = f"<li>{tidy(_BULLET.sub('', html, count=1))}</li></{tag}>"
        if self._text and self._text[-1].endswith(f"</{tag}>"):
            self._text[-1] = self._text[-1][: -len(tag) - 3] + item
        else:
            self._text.append(f"<{tag}>{item}")
        self._write_lifted()

    def _dt(self, element: HtmlElement) -> None:
        html = tidy(self._inline.write(element))
        self._paragraph(f"<b>{html}</b>" if html and "<b>" not in html else html)

    _summary = _dt

    def _pre(self, element: HtmlElement) -> None:
        lines = [collapse(line).strip() for line in element.text_content().splitlines()]
        for part in "\n".join(lines).split("\n\n"):
            self._paragraph(part.strip("\n").replace("\n", "<br/>"))

    def _blockquote(self, element: HtmlElement) -> None:
        parent = element.getparent()
        classes = f"{element.get('class') or ''} {(parent.get('class') if parent is not None else '') or ''}"
        if "pullquote" in classes:
            self._pull_quote(element)
            return
        lines = [line for line in _lines(element, self._inline) if line]
        if lines:
            self._text.append(f"<blockquote>{'<br/>'.join(lines)}</blockquote>")
        self._write_lifted()

    def _pull_quote(self, element: HtmlElement) -> None:
        cited = next(element.iter("cite"), None)
        who = plain_text(cited)
        if cited is not None:
            cited.text = None
            for child in list(cited):
                cited.remove(child)
        if plain_text(element):
            self._add({"type": "quote", "value": {"text": plain_text(element), "attribution": who[:160]}})

    def _table(self, element: HtmlElement) -> None:
        if is_layout(element):
            self._container(element)
            return
        block = table_block(element)
        pictures = list(element.iter("img"))
        if block is not None:
            self._add(block)
        for picture in pictures:
            self._picture(picture, "", "")

    def _figure(self, element: HtmlElement) -> None:
        caption, credit = find_caption(element)
        pictures = [image for image in element.iter("img") if next(image.iterancestors("figure")) is element]
        for image in pictures[:-1]:
            self._picture(image, "", "")
        if pictures:
            self._picture(pictures[-1], caption, credit)
            return
        address = plain_text(element)
        if "embed" in (element.get("class") or "") and re.fullmatch(r"https?://\S+", address):
            self._embed(address, "")
            return
        self._container(element)

    def _picture(self, image: HtmlElement, caption: str, credit: str) -> None:
        names = ("data-src", "data-lazy-src", "data-original", "src")
        source = next((value for name in names if (value := (image.get(name) or "").strip())), "")
        if not source or (image.get("width") in ("0", "1") and image.get("height") in ("0", "1")):
            return
        value = {
            "photo": None,
            "src": source,
            "caption": caption,
            "credit": credit[:200],
            "alt": (image.get("alt") or "").strip()[:300],
        }
        self._add({"type": "figure", "value": value})

    def _player(self, element: HtmlElement) -> None:
        source = element.get("src") or next((s.get("src") or "" for s in element.iter("source")), "")
        self._embed(source, element.get("title") or "")

    def _embed(self, source: str, title: str) -> None:
        address = resolve_address(source if not source.startswith("//") else f"https:{source}", self._base_url)
        video = re.match(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]+)", address)
        if video:
            address = f"https://www.youtube.com/watch?v={video.group(1)}"
        if address.startswith(("https://", "http://")):
            self._add({"type": "embed", "value": {"url": address, "title": (title.strip() or urlsplit(address).netloc)[:200]}})


def _holders(root: HtmlElement) -> set[HtmlElement]:
    """The elements that hold a block, so that they cannot stand in a line themselves."""
    holders: set[HtmlElement] = set()
    for element in root.iter():
        if element.tag in _BLOCKS:
            above = element.getparent()
            while above is not None and above not in holders:
                holders.add(above)
                above = above.getparent()
    return holders


def _lines(element: HtmlElement, inline: InlineWriter, *, skip: set[HtmlElement] | None = None) -> Iterator[str]:
    """The lines of text in `element`, each as rich text, however its blocks are nested."""
    line = [collapse(element.text)]
    for child in element:
        if skip and child in skip:
            pass
        elif child.tag in _BLOCKS and child.tag not in ("table", "figure"):
            yield tidy("".join(line))
            line = []
            if not is_hidden(child):
                yield from _lines(child, inline)
        elif child.tag not in _DROPPED:
            line.append(inline.write_element(child))
        line.append(collapse(child.tail))
    yield tidy("".join(line))


def _is_list_paragraph(element: HtmlElement) -> bool:
    return (element.get("class") or "").startswith("MsoList") or "mso-list:l" in (element.get("style") or "")
