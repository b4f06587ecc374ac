"""What the support's pages show of one reader: what they hold, what happened, and who may be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import merge

from allauth.usersessions.models import UserSession
from django.db.models import Max, Q

from broadsheet.accounts.flows import CODE_TRIES_A_DAY, DAY, PROOF_LETTERS
from broadsheet.accounts.models import AddressProof, User
from broadsheet.accounts.store import tally_subject
from broadsheet.billing import providers
from broadsheet.billing.change_flows import may_cancel, may_pause, may_undo
from broadsheet.billing.days import show_day
from broadsheet.billing.ledger import RUNNING, LineKind, Standing, Status, fold
from broadsheet.billing.models import FOR_OTHERS, Gift, Invoice, LedgerLine, Order, Subscription
from broadsheet.core.flows import may_try
from broadsheet.core.money import price_text
from broadsheet.desk.diagnosis import Case, Elsewhere, HeldSubscription, OpenOrder
from broadsheet.desk.letters import NAMES
from broadsheet.desk.models import AuditLine
from broadsheet.mail.models import OutboxLetter
from broadsheet.mail.wordings import LetterKind
from broadsheet.membership.models import Grant, NewsletterConsent
from broadsheet.membership.store import whole_grants
from broadsheet.paywall.explanation import Explanation
from broadsheet.paywall.models import Unlock

MAX_FOUND = 50
# Of one kind; a reader with more of one has them counted, and asks the publisher.
MAX_OF_A_KIND = 500
PAGE = 40
ORDERS_COUNT_FOR = timedelta(days=90)  # an older one that led to nothing explains nothing


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment and what is left of it."""

    ref: str
    at: datetime
    cents: int
    currency: str
    left_cents: int

    @property
    def amount(self) -> str:
        return price_text(self.cents, self.currency)

    @property
    def left(self) -> str:
        return price_text(self.left_cents, self.currency)


@dataclass(frozen=True, slots=True)
class Held:
    """One subscription with its standing, its payments, and what can be ordered."""

    row: Subscription
    standing: Standing
    payments: tuple[Payment, ...]
    may_cancel: bool
    may_undo: bool
    may_pause: bool
    is_running: bool
    provider_link: str

    @property
    def is_paused(self) -> bool:
        return self.row.status == Status.PAUSED

    @property
    def price(self) -> str:
        return f"{price_text(self.row.price.cents * self.row.quantity, self.row.price.currency)} a {self.row.price.period}"


def load_subscriptions(reader_id: int, *, now: datetime) -> list[Held]:
    """Every subscription of a reader, the newest first."""
    rows = Subscription.objects.filter(reader_id=reader_id).select_related("price__plan", "grant").prefetch_related("lines")
    return [_held(row, now) for row in rows]


def _held(row: Subscription, now: datetime) -> Held:
    lines = [line.line() for line in row.lines.all()]
    back: dict[str, int] = {}
    for line in lines:
        if line.kind is LineKind.REFUND:
            back[line.detail] = back.get(line.detail, 0) + line.cents
    payments = tuple(
        Payment(line.detail, line.at, line.cents, line.currency, line.cents - back.get(line.detail, 0))
        for line in lines
        if line.kind is LineKind.PAYMENT
    )
    link = f"https://dashboard.stripe.com/search?query={row.ref}" if row.provider == "stripe" else ""
    return Held(
        row=row,
        standing=fold(lines),
        payments=payments[::-1],
        may_cancel=may_cancel(row),
        may_undo=may_undo(row, now=now),
        may_pause=may_pause(row),
        is_running=row.status in RUNNING,
        provider_link=link,
    )


# -- Searching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A reader who may be meant, and what speaks for them."""

    reader: User
    why: str = ""


def search_readers(typed: str) -> list[Found]:
    """Readers by part of the address or name, or by the number of an order, payment, subscription or invoice."""
    by_number = list(_find_by_number(typed))
    if by_number:
        return by_number
    part = Q(email__icontains=typed)
    words = typed.split()
    name = Q()
    for word in words:
        name &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    rows = User.objects.filter(part | name if words else part).order_by("email")[: MAX_FOUND + 1]
    return [Found(row) for row in rows]


