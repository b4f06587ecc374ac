"""The WSGI application: finished bytes where it can, Django by one call where it cannot."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from broadsheet.core import clock
from broadsheet.core.client_address import client_address
from broadsheet.edge.cookies import NONE, Cookies, read_cookies
from broadsheet.edge.database import DatabaseAway
from broadsheet.edge.decide import decide_variant, list_kind
from broadsheet.edge.held import Headers, HeldArticle, HeldPage
from broadsheet.edge.holdings import Holdings
from broadsheet.edge.routes import ArticleRoute, ListRoute, find_route
from broadsheet.pages.encoding import choose_encoding
from broadsheet.paywall.passes import Pass, holder_name, read_pass

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
CountView = Callable[[int, str, datetime], None]

PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"
MAX_REMEMBERED = 20_000  # passes whose signature has been checked, by their Cookie header
FUTURE_S = 60  # how far another host's clock may be ahead


class Edge:
    """Answers GET and HEAD of articles and lists from what one process holds."""

    def __init__(
        self,
        django: Application,
        holdings: Holdings,
        *,
        security_headers: Headers,
        proxies: Sequence[IPv4Network | IPv6Network],
        count_view: CountView,
    ) -> None:
        self._django = django
        self._holdings = holdings
        self._security_headers = security_headers
        self._proxies = proxies
        self._count_view = count_view
        self._remembered: dict[str, tuple[Cookies, Pass | None]] = {}
        self._remembered_keys: object = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333)."""
        try:
            answer = self._find_answer(environ)
        except DatabaseAway:
            answer = None
        if answer is None:
            return self._django(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _find_answer(self, environ: Environ) -> tuple[str, Headers, bytes] | None:
        """The finished answer to a request; None where Django has to decide."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("QUERY_STRING"):
            return None
        holdings = self._holdings
        if not holdings.is_away and not holdings.is_current():
            return None
        route = find_route(environ["PATH_INFO"])
        cookies = read_cookies(environ.get("HTTP_COOKIE", ""))
        if route is None or cookies is None:
            return None
        now = clock.now()
        shown: Pass | None = None
        if cookies is not NONE and not cookies.is_stranger:
            shown = self._find_pass(environ["HTTP_COOKIE"], cookies, now)
            if shown is None and not holdings.is_away:
                return None
        encoding = choose_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if isinstance(route, ListRoute):
            page = self._find_page(route.path, list_kind(shown, now=now), encoding, now)
            return _answer(environ, page, is_shared=cookies.is_stranger) if page is not None else None
        return self._find_article(environ, route, shown, encoding, now, is_stranger=cookies.is_stranger)

    def _find_article(
        self, environ: Environ, route: ArticleRoute, shown: Pass | None, encoding: str, now: datetime, *, is_stranger: bool
    ) -> tuple[str, Headers, bytes] | None:
        article = self._load_article(route.article_id)
        if article is None or article.slug != route.slug or article.published_at > now:
            return None
        address = client_address(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), self._proxies)
        institution = self._holdings.networks.find(address)
        variant = decide_variant(shown, article.asked, institution, allowance=self._holdings.allowance, now=now)
        if variant is None:
            return None
        page = self._find_page(f"/articles/{route.article_id}/", variant.kind, encoding, now)
        if page is None:
            return None
        answer = _answer(environ, page, is_shared=is_stranger and institution is None)
        if not variant.is_open and environ["REQUEST_METHOD"] == "GET":
            self._count_view(route.article_id, str(variant.reason), now)
        return answer

    def _find_pass(self, header: str, cookies: Cookies, now: datetime) -> Pass | None:
        """The pass in a Cookie header, if it counts now and belongs to the session or browser beside it."""
        holdings = self._holdings
        if self._remembered_keys is not holdings.keys or len(self._remembered) > MAX_REMEMBERED:
            self._remembered, self._remembered_keys = {}, holdings.keys
        remembered = self._remembered.get(header)
        if remembered is None:
            shown = read_pass(cookies.shown, holdings.keys) if cookies.shown else None
            if shown is not None and shown.holder != holder_of(cookies):
                shown = None
            self._remembered[header] = remembered = (cookies, shown)
        shown = remembered[1]
        if shown is None:
            return None
        seconds = now.timestamp()
        end = shown.expires_at if holdings.is_away else shown.renew_at
        if not shown.issued_at - FUTURE_S <= seconds < end or shown.month != holdings.month(now):
            return None
        return None if holdings.revocations.covers(shown) else shown

    def _load_article(self, article_id: int) -> HeldArticle | None:
        held = self._holdings.articles.get(article_id)
        if held is None and not self._holdings.is_away:
            turn = self._holdings.articles.turn
            found = self._holdings.database.find_article(article_id)
            if found is not None:
                held = HeldArticle(*found)
                self._holdings.articles.put(article_id, held, turn=turn)
        return held

    def _find_page(self, path: str, kind: str, encoding: str, now: datetime) -> HeldPage | None:
        key = (path, kind, encoding)
        page = self._holdings.pages.get(key)
        if page is None and not self._holdings.is_away:
            turn = self._holdings.pages.turn
            found = self._holdings.database.find_page(path, kind, self._holdings.terms.recipe, encoding)
            if found is not None:
                body = found.body if encoding else gzip.decompress(found.body)
                valid_until = found.valid_until.timestamp() if found.valid_until is not None else None
                page = self._held(body, found.content_type, found.etag, encoding, valid_until, found.mentions)
                self._holdings.pages.put(key, page, turn=turn)
        if page is not None and page.valid_until is not None and now.timestamp() >= page.valid_until:
            return None
        return page

    def _held(
        self, body: bytes, content_type: str, etag: str, encoding: str, valid_until: float | None, mentions: frozenset[int]
    ) -> HeldPage:
        tag = f'"{etag}-{encoding or "id"}"'
        always = [("Vary", "Cookie, Accept-Encoding"), *self._security_headers]
        common = [("Content-Type", content_type), ("Content-Length", str(len(body))), *always]
        if encoding:
            common.append(("Content-Encoding", encoding))
        return HeldPage(
            body=body,
            etag=tag,
            shared=[*common, ("Cache-Control", PUBLIC), ("ETag", tag)],
            private=[*common, ("Cache-Control", PRIVATE)],
            not_modified=[*always, ("Cache-Control", PUBLIC), ("ETag", tag)],
            valid_until=valid_until,
            mentions=mentions,
        )


def holder_of(cookies: Cookies) -> str:
    """The name by which a pass knows its session, or its browser where nobody is signed in."""
    if cookies.session:
        return holder_name("session", cookies.session)
    return holder_name("browser", cookies.browser) if cookies.browser else ""


def _answer(environ: Environ, page: HeldPage, *, is_shared: bool) -> tuple[str, Headers, bytes]:
    if not is_shared:
        return "200 OK", page.private, page.body
    if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        return "304 Not Modified", page.not_modified, b""
    return "200 OK", page.shared, page.body
