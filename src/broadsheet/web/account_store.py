"""What the account's page, its export and its erasure read of one reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q

from broadsheet.accounts.models import User
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Subscription
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.membership.store import whole_grants
from broadsheet.paywall.models import Unlock

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


_HOW: dict[str, str] = {
    Grant.Source.INSTANT: "opened at the wall",
    Grant.Source.NEWSLETTER: "from our newsletter",
    Grant.Source.GIFT: "a gift",
}


@dataclass(frozen=True, slots=True)
class OpenArticle:
    """One article that is open to the reader by name, and until when."""

    headline: str
    path: str
    how: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right to everything: which, from when, until when."""

    name: str
    reason: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """One browser in which the reader is signed in."""

    browser: str
    since: datetime
    is_current: bool


def load_open_articles(reader_id: int, *, now: datetime) -> tuple[OpenArticle, ...]:
    """What the reader has unlocked or been given, those that close soonest first."""
    unlocks = Unlock.objects.filter(reader_id=reader_id, ends_at__gt=now, article__live=True)
    grants = Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), reader_id=reader_id, starts_at__lte=now, article__live=True
    )
    held: dict[int | None, tuple[str, datetime | None]] = {row.article_id: ("one of your articles", row.ends_at) for row in unlocks}
    held |= {row.article_id: (_HOW.get(row.source, row.get_source_display().lower()), row.ends_at) for row in grants}
    articles = {article.pk: article for article in Article.objects.filter(pk__in=held).only("headline", "slug")}
    rows = [OpenArticle(articles[pk].headline, articles[pk].get_absolute_url(), how, until) for pk, (how, until) in held.items()]
    return tuple(sorted(rows, key=lambda row: (row.until is None, row.until or now)))


def load_rights(reader_id: int, *, now: datetime) -> tuple[HeldRight, ...]:
    """The reader's live grants for everything; what a subscription goes on paying for has no end."""
    renewing = Subscription.objects.filter(reader_id=reader_id, status__in=(Status.TRIAL, Status.ACTIVE), cancel_at__isnull=True)
    endless = set(renewing.values_list("grant", flat=True))
    return tuple(
        HeldRight(row.get_source_display().capitalize(), row.reason, row.starts_at, None if row.pk in endless else row.ends_at)
        for row in whole_grants(reader_id, now=now)
    )


def has_subscribed(reader_id: int) -> bool:
    """Whether the reader has a subscription, or had one: its payments stay to be seen."""
    return Subscription.objects.filter(reader_id=reader_id).exists()


def load_sign_ins(user: User, current_key: str | None) -> tuple[SignIn, ...]:
    """Where the reader is signed in, this browser first."""
    rows = [
        SignIn(describe_browser(row.user_agent), row.created_at, row.session_key == current_key)
        for row in UserSession.objects.purge_and_list(user)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.is_current, -row.since.timestamp())))


def count_passkeys(user: User) -> int:
    """How many passkeys somebody has."""
    return int(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count())


def describe_browser(user_agent: str) -> str:
    """Such as `Firefox on Windows`."""
    browser = next((name for sign, name in _BROWSERS if re.search(rf"\b{sign}", user_agent)), "A browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
