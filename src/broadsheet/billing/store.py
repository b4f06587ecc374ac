"""The plans as pages show them, and what readers hold of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from broadsheet.billing.ledger import OVER, Status
from broadsheet.billing.models import FOR_OTHERS, Plan, Subscription
from broadsheet.core.money import price_text

_FOR_ANYBODY = (Plan.Kind.STANDARD, Plan.Kind.STUDENT)


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """One plan on offer: its price in words, and what it holds, line by line."""

    plan_id: int
    slug: str
    name: str
    kind: str
    cents: int
    currency: str
    price: str
    period: str
    summary: str
    lines: tuple[str, ...]
    trial_days: int = 0

    @property
    def price_words(self) -> str:
        """Such as `€96 a year`."""
        return f"{self.price} a {self.period}"

    @property
    def is_for_students(self) -> bool:
        """Whether whoever buys it has to say where they study."""
        return self.kind == Plan.Kind.STUDENT


@dataclass(frozen=True, slots=True)
class PlanCard:
    """What is one thing to a reader, to be paid for by month or by year."""

    name: str
    lines: tuple[str, ...]
    offers: tuple[PlanOffer, ...]

    @property
    def saving_percent(self) -> int:
        """How much less a year costs than twelve months, in whole percent rounded down; 0 if that cannot be said."""
        by_period = {offer.period: offer for offer in self.offers}
        month, year = by_period.get("month"), by_period.get("year")
        if month is None or year is None or month.currency != year.currency or not month.cents:
            return 0
        return max(0, 100 - -(-100 * year.cents // (12 * month.cents)))


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """A subscription that a reader has: which, at what price, and how it stands."""

    name: str
    price_words: str
    status: str
    period_end: datetime
    cancel_at: datetime | None


def load_offers(*kinds: str) -> tuple[PlanOffer, ...]:
    """The plans on offer of some kinds, in the publisher's order; without any, those that anybody can subscribe to."""
    return tuple(_offer(plan) for plan in Plan.objects.filter(is_offered=True, kind__in=kinds or _FOR_ANYBODY))


def find_offer(slug: str) -> PlanOffer | None:
    """One plan on offer."""
    plan = Plan.objects.filter(is_offered=True, slug=slug).first()
    return _offer(plan) if plan else None


def has_offer(kind: str) -> bool:
    """Whether a plan of that kind is on offer."""
    return Plan.objects.filter(is_offered=True, kind=kind).exists()


def compose_cards(offers: Iterable[PlanOffer]) -> tuple[PlanCard, ...]:
    """Plans of one name and kind that hold the same are one card, paid for in several ways. Pure."""
    cards: dict[tuple[str, str, tuple[str, ...]], list[PlanOffer]] = {}
    for offer in offers:
        cards.setdefault((offer.name, offer.kind, offer.lines), []).append(offer)
    return tuple(PlanCard(name, lines, tuple(found)) for (name, _, lines), found in cards.items())


def compare(cards: Iterable[PlanCard]) -> tuple[tuple[str, tuple[bool, ...]], ...]:
    """Each line of the offer, and which of the cards hold it. Pure."""
    listed = tuple(cards)
    lines = dict.fromkeys(line for card in listed for line in card.lines)
    return tuple((line, tuple(line in card.lines for card in listed)) for line in lines)


def has_subscribed(reader_id: int | None) -> bool:
    """Whether a reader has, or ever had, a subscription of their own."""
    rows = Subscription.objects.filter(reader_id=reader_id, reader_id__isnull=False)
    return rows.exclude(price__plan__kind__in=FOR_OTHERS).exists()


def load_held(reader_id: int) -> tuple[HeldPlan, ...]:
    """The subscriptions that a reader has now: those that have not ended and that open something to the reader."""
    rows = Subscription.objects.filter(reader_id=reader_id).exclude(status__in=OVER).select_related("price__plan")
    rows = rows.exclude(price__plan__kind__in=FOR_OTHERS)
    return tuple(
        HeldPlan(
            name=row.price.plan.name,
            price_words=f"{price_text(row.price.cents * row.quantity, row.price.currency)} a {row.price.period}",
            status=row.status,
            period_end=row.period_end,
            cancel_at=row.cancel_at,
        )
        for row in rows
    )


def has_payment_trouble(reader_id: int) -> bool:
    """Whether a payment of the reader's has failed and is still tried."""
    return Subscription.objects.filter(reader_id=reader_id, status=Status.PAST_DUE).exists()


def _offer(plan: Plan) -> PlanOffer:
    return PlanOffer(
        plan_id=plan.pk,
        slug=plan.slug,
        name=plan.name,
        kind=plan.kind,
        cents=plan.price_cents,
        currency=plan.currency,
        price=price_text(plan.price_cents, plan.currency),
        period=plan.get_period_display(),
        summary=plan.summary,
        lines=plan.lines,
        trial_days=plan.trial_days,
    )
