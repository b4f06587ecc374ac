""" "Start here": sets of articles in an editor's order, for a topic, a region or the whole library. Empty ones show nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from broadsheet.library.models import StartEntry, StartSet
from broadsheet.library.store import names_known_article
from broadsheet.pages.articles import load_cards
from broadsheet.pages.records import Card, Link


@dataclass(frozen=True, slots=True)
class ShownSet:
    """One set as a page shows it; `subject` is None for one of the whole library."""

    title: str
    sentence: str
    subject: Link | None
    cards: tuple[Card, ...]


def load_sets_of(facet: str, slug: str, *, now: datetime) -> list[ShownSet]:
    """The sets of one topic or region (`topic` or `region`, and its slug)."""
    return _load(list(StartSet.objects.filter(**{f"{facet}__slug": slug}).select_related("topic", "region")), now=now)


def load_library_sets(*, now: datetime) -> list[ShownSet]:
    """The sets of the whole library."""
    return _load(list(StartSet.objects.filter(topic=None, region=None)), now=now)


def load_all_sets(*, now: datetime) -> list[ShownSet]:
    """Every set: those of the whole library first, then by topic, then by region."""
    rows = StartSet.objects.select_related("topic", "region").order_by(
        F("region__position").asc(nulls_first=True),
        F("region__name").asc(nulls_first=True),
        F("topic__position").asc(nulls_first=True),
        F("topic__name").asc(nulls_first=True),
        "position",
        "id",
    )
    return _load(list(rows), now=now)


def has_sets(*, now: datetime) -> bool:
    """Whether there is a set with something to read."""
    return StartEntry.objects.filter(names_known_article(now=now)).exists()


def _load(rows: Sequence[StartSet], *, now: datetime) -> list[ShownSet]:
    if not rows:
        return []
    entries = (
        StartEntry.objects.filter(names_known_article(now=now), start_set__in=rows)
        .order_by("sort_order", "id")
        .values_list("start_set_id", "article_id")
    )
    in_set: dict[int, list[int]] = {}
    for set_id, article_id in entries:
        in_set.setdefault(set_id, []).append(article_id)
    ids = dict.fromkeys(article_id for of_one in in_set.values() for article_id in of_one)
    cards = {card.article_id: card for card in load_cards(list(ids), now=now)}
    return [
        ShownSet(row.title, row.sentence, _link(row), tuple(cards[pk] for pk in in_set[row.pk] if pk in cards))
        for row in rows
        if row.pk in in_set
    ]


def _link(row: StartSet) -> Link | None:
    return Link(row.subject.name, row.subject.get_absolute_url()) if row.subject else None
