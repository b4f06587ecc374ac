"""Campaigns: found by page or by code, and held by whoever goes to pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

from django.conf import settings
from django.db import models

from broadsheet.accounts.models import User
from broadsheet.billing.models import Campaign, Order, Plan
from broadsheet.billing.provider import Refused
from broadsheet.billing.store import has_subscribed
from broadsheet.core.flows import count_try, take_back_try
from broadsheet.core.keys import keyed_hash

# Wrong codes that one network or one browser may type; ten thousand codes take a network six weeks.
WRONG_CODES = 10
WRONG_CODES_PER = timedelta(hours=1)
# Whoever goes to pay holds a use this long: as long as a provider keeps its page open. Unpaid, it is free again.
HELD = timedelta(hours=24)


class CodeRefusal(StrEnum):
    """Why a code does nothing."""

    WRONG = "wrong"  # unknown, switched off, not yet or no longer running: these look alike
    TOO_MANY = "too many"


def find_campaign(slug: str, *, now: datetime) -> Campaign | None:
    """The campaign with a page of that name, while it runs."""
    return _running(now).filter(slug=slug, has_page=True).first()


def try_code(text: str, *, network_key: str, browser_key: str | None, now: datetime) -> Campaign | CodeRefusal:
    """The campaign of a code that somebody typed; wrong ones are counted by network and by browser."""
    code = text.strip()
    subjects = [("code-net", network_key), *([("code-browser", browser_key)] if browser_key else [])]
    # Counted before it is looked up, so that tries at the same moment are no way around; a right one is uncounted.
    counted = [count_try(scope, subject, limit=WRONG_CODES, per=WRONG_CODES_PER, now=now) for scope, subject in subjects]
    found = _running(now).exclude(code="").filter(code__iexact=code).first() if code and all(counted) else None
    if found is None:
        return CodeRefusal.WRONG if all(counted) else CodeRefusal.TOO_MANY
    for scope, subject in subjects:
        take_back_try(scope, subject, per=WRONG_CODES_PER, now=now)
    return found


def is_code_asked(*, now: datetime) -> bool:
    """Whether any campaign that runs has a code, so that the subscribe page asks for one."""
    return _running(now).exclude(code="").exists()


def token_of(campaign: Campaign) -> str:
    """What stands in addresses while somebody who has found a campaign chooses a plan."""
    return f"{campaign.slug}.{_sign(campaign.slug)}"


def find_by_token(token: str, *, now: datetime) -> Campaign | None:
    """The campaign of a token of ours, while it runs."""
    slug, _, sign = token.rpartition(".")
    if not slug or not sign.isascii() or not compare_digest(sign, _sign(slug)):
        return None
    return _running(now).filter(slug=slug).first()


def why_not(campaign: Campaign, reader_id: int | None, *, now: datetime) -> str:
    """Why a campaign does nothing for this reader; empty if it does."""
    if campaign.new_only and has_subscribed(reader_id):
        return "This offer is for new subscribers; you have subscribed before."
    if campaign.max_uses is not None and _count_uses(campaign, reader_id, now) >= campaign.max_uses:
        return "This offer has been taken up as often as it could be."
    return ""


def hold_campaign(slug: str, user: User, plan: Plan, *, now: datetime) -> Campaign:
    """Take one use for somebody who goes to pay; call it inside the transaction that stores their order.

    Raises:
        Refused: it is over, used up, or not for this plan or reader.
    """
    campaign = _running(now).select_for_update().filter(slug=slug).first()
    if campaign is None or not campaign.plans.filter(pk=plan.pk).exists():
        raise Refused("This offer is over. The plans and their prices are below.")
    trouble = why_not(campaign, user.pk, now=now)
    if trouble:
        raise Refused(trouble)
    return campaign


def _running(now: datetime) -> models.QuerySet[Campaign]:
    return Campaign.objects.filter(
        models.Q(starts_at__isnull=True) | models.Q(starts_at__lte=now),
        models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=now),
        is_on=True,
    )


def count_uses(campaign: Campaign) -> int:
    """How many subscriptions have come of a campaign."""
    return Order.objects.filter(campaign=campaign.slug, subscription__isnull=False).count()


def _count_uses(campaign: Campaign, reader_id: int | None, now: datetime) -> int:
    """Uses that are paid, and those that others hold just now: one each, however often they went to pay."""
    orders = Order.objects.filter(campaign=campaign.slug)
    held = orders.filter(subscription__isnull=True, created_at__gt=now - HELD).exclude(reader_id=reader_id)
    return count_uses(campaign) + held.values("reader_id").distinct().count()


def _sign(slug: str) -> str:
    return keyed_hash("campaign", slug, secret_key=settings.BROADSHEET.secret_key)[:20]
