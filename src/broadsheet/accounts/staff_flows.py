"""Appointing somebody to the staff from outside the desk: the first publisher of a server, the demo's people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import transaction

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.flows import disarm, keep_address_row
from broadsheet.accounts.models import User
from broadsheet.accounts.second_factor import has_authenticator


@dataclass(frozen=True, slots=True)
class Appointment:
    """A member of the staff who can sign in, and the second factor to be shown once. The secret is base32, as apps want it."""

    user: User
    secret: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


def find_staff(address: str, *, role: str) -> User | None:
    """The member of the staff with this address and role who has a second factor, if there is one."""
    parsed = parse_address(address)
    user = User.objects.filter(
        address_key=parsed.key if parsed else "", is_active=True, is_staff=True, confirmed_at__isnull=False, groups__name=role
    ).first()
    return user if user is not None and has_authenticator(user) else None


def appoint(address: str, password: str, *, role: str, now: datetime, secret: str = "") -> Appointment:
    """Give somebody a role at the desk, a password and a second factor; whoever runs the server vouches for the mailbox.

    An account that is there already, a reader's or a member's of the staff, loses its earlier ways to sign in and its
    sessions: nobody knows who made them.

    Args:
        role: the name of a group that exists.
        secret: the authenticator's, if it is not to be a new one.

    Raises:
        ValueError: `address` is no email address.
    """
    secret = secret or generate_totp_secret()
    with transaction.atomic():
        user = _find_or_make(address, now)
        disarm(user)
        user.set_password(password)
        user.is_staff = user.is_active = True
        user.confirmed_at = user.confirmed_at or now
        user.save()
        keep_address_row(user)
        user.groups.add(Group.objects.get(name=role))
        TOTP.activate(user, secret)
        codes = RecoveryCodes.activate(user).get_unused_codes()
    return Appointment(user, secret, tuple(codes))


def _find_or_make(address: str, now: datetime) -> User:
    parsed = parse_address(address)
    user = User.objects.select_for_update().filter(address_key=parsed.key).first() if parsed else None
    return user or User.objects.create_user(address, date_joined=now)
