"""The home page: arranged by `library.frontpage`, with each picture shown once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings

from broadsheet.library.access import Kind
from broadsheet.library.frontpage import Candidate, FrontPage, Pin, Room, Section, arrange
from broadsheet.library.models import Article, HomePage, HomePin, Region
from broadsheet.library.store import next_change, published_articles
from broadsheet.pages.articles import load_cards
from broadsheet.pages.pictures import earliest_expiry
from broadsheet.pages.records import Card, Link, Picture

NEWEST = 200  # articles that the page is arranged from, besides pins and each region's newest
NEWEST_PER_REGION = 30


@dataclass(frozen=True, slots=True)
class Placed:
    """A card in its place, with the picture it shows there."""

    card: Card
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class RegionPart:
    """One region's part of the page."""

    region: Link
    cards: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """The home page's parts, and until when it stands as it is."""

    leads: tuple[Placed, ...]
    latest: tuple[Placed, ...]
    in_depth: tuple[Placed, ...]
    regions: tuple[RegionPart, ...]
    article_ids: tuple[int, ...]
    valid_until: datetime

    @property
    def shape(self) -> str:
        """How the lead stands: under its picture (`pictured`), beside it (`upright`), or by its words alone (`worded`)."""
        picture = self.leads[0].picture if self.leads else None
        if picture is None:
            return "worded"
        return "upright" if picture.width < 1.15 * picture.height else "pictured"


def load_home(*, now: datetime) -> Home:
    """The home page as it stands at `now`."""
    settings_row = HomePage.objects.first() or HomePage()
    pins = _load_pins(settings_row)
    regions = list(Region.objects.all())
    page = arrange(
        _load_candidates(regions, pins, now=now), pins, _room(settings_row), region_ids=[region.pk for region in regions], now=now
    )
    cards = {card.article_id: card for card in load_cards(page.article_ids, now=now)}
    shown: set[int] = set()
    leads = _place(page.lead, cards, shown, pictured=len(page.lead))
    in_depth = _place(page.in_depth, cards, shown, pictured=len(page.in_depth))
    latest = _place(page.latest, cards, shown, pictured=0)
    parts = tuple(
        RegionPart(Link(region.name, region.get_absolute_url()), _place(page.regions[region.pk], cards, shown, pictured=1))
        for region in regions
        if region.pk in page.regions
    )
    return Home(leads, latest, in_depth, parts, page.article_ids, _valid_until(page, pins, cards.values(), now=now))


def _place(ids: Iterable[int], cards: dict[int, Card], shown: set[int], *, pictured: int) -> tuple[Placed, ...]:
    """Cards in order; the first `pictured` of them with their picture, unless it stands on the page already."""
    placed = []
    for position, card in enumerate(cards[article_id] for article_id in ids if article_id in cards):
        picture = card.picture if position < pictured else None
        if picture is None or picture.photo_id in shown:
            placed.append(Placed(card))
        else:
            shown.add(picture.photo_id)
            placed.append(Placed(card, picture))
    return tuple(placed)


def _room(row: HomePage) -> Room:
    return Room(lead=row.lead_count, latest=row.latest_count, in_depth=row.in_depth_count, per_region=row.per_region_count)


def _load_pins(row: HomePage) -> list[Pin]:
    if not row.pk:
        return []
    pins = HomePin.objects.filter(home=row).order_by("sort_order", "id")
    return [Pin(Section(pin.section), pin.article_id, pin.until) for pin in pins]


def _load_candidates(regions: list[Region], pins: list[Pin], *, now: datetime) -> list[Candidate]:
    known = published_articles(now=now).order_by("-published_at", "-id")
    ids = set(known.values_list("id", flat=True)[:NEWEST]) | {pin.article_id for pin in pins}
    for region in regions:
        ids.update(known.filter(regions=region).values_list("id", flat=True)[:NEWEST_PER_REGION])
    of_article: dict[int, list[int]] = {}
    for article_id, region_id in Article.regions.through.objects.filter(article_id__in=ids).values_list("article_id", "region_id"):
        of_article.setdefault(article_id, []).append(region_id)
    return [
        Candidate(pk, kind == Kind.IN_DEPTH, tuple(of_article.get(pk, ())))
        for pk, kind in known.filter(pk__in=ids).values_list("id", "kind")
    ]


def _valid_until(page: FrontPage, pins: list[Pin], cards: Iterable[Card], *, now: datetime) -> datetime:
    """The first of: the day's end (the page is dated), a pin's, an embargo's, the next article, a photo's licence."""
    zone = settings.BROADSHEET.zone
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    ends = [midnight, next_change(now=now), *(pin.until for pin in pins)]
    ends.append(earliest_expiry([card.picture.photo_id for card in cards if card.picture]))
    return min(end for end in ends if end is not None and end > now)