def _find_by_number(number: str) -> Iterator[Found]:
    names = list(providers.load_providers())
    subscriptions = Subscription.objects.filter(provider__in=names, ref=number).values_list("reader_id", flat=True)
    paid = LedgerLine.objects.filter(kind=LineKind.PAYMENT, detail=number)
    searches: tuple[tuple[str, Iterable[int | None]], ...] = (
        ("order", Order.objects.filter(ref=number).values_list("reader_id", flat=True)),
        ("subscription", subscriptions),
        ("payment", paid.values_list("subscription__reader_id", flat=True)),
        ("invoice", Invoice.objects.filter(number=number).values_list("agreement__reader_id", flat=True)),
    )
    for what, reader_ids in searches:
        for reader in User.objects.filter(pk__in=[pk for pk in reader_ids if pk is not None]):
            yield Found(reader, f"{what} {number}")


def find_unconfirmed(typed: str, *, now: datetime) -> list[AddressProof]:
    """The newest letter to each address that asked for one lately and has no account."""
    waiting = AddressProof.objects.filter(address__icontains=typed, user=None, link_ends_at__gt=now - DAY).order_by("-asked_at")
    found: dict[str, AddressProof] = {}
    for proof in waiting[:MAX_FOUND]:
        found.setdefault(proof.address_key, proof)
    known = set(User.objects.filter(address_key__in=found).values_list("address_key", flat=True))
    return [proof for key, proof in found.items() if key not in known]


# -- The case, for the diagnosis -------------------------------------------------------------------------------------


def load_case(reader: User, held: Iterable[Held], asked: Explanation | None, *, now: datetime) -> Case:
    """What the diagnosis needs to know; `asked` is the answer about an article, if one was asked about."""
    live = list(whole_grants(reader.pk, now=now))
    over = Grant.objects.filter(reader=reader, article=None, ends_at__lte=now)
    has_end = all(grant.ends_at is not None for grant in live)
    decision = asked.decision if asked else None
    return Case(
        address=reader.email,
        is_active=reader.is_active,
        is_confirmed=reader.confirmed_at is not None,
        reads_everything=bool(live),
        reads_until=max((grant.ends_at for grant in live if grant.ends_at), default=None) if has_end else None,
        subscriptions=tuple(_short(each) for each in held),
        open_orders=tuple(_load_open_orders(reader, now)),
        elsewhere=() if live else tuple(_find_elsewhere(reader)),
        grant_over_at=over.aggregate(last=Max("ends_at"))["last"],
        is_sign_in_blocked=not may_try("code", tally_subject(reader.address_key), limit=CODE_TRIES_A_DAY, per=DAY, now=now),
        is_article_asked=asked is not None,
        outcome=decision.outcome if decision else None,
        reason=decision.reason if decision else None,
        embargo_until=decision.ends_at if decision else None,
    )


def _short(held: Held) -> HeldSubscription:
    standing = held.standing
    return HeldSubscription(
        plan=held.row.price.plan.name,
        status=Status(held.row.status),
        access_until=standing.access_ends_at(),
        failed_at=standing.failed_at,
        ended_at=standing.ended_at,
        paused_until=standing.paused_until,
        disputed_at=standing.disputed_at,
        is_given_back=bool(standing.paid_cents) and standing.kept_cents <= 0,
        is_for_others=held.row.price.plan.kind in FOR_OTHERS,
    )


def load_unfinished(reader_id: int, *, now: datetime) -> list[Order]:
    """Orders of a reader that led to nothing as far as is known, the newest first."""
    rows = Order.objects.filter(reader_id=reader_id, subscription=None, created_at__gt=now - ORDERS_COUNT_FOR)
    return list(rows.select_related("price__plan"))


def _load_open_orders(reader: User, now: datetime) -> Iterator[OpenOrder]:
    for order in load_unfinished(reader.pk, now=now):
        yield OpenOrder(order.created_at, order.price.plan.name)


