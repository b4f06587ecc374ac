"""Readers and staff, and the proofs that a mailbox is theirs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from broadsheet.accounts.addresses import parse_address


class UserManager(BaseUserManager["User"]):
    """Makes users from an address; a user exists only once the mailbox is proven, or staff made it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        address = parse_address(email)
        if address is None:
            raise ValueError(f"{email!r} is not an email address")
        user = self.model(email=address.typed, address_key=address.key, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        address = parse_address(username or "")
        return self.get(address_key=address.key if address else "")


class User(AbstractUser):
    """One person: a reader, or a member of the staff.

    An account is made only when its mailbox has been proven, so no credential, consent or session can
    be older than the proof.
    """

    username = None  # type: ignore[assignment]
    email = models.EmailField("email address", max_length=254, unique=True)
    address_key = models.CharField(max_length=254, unique=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The number of the last line of the change log about what the reader may read; a pass made before is out of date.
    rights_version = models.BigIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "user"

    def save(self, *args: Any, **kwargs: Any) -> None:
        address = parse_address(self.email)
        if address is not None:
            self.address_key = address.key
        super().save(*args, **kwargs)


class ProofPurpose(models.TextChoices):
    CONFIRM = "confirm", "Confirm an address or sign in"
    CHANGE_OLD = "change_old", "Give up the old address"
    CHANGE_NEW = "change_new", "Take the new address"
    MERGE_KEPT = "merge_kept", "Take in another account"
    MERGE_CLOSED = "merge_closed", "Be taken in by another account"


class AddressProof(models.Model):
    """A letter's code and link, by which somebody proves that a mailbox is theirs.

    The code counts only in the browser that asked, and dies after three wrong tries; the link leads to
    a page with a button and counts in whichever browser presses it. Only hashes are kept. A row without
    hash of a code belongs to a letter that was not written, because the address had one a moment ago.

    `asked_at` is when this browser last asked for it; `pair_key` ties the two letters of a change of address.
    """

    purpose = models.CharField(max_length=12, choices=ProofPurpose.choices)
    address = models.EmailField(max_length=254)
    address_key = models.CharField(max_length=254, db_index=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    browser_key = models.CharField(max_length=32, db_index=True)
    code_hash = models.CharField(max_length=32, blank=True)
    link_hash = models.CharField(max_length=32, unique=True)
    article_id = models.BigIntegerField(null=True)
    next_path = models.CharField(max_length=500, blank=True)
    newsletter = models.BooleanField(default=False)
    consent_text = models.TextField(blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    pair_key = models.CharField(max_length=32, blank=True, db_index=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    code_ends_at = models.DateTimeField()
    link_ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-id")


class AccountMerge(models.Model):
    """Two accounts that staff want to become one: who asked for it, and when both mailboxes had agreed.

    `closed_number` is the number of the account that is given up; it outlives the account.
    """

    kept = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    closed = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_number = models.BigIntegerField()
    started_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    pair_key = models.CharField(max_length=32, unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-started_at", "-id")
