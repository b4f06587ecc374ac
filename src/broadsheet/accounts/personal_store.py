"""What this package keeps of people, with the tables of allauth that hang on an account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet

from broadsheet.accounts.flows import erase_user, forget_proofs
from broadsheet.accounts.models import AccountMerge, AddressProof, User
from broadsheet.core.personal import REGISTER, Person, PersonalTable, blank, delete_rows, move


def person_of(user: User) -> Person:
    """An account as the register of personal tables asks about it."""
    return Person(user.pk, user.email, user.address_key)


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            User,
            fields="email address_key first_name last_name",
            find=lambda person: User.objects.filter(pk=person.reader_id),
            erase=_erase_user,
            name="account",
            exported="email first_name last_name date_joined confirmed_at last_login",
        ),
        PersonalTable(
            EmailAddress,
            fields="user email",
            find=lambda person: EmailAddress.objects.filter(user_id=person.reader_id),
            erase=delete_rows,
            why_not_exported="It repeats the account's address.",
        ),
        PersonalTable(
            Authenticator,
            fields="user",
            find=lambda person: Authenticator.objects.filter(user_id=person.reader_id),
            erase=delete_rows,
            name="second_factors",
            exported="type created_at last_used_at",
        ),
        PersonalTable(
            UserSession,
            fields="user ip user_agent",
            find=lambda person: UserSession.objects.filter(user_id=person.reader_id),
            erase=_end_sessions,
            name="sign_ins",
            exported="created_at ip user_agent",
        ),
        PersonalTable(
            AddressProof,
            fields="address address_key user browser_key consent_text",
            find=_proofs,
            erase=lambda rows, person, now: forget_proofs(rows),
            name="proofs_of_address",
            exported="purpose address created_at used_at",
        ),
        PersonalTable(
            AccountMerge,
            fields="kept closed started_by",
            find=lambda person: AccountMerge.objects.filter(kept_id=person.reader_id),
            erase=blank(kept=None),
            why_kept="That staff brought two accounts together, by their numbers.",
            kept_years=3,
            name="merged_accounts",
            exported="closed_number started_at finished_at",
            merge=move(AccountMerge, "kept_id"),
        ),
    )


def _proofs(person: Person) -> QuerySet[AddressProof]:
    return AddressProof.objects.filter(Q(user_id=person.reader_id) | Q(address_key=person.address_key))


def _erase_user(rows: QuerySet[Any], person: Person, now: datetime) -> None:
    for user in rows:
        erase_user(user)


def _end_sessions(rows: QuerySet[Any], person: Person, now: datetime) -> None:
    """Left to the deletion of the account, which ends the sessions behind these rows, too."""
