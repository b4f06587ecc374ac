"""What somebody carries along from page to page until they have bought: where they were reading, and which offer they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest

from broadsheet.billing.campaign_flows import find_by_token
from broadsheet.billing.models import Campaign
from broadsheet.billing.store import PlanOffer
from broadsheet.billing.terms import Terms
from broadsheet.web.next_path import own_path

LONGEST_NEXT = 300  # as orders keep it


@dataclass(frozen=True, slots=True)
class Choice:
    """The article to go back to, and the campaign whose prices hold; `is_over` where there was one."""

    next_path: str = ""
    campaign: Campaign | None = None
    token: str = ""
    is_over: bool = False

    def query(self, **more: str) -> str:
        """The choice as an address carries it, with its question mark; empty if there is nothing to carry."""
        carried = {**more, "next": self.next_path, "offer": self.token}
        written = urlencode({name: value for name, value in carried.items() if value})
        return f"?{written}" if written else ""


def read_choice(request: HttpRequest, *, now: datetime) -> Choice:
    """The choice of one request, from its form or its address."""
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""))
    token = (request.POST.get("offer", "") or request.GET.get("offer", ""))[:80]
    found = find_by_token(token, now=now) if token else None
    return Choice(wanted if len(wanted) <= LONGEST_NEXT else "", found, token if found else "", bool(token) and found is None)


def terms_for(offer: PlanOffer, campaign: Campaign | None, *, trial_days: int, price_words: str = "") -> Terms:
    """What one plan costs under a campaign, if that holds for it."""
    holds = campaign is not None and campaign.plans.filter(pk=offer.plan_id).exists()
    return Terms(
        plan_name=offer.name,
        cents=offer.cents,
        currency=offer.currency,
        period=offer.period,
        trial_days=trial_days,
        discount_percent=campaign.discount_percent if campaign and holds else 0,
        discount_periods=campaign.discount_periods if campaign and holds else None,
        price_words=price_words,
    )


def price_tag(offer: PlanOffer, campaign: Campaign | None) -> Terms:
    """A plan's price as its card shows it."""
    return terms_for(offer, campaign, trial_days=offer.trial_days)
