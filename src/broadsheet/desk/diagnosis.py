"""What is wrong when somebody writes "I paid and can't read": an answer in words, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.billing.ledger import OVER, Status
from broadsheet.paywall.resolver import Outcome, Reason


class Trouble(StrEnum):
    """The cases, in the order in which they are looked for."""

    CLOSED = "closed"
    NO_ARTICLE = "no_article"
    EMBARGO = "embargo"
    SIGN_IN_BLOCKED = "sign_in_blocked"
    FINE = "fine"
    PAST_DUE = "past_due"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    UNPAID = "unpaid"
    PAUSED = "paused"
    NOTHING_OPEN = "nothing_open"
    OTHER_ACCOUNT = "other_account"
    ORDER_OPEN = "order_open"
    UNCONFIRMED = "unconfirmed"
    ENDED = "ended"
    GRANT_OVER = "grant_over"
    FOR_OTHERS = "for_others"
    NEVER_PAID = "never_paid"


@dataclass(frozen=True, slots=True)
class HeldSubscription:
    """One subscription as far as the answer needs it; `access_until` is when it stops opening articles, as far as is known."""

    plan: str
    status: Status
    access_until: datetime | None
    failed_at: datetime | None = None
    ended_at: datetime | None = None
    paused_until: datetime | None = None
    disputed_at: datetime | None = None
    is_given_back: bool = False
    is_for_others: bool = False


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """Somebody went to pay, and nothing came of it as far as is known here."""

    at: datetime
    plan: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A living subscription of another account that may be the same person's: its address, and what speaks for it."""

    address: str
    plan: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one reader; `reads_until` is None while nothing opens everything, or where it has no end.

    `outcome` and `reason` are the resolver's about the article that was asked about, None if none was;
    `is_confirmed` is False for an address that was left at the wall and has no account yet.
    """

    address: str
    is_active: bool = True
    is_confirmed: bool = True
    reads_everything: bool = False
    reads_until: datetime | None = None
    subscriptions: tuple[HeldSubscription, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    grant_over_at: datetime | None = None
    is_sign_in_blocked: bool = False
    is_article_asked: bool = False
    outcome: Outcome | None = None
    reason: Reason | None = None
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer: which case, what is so, and what to do about it."""

    trouble: Trouble
    what: str
    advice: str


Day = Callable[[datetime], str]


def diagnose(case: Case, day: Day) -> Diagnosis:
    """The first case that applies; `day` writes a moment as a day in the publication's zone."""
    for rule in (_of_account, _of_article, _of_sign_in, _reads, _of_money, _of_orders, _of_the_past):
        found = rule(case, day)
        if found is not None:
            return found
    return Diagnosis(
        Trouble.NEVER_PAID,
        "Nothing was ever paid with this account.",
        "Ask for the receipt’s number or the address it was sent to, and search for that.",
    )


def _of_account(case: Case, day: Day) -> Diagnosis | None:
    if not case.is_active:
        return Diagnosis(
            Trouble.CLOSED, "This account is closed, so nobody can sign in to it.", "Only an administrator opens it again."
        )
    return None


def _of_article(case: Case, day: Day) -> Diagnosis | None:
    if not case.is_article_asked:
        return None
    if case.outcome is None:
        return Diagnosis(Trouble.NO_ARTICLE, "There is no published article with this number.", "Ask for the article’s address.")
    if case.reason is Reason.EMBARGO:
        until = f" until {day(case.embargo_until)}" if case.embargo_until else ""
        return Diagnosis(
            Trouble.EMBARGO, f"The article is under embargo{until}; nobody but the staff sees it.", "It opens by itself after that."
        )
    return None


def _of_sign_in(case: Case, day: Day) -> Diagnosis | None:
    if case.is_sign_in_blocked:
        return Diagnosis(
            Trouble.SIGN_IN_BLOCKED,
            "Ten wrong codes were typed for this address today, so no code counts until tomorrow.",
            "The link in the letter still counts: send a sign-in letter, and ask them to press its link.",
        )
    return None


