"""Gifts: what a purchase leads to, delivery on its day, one reminder, redemption, and what becomes of money given back.

The giver gets nothing but letters from a gift. Its time runs from the day on which somebody redeems it, into that
reader's own account.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from broadsheet.accounts.models import User
from broadsheet.billing import gifts
from broadsheet.billing.days import show_day
from broadsheet.billing.gifts import Money
from broadsheet.billing.ledger import Line, LineKind, Standing, Status
from broadsheet.billing.models import Gift, Order, Plan, Subscription
from broadsheet.billing.periods import period_end
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.flows import EventKind, count_try, record_event, take_back_try
from broadsheet.core.keys import keyed_hash
from broadsheet.core.money import price_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.membership.flows import end_grant
from broadsheet.membership.models import Grant

BATCH = 500
# With 80 bits in a code no number of tries finds one; this keeps the table from being asked all day.
WRONG_CODES = 20
WRONG_CODES_PER = timedelta(hours=1)
UNREDEEMED_LOOKED_AT = timedelta(days=60)
# Longer than anybody needs to pay, or to ask why a gift did not arrive.
ADDRESS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class GiftWish:
    """What a giver fills in. Without `deliver_on` it goes out as soon as it is paid."""

    address: str
    giver_name: str
    message: str
    deliver_on: date | None

    def details(self) -> dict[str, str]:
        """As an order keeps it until it is paid."""
        day = self.deliver_on.isoformat() if self.deliver_on else ""
        return {"address": self.address, "giver_name": self.giver_name, "message": self.message, "deliver_on": day}


class GiftRefusal(StrEnum):
    """Why a code opens nothing."""

    WRONG = "wrong"
    TOO_MANY = "too many"
    USED = "used"
    OVER = "over"
    UNPAID = "unpaid"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class HeldAlready:
    """What the reader holds already when a gift is opened: until when, and whether it goes on by itself."""

    ends_at: datetime | None
    renews: bool


def follow_gift(subscription: Subscription, line: Line, standing: Standing, now: datetime, **kwargs: Any) -> None:
    """What one new line of a gift's purchase means for the gift; in the transaction that writes the line."""
    if subscription.price.plan.kind != Plan.Kind.GIFT or line.kind is LineKind.LETTER:
        return
    gift = Gift.objects.select_for_update().filter(subscription=subscription).first() or _begin(subscription, now)
    if gift is None:
        return
    money = gifts.judge_money(standing, price_cents=subscription.price.cents)
    if (money is Money.PAID) != gift.is_paid or (money is Money.GONE) != (gift.stopped_at is not None):
        gift.is_paid = money is Money.PAID
        gift.stopped_at = now if money is Money.GONE else None
        gift.save(update_fields=["is_paid", "stopped_at"])
        _follow_with_grant(gift, now)
    if line.kind is LineKind.PAYMENT and line.cents:
        _write_receipt(gift, line, now)
    if gift.deliver_at <= now:
        _deliver(gift.pk, now)


def change_gift(gift: Gift, wish: GiftWish, *, now: datetime) -> bool:
    """Change address, words and day of a gift that has not been delivered; False if it has been by now."""
    deliver_at = gifts.delivery_moment(wish.deliver_on, zone=settings.BROADSHEET.zone, now=now)
    with transaction.atomic():
        changed = (
            _undelivered()
            .filter(pk=gift.pk)
            .update(
                address=wish.address,
                giver_name=wish.giver_name,
                message=wish.message,
                deliver_at=deliver_at,
                redeem_by=gifts.redeem_by(deliver_at),
            )
        )
        if changed and deliver_at <= now:
            _deliver(gift.pk, now)
    return bool(changed)


def deliver_again(gift: Gift, address: str, *, now: datetime) -> bool:
    """Send a gift that waits to be opened once more, to another address if need be; False if it is open or stopped."""
    with transaction.atomic():
        waits = Gift.objects.filter(pk=gift.pk, is_paid=True, redeemed_at__isnull=True, redeem_by__gt=now)
        if not waits.update(address=address, delivered_at=now, reminded_at=None):
            return False
        _write_to_recipient(Gift.objects.get(pk=gift.pk), LetterKind.GIFT, now)
    return True