def _find_elsewhere(reader: User) -> Iterator[Elsewhere]:
    """Living subscriptions of other accounts: bought by an order of this one, or held under nearly the same address."""
    living = Subscription.objects.filter(status__in=RUNNING, reader__isnull=False).exclude(reader=reader)
    for row in living.filter(orders__reader=reader).select_related("reader", "price__plan"):
        yield _elsewhere(row, "this account ordered it")
    local = reader.email.partition("@")[0]
    alike = Q(reader__email__istartswith=f"{local}@")
    if reader.first_name and reader.last_name:
        alike |= Q(reader__first_name__iexact=reader.first_name, reader__last_name__iexact=reader.last_name)
    for row in living.filter(alike).select_related("reader", "price__plan")[:MAX_FOUND]:
        same_name = row.reader is not None and row.reader.email.lower().startswith(f"{local.lower()}@")
        yield _elsewhere(row, "the address begins alike" if same_name else "the name is the same")


def _elsewhere(row: Subscription, why: str) -> Elsewhere:
    return Elsewhere(row.reader.email if row.reader else "", row.price.plan.name, row.started_at, why)


# -- What happened, the newest first ---------------------------------------------------------------------------------


class MomentKind(StrEnum):
    """What an entry of a reader's history is about; the page filters by it."""

    MONEY = "money"
    GRANT = "grant"
    LETTER = "letter"
    READING = "reading"
    SIGN_IN = "sign-in"
    CONSENT = "consent"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry: when, of which kind, in words; `letter_id` if it is a letter that can be sent again."""

    at: datetime
    kind: MomentKind
    text: str
    detail: str = ""
    letter_id: int | None = None


def load_history(reader: User, kind: str, *, now: datetime) -> list[Moment]:
    """All that is known of one reader, or what is of one kind; the newest first."""
    wanted = [load for each, load in _HISTORIES if not kind or each == kind]
    return list(merge(*(sorted(load(reader, now), key=_when, reverse=True) for load in wanted), key=_when, reverse=True))


def _when(moment: Moment) -> datetime:
    return moment.at


def _money(reader: User, now: datetime) -> Iterator[Moment]:
    lines = LedgerLine.objects.filter(subscription__reader=reader).exclude(kind=LineKind.LETTER)
    for row in lines.select_related("subscription__price__plan").order_by("-id")[:MAX_OF_A_KIND]:
        detail = row.detail if row.kind in _NUMBERED else f"subscription {row.subscription_id}"
        yield Moment(row.at, MomentKind.MONEY, f"{row.subscription.price.plan.name}: {_line_words(row)}", detail)
    for order in Order.objects.filter(reader=reader).select_related("price__plan")[:MAX_OF_A_KIND]:
        came = f"led to subscription {order.subscription_id}" if order.subscription_id else "no payment is known"
        yield Moment(order.created_at, MomentKind.MONEY, f"Went to pay for {order.price.plan.name}; {came}", f"order {order.ref}")
    for invoice in Invoice.objects.filter(agreement__reader=reader)[:MAX_OF_A_KIND]:
        amount = price_text(invoice.cents, invoice.currency)
        yield Moment(invoice.issued_at, MomentKind.MONEY, f"{invoice} over {amount}, {invoice.get_state_display().lower()}")
    for gift in Gift.objects.filter(reader=reader, redeemed_at__isnull=False):
        yield Moment(gift.redeemed_at or now, MomentKind.MONEY, "Redeemed a gift", f"gift {gift.pk}")


def _line_words(row: LedgerLine) -> str:
    amount = f" {price_text(row.cents, row.currency)}" if row.cents else ""
    until = f" until {show_day(row.until)}" if row.until else ""
    words = _LINE_WORDS.get(LineKind(row.kind), row.get_kind_display())
    return f"{words}{f' {row.detail}' if row.kind == LineKind.STATUS else ''}{amount}{until}".replace("_", " ")


# Lines whose detail is a number that people ask by.
_NUMBERED = (LineKind.PAYMENT, LineKind.REFUND, LineKind.DISPUTE, LineKind.DISPUTE_WON)
_LINE_WORDS = {
    LineKind.STARTED: "subscribed",
    LineKind.STATUS: "is now",
    LineKind.PERIOD: "runs",
    LineKind.PAYMENT: "paid",
    LineKind.REFUND: "given back",
    LineKind.DISPUTE: "the bank holds the payment back",
    LineKind.DISPUTE_WON: "the bank gave the payment free",
    LineKind.CANCEL: "cancelled, runs",
    LineKind.CANCEL_UNDONE: "goes on after all",
    LineKind.PAUSE: "paused",
    LineKind.PRICE: "price set",
    LineKind.QUANTITY: "seats changed",
    LineKind.MOVED: "moved to another account or address",
}


def _grants(reader: User, now: datetime) -> Iterator[Moment]:
    rows = Grant.objects.filter(reader=reader).select_related("article").defer("article__body").order_by("-id")[:MAX_OF_A_KIND]
    for row in rows:
        opens = f"opens “{row.article.headline}”" if row.article else "opens everything"
        until = f" until {show_day(row.ends_at)}" if row.ends_at else ""
        yield Moment(row.created_at, MomentKind.GRANT, f"{row.get_source_display().capitalize()} grant {opens}{until}", row.reason)
        if row.ends_at is not None and row.ends_at <= now:
            yield Moment(row.ends_at, MomentKind.GRANT, f"{row.get_source_display().capitalize()} grant is over", row.reason)


def _letters(reader: User, now: datetime) -> Iterator[Moment]:
    rows = OutboxLetter.objects.filter(to_address__iexact=reader.email).order_by("-id").defer("text", "html", "attachment")
    for row in rows[:MAX_OF_A_KIND]:
        name = NAMES.get(LetterKind(row.kind), row.kind) if row.kind in set(LetterKind) else row.kind
        can_go_again = row.kind in set(LetterKind) and row.kind not in PROOF_LETTERS
        state = row.get_state_display().lower().replace("_", " ")
        yield Moment(row.created_at, MomentKind.LETTER, f"{name}: “{row.subject}”", state, row.pk if can_go_again else None)


def _reading(reader: User, now: datetime) -> Iterator[Moment]:
    rows = Unlock.objects.filter(reader=reader).select_related("article").defer("article__body").order_by("-opened_at")
    for row in rows[:MAX_OF_A_KIND]:
        title = f"“{row.article.headline}”" if row.article else "an article that was deleted"
        detail = f"{row.slot} of {row.allowance} in {row.month}, open until {show_day(row.ends_at)}"
        yield Moment(row.opened_at, MomentKind.READING, f"Opened {title}", detail)


def _sign_ins(reader: User, now: datetime) -> Iterator[Moment]:
    for proof in AddressProof.objects.filter(Q(address_key=reader.address_key) | Q(user=reader))[:MAX_OF_A_KIND]:
        yield Moment(proof.asked_at, MomentKind.SIGN_IN, f"Asked for a letter: {proof.get_purpose_display().lower()}")
        if proof.used_at is not None:
            yield Moment(proof.used_at, MomentKind.SIGN_IN, "Proved the mailbox")
    for created_at in UserSession.objects.filter(user=reader).values_list("created_at", flat=True)[:MAX_OF_A_KIND]:
        yield Moment(created_at, MomentKind.SIGN_IN, "Signed in")
    if reader.confirmed_at is not None:
        yield Moment(reader.confirmed_at, MomentKind.SIGN_IN, "Confirmed the address; the account began")


def _consents(reader: User, now: datetime) -> Iterator[Moment]:
    for row in NewsletterConsent.objects.filter(reader=reader)[:MAX_OF_A_KIND]:
        yield Moment(row.given_at, MomentKind.CONSENT, f"Asked for the newsletter {row.newsletter}", row.source)
        if row.ended_at is not None:
            yield Moment(row.ended_at, MomentKind.CONSENT, f"Wants the newsletter {row.newsletter} no more")


def _staff(reader: User, now: datetime) -> Iterator[Moment]:
    for row in AuditLine.objects.filter(reader_id=reader.pk).select_related("staff")[:MAX_OF_A_KIND]:
        who = row.staff.email if row.staff else "somebody who has left"
        yield Moment(row.at, MomentKind.STAFF, f"{row.get_action_display()}, {who}: {row.reason}", row.detail)


_HISTORIES: tuple[tuple[MomentKind, Callable[[User, datetime], Iterator[Moment]]], ...] = (
    (MomentKind.MONEY, _money),
    (MomentKind.GRANT, _grants),
    (MomentKind.LETTER, _letters),
    (MomentKind.READING, _reading),
    (MomentKind.SIGN_IN, _sign_ins),
    (MomentKind.CONSENT, _consents),
    (MomentKind.STAFF, _staff),
)
