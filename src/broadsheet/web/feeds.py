"""Feeds, sitemaps and small files: the same for everybody, whatever cookies they send."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.store import find_article_access
from broadsheet.pages.encoding import body_in, choose_encoding
from broadsheet.pages.favicon import favicon_svg
from broadsheet.pages.flows import find_or_build_card, find_or_build_list
from broadsheet.pages.lists import ListName, ListPath
from broadsheet.pages.theme import theme_css
from broadsheet.pages.variants import Audience, FinishedPage
from broadsheet.web.articles import PUBLIC
from broadsheet.web.errors import find_site

# Browsers keep it a day; a cache that many share a minute, so that a new visitor soon gets a new one.
A_DAY = "public, max-age=86400, s-maxage=60"
# A picture or style sheet whose address changes with its content.
A_YEAR = "public, max-age=31536000, immutable"
FEEDS = {"xml": ListName.ATOM, "json": ListName.JSON_FEED}
CLOSED_TO_ROBOTS = ("/desk/", "/accounts/", "/account/", "/login/", "/confirm/", "/library/?*q=")


@require_safe
def feed(request: HttpRequest, form: str) -> HttpResponse:
    """The newest articles, as Atom or JSON Feed."""
    return shared(request, ListPath(f"/feed.{form}", FEEDS[form]))


@require_safe
def topic_feed(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The newest articles of a topic."""
    return shared(request, ListPath(f"/topics/{slug}/feed.{form}", FEEDS[form], slug, ListName.TOPIC))


@require_safe
def region_feed(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The newest articles of a region."""
    return shared(request, ListPath(f"/regions/{slug}/feed.{form}", FEEDS[form], slug, ListName.REGION))


@require_safe
def author_feed(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The newest articles of an author."""
    return shared(request, ListPath(f"/authors/{slug}/feed.{form}", FEEDS[form], slug, ListName.AUTHOR))


@require_safe
def country_feed(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The newest articles about a country."""
    return shared(request, ListPath(f"/countries/{slug}/feed.{form}", FEEDS[form], slug, ListName.COUNTRY))


@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """Where the sitemaps are."""
    return shared(request, ListPath("/sitemap.xml", ListName.SITEMAP_INDEX))


@require_safe
def sitemap_pages(request: HttpRequest) -> HttpResponse:
    """The sitemap of what is not an article."""
    return shared(request, ListPath("/sitemaps/pages.xml", ListName.SITEMAP_PAGES))


@require_safe
def sitemap_month(request: HttpRequest, name: str) -> HttpResponse:
    """The sitemap of one month's articles, or a further one where they are too many for one."""
    return shared(request, ListPath(f"/sitemaps/{name}.xml", ListName.SITEMAP_MONTH, name))


@require_safe
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """The sitemap of the last two days' articles."""
    return shared(request, ListPath("/news-sitemap.xml", ListName.NEWS_SITEMAP))


@require_safe
def card(request: HttpRequest, article_id: int) -> HttpResponse:
    """The picture that other sites show beside a link to an article."""
    now = clock.now()
    row = find_article_access(article_id, now=now)
    if row is None or (row.embargo_until is not None and now < row.embargo_until):
        raise Http404
    page = find_or_build_card(article_id, now=now)
    if page is None:
        raise Http404
    return shared_response(request, page)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may fetch, and where the sitemaps are."""
    site = settings.BROADSHEET.site_url
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED_TO_ROBOTS), ""]
    lines += [f"Sitemap: {site}/sitemap.xml", f"Sitemap: {site}/news-sitemap.xml", ""]
    response = HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = A_DAY
    return response


@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """The publication's own accent; its address changes with it, so browsers keep it."""
    site = find_site(now=clock.now())
    response = HttpResponse(theme_css(site.accent_light, site.accent_dark), content_type="text/css; charset=utf-8")
    is_asked_for = request.GET.get("v") == site.theme_path.rpartition("=")[2]
    response["Cache-Control"] = A_YEAR if is_asked_for else PUBLIC
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The first letter of the publication's name, in its accent."""
    site = find_site(now=clock.now())
    response = HttpResponse(favicon_svg(site.name, site.accent_light), content_type="image/svg+xml")
    response["Cache-Control"] = A_DAY
    return response


def shared(request: HttpRequest, path: ListPath) -> HttpResponse:
    """A finished file that is the same for everybody."""
    page = find_or_build_list(path, Audience.STRANGER, now=clock.now())
    if page is None:
        raise Http404
    return shared_response(request, page)


def shared_response(request: HttpRequest, page: FinishedPage) -> HttpResponse:
    """Finished bytes without regard to cookies: encoded as the client likes, 304 if it has them."""
    encoding = choose_encoding(request.headers.get("Accept-Encoding", "")) if page.body_brotli else ""
    etag = f'"{page.etag}-{encoding or "id"}"'
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body_in(page, encoding), content_type=page.content_type)
        if encoding:
            response["Content-Encoding"] = encoding
    response["Cache-Control"] = PUBLIC
    response["Vary"] = "Accept-Encoding"
    response["ETag"] = etag
    return response
