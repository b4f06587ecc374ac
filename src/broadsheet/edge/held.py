"""What one process holds in memory: finished pages up to a number of bytes, and what articles allow."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Generic, Protocol, TypeVar

from broadsheet.edge.database import FoundPage
from broadsheet.paywall.resolver import Asked


class Shelved(Protocol):
    """What a shelf can hold; its length is in bytes."""

    is_used: bool

    def __len__(self) -> int: ...


Value = TypeVar("Value", bound=Shelved)
Headers = list[tuple[str, str]]


PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"
OVERHEAD_BYTES = 3_000  # of a held page beside its body: key, header lists and Python's own objects


class HeldAnswer:
    """One finished answer; `variant` is what it is counted under."""

    __slots__ = ("_head", "body", "headers", "status", "variant")

    def __init__(self, status: str, headers: Headers, body: bytes, variant: str) -> None:
        self.status, self.headers, self.body, self.variant = status, headers, body, variant
        self._head = b""

    @property
    def head(self) -> bytes:
        """As `write_head` gives it, made once."""
        if not self._head:
            self._head = write_head(self.status, self.headers)
        return self._head


def write_head(status: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Status line and headers as they go over a connection (RFC 9112, 2.1); the date and an empty line have to follow."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    return f"HTTP/1.1 {status}\r\n{lines}".encode("latin-1")


@dataclass(slots=True)
class HeldPage:
    """One encoding of one variant, with its answers made once.

    `shared` goes to strangers, `private` to a reader whom cookies or a network chose it for; `file` goes to
    everybody alike, if the page is a feed or a sitemap. `ads` are the house ads on it.
    """

    body: bytes
    etag: str
    shared: HeldAnswer
    private: HeldAnswer
    not_modified: HeldAnswer
    file: HeldAnswer
    file_not_modified: HeldAnswer
    valid_until: datetime | None
    mentions: frozenset[int]
    ads: tuple[int, ...] = ()
    is_used: bool = False

    def __len__(self) -> int:
        return len(self.body) + OVERHEAD_BYTES

    def is_valid(self, now: datetime) -> bool:
        """Whether nothing on the page has run out."""
        return self.valid_until is None or now < self.valid_until


def name_variant(kind: str, content_type: str) -> str:
    """What answers with a page are counted under: an article's kind, `list-` and whom its masthead speaks to, `file`."""
    if not content_type.startswith("text/html"):
        return "file"
    return kind if kind.startswith(("wall-", "open-")) else f"list-{kind}"


def hold_page(found: FoundPage, kind: str, encoding: str, security_headers: Headers) -> HeldPage:
    """A row of the variant table as it will go over the wire."""
    body = found.body if encoding else gzip.decompress(found.body)
    tag = f'"{found.etag}-{encoding or "id"}"'
    content: Headers = [("Content-Type", found.content_type), ("Content-Length", str(len(body)))]
    if encoding:
        content.append(("Content-Encoding", encoding))
    public: Headers = [("Cache-Control", PUBLIC), ("ETag", tag), *security_headers]
    by_cookie, by_encoding = ("Vary", "Cookie, Accept-Encoding"), ("Vary", "Accept-Encoding")
    variant = name_variant(kind, found.content_type)

    def whole(headers: Headers) -> HeldAnswer:
        return HeldAnswer("200 OK", [*content, *headers], body, variant)

    def not_modified(headers: Headers) -> HeldAnswer:
        return HeldAnswer("304 Not Modified", headers, b"", variant)

    return HeldPage(
        body=body,
        etag=tag,
        shared=whole([by_cookie, *public]),
        private=whole([by_cookie, ("Cache-Control", PRIVATE), *security_headers]),
        not_modified=not_modified([by_cookie, *public]),
        file=whole([by_encoding, *public]),
        file_not_modified=not_modified([by_encoding, *public]),
        valid_until=found.valid_until,
        mentions=found.mentions,
        ads=found.ads,
    )


@dataclass(slots=True)
class HeldArticle:
    """What the resolver asks about one published article, and the slug its address must have."""

    slug: str
    asked: Asked
    published_at: datetime
    is_used: bool = False

    def __len__(self) -> int:
        return 500


class Shelf(Generic[Value]):
    """A cache bounded by the summed length of its values.

    Whatever was asked for since it last had to make room is spared once. An order by last use would say the same
    more exactly; but to keep it, each answer would touch the neighbours of what it takes, which lie in no processor's cache.

    What was loaded before a change must not be put back after it: a loader notes `turn` first and hands it
    to `put`, which refuses if the shelf has been cleared of anything since.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()
        self.bytes = 0
        self.turn = 0

    def get(self, key: Hashable) -> Value | None:
        """The value under `key`, which thereby counts as used."""
        value = self._values.get(key)  # without the lock, which costs half a microsecond: for other threads it is one step
        if value is not None:
            value.is_used = True
        return value

    def put(self, key: Hashable, value: Value, *, turn: int) -> None:
        """Keep a value that was loaded at `turn`; old ones that nobody has asked for make room."""
        size = len(value)
        with self._lock:
            if turn != self.turn or size > self._max_bytes:
                return
            self._drop(key)
            self._values[key] = value
            self.bytes += size
            while self.bytes > self._max_bytes:
                self._make_room(key)

    def discard(self, keys: Collection[Hashable]) -> None:
        """Forget these keys, and whatever is being loaded just now."""
        with self._lock:
            self.turn += 1
            for key in keys:
                self._drop(key)

    def clear(self) -> None:
        """Forget everything, and whatever is being loaded just now."""
        with self._lock:
            self.turn += 1
            self._values.clear()
            self.bytes = 0

    def items(self) -> list[tuple[Hashable, Value]]:
        """Keys and values of this moment."""
        with self._lock:
            return list(self._values.items())

    def __len__(self) -> int:
        return len(self._values)

    def _drop(self, key: Hashable) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self.bytes -= len(value)

    def _make_room(self, newest: Hashable) -> None:
        key, value = next(iter(self._values.items()))
        if value.is_used or key == newest:
            value.is_used = False
            self._values.move_to_end(key)
        else:
            self._drop(key)
