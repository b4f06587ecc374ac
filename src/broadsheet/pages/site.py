"""What every page says of the publication: name, menus, colours, the wall's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from broadsheet.pages.records import Link
from broadsheet.pages.variants import renews_text
from broadsheet.publication.models import Publication
from broadsheet.publication.store import load_publication

MASTHEAD = (Link("Regions", "/regions/"), Link("Topics", "/topics/"), Link("Library", "/library/"))
FOOT = (
    Link("About", "/about/"),
    Link("Help", "/help/"),
    Link("Privacy", "/privacy/"),
    Link("Terms", "/terms/"),
    Link("Imprint", "/imprint/"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of the wall, with the numbers of the day filled in."""

    heading: str
    text: str
    button: str
    small: str
    meter_text: str
    meter_button: str
    spent_text: str
    subscribers_text: str
    offer_heading: str
    offer_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """The publication as a page's template needs it."""

    name: str
    tagline: str
    description: str
    publisher: str
    url: str
    language: str
    logo: str
    accent_light: str
    accent_dark: str
    masthead: tuple[Link, ...]
    foot: tuple[Link, ...]
    allowance: int
    renews: str
    newsletter_by_default: bool
    wording: Wording


def load_site(*, now: datetime) -> Site:
    """The publication's settings, ready for templates."""
    publication = load_publication()
    menus: dict[str, list[Link]] = {}
    if publication.pk:
        for link in publication.menu_links.all():
            menus.setdefault(link.menu, []).append(Link(link.label, link.path))
    renews = renews_text(now, settings.BROADSHEET.zone)
    return Site(
        name=publication.name,
        tagline=publication.tagline,
        description=publication.description,
        publisher=publication.publisher or publication.name,
        url=settings.BROADSHEET.site_url,
        language=publication.language,
        logo=publication.logo.url if publication.logo else "",
        accent_light=publication.accent_light,
        accent_dark=publication.accent_dark,
        masthead=tuple(menus.get("masthead", MASTHEAD)),
        foot=tuple(menus.get("foot", FOOT)),
        allowance=publication.articles_per_month,
        renews=renews,
        newsletter_by_default=publication.newsletter_by_default,
        wording=_wording(publication, {"allowance": in_words(publication.articles_per_month), "renews": renews, "name": publication.name}),
    )


def in_words(number: int) -> str:
    """Small numbers as words, as the house style wants them."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[number] if number < len(words) else str(number)


def _wording(publication: Publication, values: Mapping[str, str]) -> Wording:
    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    return Wording(
        heading=fill(publication.wall_heading),
        text=fill(publication.wall_text),
        button=fill(publication.wall_button),
        small=fill(publication.wall_small),
        meter_text=fill(publication.meter_text),
        meter_button=fill(publication.meter_button),
        spent_text=fill(publication.spent_text),
        subscribers_text=fill(publication.subscribers_text),
        offer_heading=fill(publication.offer_heading),
        offer_lines=tuple(fill(line) for line in publication.offer_lines.splitlines() if line.strip()),
    )
