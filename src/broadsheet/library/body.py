"""An article's body: from the desk's blocks to teaser, rest and plain text.

Pure: takes the raw blocks (`{"type": …, "value": …}`), gives HTML in which photos are placeholders
(`<figure data-photo="12">`), because which sizes exist and whether a licence still runs is decided
when a page is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any, NamedTuple

import nh3
from lxml import html as lxml_html

from broadsheet.core.text import count_words, has_single_spaces, iterate_sentence_ends

TEXT_TAGS = {"p", "h2", "h3", "b", "strong", "i", "em", "a", "ol", "ul", "li", "blockquote", "sup", "sub", "br", "hr"}
_NOTE_MARK = re.compile(r"\[\^([^\]\s]{1,20})\]")
_SPACE = re.compile(r"\s+")
_SAFE_LINKS: dict[str, Any] = {"attributes": {"a": {"href"}}, "url_schemes": {"http", "https", "mailto"}, "link_rel": None}
_TEXT_CLEANER = nh3.Cleaner(tags=TEXT_TAGS, **_SAFE_LINKS)
_INLINE_CLEANER = nh3.Cleaner(tags={"b", "strong", "i", "em", "a", "sup", "sub"}, **_SAFE_LINKS)
_BLOCK_END = re.compile(r"</(p|h2|h3|ul|ol|blockquote)>")
_TOKEN = re.compile(r"<[^>]+>|&[^;\s]+;|[^<&\s]+|\s+")
_LINE_END = re.compile(r"<br\s*/?>|</(?:li|p|td|th|tr)>")
_TAG = re.compile(r"<[^>]+>")
_HEADINGS = ("h2", "h3")

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TeaserRule:
    """Where the open start of an article ends when no marker says so, and its bounds in any case.

    Source of the defaults: the offer, line 1 (three paragraphs, at most 350 words and 40% of the body).
    """

    paragraphs: int = 3
    max_words: int = 350
    max_percent: int = 40


class Piece(NamedTuple):
    """One top-level element of the body: its HTML, and the text a reader reads in it."""

    kind: str
    html: str
    text: str

    @property
    def words(self) -> int:
        return count_words(self.text)


@dataclass(frozen=True, slots=True)
class ComposedBody:
    """What is stored of a published body. Offsets count characters of `body_text`, words are what stands between spaces."""

    teaser_html: str
    teaser_text: str
    rest_html: str
    body_text: str
    paragraphs: tuple[tuple[int, int], ...]
    teaser_end: int
    word_count: int
    photo_ids: tuple[int, ...]


@dataclass(slots=True)
class _Notes:
    """The notes of one body, numbered in the order in which the text refers to them."""

    texts: dict[str, str]
    order: list[str] = field(default_factory=list)

    def number(self, key: str) -> int:
        if key not in self.order:
            self.order.append(key)
        return self.order.index(key) + 1


def compose_body(blocks: Sequence[Block], rule: TeaserRule) -> ComposedBody:
    """Compose the stored forms of one body.

    Args:
        blocks: the raw stream, in reading order.
        rule: where the teaser ends.

    Returns:
        Teaser and rest as HTML that is safe to show, and the plain text with its offsets.
    """
    notes = _Notes({str(b["value"]["key"]): clean_inline(b["value"]["text"]) for b in blocks if b["type"] == "footnote"})
    pieces: list[Piece] = []
    marker: int | None = None
    for block in blocks:
        if block["type"] == "teaser_end":
            marker = len(pieces)
        else:
            pieces.extend(_pieces_of(block, notes))
    spaced = sum([piece.text.count(" ") + 1 for piece in pieces if piece.text])
    teaser, rest = cut_teaser(pieces, marker, rule, _total_for(pieces, spaced, rule))
    notes_piece = _notes_piece(notes)
    if notes_piece is not None:
        rest = [*rest, notes_piece]
    joined = bool(teaser and rest and rest[0].html.startswith("<p data-joined"))
    body_text, paragraphs = _lay_out(teaser, rest, joined=joined)
    teaser_text = "\n\n".join(piece.text for piece in teaser if piece.text)
    return ComposedBody(
        teaser_html="".join(piece.html for piece in teaser),
        teaser_text=teaser_text,
        rest_html="".join(piece.html for piece in rest),
        body_text=body_text,
        paragraphs=paragraphs,
        teaser_end=len(teaser_text),
        word_count=spaced + (notes_piece.text.count(" ") + 1 if notes_piece else 0),
        photo_ids=tuple(dict.fromkeys(_photo_ids(blocks))),
    )


def _total_for(pieces: Sequence[Piece], spaced: int, rule: TeaserRule) -> int:
    """How many words the body holds, counted exactly where the rule's share of them may be what ends the teaser.

    `spaced` is how many pieces of text stand between spaces; in 1,054 transcripts 0.95 to 1.09 times the words.
    """
    if spaced * rule.max_percent > 125 * rule.max_words:
        return spaced
    return count_words(" ".join([piece.text for piece in pieces]))


def join_html(teaser_html: str, rest_html: str) -> str:
    """The whole body's HTML, with a paragraph that the wall cuts made whole again."""
    return (teaser_html + rest_html).replace('</p><p data-joined="">', " ")


