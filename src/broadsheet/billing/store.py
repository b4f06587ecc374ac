"""The plans as pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.billing.models import Plan
from broadsheet.core.money import price_text


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One plan on offer: its price in words, and what it holds, line by line."""

    plan_id: int
    slug: str
    name: str
    price: str
    period: str
    summary: str
    lines: tuple[str, ...]

    @property
    def price_words(self) -> str:
        """Such as `€96 a year`."""
        return f"{self.price} a {self.period}"


def load_offers() -> tuple[PlanOffer, ...]:
    """The plans on offer, in the publisher's order."""
    return tuple(_offer(plan) for plan in Plan.objects.filter(is_offered=True))


def find_offer(slug: str) -> PlanOffer | None:
    """One plan on offer."""
    plan = Plan.objects.filter(is_offered=True, slug=slug).first()
    return _offer(plan) if plan else None


def _offer(plan: Plan) -> PlanOffer:
    return PlanOffer(
        plan_id=plan.pk,
        slug=plan.slug,
        name=plan.name,
        price=price_text(plan.price_cents, plan.currency),
        period=plan.get_period_display(),
        summary=plan.summary,
        lines=tuple(line.strip() for line in plan.holds.splitlines() if line.strip()),
    )
