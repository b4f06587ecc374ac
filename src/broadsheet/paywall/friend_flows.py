"""A subscriber gives one article to friends: a link that opens it for whoever has it, for some days, in some browsers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex

from django.conf import settings
from django.db import IntegrityError, transaction

from broadsheet.core.flows import EventKind, record_event
from broadsheet.core.keys import keyed_hash
from broadsheet.core.months import month_key
from broadsheet.library.store import find_article_access
from broadsheet.membership.entitlement import HeldGrant
from broadsheet.paywall.exceptions import NoSuchArticle
from broadsheet.paywall.flows import MAX_TRIES
from broadsheet.paywall.friend_store import find_link, find_live_link, find_spent_slots, is_subscriber
from broadsheet.paywall.meter import next_slot
from broadsheet.paywall.models import FriendLink, FriendOpening
from broadsheet.publication.store import load_publication

TOKEN_LENGTH = 32  # hex digits, 128 bits
# By then the month of a link's slot is over as well, so that a deleted link never frees a slot of the present one.
KEPT_AFTER_END = timedelta(days=31)


class ShareOutcome(StrEnum):
    MADE = "made"
    ALREADY_MADE = "already_made"
    SPENT = "spent"
    NOT_SUBSCRIBED = "not_subscribed"


@dataclass(frozen=True, slots=True)
class ShareResult:
    """What became of a wish to give an article away; `token` is empty where there is no link."""

    outcome: ShareOutcome
    token: str = ""


class LinkState(StrEnum):
    """How a link stands when somebody opens it."""

    OPENS = "opens"
    UNKNOWN = "unknown"
    TAKEN_BACK = "taken_back"
    OVER = "over"
    GIVER_GONE = "giver_gone"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Shown:
    """A link that somebody shows: how it stands, and what it holds if it opens its article."""

    state: LinkState
    link_id: int = 0
    grant: HeldGrant | None = None


def share_article(reader_id: int, article_id: int, *, now: datetime) -> ShareResult:
    """Make a subscriber's link to one article, which spends one of the month's; or give the one that still opens it.

    One transaction; the table's keys refuse what parallel requests might try.

    Raises:
        NoSuchArticle: the article is not published, or is under embargo.
    """
    row = find_article_access(article_id, now=now)
    if row is None or (row.embargo_until is not None and now < row.embargo_until):
        raise NoSuchArticle(f"article {article_id} is not one that can be given away")
    if not is_subscriber(reader_id, now=now):
        return ShareResult(ShareOutcome.NOT_SUBSCRIBED)
    for _ in range(MAX_TRIES):
        try:
            with transaction.atomic():
                return _share_once(reader_id, article_id, now)
        except IntegrityError:
            continue  # somebody else took the slot, perhaps for this very article: look again
    raise RuntimeError(f"a link to article {article_id} for reader {reader_id} lost {MAX_TRIES} races")


def show_link(token: str, article_id: int, *, now: datetime) -> Shown:
    """How the link with this token stands to one article. Reads only.

    It opens nothing else, and nothing once its giver's subscription is over.
    """
    is_whole = len(token) == TOKEN_LENGTH and token.isascii()
    link = find_link(hash_token(token), article_id) if is_whole else None
    if link is None:
        return Shown(LinkState.UNKNOWN)
    if link.taken_back_at is not None:
        return Shown(LinkState.TAKEN_BACK, link.pk)
    if now >= link.ends_at:
        return Shown(LinkState.OVER, link.pk)
    if not is_subscriber(link.reader_id, now=now) or not load_publication().friend_links_per_month:
        return Shown(LinkState.GIVER_GONE, link.pk)
    grant = HeldGrant("friend", article_id, link.made_at, link.ends_at, "given by a subscriber", f"friend's link {link.pk}")
    return Shown(LinkState.OPENS, link.pk, grant)


def open_link(link_id: int, *, browser_key: str, now: datetime) -> bool:
    """Count one browser in which a link is opened, each once; False if that would be one too many, or the link is gone."""
    for _ in range(MAX_TRIES):
        try:
            with transaction.atomic():
                return _open_once(link_id, browser_key, now)
        except IntegrityError:
            continue  # another browser took the number, or this one opened it twice at once
    raise RuntimeError(f"friend's link {link_id} lost {MAX_TRIES} races")


def take_back_link(reader_id: int, link_id: int, *, now: datetime) -> bool:
    """End one of a reader's links now; False if it was over. What it has spent stays spent."""
    live = FriendLink.objects.filter(pk=link_id, reader_id=reader_id, taken_back_at__isnull=True, ends_at__gt=now)
    return bool(live.update(taken_back_at=now))


def token_of(link: FriendLink) -> str:
    """The token that opens a link, for its owner's eyes."""
    return keyed_hash("friend link", link.salt, secret_key=settings.BROADSHEET.secret_key)


def hash_token(token: str) -> str:
    """What is kept of a link's token."""
    return keyed_hash("friend token", token, secret_key=settings.BROADSHEET.secret_key)


def forget_old_links(*, now: datetime) -> int:
    """Delete links a month after their end, with what is kept of the browsers that opened them; returns how many."""
    old = FriendLink.objects.filter(ends_at__lt=now - KEPT_AFTER_END)
    FriendOpening.objects.filter(link__in=old).delete()
    return old.delete()[0]


def _share_once(reader_id: int, article_id: int, now: datetime) -> ShareResult:
    live = find_live_link(reader_id, article_id, now=now)
    if live is not None:
        return ShareResult(ShareOutcome.ALREADY_MADE, token_of(live))
    publication = load_publication()
    allowance = publication.friend_links_per_month
    month = month_key(now, settings.BROADSHEET.zone)
    slot = next_slot(find_spent_slots(reader_id, month), allowance)
    if slot is None:
        return ShareResult(ShareOutcome.SPENT)
    link = FriendLink(
        reader_id=reader_id,
        month=month,
        slot=slot,
        allowance=allowance,
        article_id=article_id,
        salt=token_hex(16),
        browsers=publication.friend_link_browsers,
        made_at=now,
        ends_at=now + timedelta(days=publication.friend_link_days),
    )
    token = token_of(link)
    link.token_hash = hash_token(token)
    link.save()
    record_event(EventKind.SHARED, now=now, article_id=article_id, reader_id=reader_id, source=str(slot))
    return ShareResult(ShareOutcome.MADE, token)


def _open_once(link_id: int, browser_key: str, now: datetime) -> bool:
    openings = list(FriendOpening.objects.filter(link_id=link_id).values_list("number", "browser_key"))
    if any(key == browser_key for _, key in openings):
        return True
    allowed = FriendLink.objects.filter(pk=link_id).values_list("browsers", flat=True).first() or 0
    number = next_slot([number for number, _ in openings], allowed)
    if number is None:
        return False
    FriendOpening.objects.create(link_id=link_id, number=number, browsers=allowed, browser_key=browser_key, opened_at=now)
    return True
