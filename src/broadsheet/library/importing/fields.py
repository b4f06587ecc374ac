"""The fields of an item as JSON Lines and front matter write them; `docs/import.md` lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from broadsheet.library.access import Access, Kind
from broadsheet.library.importing.dates import parse_moment
from broadsheet.library.importing.items import Amendment, Desk, Item, Named, Picture, Refused

FIELDS = frozenset(
    "id url old_urls headline title headlines dek slug kind access date updated days_ago time author authors topics regions"
    " lead_photo corrections sources draft page body body_html body_markdown body_text".split()
)
PICTURE_FIELDS = frozenset("file caption credit licence alt".split())
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_Choice = TypeVar("_Choice", Kind, Access)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands: the name of its file, its line in it, and the folder its pictures lie in."""

    source: str
    line: int | None = None
    folder: Path | None = None


def item_from_fields(fields: Mapping[str, Any], body_html: str, place: Place, desk: Desk) -> Item:
    """The item that `fields` describe.

    Raises:
        Refused: a field cannot be used; the message says which and why.
    """
    headline = _text(fields, "headline") or _text(fields, "title")
    if not headline:
        raise Refused("it has no headline")
    headlines = _mapping(fields, "headlines")
    return Item(
        identity=_identity(fields, headline, place),
        source=place.source,
        line=place.line,
        folder=place.folder,
        headline=headline,
        body_html=body_html + _sources(fields),
        is_page=_flag(fields, "page"),
        is_draft=_flag(fields, "draft"),
        dek=_text(fields, "dek"),
        slug=_text(fields, "slug"),
        kind=_choice(fields, "kind", Kind),
        access=_choice(fields, "access", Access),
        published_at=_date(fields, desk),
        revised_at=parse_moment(fields.get("updated"), desk),
        authors=_names(fields, "authors") or _names(fields, "author"),
        topics=_names(fields, "topics"),
        regions=_names(fields, "regions"),
        headline_home=_text(headlines, "home"),
        headline_search=_text(headlines, "search"),
        headline_social=_text(headlines, "social"),
        lead_photo=_picture(fields),
        corrections=_corrections(fields, desk),
        old_addresses=_old_addresses(fields),
        base_url=_text(fields, "url"),
        warnings=_unknown(fields),
    )


def url_identity(url: str) -> str:
    """The identity of what stands at `url`, whether by http or https, with `www.` or without, with a last slash or without."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise Refused(f"the address “{url[:80]}” is not one") from None
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"url:{host}{parts.path.rstrip('/')}{query}"


def address_path(url: str) -> str:
    """The path of `url` with its query, as a request has it (decoded); empty when there is none beyond the root."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    path = "/" + unquote(parts.path).lstrip("/")
    whole = f"{path}?{parts.query}" if parts.query else path
    return "" if whole == "/" else whole


def _identity(fields: Mapping[str, Any], headline: str, place: Place) -> str:
    if identity := _text(fields, "id"):
        return f"id:{identity}"
    if url := _text(fields, "url"):
        return url_identity(url)
    if slug := _text(fields, "slug"):
        return f"slug:{slug}"
    if place.line is None:
        return f"file:{place.source}"
    return f"headline:{headline}|{fields.get('date') or ''}"


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A field's text on one line; numbers count as text."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict | list):
        raise Refused(f"the field “{name}” should be a text")
    return clean_line(str(value))


def clean_line(text: str) -> str:
    """`text` on one line, without what no database takes."""
    return " ".join((text if text.isprintable() else _UNREADABLE.sub(" ", text)).split())


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name, False)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Refused(f"the field “{name}” should be true or false")


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"the field “{name}” should have fields of its own")
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _choice(fields: Mapping[str, Any], name: str, kind: Callable[[str], _Choice]) -> _Choice | None:
    text = _text(fields, name)
    try:
        return kind(text) if text else None
    except ValueError:
        raise Refused(f"“{text[:40]}” is no {name}") from None


def _names(fields: Mapping[str, Any], name: str) -> tuple[Named, ...]:
    """Names once each, in order: texts, or mappings with `name`, `slug` and `biography`."""
    found: dict[Named, None] = {}
    for value in _list(fields, name):
        if isinstance(value, dict):
            named = Named(_text(value, "name"), _text(value, "slug"), _text(value, "biography"))
        else:
            named = Named(_text({name: value}, name))
        if named.name:
            found[named] = None
    return tuple(found)


def _date(fields: Mapping[str, Any], desk: Desk) -> datetime | None:
    """`date`, with `time` where it has none of its own; or so many `days_ago` before the publication's today."""
    written = fields.get("date")
    if written is None and fields.get("days_ago") is not None:
        written = desk.now.astimezone(desk.zone).date() - timedelta(days=_days(fields))
    at = _clock(fields)
    moment = parse_moment(written, desk)
    if moment is None or at is None:
        return moment
    return parse_moment(desk.midnight(moment.astimezone(desk.zone).date(), at), desk)


def _days(fields: Mapping[str, Any]) -> int:
    value = fields["days_ago"]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 200_000:
        raise Refused("the field “days_ago” should be a number of days")
    return value


def _clock(fields: Mapping[str, Any]) -> time | None:
    text = _text(fields, "time")
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(f"the time “{text[:20]}” is not one; write it as 06:30 in quotation marks") from None


def _picture(fields: Mapping[str, Any]) -> Picture | None:
    value = fields.get("lead_photo")
    if not value:
        return None
    if isinstance(value, str):
        return Picture(value)
    picture = _mapping(fields, "lead_photo")
    if not _text(picture, "file"):
        raise Refused("the field “lead_photo” names no file")
    words = {name: _text(picture, name) for name in PICTURE_FIELDS - {"file"}}
    return Picture(_text(picture, "file"), **words)


def _corrections(fields: Mapping[str, Any], desk: Desk) -> tuple[Amendment, ...]:
    found = []
    for value in _list(fields, "corrections"):
        if not isinstance(value, dict) or not _text(value, "text"):
            raise Refused("a correction should have “date” and “text”")
        moment = _date(value, desk)
        if moment is None:
            raise Refused("a correction has no date")
        found.append(Amendment(moment.astimezone(desk.zone).date(), _text(value, "text")))
    return tuple(found)


def _sources(fields: Mapping[str, Any]) -> str:
    """The list of sources as the end of the body."""
    lines = [_text({"sources": value}, "sources") for value in _list(fields, "sources")]
    items = "".join(f"<li>{escape(line, quote=False)}</li>" for line in lines if line)
    return f"<h2>Sources</h2><ul>{items}</ul>" if items else ""


def _old_addresses(fields: Mapping[str, Any]) -> tuple[str, ...]:
    urls = [_text({"url": url}, "url") for url in (fields.get("url"), *_list(fields, "old_urls"))]
    return tuple(dict.fromkeys(path for url in urls if url and (path := address_path(url))))


def _unknown(fields: Mapping[str, Any]) -> tuple[str, ...]:
    unknown = [str(name) for name in fields if name not in FIELDS]
    picture = fields.get("lead_photo")
    if isinstance(picture, dict):
        unknown += [f"lead_photo.{name}" for name in picture if name not in PICTURE_FIELDS]
    return tuple(f"the field “{name[:60]}” is not known and was not imported" for name in unknown)