def _reads(case: Case, day: Day) -> Diagnosis | None:
    late = next((held for held in case.subscriptions if held.status is Status.PAST_DUE and not held.disputed_at), None)
    if late is not None and late.failed_at is not None and case.reads_everything:
        until = f" until {day(late.access_until)}" if late.access_until else ""
        return Diagnosis(
            Trouble.PAST_DUE,
            f"The payment for {late.plan} failed on {day(late.failed_at)}. They read on{until} while it is tried again.",
            f"Ask them to sign in as {case.address} and give a card that works in their account.",
        )
    if case.reads_everything or case.outcome is Outcome.OPEN:
        what = "They can read everything" if case.reads_everything else "They can read this article"
        until = f" until {day(case.reads_until)}" if case.reads_everything and case.reads_until else ""
        return Diagnosis(
            Trouble.FINE,
            f"{what}{until}.",
            f"Ask them to sign in as {case.address}, in the browser in which they want to read.",
        )
    return None


def _of_money(case: Case, day: Day) -> Diagnosis | None:
    for held in case.subscriptions:
        if held.is_for_others:
            continue
        if held.disputed_at is not None:
            return Diagnosis(
                Trouble.DISPUTED,
                f"Their bank holds the payment for {held.plan} back since {day(held.disputed_at)}, which ended the access.",
                "Ask whether they meant to; if not, their bank can take the dispute back, or they subscribe anew.",
            )
        if held.is_given_back and held.status in OVER:
            at = f", and it ended on {day(held.ended_at)}" if held.ended_at else ""
            what = f"The money for {held.plan} was given back{at}."
            return Diagnosis(Trouble.REFUNDED, what, "If that was not meant, they subscribe anew.")
        if held.status in (Status.UNPAID, Status.PAST_DUE):
            since = f" since {day(held.failed_at)}" if held.failed_at else ""
            return Diagnosis(
                Trouble.UNPAID,
                f"The payments for {held.plan} failed{since}, and the access is over.",
                "A card that works, given in their account, opens it again at once.",
            )
        if held.status is Status.PAUSED:
            until = f" until {day(held.paused_until)}" if held.paused_until else ""
            advice = "End the pause below, or they do so in their account."
            return Diagnosis(Trouble.PAUSED, f"{held.plan} is paused{until}, as was ordered.", advice)
        if held.status in (Status.TRIAL, Status.ACTIVE):
            return Diagnosis(
                Trouble.NOTHING_OPEN,
                f"{held.plan} is paid for, and yet it opens nothing.",
                "Ask the provider again below. If that changes nothing, give access and tell the publisher.",
            )
    return None


def _of_orders(case: Case, day: Day) -> Diagnosis | None:
    if case.elsewhere:
        other = case.elsewhere[0]
        return Diagnosis(
            Trouble.OTHER_ACCOUNT,
            f"{other.plan} was paid on {day(other.since)} under another address, {other.address}: {other.why}.",
            f"Ask them to sign in as {other.address}, or merge the two accounts; both mailboxes have to agree.",
        )
    if case.open_orders:
        order = case.open_orders[0]
        return Diagnosis(
            Trouble.ORDER_OPEN,
            f"They went to pay for {order.plan} on {day(order.at)}, and no payment is known here.",
            "Ask the provider again below. If it knows of none either, the payment was not finished: they try once more.",
        )
    return None


def _of_the_past(case: Case, day: Day) -> Diagnosis | None:
    if not case.is_confirmed:
        return Diagnosis(
            Trouble.UNCONFIRMED,
            "The address was left, but never confirmed, so there is no account yet.",
            "Send the letter again, and ask them to press its link; it may lie in their spam folder.",
        )
    own = [held for held in case.subscriptions if not held.is_for_others]
    ended = next((held for held in own if held.status is Status.ENDED), None)
    if ended is not None:
        at = f" on {day(ended.ended_at)}" if ended.ended_at else ""
        return Diagnosis(Trouble.ENDED, f"{ended.plan} ended{at}.", "They can subscribe anew at any time.")
    if case.grant_over_at is not None:
        what = f"The access they had been given ended on {day(case.grant_over_at)}."
        return Diagnosis(Trouble.GRANT_OVER, what, "Extend it below if that is right.")
    if case.subscriptions:
        return Diagnosis(
            Trouble.FOR_OTHERS,
            f"What they paid for, {case.subscriptions[0].plan}, is for others: it opens nothing to whoever pays.",
            "A gift opens what it holds to whoever redeems it, an organisation’s seats to those who sit on them.",
        )
    return None
