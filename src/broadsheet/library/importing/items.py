"""What readers of files give: items to import, refusals, and things that are no articles.

Plain values; nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from broadsheet.library.access import Access, Kind


@dataclass(frozen=True, slots=True)
class Named:
    """An author, topic or region as a source names it; `text` is the author's biography or the topic's description."""

    name: str
    slug: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a source refers to it: a file's name or an address, and its words."""

    source: str
    caption: str = ""
    credit: str = ""
    licence: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A correction: what was wrong, and when that was said."""

    on: date
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One article (or plain page) as its source has it.

    `identity` names it for ever within its source; `source` says where it stands, for people. `folder` is where
    its pictures may lie, `pictures` holds those that came inside the file. `access` and `kind` are None where the source
    does not say.
    """

    identity: str
    source: str
    headline: str
    body_html: str
    line: int | None = None
    is_page: bool = False
    is_draft: bool = False
    dek: str = ""
    slug: str = ""
    kind: Kind | None = None
    access: Access | None = None
    published_at: datetime | None = None
    revised_at: datetime | None = None
    authors: tuple[Named, ...] = ()
    topics: tuple[Named, ...] = ()
    regions: tuple[Named, ...] = ()
    headline_home: str = ""
    headline_search: str = ""
    headline_social: str = ""
    lead_photo: Picture | None = None
    corrections: tuple[Amendment, ...] = ()
    old_addresses: tuple[str, ...] = ()
    base_url: str = ""
    folder: Path | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item or file that is not imported, and why; `line` is where it stands in the file, from 1."""

    source: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.source}, line {self.line}" if self.line is not None else self.source
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a source that is neither article nor page (a menu entry, a comment, a style sheet)."""

    kind: str
    count: int = 1


Reading = Item | Refusal | LeftOut
Readings = Iterator[Reading]


@dataclass(frozen=True, slots=True)
class Desk:
    """What readers need to know of the publication: the present moment and its time zone."""

    now: datetime
    zone: ZoneInfo

    def midnight(self, on: date, at: time = time()) -> datetime:
        """The moment at which `on` starts (or reaches `at`) in the publication's zone."""
        return datetime.combine(on, at, tzinfo=self.zone)


class Refused(Exception):
    """Raised inside a reader to refuse the item or file at hand; the reader turns it into a `Refusal`."""
