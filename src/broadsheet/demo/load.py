"""Fills a new installation with the demo publication. Doing it again changes nothing that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from markdown_it import MarkdownIt

from broadsheet.accounts.flows import keep_address_row
from broadsheet.accounts.models import User
from broadsheet.accounts.staff_flows import appoint
from broadsheet.ads.models import HouseAd
from broadsheet.billing import offline_flows
from broadsheet.billing.models import Campaign, InvoiceSettings, LawSettings, Order, Plan, Price
from broadsheet.billing.order_flows import order_of
from broadsheet.billing.subscription_flows import apply_snapshot
from broadsheet.demo.people import PEOPLE, Person, authenticator_secret, demo_password
from broadsheet.library.access import Access
from broadsheet.library.importing.items import Desk, Item, Reading
from broadsheet.library.importing.markdown import read_markdown
from broadsheet.library.importing.writer import import_items
from broadsheet.library.models import (
    Article,
    Author,
    HomePage,
    HomePin,
    Region,
    Series,
    SeriesPart,
    StartEntry,
    StartSet,
    Topic,
)
from broadsheet.paywall.flows import unlock_article
from broadsheet.publication.models import PlainPage, Publication

CONTENT = Path(__file__).parent / "content"


def load_demo(*, now: datetime) -> None:
    """Make the publication, its articles and its people, unless they are there already."""
    content = yaml.safe_load((CONTENT / "publication.yaml").read_text())
    _load_publication(content["publication"])
    if not LawSettings.objects.exists():
        LawSettings.objects.create(**content["laws"])
    if not InvoiceSettings.objects.exists():
        InvoiceSettings.objects.create(**content["invoices"])
    _load_subjects(content)
    _load_pages()
    _load_ads(content["house_ads"], now=now)
    if not Article.objects.exists():
        import_items(read_articles(now), now=now, access=Access.METERED)
        _pin_home(content["home"]["pins"])
        _arrange(content["series"], content["start_here"])
    for person in PEOPLE:
        _load_person(person, now=now)


def read_articles(now: datetime) -> list[Reading]:
    """The demo's articles, dated relative to `now` and never later: today's have appeared already."""
    desk = Desk(now, settings.BROADSHEET.zone)
    latest = now - timedelta(minutes=10)
    return [
        replace(item, published_at=min(item.published_at or latest, latest), folder=CONTENT / "figures")
        for path in sorted((CONTENT / "articles").glob("*.md"))
        for item in read_markdown(path, f"demo/{path.name}", desk)
        if isinstance(item, Item)
    ]


def _load_publication(values: Mapping[str, Any]) -> None:
    if not Publication.objects.exists():
        Publication.objects.create(help_address=settings.BROADSHEET.support_address, **values)


def _load_subjects(content: Mapping[str, Any]) -> None:
    for model, rows in ((Topic, content["topics"]), (Region, content["regions"])):
        for position, row in enumerate(rows):
            model.objects.get_or_create(slug=row["slug"], defaults={**row, "position": position})
    for row in content["authors"]:
        slug = row["name"].lower().replace(" ", "-")
        Author.objects.get_or_create(slug=slug, defaults={**row, "affiliation": "Meridian"})
    for position, row in enumerate(content["plans"]):
        Plan.objects.get_or_create(slug=row["slug"], defaults={**row, "position": position})
    for row in content["campaigns"]:
        campaign, is_new = Campaign.objects.get_or_create(
            slug=row["slug"], defaults={name: row[name] for name in row if name != "plans"}
        )
        if is_new:
            campaign.plans.set(Plan.objects.filter(slug__in=row["plans"]))


def _load_ads(rows: list[Mapping[str, Any]], *, now: datetime) -> None:
    if not HouseAd.objects.exists():
        for row in rows:
            HouseAd.objects.create(first_day=now.astimezone(settings.BROADSHEET.zone).date(), **row)


def _load_pages() -> None:
    for path in sorted((CONTENT / "pages").glob("*.md")):
        title, _, body = path.read_text().partition("\n")
        html = MarkdownIt().render(body)
        PlainPage.objects.get_or_create(slug=path.stem, defaults={"title": title.removeprefix("# "), "body": html})


def _pin_home(pins: list[Mapping[str, str]]) -> None:
    home = HomePage.objects.first() or HomePage.objects.create()
    for position, pin in enumerate(pins):
        article = Article.objects.filter(slug=pin["article"]).first()
        if article is not None:
            HomePin.objects.create(home=home, section=pin["section"], article=article, sort_order=position)


def _arrange(series: list[Mapping[str, Any]], sets: list[Mapping[str, Any]]) -> None:
    """Put articles into series and into sets to start with."""
    ids = dict(Article.objects.values_list("slug", "pk"))
    for row in series:
        made = Series(**{name: row[name] for name in row if name != "parts"})
        made.parts = [SeriesPart(article_id=ids[slug], sort_order=order) for order, slug in enumerate(row["parts"])]
        made.save()
    for position, row in enumerate(sets):
        topic, region = Topic.objects.filter(slug=row.get("topic")).first(), Region.objects.filter(slug=row.get("region")).first()
        start = StartSet(title=row["title"], sentence=row["sentence"], topic=topic, region=region, position=position)
        start.entries = [StartEntry(article_id=ids[slug], sort_order=order) for order, slug in enumerate(row["articles"])]
        start.save()


@transaction.atomic
def _load_person(person: Person, *, now: datetime) -> None:
    if User.objects.filter(email=person.address).exists():
        return
    secret = settings.BROADSHEET.secret_key
    user = _appoint(person, secret, now) if person.role else _make_reader(person, secret, now)
    if person.subscribes:
        _subscribe(user, "all-access-year", now)
    if person.spends_all:
        metered = Article.objects.filter(live=True, access=Access.METERED).order_by("published_at").values_list("pk", flat=True)
        for article_id in metered[:3]:
            unlock_article(user.pk, article_id, now=now)


def _subscribe(user: User, slug: str, now: datetime) -> None:
    """Buy a plan from the offline provider, as a reader does on its page."""
    price = Price.objects.select_related("plan").filter(plan__slug=slug)[0]
    order = Order.objects.create(
        ref=f"demo-{user.pk}", reader=user, price=price, provider=offline_flows.NAME, agreed_text="demo subscriber", created_at=now
    )
    ref = offline_flows.pay_order(order, order_of(order), now=now)
    apply_snapshot(offline_flows.NAME, offline_flows.OfflineProvider().fetch(ref, now=now), order=order, now=now)


def _appoint(person: Person, secret_key: str, now: datetime) -> User:
    password, secret = demo_password(person, secret_key=secret_key), authenticator_secret(person, secret_key=secret_key)
    return appoint(person.address, password, role=person.role, secret=secret, now=now).user


def _make_reader(person: Person, secret_key: str, now: datetime) -> User:
    user = User.objects.create_user(person.address, demo_password(person, secret_key=secret_key), confirmed_at=now)
    keep_address_row(user)
    return user


def is_demo_loaded() -> bool:
    """Whether the demo's people are there, who come last."""
    return User.objects.filter(email=PEOPLE[-1].address).exists() and Authenticator.objects.exists()
