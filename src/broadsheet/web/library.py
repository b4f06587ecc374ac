"""The library: everything by date, searched by every word, narrowed by facets; as a page, as a feed, while typing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.access import Access
from broadsheet.library.models import Article
from broadsheet.library.search.engine import Readable
from broadsheet.membership.entitlement import Entitlement
from broadsheet.pages.lists import HTML, ListName, ListPath
from broadsheet.pages.records import Card
from broadsheet.pages.render import render_list, render_page
from broadsheet.pages.search_address import read_address
from broadsheet.pages.search_store import load_search, load_search_feed, load_suggestions
from broadsheet.pages.variants import Audience, audience_of
from broadsheet.paywall.resolver import Asked, Decision, Reason, decide
from broadsheet.publication.store import load_publication
from broadsheet.web import lists
from broadsheet.web.articles import PRIVATE, PUBLIC
from broadsheet.web.asker import entitlement_of, read_asker

LONGEST_TYPED = 100
OPEN_TO_YOU, FREE_TO_READ, FOR_SUBSCRIBERS = "Open to you", "Free to read", "For subscribers"


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Everything by date; with a query, what it finds."""
    address = read_address(dict(request.GET.lists()))
    if address.is_empty:
        return lists.answer(request, ListPath("/library/", ListName.LIBRARY), lists.read_place(request))
    now, asker = clock.now(), read_asker(request)
    entitlement = entitlement_of(asker, now=now)
    readable = readable_of(entitlement, now=now)
    page = load_search(address, readable, reading_right(entitlement, now), marks_for(entitlement, readable, now), now=now)
    context = {
        "page": page,
        "feed_path": address.path("/library/feed.xml"),
        "without_facets": str(replace(address, facets={}, page=1)),
    }
    text = render_page("pages/search.html", context, audience_of(entitlement, now), now=now)
    return _answer(text, HTML, is_shared=not asker.is_known and entitlement.institution is None)


@require_safe
def ways(request: HttpRequest) -> HttpResponse:
    """How to ask the library."""
    now, asker = clock.now(), read_asker(request)
    audience = lists.find_audience(asker, now=now)
    is_shared = not asker.is_known and audience is Audience.STRANGER
    return _answer(render_page("pages/search_ways.html", {}, audience, now=now), HTML, is_shared=is_shared)


@require_safe
def feed(request: HttpRequest, form: str) -> HttpResponse:
    """The newest articles that a search finds, for feed readers; nobody's own rights count."""
    now = clock.now()
    content = load_search_feed(read_address(dict(request.GET.lists())), form, now=now)
    response = HttpResponse(render_list(content, Audience.STRANGER, now=now), content_type=content.content_type)
    response["Cache-Control"] = PUBLIC
    return response


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What begins like the words typed so far, as items of a list."""
    typed = request.GET.get("q", "").replace("\x00", "")[:LONGEST_TYPED]
    found = load_suggestions(typed, now=clock.now())
    response = HttpResponse(render_to_string("pages/suggestions.html", {"found": found}), content_type=HTML)
    response["Cache-Control"] = PUBLIC
    return response


def reading_right(entitlement: Entitlement, now: datetime) -> Callable[[Card], bool]:
    """Whether the asker may read one article's whole text, by the resolver's rules."""
    decide_for = _decisions(entitlement, now)
    return lambda card: decide_for(card).is_open


def _decisions(entitlement: Entitlement, now: datetime) -> Callable[[Card], Decision]:
    allowance = load_publication().articles_per_month
    return lambda card: decide(entitlement, Asked(card.article_id, Access(card.access)), allowance=allowance, now=now)


def marks_for(entitlement: Entitlement, readable: Readable, now: datetime) -> Callable[[Card], str]:
    """What an article that was found is marked with; nothing for whoever reads everything."""
    if readable.everything:
        return lambda card: ""
    decide_for = _decisions(entitlement, now)
    is_stranger = entitlement.reader_id is None

    def mark_of(card: Card) -> str:
        decision = decide_for(card)
        if decision.is_open:
            return FREE_TO_READ if is_stranger and decision.reason is Reason.FREE else OPEN_TO_YOU
        return FOR_SUBSCRIBERS if decision.reason is Reason.SUBSCRIBERS else ""

    return mark_of


def readable_of(entitlement: Entitlement, *, now: datetime) -> Readable:
    """Where the asker's phrases are looked for: everywhere, or in the articles that they hold."""
    grants = [*entitlement.grants, *([entitlement.institution] if entitlement.institution else [])]
    if entitlement.is_staff or any(grant.article_id is None and grant.is_live(now) for grant in grants):
        return Readable(everything=True)
    held = {
        *(grant.article_id for grant in entitlement.grants if grant.is_live(now)),
        *(unlock.article_id for unlock in (*entitlement.unlocks, *entitlement.instants) if now < unlock.ends_at),
    } - {None}
    return Readable(article_ids=frozenset(_open_ones(entitlement, held, now)))


def _open_ones(entitlement: Entitlement, held: set[int | None], now: datetime) -> list[int]:
    """Those of the held articles that are open indeed: an editor may have closed one to all but subscribers since."""
    if not held:
        return []
    allowance = load_publication().articles_per_month
    rows = Article.objects.filter(pk__in=held, live=True).values_list("pk", "access", "embargo_until")
    return [
        pk
        for pk, access, until in rows
        if decide(entitlement, Asked(pk, Access(access), until), allowance=allowance, now=now).is_open
    ]


def _answer(text: str, content_type: str, *, is_shared: bool) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Cache-Control"] = PUBLIC if is_shared else PRIVATE
    patch_vary_headers(response, ["Cookie", "Accept-Encoding"])
    return response
