"""Which variant a reader gets, by the resolver's own rules; pure, so that one truth table tests both."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from broadsheet.membership.entitlement import STRANGER, Entitlement, HeldGrant
from broadsheet.pages.variants import Variant, audience_of, variant_of
from broadsheet.paywall.passes import Pass
from broadsheet.paywall.resolver import Asked, Outcome, decide


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
    entitlement = entitlement_of(shown, institution)
    decision = decide(entitlement, asked, allowance=allowance, now=now)
    return None if decision.outcome is Outcome.HIDDEN else variant_of(decision, entitlement, now)


def list_kind(shown: Pass | None, *, now: datetime) -> str:
    """The variant of a list page, which only the masthead tells apart."""
    return str(audience_of(entitlement_of(shown, None), now))


def entitlement_of(shown: Pass | None, institution: HeldGrant | None) -> Entitlement:
    """What the asker holds."""
    held = STRANGER if shown is None else shown.entitlement
    return held if institution is None else replace(held, institution=institution)
