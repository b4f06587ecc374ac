"""Asking for the letter that proves an address: from the wall, from sign-in, from the page where the code is typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.accounts.addresses import Address, parse_address
from broadsheet.accounts.flows import Wish, request_proof
from broadsheet.accounts.slips import is_likely_slip, suggest_address
from broadsheet.library.models import Article
from broadsheet.membership.consent import CONSENT_TEXT
from broadsheet.pages.site import in_words
from broadsheet.publication.store import load_publication

MAX_TYPED = 320  # more than any address; what is longer is cut before it is shown again


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """What was typed into an address field: the address, or what is wrong with it and what may have been meant."""

    typed: str
    address: Address | None = None
    problem: str = ""
    suggestion: str = ""


def read_address(text: str, *, sure_of: str = "") -> TypedAddress:
    """Judge what somebody typed.

    Args:
        sure_of: what they typed before and were asked about; the same once more is taken as meant.
    """
    typed = text.strip()[:MAX_TYPED]
    address = parse_address(typed)
    suggestion = suggest_address(typed)
    if address is not None and (not suggestion or (typed == sure_of.strip() and not is_likely_slip(address))):
        return TypedAddress(typed, address)
    return TypedAddress(typed, None, _problem(typed, suggestion), suggestion)


def ask_for_letter(
    address: Address,
    *,
    browser_key: str,
    article_id: int | None = None,
    next_path: str = "",
    newsletter: bool = False,
    now: datetime,
) -> None:
    """Have the letter written: the same work whatever we know of the address."""
    publication = load_publication()
    headline = Article.objects.filter(pk=article_id).values_list("headline", flat=True).first() if article_id else None
    words = {
        "article_line": f"You were reading “{headline}”. Confirming leads back to it." if headline else "",
        "newsletter_line": "You also asked for our free newsletter; it begins then." if newsletter else "",
        "allowance": in_words(publication.articles_per_month),
    }
    wish = Wish(
        browser_key=browser_key,
        article_id=article_id,
        next_path=next_path,
        newsletter=newsletter,
        consent_text=CONSENT_TEXT if newsletter else "",
        words=words,
    )
    request_proof(address, wish, now=now)


def _problem(typed: str, suggestion: str) -> str:
    if suggestion:
        return f"Did you mean {suggestion}?"
    if not typed:
        return "Type your email address, such as name@example.org."
    if "@" not in typed:
        return "An address has an @ in the middle, such as name@example.org. Is it missing?"
    return "We couldn’t read that address. Is a letter missing, or one too many?"
