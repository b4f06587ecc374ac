"""Reads WordPress exports (WXR 1.0 to 1.2): posts become articles, pages plain pages.

The file is read twice, item by item, so that its size does not matter: first for what posts refer to
(authors, attachments, reusable blocks), then for the posts.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape
from pathlib import Path
from typing import Any

from lxml import etree

from broadsheet.library.body import plain
from broadsheet.library.importing.dates import parse_moment
from broadsheet.library.importing.fields import address_path, clean_line
from broadsheet.library.importing.items import Desk, Item, LeftOut, Named, Picture, Reading, Readings, Refusal, Refused
from broadsheet.library.importing.shortcodes import Attachment, html_from_wordpress

_SPACES = (("/excerpt/", "excerpt:"), ("wordpress.org/export", "wp:"), ("modules/content", "content:"), ("dc/elements", "dc:"))
_DRAFTS = {
    "draft": "",
    "pending": "it was waiting for review and is now a draft",
    "private": "it was private and is now a draft",
    "future": "it was to be published later and is now a draft",
}
_GONE = {"trash": "it lay in the bin", "auto-draft": "it is an unsaved draft"}
_NO_TOPICS = frozenset({"uncategorized", "uncategorised"})
_CREDITS = ("_media_credit", "media_credit", "_wp_attachment_source_name", "_navis_media_credit", "credit")
_ENTITIES = re.compile(rb"<!(?:ENTITY|DOCTYPE[^>]*\[)", re.IGNORECASE)
_ENTITY_SEARCH_BYTES = 65536


@dataclass(slots=True)
class Post:
    """One `<item>` of an export, as flat text by name."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    comments: int = 0
    fault: str = ""

    def get(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def kind(self) -> str:
        return self.get("wp:post_type").strip() or "post"

    @property
    def post_id(self) -> str:
        return self.get("wp:post_id").strip()


@dataclass(slots=True)
class Site:
    """What posts of one export refer to."""

    is_export: bool = False
    address: str = ""
    authors: dict[str, Named] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    reusable: dict[str, str] = field(default_factory=dict)


def read_wordpress(path: Path, name: str, desk: Desk) -> Readings:
    """Read one export; a file that breaks off gives its items up to there and a refusal with the line.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if _ENTITIES.search(file.read(_ENTITY_SEARCH_BYTES)):
            yield Refusal(name, "the XML declares entities, which exports never do; they are not expanded")
            return
    site = Site()
    survey = _Log()
    _survey(path, site, survey)
    if not site.is_export:
        reason = f"the XML is broken: {survey.first}" if survey.first else "it is XML, but no WordPress export"
        yield Refusal(name, reason, survey.line)
        return
    left_out: Counter[str] = Counter()
    log = _Log()
    for post in _posts(path, Site(), log):
        if post.fault:
            yield Refusal(name, f"“{plain(post.get('title'))[:80]}”: its XML is broken: {post.fault}", post.line)
        else:
            yield from _read_post(post, site, name, path.parent, desk, left_out)
    if log.first:
        yield Refusal(name, f"the XML is broken outside its items: {log.first}", log.line)
    for kind, count in left_out.items():
        yield LeftOut(kind, count)


@dataclass(slots=True)
class _Log:
    """The first fault that stood outside any item."""

    first: str = ""
    line: int | None = None


def _survey(path: Path, site: Site, log: _Log) -> None:
    for post in _posts(path, site, log):
        if post.fault:
            continue
        if post.kind == "attachment":
            site.attachments[post.post_id] = _attachment(post)
        elif post.kind == "wp_block":
            site.reusable[post.post_id] = post.get("content:encoded")
        elif post.kind == "guest-author":
            named = Named(clean_line(post.get("title")), text=escape(clean_line(post.meta.get("cap-description", ""))))
            for login in (
                post.meta.get("cap-user_login", ""),
                post.get("wp:post_name"),
                post.get("wp:post_name").removeprefix("cap-"),
            ):
                if login and named.name:
                    site.authors[login] = named


def _posts(path: Path, site: Site, log: _Log) -> Iterator[Post]:
    """The items of the file, one after the other; what stands before them goes into `site`.

    A fault in the XML is put down to the item that it stands in, and reading goes on after it.
    """
    parser = etree.iterparse(
        str(path), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=True
    )
    inside = False
    faults = _Faults(parser)
    try:
        for event, element in parser:
            name = _name(element)
            if event == "start":
                inside = inside or name == "item"
                site.is_export = site.is_export or name.startswith("wp:")
            elif name == "item":
                inside = False
                post = _post(element)
                post.fault = faults.describe(post.line, _last_line(element))
                yield post
                _forget(element)
            elif not inside:
                _read_head(element, name, site)
    except etree.XMLSyntaxError as error:
        log.first, log.line = _describe(error), error.lineno
    for fault in faults.others():
        if not log.first:
            log.first, log.line = _describe(fault), fault.line


# What libxml2 says at the end of a file that breaks off within an item; the line is the file's last.
_CUT_OFF = "end of data in tag item"


class _Faults:
    """The fatal errors of a parser. It reads ahead, so they are told apart by their lines."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._inside: list[tuple[int, int]] = []

    def describe(self, first: int, last: int) -> str:
        """The first fault between two lines; they are then known to belong to an item."""
        self._inside.append((first, last))
        return next((_describe(error) for error in self._fatal() if first <= error.line <= last or _CUT_OFF in error.message), "")

    def others(self) -> list[Any]:
        """The faults outside all items described."""
        return [
            error
            for error in self._fatal()
            if _CUT_OFF not in error.message and not any(first <= error.line <= last for first, last in self._inside)
        ]

    def _fatal(self) -> list[Any]:
        log = self._parser.error_log
        if not len(log):
            return []
        return [error for error in log if error.level >= etree.ErrorLevels.FATAL and error.domain != etree.ErrorDomains.NAMESPACE]


def _line(element: Any) -> int:
    """The line that an element begins on; 0 where the parser kept none."""
    return int(element.sourceline or 0)


def _last_line(element: etree._Element) -> int:
    """The line that the text of an element ends on."""
    last = _line(element)
    for node in element.iter():
        line = _line(node) if isinstance(node.tag, str) else last
        last = max(last, line + (node.text or "").count("\n"), line)
    return last


def _name(element: etree._Element) -> str:
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    space, _, local = tag.rpartition("}")
    if not space:
        return local
    return next((prefix for mark, prefix in _SPACES if mark in space), "") + local


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _read_head(element: etree._Element, name: str, site: Site) -> None:
    if name == "wp:author":
        texts = {_name(child): _text(child) for child in element}
        login = texts.get("wp:author_login", "").strip()
        whole = f"{texts.get('wp:author_first_name', '')} {texts.get('wp:author_last_name', '')}"
        shown = clean_line(texts.get("wp:author_display_name", "")) or clean_line(whole) or login
        if login:
            site.authors[login] = Named(shown, text=escape(clean_line(texts.get("wp:author_description", ""))))
    elif name in ("wp:base_blog_url", "link") and not site.address:
        site.address = _text(element).strip()


def _post(element: etree._Element) -> Post:
    post = Post(_line(element))
    for child in element:
        name = _name(child)
        if name == "wp:postmeta":
            parts = {_name(part): _text(part) for part in child}
            post.meta[parts.get("wp:meta_key", "")] = parts.get("wp:meta_value", "")
        elif name == "category":
            post.terms.append((child.get("domain") or "category", child.get("nicename") or "", clean_line(unescape(_text(child)))))
        elif name == "wp:comment":
            post.comments += 1
        elif name:
            post.texts[name] = _text(child)
    return post


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _describe(error: Any) -> str:
    """A parser's complaint on one line, with its line of the file."""
    message = getattr(error, "message", None) or getattr(error, "msg", None) or "no XML at all"
    line = getattr(error, "line", None)
    return " ".join(str(message).split())[:200] + (f" (line {line})" if line else "")


def _attachment(post: Post) -> Attachment:
    address = post.get("wp:attachment_url").strip() or post.get("guid").strip()
    credit = next((post.meta[name] for name in _CREDITS if post.meta.get(name)), "")
    return Attachment(
        address=address,
        caption=plain(post.get("excerpt:encoded")),
        alt=clean_line(post.meta.get("_wp_attachment_image_alt", "")),
        credit=clean_line(credit),
    )


def _read_post(post: Post, site: Site, name: str, folder: Path, desk: Desk, left_out: Counter[str]) -> Iterator[Reading]:
    if post.comments:
        left_out["comment"] += post.comments
    if post.kind not in ("post", "page"):
        left_out[post.kind.replace("_", " ")] += 1
        return
    try:
        yield _item(post, site, name, folder, desk)
    except Refused as refused:
        yield Refusal(name, f"“{plain(post.get('title'))[:80] or 'post ' + post.post_id}”: {refused}", post.line)


def _item(post: Post, site: Site, name: str, folder: Path, desk: Desk) -> Item:
    status = post.get("wp:status").strip() or "publish"
    if status in _GONE:
        raise Refused(_GONE[status])
    if status != "publish" and status not in _DRAFTS:
        raise Refused(f"its status “{status[:40]}” is not known")
    headline = clean_line(plain(post.get("title")))
    if not headline:
        raise Refused("it has no headline")
    body, warnings = html_from_wordpress(post.get("content:encoded"), site.attachments, site.reusable)
    locked = bool(post.get("wp:post_password").strip())
    if _DRAFTS.get(status):
        warnings.append(_DRAFTS[status])
    if locked:
        warnings.append("it had a password and is now a draft")
    return Item(
        identity=f"wxr:{post.get('guid').strip() or site.address}#{post.post_id or headline}",
        source=name,
        line=post.line,
        folder=folder,
        headline=headline,
        body_html=body + _footnotes(post, body),
        is_page=post.kind == "page",
        is_draft=status in _DRAFTS or locked,
        dek=plain(post.get("excerpt:encoded")),
        slug=clean_line(post.get("wp:post_name")),
        published_at=_date(post, desk),
        authors=_authors(post, site),
        topics=_topics(post),
        headline_search=_search_headline(post),
        lead_photo=_lead_photo(post, site),
        old_addresses=_old_addresses(post),
        base_url=post.get("link").strip() if post.get("link").strip().startswith("http") else site.address,
        warnings=tuple(warnings),
    )


def _date(post: Post, desk: Desk) -> datetime | None:
    """The date of publication: in UTC where the export has it, else in the publication's zone."""
    gmt = parse_moment(_utc(post.get("wp:post_date_gmt")), desk)
    return gmt or parse_moment(post.get("wp:post_date"), desk) or parse_moment(post.get("pubDate"), desk)


def _utc(text: str) -> str:
    return (
        f"{text.strip()}+00:00"
        if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text.strip()) and text.strip()[:4] != "0000"
        else ""
    )


