"""Which variant a reader gets, by the resolver's own rules; pure, so that one truth table tests both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from broadsheet.library.access import Access
from broadsheet.membership.entitlement import STRANGER, Entitlement, HeldGrant
from broadsheet.pages.variants import Audience, Variant, variant_of
from broadsheet.paywall.passes import Pass
from broadsheet.paywall.resolver import Asked, Outcome, decide

# Stand for any reader, article and moment where the rules tell none apart.
_ANYBODY = 1
_ANY_ARTICLE = 1
_ANY_TIME = 1
_LATER = 2


def decide_variant(
    shown: Pass | None, asked: Asked, institution: HeldGrant | None, *, allowance: int, now: datetime
) -> Variant | None:
    """The form of one article's page; None where for this reader there is no such article.

    Args:
        shown: the reader's pass; None for a stranger.
        asked: the article.
        institution: what the reader's network holds, if anything.
        allowance: how many articles a registered reader may open a month.
    """
    if institution is None and (asked.embargo_until is None or now >= asked.embargo_until):
        if shown is None:
            return _decide_alike(asked.access, allowance)
        is_reader, is_subscribed = shown.reader_id is not None, shown.is_subscribed(now)
        letters, awaits = shown.letters_for(asked.article_id, now), shown.awaits_confirmation
        return _decide_alike(asked.access, allowance, is_reader, is_subscribed, letters, shown.spent, awaits)
    entitlement = entitlement_of(shown, institution)
    decision = decide(entitlement, asked, allowance=allowance, now=now)
    return None if decision.outcome is Outcome.HIDDEN else variant_of(decision, entitlement, now)


@lru_cache(maxsize=1_000)
def _decide_alike(
    access: Access,
    allowance: int,
    is_reader: bool = False,
    is_subscribed: bool = False,
    letters: str = "",
    spent: int = 0,
    awaits: bool = False,
) -> Variant:
    """What all get alike whose passes say the same of an article; few things tell them apart, so each answer is kept.

    Asking the resolver anew costs 3 to 5 µs, as much as the rest of an answer.
    """
    alike = Pass(
        holder="",
        reader_id=_ANYBODY if is_reader else None,
        issued_at=_ANY_TIME,
        month="",
        spent=spent,
        version=0,
        subscribed=(_ANY_TIME, None) if is_subscribed else None,
        open_articles=tuple((letter, _ANY_ARTICLE, _LATER) for letter in letters),
        awaits_confirmation=awaits,
    )
    now = datetime.fromtimestamp(_ANY_TIME, UTC)
    decision = decide(alike.entitlement, Asked(_ANY_ARTICLE, access), allowance=allowance, now=now)
    return variant_of(decision, alike.entitlement, now)


def list_kind(shown: Pass | None, institution: HeldGrant | None, *, now: datetime) -> str:
    """The variant of a list page, which masthead and ads tell apart: what a free article's would say."""
    variant = decide_variant(shown, Asked(_ANY_ARTICLE, Access.FREE), institution, allowance=0, now=now)
    return str(variant.audience) if variant is not None else Audience.STRANGER


def entitlement_of(shown: Pass | None, institution: HeldGrant | None) -> Entitlement:
    """What the asker holds."""
    held = STRANGER if shown is None else shown.entitlement
    return held if institution is None else replace(held, institution=institution)