def deliver_due_gifts(*, now: datetime) -> int:
    """Deliver the gifts whose day has come; a server that was down does it later, in the same way. Returns how many."""
    due = _undelivered().filter(deliver_at__lte=now, is_paid=True).order_by("deliver_at", "id")
    return sum(_deliver(pk, now) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def remind_of_gifts(*, now: datetime) -> int:
    """Write once more about gifts that nobody has opened in two weeks. Returns how many."""
    waiting = Gift.objects.filter(
        is_paid=True,
        redeemed_at__isnull=True,
        reminded_at__isnull=True,
        delivered_at__lte=now - gifts.REMINDER_AFTER,
        redeem_by__gt=now,
    ).exclude(address="")
    written = 0
    for pk in list(waiting.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            if waiting.filter(pk=pk).update(reminded_at=now):
                _write_to_recipient(Gift.objects.get(pk=pk), LetterKind.GIFT_REMINDER, now)
                written += 1
    return written


def report_unredeemed_gifts(*, now: datetime) -> int:
    """Put before the staff what was paid for and never opened: they decide whether to give it back. Returns how many."""
    over = Gift.objects.filter(is_paid=True, redeemed_at__isnull=True, redeem_by__range=(now - UNREDEEMED_LOOKED_AT, now))
    for gift in over.select_related("subscription"):
        text = f"Gift {gift.pk} was paid for and never opened within a year. Give the money back, or send it once more."
        raise_alert(f"gift:{gift.pk}:unredeemed", text, subscription=gift.subscription, now=now)
    return len(over)


def forget_recipients(*, now: datetime) -> int:
    """Forget for whom a gift was that was never paid, or was opened or given up long ago. Returns how many."""
    before = now - ADDRESS_KEPT
    unpaid = Order.objects.filter(subscription=None, created_at__lt=before).exclude(details={}).update(details={})
    done = Gift.objects.filter(Q(redeemed_at__lt=before) | Q(redeem_by__lt=before)).exclude(address="")
    return unpaid + done.update(address="", message="")


def find_by_code(text: str, *, network_key: str, now: datetime) -> Gift | GiftRefusal:
    """The gift of a code that somebody typed or followed; wrong ones are counted by network."""
    # Counted before it is looked up, so that tries at the same moment are no way around; a right one is uncounted.
    if not count_try("gift-code", network_key, limit=WRONG_CODES, per=WRONG_CODES_PER, now=now):
        return GiftRefusal.TOO_MANY
    code = gifts.read_code(text)
    found = Gift.objects.select_related("subscription__price__plan").filter(code_hash=_code_hash(code)).first() if code else None
    if found is None:
        return GiftRefusal.WRONG
    take_back_try("gift-code", network_key, per=WRONG_CODES_PER, now=now)
    return find_refusal(found, now=now) or found


def find_refusal(gift: Gift, *, now: datetime) -> GiftRefusal | None:
    """Why a gift can't be opened now; None if it can."""
    if gift.redeemed_at is not None:
        return GiftRefusal.USED
    if gift.stopped_at is not None:
        return GiftRefusal.STOPPED
    if not gift.is_paid:
        return GiftRefusal.UNPAID
    return GiftRefusal.OVER if gift.redeem_by <= now else None


def redeem_gift(gift_id: int, reader: User, *, after_what_is_held: bool = False, now: datetime) -> Gift | GiftRefusal:
    """Open a gift into one reader's account, once; however many press at the same moment, one of them gets it.

    Args:
        after_what_is_held: begin when what the reader holds already has ended, where that is known; else now.
    """
    with transaction.atomic():
        held = find_held(reader.pk, now=now) if after_what_is_held else None
        starts_at = held.ends_at if held is not None and held.ends_at is not None and not held.renews else now
        gift = Gift.objects.select_related("subscription__price__plan").get(pk=gift_id)
        price = gift.subscription.price
        runs_until = period_end(starts_at, price.period, number=1)
        free = Gift.objects.filter(pk=gift_id, redeemed_at__isnull=True, stopped_at__isnull=True, is_paid=True, redeem_by__gt=now)
        if not free.update(reader=reader, redeemed_at=now, runs_until=runs_until):
            return find_refusal(Gift.objects.get(pk=gift_id), now=now) or GiftRefusal.USED
        gift.refresh_from_db(fields=["reader", "redeemed_at", "runs_until"])
        gift.grant = Grant.objects.create(
            reader=reader,
            source=Grant.Source.GIFT,
            starts_at=starts_at,
            ends_at=runs_until,
            reason=f"{price.plan.name}, gift {gift.pk}",
            created_at=now,
        )
        gift.save(update_fields=["grant"])
        record_event(EventKind.GIFT_REDEEMED, now=now, reader_id=reader.pk, source=price.plan.slug)
        _write_opened(gift, reader, starts_at, now)
    return gift


def find_held(reader_id: int, *, now: datetime) -> HeldAlready | None:
    """What opens everything to a reader already, the longest of it; None if nothing does."""
    live = Grant.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), reader_id=reader_id, article__isnull=True)
    ends = [(grant.pk, grant.ends_at) for grant in live]
    if not ends:
        return None
    renewing = Subscription.objects.filter(
        grant_id__in=[pk for pk, _ in ends], cancel_at__isnull=True, status__in=(Status.TRIAL, Status.ACTIVE, Status.PAST_DUE)
    )
    known = [at for _, at in ends if at is not None]
    return HeldAlready(max(known) if len(known) == len(ends) else None, renewing.exists())


def code_of(gift: Gift) -> str:
    """The code that opens a gift, in groups of four."""
    return gifts.show_code(gifts.make_code(gift.nonce, secret_key=settings.BROADSHEET.secret_key))


