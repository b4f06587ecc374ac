"""Which addresses are the edge's, and that asking for odd ones fills no memory."""

from __future__ import annotations

import pytest

from broadsheet.edge.routes import ArticleRoute, FileRoute, ListRoute, Route, find_route


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/articles/12/a-slug/", ArticleRoute(12, "a-slug", "/articles/12/")),
        ("/articles/12/A_slug-9/", ArticleRoute(12, "A_slug-9", "/articles/12/")),
        *((path, ListRoute(path)) for path in ("/", "/topics/", "/topics/trade/", "/regions/", "/authors/ann/", "/library/")),
        *(
            (path, ListRoute(path))
            for path in (
                "/series/",
                "/series/rivers/",
                "/start/",
                "/corrections/",
                "/library/2026/",
                "/countries/",
                "/countries/peru/",
            )
        ),
        *((path, ListRoute(path)) for path in ("/library/2026/02/", "/library/kind/in-depth/")),
        *((path, FileRoute(path)) for path in ("/feed.xml", "/feed.json", "/topics/trade/feed.xml", "/authors/ann/feed.json")),
        *((path, FileRoute(path)) for path in ("/sitemap.xml", "/news-sitemap.xml", "/sitemaps/2026-02.xml")),
        ("/corrections/feed.xml", FileRoute("/corrections/feed.xml")),
    ],
)
def test_articles_lists_and_files_are_the_edges(path: str, route: Route) -> None:
    assert find_route(path) == route


@pytest.mark.parametrize(
    "path",
    [
        *("/articles/1/", "/articles/01/slug/", "/articles/1/slug", "/articles/1/sl ug/", "/articles/1/slug/more/"),
        *("/articles/1/card.png", "/articles/-1/slug/", "/articles/1/slug/\n", "/articles/1/sl\u00fcg/", "/articles/\u0661/slug/"),
        *("/articles/99999999999999999999/slug/", "/account/", "/login/", "/desk/", "/robots.txt", "/theme.css", "/authors/"),
        *("/topics/a/b/", "/feed.html", "/sitemap.xml/", "//", "", "/Topics/", "/library/x/", "/static/css/site.css"),
        *("/library/2026/13/", "/library/2026/2/", "/library/0026/", "/library/kind/", "/library/kind/x/y/", "/start/x/"),
    ],
)
def test_everything_else_is_handed_over(path: str) -> None:
    assert find_route(path) is None
