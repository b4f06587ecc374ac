"""Puts the edge of one process together from settings, database and Django's application."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import DatabaseError, connection

from broadsheet.conf.headers import content_security_policy
from broadsheet.conf.watch.process import watch_process
from broadsheet.conf.watch.snapshots import Gauges
from broadsheet.core import clock, outage
from broadsheet.core.counts import COUNTS
from broadsheet.edge.application import Application, Edge
from broadsheet.edge.database import Database, DatabaseAway
from broadsheet.edge.held import Headers
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.tail import ChangeTail
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.site import load_site
from broadsheet.paywall.page_views import PageView, PageViews, ViewsNotWritten
from broadsheet.publication.models import Publication
from broadsheet.web.page_views import PAGE_VIEWS


def build_edge(django: Application) -> Edge:
    """The edge of this process, following the change log in a thread of its own."""
    installation = settings.BROADSHEET
    terms = Terms(
        recipe=current_recipe(),
        zone=installation.zone,
        default_allowance=Publication().articles_per_month,
        security_headers=security_headers(),
        has_movable_clock=installation.demo,
    )
    holdings = Holdings(Database(installation.database_url), terms, max_bytes=installation.cache_mb * 1024 * 1024)
    outage.watch(lambda: holdings.is_away)
    ChangeTail(holdings, COUNTS.change_lag).start()
    learn_site()
    views = count_views(holdings)
    views.start()
    PAGE_VIEWS.start()
    watch_process("web", lambda: read_gauges(holdings, views))
    return Edge(django, holdings, proxies=installation.trusted_proxies, count_view=views.count, counts=COUNTS.edge)


def learn_site() -> None:
    """Ask for the publication's name once, so that this process can say it when there is no database to ask."""
    try:
        load_site(now=clock.now())
    except DatabaseError:
        return  # started while the database is away; the first page that can be made brings it
    finally:
        if not connection.in_atomic_block:
            connection.close()


def read_gauges(holdings: Holdings, views: PageViews) -> Gauges:
    """What this process holds just now, for /metrics and /healthz."""
    return {
        "held_bytes": holdings.pages.bytes + holdings.articles.bytes,
        "held_pages": len(holdings.pages),
        "is_away": holdings.is_away,
        "looked_ago_s": time.monotonic() - holdings.looked_at,
        "views_waiting": views.waiting + PAGE_VIEWS.waiting,
    }


def count_views(holdings: Holdings) -> PageViews:
    """Counts pages shown by the edge, and writes them past Django."""

    def write(views: list[PageView]) -> None:
        now = clock.now()
        try:
            holdings.database.add_views(views, month=holdings.month(now), day=now.astimezone(holdings.terms.zone).date(), now=now)
        except DatabaseAway as error:
            raise ViewsNotWritten(str(error)) from error

    return PageViews(write)


def security_headers() -> Headers:
    """The headers that Django's middleware puts on every reader's page, for pages that Django never sees."""
    return [
        ("Content-Security-Policy", content_security_policy("/", media_url=settings.MEDIA_URL)),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
