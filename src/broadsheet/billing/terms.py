"""What somebody agrees to by pressing the button that orders: said beside it, and kept with the order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.core.money import price_text


@dataclass(frozen=True, slots=True)
class Terms:
    """What one order costs, and for how long.

    `period` is `month` or `year`; the discount holds for `discount_periods` payments, for all if that is None;
    `price_words` stand behind prices, such as `incl. VAT`.
    """

    plan_name: str
    cents: int
    currency: str
    period: str
    trial_days: int = 0
    discount_percent: int = 0
    discount_periods: int | None = None
    price_words: str = ""

    @property
    def first_cents(self) -> int:
        """What the first payment takes, rounded down; a provider that reckons by itself may differ by one cent."""
        return self.cents * (100 - self.discount_percent) // 100

    @property
    def full_price(self) -> str:
        """Such as `€96 a year`."""
        return f"{price_text(self.cents, self.currency)} a {self.period}"

    @property
    def first_price(self) -> str:
        """Such as `€48`."""
        return price_text(self.first_cents, self.currency)

    @property
    def due_now(self) -> str:
        """What is taken when the button is pressed."""
        return price_text(0 if self.trial_days else self.first_cents, self.currency)


def compose_terms(terms: Terms) -> tuple[str, ...]:
    """The sentences beside the button."""
    words = f" ({terms.price_words})" if terms.price_words else ""
    return (
        f"You order {terms.plan_name} for {terms.full_price}{words}.",
        *((_discount(terms),) if terms.discount_percent else ()),
        *((_trial(terms),) if terms.trial_days else ()),
        f"It renews by itself each {terms.period} until you cancel. Cancelling takes two clicks in your account, and you read on "
        "to the end of what you have paid for.",
        "You ask us to begin at once.",
    )


def _discount(terms: Terms) -> str:
    lower = f"{terms.first_price} a {terms.period}"
    if terms.discount_periods is None:
        return f"With this offer it costs {lower}."
    if terms.discount_periods == 1:
        return f"With this offer the first {terms.period} costs {terms.first_price}; after it, {terms.full_price}."
    return f"With this offer the first {terms.discount_periods} {terms.period}s cost {lower}; after them, {terms.full_price}."


def _trial(terms: Terms) -> str:
    days = "The first day is" if terms.trial_days == 1 else f"The first {terms.trial_days} days are"
    return f"{days} free; then {terms.first_price} is taken, unless you have cancelled before."
