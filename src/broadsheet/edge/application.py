"""The WSGI application: finished bytes where it can, Django by one call where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from time import perf_counter
from typing import Any

from broadsheet.core import clock
from broadsheet.core.client_address import client_address
from broadsheet.core.counts import AnswerCounts
from broadsheet.edge.cookies import has_ours
from broadsheet.edge.database import DatabaseAway
from broadsheet.edge.decide import decide_variant, list_kind
from broadsheet.edge.held import HeldAnswer, HeldPage
from broadsheet.edge.holdings import Holdings
from broadsheet.edge.known import KnownPasses
from broadsheet.edge.routes import ArticleRoute, FileRoute, ListRoute, find_route
from broadsheet.membership.entitlement import HeldGrant
from broadsheet.pages.encoding import choose_encoding
from broadsheet.pages.variants import Audience
from broadsheet.paywall.page_views import LIST, NO_ARTICLE
from broadsheet.paywall.passes import Pass

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
CountView = Callable[[int, str, tuple[int, ...]], None]


class Edge:
    """Answers GET and HEAD of articles and lists from what one process holds."""

    def __init__(
        self,
        django: Application,
        holdings: Holdings,
        *,
        proxies: Sequence[IPv4Network | IPv6Network],
        count_view: CountView,
        counts: AnswerCounts,
    ) -> None:
        self._django = django
        self._holdings = holdings
        self._proxies = proxies
        self._count_view = count_view
        self._counts = counts
        self._passes = KnownPasses(holdings)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333)."""
        answer = self.find_answer(environ)
        if answer is None:
            return self._django(environ, start_response)
        start_response(answer.status, answer.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def find_answer(self, environ: Environ, *, may_wait: bool = True) -> HeldAnswer | None:
        """The finished answer to a request, counted; None where Django has to decide.

        Raises:
            NotHeld: the database would have to be asked, but the caller may not wait.
        """
        started = perf_counter()
        try:
            answer = self._find_answer(environ, may_wait)
        except DatabaseAway:
            return None
        if answer is not None:
            self._counts.count(answer.variant, answer.status, perf_counter() - started)
        return answer

    def _find_answer(self, environ: Environ, may_wait: bool) -> HeldAnswer | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("QUERY_STRING"):
            return None
        holdings = self._holdings
        if not holdings.may_be_shown():
            return None
        route = find_route(environ["PATH_INFO"])
        if route is None:
            return None
        now = clock.now()
        encoding = choose_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if isinstance(route, FileRoute):
            page = holdings.find_page(route.path, Audience.STRANGER, encoding, now, may_wait=may_wait)
            return _shared(environ, page, page.file, page.file_not_modified) if page is not None else None
        cookies = environ.get("HTTP_COOKIE", "")
        is_stranger = not has_ours(cookies)
        shown = None if is_stranger else self._passes.find(cookies, now)
        if shown is None and not is_stranger and not holdings.is_away:
            return None
        if isinstance(route, ListRoute):
            institution = self._find_institution(environ, now)
            page = holdings.find_page(route.path, list_kind(shown, institution, now=now), encoding, now, may_wait=may_wait)
            if page is None:
                return None
            if page.ads and environ["REQUEST_METHOD"] == "GET":
                self._count_view(NO_ARTICLE, LIST, page.ads)
            return _answer(environ, page, is_shared=is_stranger and institution is None)
        return self._find_article(environ, route, shown, encoding, now, is_stranger=is_stranger, may_wait=may_wait)

    def _find_article(
        self,
        environ: Environ,
        route: ArticleRoute,
        shown: Pass | None,
        encoding: str,
        now: datetime,
        *,
        is_stranger: bool,
        may_wait: bool,
    ) -> HeldAnswer | None:
        article = self._holdings.find_article(route.article_id, may_wait=may_wait)
        if article is None or article.slug != route.slug or article.published_at > now:
            return None
        institution = self._find_institution(environ, now)
        variant = decide_variant(shown, article.asked, institution, allowance=self._holdings.allowance, now=now)
        if variant is None:
            return None
        page = self._holdings.find_page(route.path, variant.kind, encoding, now, may_wait=may_wait)
        if page is None:
            return None
        if environ["REQUEST_METHOD"] == "GET":
            self._count_view(route.article_id, variant.kind, page.ads)
        return _answer(environ, page, is_shared=is_stranger and institution is None)

    def _find_institution(self, environ: Environ, now: datetime) -> HeldGrant | None:
        networks = self._holdings.networks
        if networks.is_empty:
            return None
        address = client_address(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), self._proxies)
        return networks.find(address, now=now)


def _answer(environ: Environ, page: HeldPage, *, is_shared: bool) -> HeldAnswer:
    return _shared(environ, page, page.shared, page.not_modified) if is_shared else page.private


def _shared(environ: Environ, page: HeldPage, whole: HeldAnswer, not_modified: HeldAnswer) -> HeldAnswer:
    return not_modified if page.etag in environ.get("HTTP_IF_NONE_MATCH", "") else whole