def drop_note_references(teaser_html: str) -> str:
    """The teaser without references to notes that stand behind the wall."""
    return re.sub(r'<sup class="note-ref">.*?</sup>', "", teaser_html)


def cut_teaser(pieces: Sequence[Piece], marker: int | None, rule: TeaserRule, total: int) -> tuple[list[Piece], list[Piece]]:
    """Split `pieces`, which hold `total` words, into teaser and rest.

    The wanted cut is the editor's marker, else the end of the rule's n-th paragraph; the bound is in words.
    A piece that crosses the bound goes to the rest whole, unless the teaser would be empty: then the first
    paragraph is cut at the end of its last sentence within the bound.
    """
    budget = min(rule.max_words, total * rule.max_percent // 100)
    wanted = marker if marker is not None else _end_of_paragraph(pieces, rule.paragraphs)
    taken = 0
    words = 0
    while taken < wanted and (more := words + pieces[taken].words) <= budget:
        words = more
        taken += 1
    while taken and pieces[taken - 1].kind in _HEADINGS:
        taken -= 1
    teaser, rest = list(pieces[:taken]), list(pieces[taken:])
    if not any(piece.kind == "p" for piece in teaser) and rest:
        lead = next((i for i, piece in enumerate(rest) if piece.kind == "p"), None)
        if lead is not None and taken + lead < wanted:
            spent = sum(piece.words for piece in [*teaser, *rest[:lead]])
            halves = _cut_at_sentence(rest[lead], budget - spent)
            if halves is not None:
                return [*teaser, *rest[:lead], halves[0]], [halves[1], *rest[lead + 1 :]]
    return teaser, rest


def clean_text(html: str) -> str:
    """Safe rich text: only the tags that a body may hold, links with a known scheme."""
    return _TEXT_CLEANER.clean(html)


def clean_inline(html: str) -> str:
    """Safe rich text on one line: as `clean_text`, without blocks."""
    return _INLINE_CLEANER.clean(html).strip()


def plain(html: str) -> str:
    """The text of some HTML, on one line."""
    return " ".join(_text_of(html).split())


def _text_of(html: str) -> str:
    text = html.replace("<br>", " ")
    if text.startswith("<p>") and text.endswith("</p>"):
        text = text[3:-4]
    if "<" in text:
        text = _TAG.sub("", _LINE_END.sub(" ", text))
    return unescape(text) if "&" in text else text


def _pieces_of(block: Block, notes: _Notes) -> Iterator[Piece]:
    kind: str = block["type"]
    value: Any = block.get("value")
    if kind == "text":
        yield from _text_pieces(str(value or ""), notes)
    elif kind == "figure" and value.get("photo"):
        caption, credit = (escape(_SPACE.sub(" ", str(value.get(name) or "")).strip()) for name in ("caption", "credit"))
        alt = escape(str(value.get("alt") or ""), quote=True)
        yield Piece(
            "figure",
            f'<figure data-photo="{int(value["photo"])}" data-alt="{alt}"><figcaption>'
            f'<span class="caption">{caption}</span> <span class="credit">{credit}</span></figcaption></figure>',
            unescape(caption),
        )
    elif kind == "quote" and str(value.get("text") or "").strip():
        text = _SPACE.sub(" ", str(value["text"])).strip()
        who = _SPACE.sub(" ", str(value.get("attribution") or "")).strip()
        cite = f"<figcaption>{escape(who)}</figcaption>" if who else ""
        yield Piece(
            "quote", f'<figure class="pull"><blockquote><p>{escape(text)}</p></blockquote>{cite}</figure>', f"{text} {who}".strip()
        )
    elif kind == "table" and value:
        yield _table_piece(value)
    elif kind == "embed" and str(value.get("url") or "").startswith(("https://", "http://")):
        url, title = escape(str(value["url"]), quote=True), escape(str(value.get("title") or value["url"]))
        yield Piece("embed", f'<p class="embed"><a href="{url}" data-embed rel="noopener">{title}</a></p>', unescape(title))


def _text_pieces(html: str, notes: _Notes) -> Iterator[Piece]:
    cleaned = clean_text(html).replace("&nbsp;", "\xa0")
    is_spaced = has_single_spaces(cleaned)
    for kind, fragment in _split_blocks(cleaned):
        if kind == "hr":
            yield Piece("hr", "<hr>", "")
            continue
        unmarked = fragment
        if notes.texts and "[^" in fragment:
            unmarked = _NOTE_MARK.sub(lambda m: "" if m.group(1) in notes.texts else m.group(), fragment)
        inner = unmarked[3:-4] if kind == "p" else unmarked
        text = inner if "<" not in inner and "&" not in inner else _text_of(unmarked)
        text = text.strip() if is_spaced and "  " not in text else " ".join(text.split())
        if text:
            yield Piece(kind, _number_notes(fragment, notes) if unmarked is not fragment else fragment, text)


def _split_blocks(html: str) -> Iterator[tuple[str, str]]:
    """The top-level blocks of cleaned HTML as (tag, HTML); loose text becomes paragraphs."""
    flat = _split_flat_blocks(html)
    return iter(flat) if flat is not None else _parse_blocks(html)


def _split_flat_blocks(html: str) -> list[tuple[str, str]] | None:
    """The blocks of HTML in which none holds another, found by their ends; None for any other HTML. Six times as fast."""
    found: list[tuple[str, str]] = []
    start = 0
    for end in _BLOCK_END.finditer(html):
        tag, fragment = end.group(1), html[start : end.end()].lstrip()
        if not fragment.startswith(f"<{tag}>") or (tag in ("ul", "ol") and fragment.count(f"<{tag}>") > 1):
            return None
        found.append((tag, fragment))
        start = end.end()
    return found if not html[start:].strip() else None


def _parse_blocks(html: str) -> Iterator[tuple[str, str]]:
    for node in lxml_html.fragments_fromstring(html) if html.strip() else ():
        if isinstance(node, str):
            for part in re.split(r"\n\s*\n", node):
                if part.strip():
                    yield "p", f"<p>{escape(part.strip(), quote=False)}</p>"
            continue
        tail, node.tail = node.tail, None
        tag = str(node.tag)
        if tag in ("p", "h2", "h3", "ol", "ul", "blockquote", "hr"):
            yield tag, lxml_html.tostring(node, encoding="unicode")
        else:
            yield "p", f"<p>{lxml_html.tostring(node, encoding='unicode')}</p>"
        if tail and tail.strip():
            yield "p", f"<p>{escape(tail.strip(), quote=False)}</p>"


def _number_notes(html: str, notes: _Notes) -> str:
    def reference(match: re.Match[str]) -> str:
        if match.group(1) not in notes.texts:
            return match.group()
        first = match.group(1) not in notes.order
        number = notes.number(match.group(1))
        anchor = f' id="ref-{number}"' if first else ""
        return f'<sup class="note-ref"><a href="#note-{number}"{anchor}>{number}</a></sup>'

    return _NOTE_MARK.sub(reference, html)


def _notes_piece(notes: _Notes) -> Piece | None:
    if not notes.texts:
        return None
    referred = len(notes.order)
    for key in notes.texts:
        notes.number(key)
    items = []
    for number, key in enumerate(notes.order, 1):
        back = f' <a href="#ref-{number}" class="back" aria-label="Back to the text">↩</a>' if number <= referred else ""
        items.append(f'<li id="note-{number}">{notes.texts[key]}{back}</li>')
    text = " ".join(plain(notes.texts[key]) for key in notes.order)
    return Piece("notes", f'<section class="notes"><h2>Notes</h2><ol>{"".join(items)}</ol></section>', text)


def _table_piece(value: Mapping[str, Any]) -> Piece:
    rows = [[str(cell or "") for cell in row] for row in value.get("data") or []]
    head_row = bool(value.get("first_row_is_table_header")) or value.get("table_header_choice") in ("row", "both")
    head_column = bool(value.get("first_col_is_header")) or value.get("table_header_choice") in ("column", "both")
    caption = _SPACE.sub(" ", str(value.get("table_caption") or "")).strip()
    parts = ['<div class="table" tabindex="0" role="region" aria-label="Table"><table>']
    if caption:
        parts.append(f"<caption>{escape(caption)}</caption>")
    body = rows
    if head_row and rows:
        parts.append("<thead><tr>" + "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0]) + "</tr></thead>")
        body = rows[1:]
    parts.append("<tbody>")
    for row in body:
        cells = [f"<td>{escape(cell)}</td>" for cell in row]
        if head_column and row:
            cells[0] = f'<th scope="row">{escape(row[0])}</th>'
        parts.append("<tr>" + "".join(cells) + "</tr>")
    parts.append("</tbody></table></div>")
    text = " ".join(cell for cell in [caption, *(cell for row in rows for cell in row)] if cell.strip())
    return Piece("table", "".join(parts), _SPACE.sub(" ", text).strip())


def _end_of_paragraph(pieces: Sequence[Piece], wanted: int) -> int:
    seen = 0
    for index, piece in enumerate(pieces):
        seen += piece.kind == "p"
        if seen == wanted:
            return index + 1
    return len(pieces)


def _cut_at_sentence(piece: Piece, budget: int) -> tuple[Piece, Piece] | None:
    """Cut a paragraph after its last sentence that fits into `budget` words; None if not even one does."""
    end = _last_sentence_within(piece.text, budget)
    if not end:
        return None
    head, tail = _split_paragraph(piece.html, piece.text[:end])
    return (
        Piece("p", head, piece.text[:end].strip()),
        Piece("p", tail.replace("<p>", '<p data-joined="">', 1), piece.text[end:].strip()),
    )


def _last_sentence_within(text: str, budget: int) -> int:
    """Where the last sentence that fits into `budget` words ends, before the end of the text; 0 if none does."""
    last = words = start = 0
    for end in iterate_sentence_ends(text):
        words += count_words(text[start:end])
        if words > budget or end >= len(text):
            break
        last = start = end
    return last


def _split_paragraph(html: str, head_text: str) -> tuple[str, str]:
    """Split a `<p>` so that its first part reads `head_text`; inline tags are closed and opened again."""
    letters = len("".join(head_text.split()))
    seen = 0
    open_tags: list[str] = []
    position = 0
    in_note = False
    for token in _TOKEN.finditer(html):
        text = token.group()
        if seen == letters and not text.startswith("</"):
            break
        position = token.end()
        if text[0] == "<":
            if text[1] == "/":
                open_tags.pop()
            elif not text.startswith(("<br", "<hr")):
                open_tags.append(text)
            in_note = any(tag.startswith('<sup class="note-ref"') for tag in open_tags)
        elif not in_note and not text.isspace():
            found = len("".join(unescape(text).split())) if text[0] == "&" else len(text)
            if found > letters - seen:
                position, found = token.start() + letters - seen, letters - seen
            seen += found
    closing = "".join(f"</{tag[1:-1].split()[0]}>" for tag in reversed(open_tags))
    opening = "".join(open_tags)
    if not opening.startswith("<p"):
        return html[:position].rstrip() + closing, "<p>" + opening + html[position:].lstrip()
    return html[:position].rstrip() + closing, opening + html[position:].lstrip()


def _lay_out(teaser: Sequence[Piece], rest: Sequence[Piece], *, joined: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The plain text of the whole body and the offsets of its paragraphs; a cut paragraph stays one."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    texts = [piece.text for piece in teaser if piece.text]
    rest_texts = [piece.text for piece in rest if piece.text]
    for index, text in enumerate([*texts, *rest_texts]):
        continues = joined and index == len(texts)
        separator = "" if not parts else " " if continues else "\n\n"
        start = length + len(separator)
        parts.append(separator + text)
        length = start + len(text)
        if continues:
            spans[-1] = (spans[-1][0], length)
        else:
            spans.append((start, length))
    return "".join(parts), tuple(spans)


def _photo_ids(blocks: Iterable[Block]) -> Iterator[int]:
    for block in blocks:
        if block["type"] == "figure" and block["value"].get("photo"):
            yield int(block["value"]["photo"])
