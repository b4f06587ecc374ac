"""What a bulk change does to one article, and how it is taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

Values = Mapping[str, Any]  # some fields of `Placement`, as JSON holds them


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an article stands and who may read it: what a bulk change can change. Numbers are ids.

    Attributes:
        topics: in rising order, as are `regions`.
        authors: in the order of the byline.
    """

    access: str
    kind: str
    main_topic: int | None
    topics: tuple[int, ...]
    regions: tuple[int, ...]
    authors: tuple[int, ...]

    def with_values(self, values: Values) -> Placement:
        """The same with some fields as JSON holds them."""
        return replace(self, **{name: _from_json(value) for name, value in values.items()})

    def values(self, names: Iterable[str]) -> dict[str, Any]:
        """Some fields as JSON holds them."""
        return {name: _to_json(getattr(self, name)) for name in names}

    def differing(self, other: Placement) -> list[str]:
        """The names of the fields in which two differ."""
        return [field.name for field in fields(self) if getattr(self, field.name) != getattr(other, field.name)]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done to each of many articles; what is empty is left as it is.

    Attributes:
        authors: they stand in the byline instead of those there, or behind them if `keeps_authors`.
    """

    add_topics: tuple[int, ...] = ()
    remove_topics: tuple[int, ...] = ()
    add_regions: tuple[int, ...] = ()
    remove_regions: tuple[int, ...] = ()
    authors: tuple[int, ...] = ()
    keeps_authors: bool = True
    access: str = ""
    kind: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it would change nothing, whatever the article."""
        return replace(self, keeps_authors=True) == Operation()

    def is_possible(self, known: Known) -> bool:
        """Whether everything is there that it puts onto articles; what it takes away may be gone already."""
        return (
            known.topics.issuperset(self.add_topics)
            and known.regions.issuperset(self.add_regions)
            and known.authors.issuperset(self.authors)
        )

    def apply(self, before: Placement) -> Placement:
        """The placement of an article after the change; applying it again changes nothing.

        A main topic that is taken away leaves its place empty: the first of the others stands above the headline.
        """
        authors = self.authors
        if self.keeps_authors:
            authors = (*before.authors, *(author for author in self.authors if author not in before.authors))
        return replace(
            before,
            access=self.access or before.access,
            kind=self.kind or before.kind,
            main_topic=None if before.main_topic in self.remove_topics else before.main_topic,
            topics=_changed(before.topics, self.add_topics, self.remove_topics),
            regions=_changed(before.regions, self.add_regions, self.remove_regions),
            authors=authors,
        )

    def as_json(self) -> dict[str, Any]:
        """What `read_operation` reads."""
        return {name: _to_json(value) for name, value in asdict(self).items()}


def read_operation(stored: Values) -> Operation:
    """The operation that `Operation.as_json` wrote."""
    return Operation(**{name: _from_json(value) for name, value in stored.items()})


@dataclass(frozen=True, slots=True)
class Traces:
    """What a bulk change did to one article: the fields that it changed, in the row and in a newer draft, before or after.

    `draft` is None where there was no draft newer than the row.
    """

    row: Values
    draft: Values | None

    def as_json(self) -> dict[str, Values | None]:
        return {"row": self.row, "draft": self.draft}


@dataclass(frozen=True, slots=True)
class Known:
    """The topics, regions and authors that there are: one that was deleted comes back by no undo."""

    topics: frozenset[int]
    regions: frozenset[int]
    authors: frozenset[int]

    def of(self, values: Values) -> dict[str, Any]:
        """The values without what is gone."""
        kept = {**values}
        for name in ("topics", "regions", "authors"):
            if name in kept:
                kept[name] = [number for number in kept[name] if number in getattr(self, name)]
        if kept.get("main_topic") not in self.topics and "main_topic" in kept:
            kept["main_topic"] = None
        return kept


def take_back(now: Placement, *, before: Values, after: Values, known: Known) -> Placement | None:
    """The placement before a change; None if what the change has set was changed since, or nobody is left to be named."""
    expected, wanted = known.of(after), known.of(before)
    if now.values(expected) != expected or (before.get("authors") and not wanted["authors"]):
        return None
    return now.with_values(wanted)


def _changed(now: tuple[int, ...], added: tuple[int, ...], removed: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted((set(now) | set(added)) - set(removed)))


def _to_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _from_json(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
