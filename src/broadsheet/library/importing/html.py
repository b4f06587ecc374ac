"""Reads files that hold one article: HTML as a word processor writes it, plain text, saved web pages, MHTML."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

from broadsheet.library.body import plain
from broadsheet.library.importing.dates import find_written_date
from broadsheet.library.importing.fields import Place, item_from_fields
from broadsheet.library.importing.items import Desk, Item, Readings, Refusal, Refused
from broadsheet.library.importing.markdown import item_from_markdown
from broadsheet.library.importing.textfile import decode_html, html_from_text, read_bytes, read_text
from broadsheet.library.importing.webpage import Page, item_from_page

_PAGE_SIGNS = re.compile(
    r"""saved from url|<meta[^>]+property\s*=\s*["']?og:|rel\s*=\s*["']?canonical|application/ld\+json|<(?:nav|footer|header|article|main|script)\b""",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_FIRST_HEADING = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"<head\b.*?</head>", re.IGNORECASE | re.DOTALL)
_META = re.compile(
    r"""<meta\s+name\s*=\s*["']?(author|date|dc\.date|description)["']?\s+content\s*=\s*["']([^"']*)""", re.IGNORECASE
)
_BYLINE = re.compile(r"^by\s+(\S.{1,100})$", re.IGNORECASE)
_LONGEST_HEADLINE = 250


def read_html(path: Path, name: str, desk: Desk) -> Readings:
    """Read one HTML file.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        text = decode_html(read_bytes(path))
        place = Place(name, None, path.parent)
        yield item_from_page(Page(text), place, desk) if _PAGE_SIGNS.search(text) else item_from_document(text, place, desk)
    except Refused as refused:
        yield Refusal(name, str(refused))


def read_plain_text(path: Path, name: str, desk: Desk) -> Readings:
    """Read one plain text: its first paragraph is the headline; a line `By …` and a date may follow.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        text = read_text(path)
        place = Place(name, None, path.parent)
        yield item_from_markdown(text, place, desk) if text.lstrip().startswith("---\n") else item_from_text(text, place, desk)
    except Refused as refused:
        yield Refusal(name, str(refused))


def read_mhtml(path: Path, name: str, desk: Desk) -> Readings:
    """Read one page that a browser saved as a single file.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        yield item_from_page(page_from_mhtml(read_bytes(path)), Place(name, None, path.parent), desk)
    except Refused as refused:
        yield Refusal(name, str(refused))


def item_from_document(html: str, place: Place, desk: Desk) -> Item:
    """The item in a document that holds nothing but one article.

    Raises:
        Refused: it has no headline.
    """
    heading = _FIRST_HEADING.search(html)
    title = _TITLE.search(html)
    headline = plain(heading.group(1)) if heading else plain(unescape(title.group(1))) if title else ""
    said = {match.group(1).lower(): unescape(match.group(2)) for match in _META.finditer(html)}
    fields: dict[str, Any] = {
        "headline": headline,
        "author": said.get("author"),
        "date": said.get("date") or said.get("dc.date"),
        "dek": said.get("description"),
    }
    body = _HEAD.sub("", html if heading is None else html.replace(heading.group(), "", 1))
    return item_from_fields(fields, body, place, desk)


def item_from_text(text: str, place: Place, desk: Desk) -> Item:
    """The item in a plain text.

    Raises:
        Refused: its first paragraph is no headline.
    """
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]
    head = parts[0].split("\n") if parts else []
    if not head or len(head[0]) > _LONGEST_HEADLINE:
        raise Refused("it has no headline: the first line should be one, with an empty line after it")
    fields: dict[str, Any] = {"headline": head[0]}
    rest = [*head[1:], "", *("\n\n".join(parts[1:])).split("\n")]
    while rest and _take_head_line(rest[0], fields, desk):
        rest.pop(0)
    return item_from_fields(fields, html_from_text("\n".join(rest)), place, desk)


def _take_head_line(line: str, fields: dict[str, Any], desk: Desk) -> bool:
    byline = _BYLINE.match(line)
    if byline and "authors" not in fields:
        fields["authors"] = re.split(r"\s*,\s*|\s+and\s+", byline.group(1))
        return True
    if len(line) < 60 and "date" not in fields and (moment := find_written_date(line, desk)):
        fields["date"] = moment
        return True
    return not line.strip()


def page_from_mhtml(content: bytes) -> Page:
    """The page in an MHTML file, with the pictures that came in it.

    Raises:
        Refused: there is no page in it.
    """
    message = email.message_from_bytes(content, policy=email.policy.default)
    html, url = "", str(message.get("Snapshot-Content-Location") or "")
    pictures: dict[str, bytes] = {}
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if not isinstance(part, EmailMessage) or not isinstance(payload, bytes):
            continue
        location = str(part.get("Content-Location") or "")
        if part.get_content_type() == "text/html" and not html:
            html, url = _part_text(part, payload), url or location
        elif part.get_content_maintype() == "image":
            names = (location, f"cid:{str(part.get('Content-ID') or '').strip('<>')}")
            pictures.update({name: payload for name in names if name not in ("", "cid:")})
    if not html.strip():
        raise Refused("there is no page in the MHTML file")
    return Page(html, url if url.startswith("http") else "", pictures)


def _part_text(part: EmailMessage, payload: bytes) -> str:
    try:
        return payload.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode_html(payload)
