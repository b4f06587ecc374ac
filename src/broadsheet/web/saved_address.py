"""The addresses of a reader's list of saved articles: what of it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from broadsheet.shelves.store import Order, Wish
from broadsheet.web.next_path import own_path

LIST = "/account/saved/"
LONGEST_TYPED = 200
UNFILED = "none"
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """Folder (`none`: in no folder), words, order and place as the address holds them; `removed` names what can be undone."""

    folder: str = ""
    q: str = ""
    order: Order = Order.SAVED
    after: int = 0
    before: int = 0
    removed: int = 0

    def __str__(self) -> str:
        values = {
            "folder": self.folder,
            "q": self.q,
            "order": self.order if self.order is not Order.SAVED else "",
            "after": self.after,
            "before": self.before,
            "removed": self.removed,
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{LIST}?{query}" if query else LIST

    @property
    def folder_id(self) -> int | None:
        """The folder's number, 0 for what lies in none, None for everything."""
        return 0 if self.folder == UNFILED else read_number(self.folder) or None

    @property
    def wish(self) -> Wish:
        """What the list is to show."""
        words = tuple(self.q.split())
        return Wish(
            self.folder_id, words, self.order, beyond=self.after or self.before, is_back=not self.after and bool(self.before)
        )

    def turned(self, **changes: Any) -> SavedAddress:
        """The same list from its start, changed so."""
        return replace(self, **{"after": 0, "before": 0, "removed": 0, **changes})


def read_address(values: dict[str, list[str]]) -> SavedAddress:
    """What an address asks for; what makes no sense in it is passed by."""

    def first(name: str) -> str:
        return (values.get(name) or [""])[0].replace("\x00", "")

    folder = first("folder")
    return SavedAddress(
        folder=folder if folder == UNFILED or read_number(folder) else "",
        q=" ".join(first("q")[:LONGEST_TYPED].split()),
        order=Order.PUBLISHED if first("order") == Order.PUBLISHED else Order.SAVED,
        after=read_number(first("after")),
        before=read_number(first("before")),
        removed=read_number(first("removed")),
    )


def read_path(text: str) -> SavedAddress:
    """The list that a form leads back to; the whole list, if the text names none."""
    path = own_path(text)
    return read_address(parse_qs(urlsplit(path).query)) if path.startswith(LIST) else SavedAddress()


def read_number(text: str) -> int:
    """A row's number, or 0."""
    return int(text) if _NUMBER.fullmatch(text) else 0
