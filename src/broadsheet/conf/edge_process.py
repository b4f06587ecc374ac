"""Puts the edge of one process together from settings, database and Django's application."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from broadsheet.conf.headers import content_security_policy
from broadsheet.core import clock
from broadsheet.core.store import load_clock_offset
from broadsheet.edge.application import Application, Edge
from broadsheet.edge.database import Database
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.tail import ChangeTail
from broadsheet.edge.views import WallViews
from broadsheet.pages.recipe import current_recipe
from broadsheet.publication.models import Publication

MAX_HELD_BYTES = 256 * 1024 * 1024


def build_edge(django: Application) -> Edge:
    """The edge of this process, following the change log in a thread of its own."""
    installation = settings.BROADSHEET
    if installation.demo:
        clock.use(clock.SystemClock(timedelta(seconds=load_clock_offset())))
    database = Database(installation.database_url)
    terms = Terms(current_recipe(), installation.zone, Publication().articles_per_month)
    holdings = Holdings(database, terms, max_bytes=MAX_HELD_BYTES)
    views = WallViews(Database(installation.database_url), holdings)
    ChangeTail(holdings).start()
    views.start()
    return Edge(django, holdings, security_headers=security_headers(), proxies=installation.trusted_proxies, count_view=views.count)


def security_headers() -> list[tuple[str, str]]:
    """The headers that Django's middleware puts on every reader's page, for pages that Django never sees."""
    return [
        ("Content-Security-Policy", content_security_policy("/", media_url=settings.MEDIA_URL)),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
