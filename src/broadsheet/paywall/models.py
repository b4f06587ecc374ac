"""What was opened by whom: unlocks of the meter, instant articles, friends' links, and slots spent by erased accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from broadsheet.accounts.models import User
from broadsheet.library.models import Article


class Unlock(models.Model):
    """One article that a registered reader chose to open: one slot of one month.

    The table itself keeps the promise: a slot is taken once, an article counts once, and a slot beyond
    the allowance of the day (kept in the row) can't be stored.
    """

    pk = models.CompositePrimaryKey("reader_id", "month", "slot")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="+")
    allowance = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("reader", "month", "article"), name="paywall_unlock_article_once"),
            models.CheckConstraint(condition=Q(slot__gte=1) & Q(slot__lte=F("allowance")), name="paywall_unlock_slot_allowed"),
        ]
        indexes = [models.Index(fields=("reader", "article", "ends_at"), name="paywall_unlock_live")]


class InstantAccess(models.Model):
    """One article that opened at once because an address was left: bound to one browser, outside the meter."""

    browser_key = models.CharField(max_length=32)
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()
    allowance = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("browser_key", "month", "slot"), name="paywall_instant_slot_once"),
            models.UniqueConstraint(fields=("browser_key", "month", "article"), name="paywall_instant_article_once"),
            models.CheckConstraint(condition=Q(slot__gte=1) & Q(slot__lte=F("allowance")), name="paywall_instant_slot_allowed"),
        ]


class ErasedUnlock(models.Model):
    """A slot that an erased account had spent: kept under a keyed hash of the address until the month is over."""

    address_hash = models.CharField(max_length=32)
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("address_hash", "month", "slot"), name="paywall_erased_slot_once")]


class FriendLink(models.Model):
    """One article that a subscriber gives to whoever has the link: one slot of one month.

    The link's token is made of `salt` and the installation's secret key, so that its owner can be shown it again and this
    table alone opens nothing. `browsers` is in how many browsers it may be opened.
    """

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()
    allowance = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    salt = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=32, unique=True)
    browsers = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("reader", "month", "slot"), name="paywall_friend_slot_once"),
            models.CheckConstraint(condition=Q(slot__gte=1) & Q(slot__lte=F("allowance")), name="paywall_friend_slot_allowed"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("made_at")), name="paywall_friend_ends_after_start"),
        ]


class FriendOpening(models.Model):
    """One browser in which a friend's link was opened: again there it counts once. Kept for as long as the link."""

    link = models.ForeignKey(FriendLink, on_delete=models.CASCADE, related_name="openings")
    number = models.PositiveSmallIntegerField()
    browsers = models.PositiveSmallIntegerField()
    browser_key = models.CharField(max_length=32)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("link", "number"), name="paywall_friend_number_once"),
            models.UniqueConstraint(fields=("link", "browser_key"), name="paywall_friend_browser_once"),
            models.CheckConstraint(condition=Q(number__gte=1) & Q(number__lte=F("browsers")), name="paywall_friend_number_allowed"),
        ]