def link_of(gift: Gift) -> str:
    """The page that opens a gift."""
    return f"{settings.BROADSHEET.site_url}/gift/{code_of(gift)}/"


def offer_lines(plan: Plan) -> tuple[str, ...]:
    """What a plan holds, line by line; never nothing."""
    return plan.lines or ("Every article and the whole library",)


def _begin(subscription: Subscription, now: datetime) -> Gift | None:
    """Make the gift that an order asked for; what was typed moves from the order to the gift."""
    order = Order.objects.filter(subscription=subscription).exclude(details={}).first()
    if order is None:
        text = f"Subscription {subscription.pk} is a gift, but nobody knows for whom. Ask the buyer, or give the money back."
        raise_alert(f"gift:{subscription.pk}:whom", text, subscription=subscription, now=now)
        return None
    nonce = secrets.token_hex(16)
    day = date.fromisoformat(order.details["deliver_on"]) if order.details.get("deliver_on") else None
    deliver_at = gifts.delivery_moment(day, zone=settings.BROADSHEET.zone, now=now)
    gift = Gift.objects.create(
        subscription=subscription,
        address=order.details.get("address", ""),
        giver_name=order.details.get("giver_name", ""),
        message=order.details.get("message", ""),
        nonce=nonce,
        code_hash=_code_hash(gifts.make_code(nonce, secret_key=settings.BROADSHEET.secret_key)),
        deliver_at=deliver_at,
        redeem_by=gifts.redeem_by(deliver_at),
        created_at=now,
    )
    order.details = {}
    order.save(update_fields=["details"])
    return gift


def _follow_with_grant(gift: Gift, now: datetime) -> None:
    """End what a redeemed gift opens when its money is gone; let it run on if the money comes back."""
    if gift.grant is None or gift.runs_until is None:
        return
    if gift.stopped_at is None:
        gift.grant.ends_at = gift.runs_until
        gift.grant.save(update_fields=["ends_at"])
    elif end_grant(gift.grant.pk, now=now) and gift.reader is not None:
        values = {"plan": gift.subscription.price.plan.name, "help_link": _site("/help/")}
        queue_letter(LetterKind.GIFT_ENDED, gift.reader.email, values, now=now)


def _undelivered() -> Any:
    return Gift.objects.filter(delivered_at__isnull=True, redeemed_at__isnull=True, stopped_at__isnull=True).exclude(address="")


def _deliver(pk: int, now: datetime) -> bool:
    """Write to the recipient, once: whoever marks the row writes the letter, in one transaction."""
    with transaction.atomic():
        if not _undelivered().filter(pk=pk, is_paid=True, deliver_at__lte=now).update(delivered_at=now):
            return False
        _write_to_recipient(Gift.objects.get(pk=pk), LetterKind.GIFT, now)
    return True


def _write_to_recipient(gift: Gift, kind: LetterKind, now: datetime) -> None:
    plan = gift.subscription.price.plan
    values = {
        "plan": plan.name,
        "period": f"a {gift.subscription.price.period}",
        "giver": gift.giver_name or "Somebody",
        "message": f"“{gift.message}”" if gift.message else "",
        "code": code_of(gift),
        "link": link_of(gift),
        "redeem_by": show_day(gift.redeem_by),
        "holds": "\n".join(f"- {line}" for line in offer_lines(plan)),
        "help_link": _site("/help/"),
    }
    queue_letter(kind, gift.address, values, now=now)


def _write_receipt(gift: Gift, line: Line, now: datetime) -> None:
    giver = gift.subscription.reader
    if giver is None:
        return
    day = show_day(gift.deliver_at)
    later = f"It goes out on {day} in the morning. Until then you can change the day, the address and your words."
    values: Mapping[str, str] = {
        "plan": gift.subscription.price.plan.name,
        "amount": price_text(line.cents, line.currency),
        "paid_on": show_day(line.at),
        "number": line.detail,
        "recipient": gift.address,
        "delivery_line": "It goes out now." if gift.deliver_at <= now else later,
        "redeem_by": show_day(gift.redeem_by),
        "link": _site("/account/gifts/"),
        "help_link": _site("/help/"),
    }
    queue_letter(LetterKind.GIFT_BOUGHT, giver.email, values, now=now)


def _write_opened(gift: Gift, reader: User, starts_at: datetime, now: datetime) -> None:
    plan = gift.subscription.price.plan
    values = {
        "plan": plan.name,
        "holds": "\n".join(f"- {line}" for line in offer_lines(plan)),
        "from_day_line": f"It begins on {show_day(starts_at)}, when what you hold has ended." if starts_at > now else "",
        "runs_until": show_day(gift.runs_until or now),
        "link": _site("/account/"),
        "help_link": _site("/help/"),
    }
    queue_letter(LetterKind.GIFT_OPENED, reader.email, values, now=now)


def _code_hash(code: str) -> str:
    return keyed_hash("gift", code, secret_key=settings.BROADSHEET.secret_key)


def _site(path: str) -> str:
    return f"{settings.BROADSHEET.site_url}{path}"
