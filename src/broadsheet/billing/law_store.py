"""The law's switches as code reads them."""

from __future__ import annotations

from dataclasses import dataclass

from broadsheet.billing.models import LawSettings, SaveOffer


@dataclass(frozen=True, slots=True)
class Laws:
    """Which laws the publication keeps; `price_words` stand beside prices, such as `incl. VAT`."""

    eu_withdrawal: bool
    withdrawal_days: int
    german_cancel: bool
    us_reminder: bool
    price_words: str
    save_offer: SaveOffer


def load_laws() -> Laws:
    """The one row of switches; all of them off while nobody has saved any."""
    row = LawSettings.objects.first() or LawSettings()
    return Laws(
        eu_withdrawal=row.eu_withdrawal,
        withdrawal_days=row.withdrawal_days,
        german_cancel=row.german_cancel,
        us_reminder=row.us_reminder,
        price_words=row.price_words,
        save_offer=SaveOffer(row.save_offer),
    )
