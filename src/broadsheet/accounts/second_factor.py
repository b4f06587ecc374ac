"""Whether a request comes from staff who have shown a second factor in this session.

A code sent by email proves a mailbox and nothing more: it never opens the desk or an embargoed article.
allauth notes in the session how somebody signed in; a passkey (which asks for a PIN or a finger) or a code
from an authenticator app leaves a record of method `mfa` there.
"""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from broadsheet.accounts.models import User

# Recovery codes count too: they are shown once, at enrolment, to somebody who had the other factors.
_SECOND_FACTORS = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES}


def is_staff_session(request: HttpRequest) -> bool:
    """Whether the request's user is an active member of the staff who showed a second factor in this session."""
    user = request.user
    return bool(isinstance(user, User) and user.is_active and user.is_staff and has_second_factor(request))


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session holds a record of an authenticator's code or a passkey of the very user it belongs to."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" and record.get("type") in _SECOND_FACTORS for record in records)


def has_authenticator(user: User) -> bool:
    """Whether somebody has set up a second factor that a challenge can ask for."""
    return Authenticator.objects.filter(user=user, type__in=(Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)).exists()
