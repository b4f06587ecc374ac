"""A restored copy keeps its letters until it is told to send them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.mail import send_mail
from django.core.management import CommandError, call_command

from broadsheet.core.clock import StoppedClock
from broadsheet.mail.flows import LEASE, queue_letter, send_due_letters
from broadsheet.mail.hold_flows import hold_mail, load_queue, release_mail
from broadsheet.mail.models import OutboxLetter, Sending
from broadsheet.mail.smtp import Outcome
from broadsheet.mail.staff_backend import OutboxBackend
from broadsheet.mail.store import claim_letter, is_mail_held
from broadsheet.mail.wordings import LetterKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(clock: StoppedClock) -> Callable[[], OutboxLetter]:
    def put() -> OutboxLetter:
        values = {"new_address": "new@example.net", "help_link": "https://review.example/help/"}
        queue_letter(LetterKind.ADDRESS_CHANGED, "ann@example.net", values, now=clock.now())
        return OutboxLetter.objects.latest("id")

    return put


@pytest.fixture
def restored(queue: Callable[[], OutboxLetter], clock: StoppedClock) -> tuple[OutboxLetter, OutboxLetter]:
    """A copy with a letter from before the backup and one from after the restore."""
    old, made_at = queue(), clock.now()
    Sending.objects.all().delete()  # as in every backup
    clock.advance(timedelta(hours=3))
    hold_mail(copied_at=made_at)
    return old, queue()


def states() -> list[str]:
    return list(OutboxLetter.objects.order_by("id").values_list("state", flat=True))


def say(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("mail", *arguments, stdout=out, **options)
    return out.getvalue()


def test_new_database_sends_letters(queue: Callable[[], OutboxLetter], clock: StoppedClock) -> None:
    queue()
    assert not is_mail_held()
    assert send_due_letters(now=clock.now()) == {Outcome.SENT: 1}


def test_database_without_its_row_sends_nothing(queue: Callable[[], OutboxLetter], clock: StoppedClock) -> None:
    queue()
    Sending.objects.all().delete()
    send_mail("Review", "Please read.", "desk@example.net", ["editor@example.net"], connection=OutboxBackend())
    clock.advance(timedelta(days=2))
    assert is_mail_held()
    assert send_due_letters(now=clock.now()) == {}
    assert claim_letter(now=clock.now(), lease=LEASE) is None
    assert states() == ["waiting", "waiting"]
    assert (load_queue().waiting, load_queue().copied) == (2, 2)


def test_restored_copy_releases_everything_when_told_to(restored: tuple[OutboxLetter, OutboxLetter], clock: StoppedClock) -> None:
    assert send_due_letters(now=clock.now()) == {}
    assert release_mail(discard_copied=False) == 0
    assert send_due_letters(now=clock.now()) == {Outcome.SENT: 2}


def test_restored_copy_drops_what_was_queued_before_the_backup(
    restored: tuple[OutboxLetter, OutboxLetter], clock: StoppedClock
) -> None:
    assert release_mail(discard_copied=True) == 1
    assert send_due_letters(now=clock.now()) == {Outcome.SENT: 1}
    assert states() == ["refused", "sent"]
    assert "before the backup" in OutboxLetter.objects.earliest("id").problem


def test_letter_that_was_being_sent_at_the_backup_is_dropped_too(
    restored: tuple[OutboxLetter, OutboxLetter], clock: StoppedClock
) -> None:
    OutboxLetter.objects.filter(pk=restored[0].pk).update(state="sending", claimed_until=clock.now() + LEASE)
    assert release_mail(discard_copied=True) == 1
    clock.advance(2 * LEASE)
    send_due_letters(now=clock.now())
    assert states() == ["refused", "sent"]


def test_command_asks_what_to_do_with_letters_of_the_backup(restored: tuple[OutboxLetter, OutboxLetter]) -> None:
    with pytest.raises(CommandError, match="--discard-queued"):
        say("release")
    assert is_mail_held()
    assert "Dropped: 1." in say("release", "--discard-queued")
    assert say("status").strip() == "Letters are sent. Waiting: 1."


def test_command_says_that_letters_are_held(restored: tuple[OutboxLetter, OutboxLetter]) -> None:
    assert "Letters are held. Waiting: 2, of which queued before the backup: 1." in say("status")
    told = json.loads(say("status", "--json"))
    assert (told["held"], told["waiting"], told["copied"]) == (True, 2, 1)
    assert "Letters are sent. Waiting: 2." in say("release", "--send-queued")


def test_operator_holds_and_releases(queue: Callable[[], OutboxLetter], clock: StoppedClock) -> None:
    queue()
    say("hold")
    assert send_due_letters(now=clock.now()) == {}
    say("release")
    assert send_due_letters(now=clock.now()) == {Outcome.SENT: 1}
