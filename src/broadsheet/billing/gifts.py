"""What holds for gifts: their codes, when they are delivered, how long they wait, whether they are paid. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from broadsheet.billing.ledger import Standing
from broadsheet.billing.periods import period_end
from broadsheet.core.keys import keyed_hash

# Crockford's base 32: no letter that is taken for a digit. Sixteen signs are 80 bits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16
_READ_AS = str.maketrans("OIL", "011")

DELIVERY_HOUR = time(8)  # in the publication's zone
LONGEST_AHEAD = timedelta(days=365)
REMINDER_AFTER = timedelta(days=14)
# A purchase that runs out by itself is said to end at its period's end, give or take what a provider's clock does.
END_SLACK = timedelta(days=1)


class Money(StrEnum):
    """What has become of the payment for a gift."""

    EXPECTED = "expected"
    PAID = "paid"
    GONE = "gone"  # given back, held back by the giver's bank, or ended before its time


def make_code(nonce: str, *, secret_key: str) -> str:
    """The code of a gift, as `read_code` gives it."""
    number = int(keyed_hash("gift-code", nonce, secret_key=secret_key), 16)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))


def show_code(code: str) -> str:
    """The code in groups of four, as people copy it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def read_code(text: str) -> str | None:
    """The code that somebody typed, whatever its hyphens, spaces and capitals; None if it cannot be one."""
    typed = "".join(sign for sign in text.upper() if sign.isalnum()).translate(_READ_AS)
    return typed if len(typed) == CODE_LENGTH and set(typed) <= set(ALPHABET) else None


def delivery_moment(day: date | None, *, zone: tzinfo, now: datetime) -> datetime:
    """When a gift for that day goes out: at eight in the morning, or at once if there is no day or it has come."""
    if day is None or day <= now.astimezone(zone).date():
        return now
    return datetime.combine(day, DELIVERY_HOUR, zone).astimezone(UTC)


def latest_day(*, zone: tzinfo, now: datetime) -> date:
    """The last day that a gift may be delivered on."""
    return now.astimezone(zone).date() + LONGEST_AHEAD


def redeem_by(deliver_at: datetime) -> datetime:
    """Until when a gift waits to be opened: a year by the calendar."""
    return period_end(deliver_at, "year", number=1)


def judge_money(standing: Standing, *, price_cents: int) -> Money:
    """Whether a gift may be opened, by the ledger of its purchase."""
    if standing.disputed_at is not None or (standing.refunded_cents and standing.kept_cents <= 0):
        return Money.GONE
    ended_at, due_end = standing.ended_at, standing.period_end
    if ended_at is not None and due_end is not None and ended_at < due_end - END_SLACK:
        return Money.GONE
    return Money.PAID if standing.paid_cents or not price_cents else Money.EXPECTED
