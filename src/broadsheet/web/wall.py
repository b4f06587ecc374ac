"""The wall's two forms: leave an address and read on at once; open an article of one's own choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.core import clock
from broadsheet.core.counts import COUNTS
from broadsheet.core.flows import EventKind, record_event
from broadsheet.core.keys import new_token
from broadsheet.library.models import Article
from broadsheet.library.store import ArticleAccess, find_article_access
from broadsheet.pages.articles import load_article_page
from broadsheet.pages.flows import find_or_build_article
from broadsheet.pages.render import render_article
from broadsheet.pages.variants import Audience, Variant, variant_of
from broadsheet.paywall.exceptions import NoSuchArticle
from broadsheet.paywall.flows import InstantOutcome, UnlockOutcome, decide_row, open_instant, unlock_article
from broadsheet.paywall.resolver import Decision, Outcome, Reason
from broadsheet.web.articles import finished_response
from broadsheet.web.asker import BROWSER_COOKIE, Asker, browser_key, entitlement_of, read_asker, set_browser_cookie
from broadsheet.web.letter_request import TypedAddress, ask_for_letter, read_address
from broadsheet.web.reader_page import private, see_other
from broadsheet.web.same_site import same_site_form

OPEN = Variant(Outcome.OPEN, Reason.INSTANT, Audience.STRANGER)
CONFIRM_FIRST = Variant(Outcome.WALL, Reason.UNCONFIRMED, Audience.STRANGER)
ASK = Variant(Outcome.WALL, Reason.STRANGER, Audience.STRANGER)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the asker stands to the article before the form is judged."""

    row: ArticleAccess
    asker: Asker
    decision: Decision
    variant: Variant

    @property
    def place(self) -> str:
        """The article, where the wall stood."""
        return f"/articles/{self.row.article_id}/{self.row.slug}/#continue"


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def keep_reading(request: HttpRequest, article_id: int) -> HttpResponse:
    """An address opens the rest of this article in this browser, in this answer; the mailbox is told apart from it.

    Nothing here depends on whether the address is known: neither the answer nor the work for it.
    """
    now = clock.now()
    standing = _load_standing(request, article_id, now)
    may_read = standing.decision.is_open and standing.decision.reason is not Reason.INSTANT
    if request.method != "POST" or may_read or standing.asker.reader_id is not None:
        return see_other(standing.place)
    if standing.decision.reason is Reason.SUBSCRIBERS:
        return _wall_again(request, standing, now)
    typed = read_address(request.POST.get("email", ""), sure_of=request.POST.get("sure", ""))
    newsletter = bool(request.POST.get("newsletter"))
    if typed.address is None:
        return _ask_again(article_id, typed, newsletter, now)
    token, key = _browser(request)
    outcome = open_instant(article_id, browser_key=key, network_address=standing.asker.network_address, now=now)
    opened = outcome in (InstantOutcome.OPENED, InstantOutcome.ALREADY_OPEN)
    if outcome is InstantOutcome.OPENED:
        COUNTS.events.count("unlock", "instant")
    elif outcome is InstantOutcome.BROWSER_USED:
        COUNTS.events.count("refusal", "browser-used")
    if not opened:
        record_event(EventKind.EMAIL_LEFT, now=now, article_id=article_id, source="confirm first")
    ask_for_letter(typed.address, browser_key=key, article_id=article_id, newsletter=newsletter, now=now)
    answer = {"address": typed.address.typed, "sent": True, "newsletter": newsletter}
    response = _article_answer(article_id, OPEN if opened else CONFIRM_FIRST, answer, now)
    set_browser_cookie(response, token)
    return response


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest, article_id: int) -> HttpResponse:
    """A registered reader opens an article of their choice; what it costs and what is left the article's page says."""
    now = clock.now()
    standing = _load_standing(request, article_id, now)
    if request.method != "POST" or standing.decision.is_open:
        return see_other(standing.place)
    if standing.asker.reader_id is None:
        return see_other(f"/login/?next={standing.place.replace('#', '%23')}")
    try:
        result = unlock_article(standing.asker.reader_id, article_id, now=now)
    except NoSuchArticle:
        return see_other(standing.place)  # for subscribers only: the wall says so
    if result.outcome is UnlockOutcome.OPENED:
        COUNTS.events.count("unlock", "own")
    elif result.outcome is UnlockOutcome.SPENT:
        COUNTS.events.count("refusal", "month-spent")
    return see_other(standing.place)


def _load_standing(request: HttpRequest, article_id: int, now: datetime) -> Standing:
    row = find_article_access(article_id, now=now)
    if row is None:
        raise Http404
    asker = read_asker(request)
    entitlement = entitlement_of(asker, now=now)
    decision = decide_row(entitlement, row, now=now)
    if decision.outcome is Outcome.HIDDEN:
        raise Http404
    return Standing(row, asker, decision, variant_of(decision, entitlement, now))


def _browser(request: HttpRequest) -> tuple[str, str]:
    """The browser's token and its key; a new one for a browser without."""
    key = read_asker(request).browser_key
    if key is not None:
        return request.COOKIES[BROWSER_COOKIE], key
    token = new_token()
    return token, browser_key(token)


def _wall_again(request: HttpRequest, standing: Standing, now: datetime) -> HttpResponse:
    page = find_or_build_article(standing.row.article_id, standing.variant, now=now)
    if page is None:
        raise Http404
    return finished_response(request, page, is_shared=False)


def _ask_again(article_id: int, typed: TypedAddress, newsletter: bool, now: datetime) -> HttpResponse:
    answer = {"problem": typed.problem, "email_typed": typed.typed, "suggestion": typed.suggestion, "newsletter": newsletter}
    return _article_answer(article_id, ASK, answer, now, status=422)


def _article_answer(
    article_id: int, variant: Variant, answer: dict[str, object], now: datetime, *, status: int = 200
) -> HttpResponse:
    try:
        page = load_article_page(article_id, whole=variant.is_open, now=now)
    except Article.DoesNotExist:  # unpublished a moment ago
        raise Http404 from None
    return private(HttpResponse(render_article(page, variant, now=now, answer=answer), status=status))
