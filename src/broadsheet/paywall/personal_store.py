"""What this package keeps of people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from broadsheet.core.personal import REGISTER, Person, PersonalTable, delete_rows
from broadsheet.paywall.flows import merge_unlocks, remember_spent_slots
from broadsheet.paywall.models import ErasedUnlock, FriendLink, FriendOpening, InstantAccess, Unlock


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            Unlock,
            fields="reader",
            find=lambda person: Unlock.objects.filter(reader_id=person.reader_id),
            erase=_erase_unlocks,
            name="unlocked_articles",
            exported="month slot article_id article__headline opened_at ends_at",
            merge=_merge,
        ),
        PersonalTable(
            FriendLink,
            fields="reader",
            find=lambda person: FriendLink.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="friend_links",
            exported="month slot article_id article__headline made_at ends_at taken_back_at",
        ),
    )
    REGISTER.not_personal(FriendOpening, "A keyed hash of a browser's cookie, deleted with the link that it opened.", "browser_key")
    REGISTER.not_personal(InstantAccess, "A keyed hash of a browser's cookie, tied to no account.", "browser_key")
    REGISTER.not_personal(ErasedUnlock, "A keyed hash that nobody can read back, deleted when the month is over.", "address_hash")


def _erase_unlocks(rows: QuerySet[Any], person: Person, now: datetime) -> None:
    remember_spent_slots(person.reader_id, person.address_key, now=now)
    rows.delete()


def _merge(source: Person, target: Person, now: datetime) -> None:
    # Whoever opens an account anew with the mailbox that is given up has no fresh allowance this month.
    remember_spent_slots(source.reader_id, source.address_key, now=now)
    merge_unlocks(source.reader_id, target.reader_id)
