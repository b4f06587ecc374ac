"""Addresses of readers' pages."""

from __future__ import annotations

from django.urls import path, re_path

from broadsheet.publication.addresses import PLAIN_PAGE
from broadsheet.web import ads, articles, citations, feeds, library, lists, reader_urls, ways

FORM = "(?P<form>xml|json)"
SLUG = "(?P<slug>[-a-zA-Z0-9_]+)"

urlpatterns = [
    *reader_urls.urlpatterns,
    path("", lists.home),
    path("articles/<int:article_id>/", articles.article),
    path("articles/<int:article_id>/card.png", feeds.card),
    re_path(r"^articles/(?P<article_id>[0-9]{1,18})/cite\.(?P<form>bib|ris|json|txt)$", citations.citation),
    path("articles/<int:article_id>/<slug:slug>/", articles.article),
    path("library/", library.library),
    path("library/help/", library.ways),
    path("library/suggest/", library.suggest),
    re_path(rf"^library/feed\.{FORM}$", library.feed),
    re_path(r"^library/(?P<year>[12]\d{3})/$", ways.year),
    re_path(r"^library/(?P<year>[12]\d{3})/(?P<month>0[1-9]|1[0-2])/$", ways.month),
    path("library/kind/<slug:kind>/", ways.kind),
    path("series/", ways.all_series),
    path("series/<slug:slug>/", ways.series),
    path("start/", ways.start),
    path("corrections/", ways.corrections),
    path("corrections/feed.xml", ways.corrections_feed),
    path("go/<int:ad_id>/", ads.go),
    path("topics/", lists.topics),
    path("topics/<slug:slug>/", lists.topic),
    path("regions/", lists.regions),
    path("regions/<slug:slug>/", lists.region),
    path("authors/<slug:slug>/", lists.author),
    path("countries/", lists.countries),
    path("countries/<slug:slug>/", lists.country),
    re_path(rf"^feed\.{FORM}$", feeds.feed),
    re_path(rf"^topics/{SLUG}/feed\.{FORM}$", feeds.topic_feed),
    re_path(rf"^regions/{SLUG}/feed\.{FORM}$", feeds.region_feed),
    re_path(rf"^authors/{SLUG}/feed\.{FORM}$", feeds.author_feed),
    re_path(rf"^countries/{SLUG}/feed\.{FORM}$", feeds.country_feed),
    path("sitemap.xml", feeds.sitemap_index),
    path("sitemaps/pages.xml", feeds.sitemap_pages),
    re_path(r"^sitemaps/(?P<name>\d{4}-\d{2}(?:-\d{1,3})?)\.xml$", feeds.sitemap_month),
    path("news-sitemap.xml", feeds.news_sitemap),
    path("robots.txt", feeds.robots),
    path("theme.css", feeds.theme),
    path("favicon.svg", feeds.favicon),
    # Last: any other single word may be a page that the publisher has written.
    path("<slug:slug>/", lists.plain_page, name=PLAIN_PAGE),
]
