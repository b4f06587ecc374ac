"""What every page says of the publication: name, menus, colours, the wall's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from broadsheet.billing.law_store import Laws, load_laws
from broadsheet.billing.models import Plan
from broadsheet.core.money import price_text
from broadsheet.pages.records import Link
from broadsheet.pages.theme import theme_path
from broadsheet.pages.variants import renews_text
from broadsheet.publication.models import PlainPage, Publication
from broadsheet.publication.store import load_publication

MASTHEAD = (
    Link("Regions", "/regions/"),
    Link("Topics", "/topics/"),
    Link("In depth", "/library/kind/in-depth/"),
    Link("Library", "/library/"),
    Link("About", "/about/"),
)
FOOT = (
    Link("About", "/about/"),
    Link("Help", "/help/"),
    Link("Countries", "/countries/"),
    Link("Corrections", "/corrections/"),
    Link("Privacy", "/privacy/"),
    Link("Terms", "/terms/"),
    Link("Imprint", "/imprint/"),
)
# Pages that the publisher writes: a link to one shows once it is there. Help always is.
WRITTEN = frozenset({"/about/", "/privacy/", "/terms/", "/imprint/"})


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
    help_address: str
    theme_path: str
    subscribe_from: str
    has_friend_links: bool
    wording: Wording


_last_loaded: Site | None = None


def load_site(*, now: datetime) -> Site:
    """The publication's settings, ready for templates."""
    global _last_loaded
    publication = load_publication()
    menus: dict[str, list[Link]] = {}
    if publication.pk:
        for link in publication.menu_links.all():
            menus.setdefault(link.menu, []).append(Link(link.label, link.path))
    written = {f"/{slug}/" for slug in PlainPage.objects.values_list("slug", flat=True)}
    cheapest = Plan.objects.filter(is_offered=True, period=Plan.Period.MONTH, price_cents__gt=0).order_by("price_cents").first()
    _last_loaded = compose_site(
        publication,
        masthead=tuple(menus.get("masthead") or _standing(MASTHEAD, written)),
        foot=(*(menus.get("foot") or _standing(FOOT, written)), *_declaring(load_laws())),
        subscribe_from=f"{price_text(cheapest.price_cents, cheapest.currency)} a month" if cheapest else "",
        now=now,
    )
    return _last_loaded


def site_without_database(*, now: datetime) -> Site:
    """What a page can say of the publication when the database cannot be asked: what this process knew of it last."""
    if _last_loaded is not None:
        return _last_loaded
    help_link = tuple(link for link in FOOT if link.path not in WRITTEN)
    return compose_site(Publication(), masthead=_standing(MASTHEAD, set()), foot=help_link, subscribe_from="", now=now)


def compose_site(
    publication: Publication, *, masthead: tuple[Link, ...], foot: tuple[Link, ...], subscribe_from: str, now: datetime
) -> Site:
    """The record of one publication, with the wall's words filled in."""
    renews = renews_text(now, settings.BROADSHEET.zone)
    numbers = {"allowance": in_words(publication.articles_per_month), "renews": renews, "name": publication.name}
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
        masthead=masthead,
        foot=foot,
        allowance=publication.articles_per_month,
        renews=renews,
        newsletter_by_default=publication.newsletter_by_default,
        help_address=publication.help_address or settings.BROADSHEET.support_address,
        theme_path=theme_path(publication.accent_light, publication.accent_dark),
        subscribe_from=subscribe_from,
        has_friend_links=publication.friend_links_per_month > 0,
        wording=_wording(publication, numbers),
    )


def _declaring(laws: Laws) -> tuple[Link, ...]:
    """What the law wants on each page, whatever menu the publisher has made; in the words of the law."""
    withdraw = (Link("Withdraw from contract here", "/withdraw/"),) if laws.eu_withdrawal else ()
    return (*withdraw, *((Link("Cancel contracts here", "/cancel/"),) if laws.german_cancel else ()))


def _standing(links: tuple[Link, ...], written: set[str]) -> tuple[Link, ...]:
    return tuple(link for link in links if link.path not in WRITTEN or link.path in written)


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