def _authors(post: Post, site: Site) -> tuple[Named, ...]:
    """The byline: Co-Authors Plus's terms in their order, else the post's creator."""
    shared = [(slug, text) for domain, slug, text in post.terms if domain == "author"]
    logins = [(text, slug.removeprefix("cap-")) for slug, text in shared] or [(post.get("dc:creator").strip(), "")]
    found: dict[Named, None] = {}
    for login, slug in logins:
        named = site.authors.get(login) or site.authors.get(slug) or Named(login)
        if named.name:
            found[named] = None
    return tuple(found)


def _topics(post: Post) -> tuple[Named, ...]:
    """Categories, then tags."""
    found: dict[str, Named] = {}
    for wanted in (("category",), ("tag", "post_tag")):
        for domain, slug, text in post.terms:
            if domain in wanted and text and slug.lower() not in _NO_TOPICS and text.lower() not in _NO_TOPICS:
                found.setdefault(text.casefold(), Named(text, slug if re.fullmatch(r"[a-z0-9-]+", slug) else ""))
    return tuple(found.values())


def _search_headline(post: Post) -> str:
    title = clean_line(post.meta.get("_yoast_wpseo_title", ""))
    return "" if "%%" in title else title


def _lead_photo(post: Post, site: Site) -> Picture | None:
    attachment = site.attachments.get(post.meta.get("_thumbnail_id", "").strip())
    if attachment is None or not attachment.address:
        return None
    return Picture(attachment.address, attachment.caption, attachment.credit, alt=attachment.alt)


def _old_addresses(post: Post) -> tuple[str, ...]:
    link = post.get("link").strip()
    query = "page_id" if post.kind == "page" else "p"
    paths = [address_path(link) if link else "", f"/?{query}={post.post_id}" if post.post_id else ""]
    return tuple(dict.fromkeys(path for path in paths if path))


def _footnotes(post: Post, body: str) -> str:
    """The notes that WordPress keeps beside the text, as the list that its footnotes block would show."""
    try:
        notes = json.loads(post.meta.get("footnotes", "") or "[]")
        pairs = [(str(note["id"]), str(note["content"])) for note in notes]
    except (ValueError, TypeError, KeyError):
        return ""
    lines = [f'<li id="{escape(key)}">{text} <a href="#{escape(key)}-link">↩︎</a></li>' for key, text in pairs if key in body]
    return f'<ol class="wp-block-footnotes">{"".join(lines)}</ol>' if lines else ""
