"""The outbox: queued with its cause, claimed with a lease, never twice, never lost, and after a crash as certain as can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections, transaction

from broadsheet.core.clock import StoppedClock
from broadsheet.mail import store
from broadsheet.mail.flows import BACKOFF, LEASE, forget_old_letters, queue_letter, send_due_letters
from broadsheet.mail.models import OutboxLetter
from broadsheet.mail.smtp import MailServer, Outcome, SmtpTransport
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.models import LetterWording, Publication
from tests.mail.servers import Dropping, Mailbox, Refusing, Slow, smtp_server
from tests.subprocesses import child_environment

VALUES = {"new_address": "new@example.net", "help_link": "https://review.example/help/"}


@pytest.fixture
def queue(db: None, clock: StoppedClock) -> Callable[..., OutboxLetter]:
    def put(address: str = "ann@example.net", kind: LetterKind = LetterKind.ADDRESS_CHANGED) -> OutboxLetter:
        queue_letter(kind, address, VALUES, now=clock.now())
        return OutboxLetter.objects.latest("id")

    return put


def send(port: int, clock: StoppedClock, **timeouts: float) -> dict[Outcome, int]:
    return dict(send_due_letters(now=clock.now(), transport=SmtpTransport(MailServer("127.0.0.1", port), **timeouts)))


@pytest.mark.django_db
def test_letter_is_queued_with_what_causes_it_or_not_at_all(queue: Callable[..., OutboxLetter]) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not OutboxLetter.objects.exists()


@pytest.mark.django_db
def test_due_letters_are_sent_once(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    Publication.objects.create(name="The Review", help_address="help@review.example")
    row, mailbox = queue(), Mailbox()
    queue("bob@example.net")
    with smtp_server(mailbox) as port:
        assert send(port, clock) == {Outcome.SENT: 2}
        assert send(port, clock) == {}
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["ann@example.net"], ["bob@example.net"]]
    message = mailbox.messages[0]
    assert str(message["From"]) == f"The Review <{django_settings.BROADSHEET.mail_from}>"
    assert str(message["Reply-To"]) == "help@review.example"
    assert str(message["Message-ID"]) == row.message_id
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.claimed_until) == ("sent", clock.now(), None)


@pytest.mark.django_db
def test_letter_into_a_file(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row = queue()
    assert dict(send_due_letters(now=clock.now())) == {Outcome.SENT: 1}
    folder = Path(django_settings.BROADSHEET.data_dir) / "mail"
    assert any(row.message_id.encode() in path.read_bytes() for path in folder.glob("*.eml"))


@pytest.mark.django_db
def test_deferred_letter_waits_longer_each_time_and_keeps_its_name(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row, server = queue(), Refusing("RCPT", "450 Greylisted", times=2)
    with smtp_server(server) as port:
        assert send(port, clock) == {Outcome.DEFERRED: 1}
        assert send(port, clock) == {}
        clock.advance(BACKOFF[0])
        assert send(port, clock) == {Outcome.DEFERRED: 1}
        clock.advance(BACKOFF[1] - timedelta(seconds=1))
        assert send(port, clock) == {}
        clock.advance(timedelta(seconds=1))
        assert send(port, clock) == {Outcome.SENT: 1}
    assert str(server.messages[0]["Message-ID"]) == row.message_id


@pytest.mark.django_db
def test_letter_deferred_for_ever_is_given_up(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row = queue()
    with smtp_server(Refusing("RCPT", "450 Greylisted")) as port:
        for wait in (*BACKOFF, timedelta(0)):
            assert send(port, clock) == {Outcome.DEFERRED: 1}
            clock.advance(wait)
        clock.advance(timedelta(days=30))
        assert send(port, clock) == {}
    row.refresh_from_db()
    assert (row.state, row.problem) == ("refused", "450 Greylisted")


@pytest.mark.django_db
def test_refused_letter_is_not_tried_again(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row = queue()
    with smtp_server(Refusing("RCPT", "550 No such mailbox")) as port:
        assert send(port, clock) == {Outcome.REFUSED: 1}
        clock.advance(timedelta(days=1))
        assert send(port, clock) == {}
    row.refresh_from_db()
    assert (row.state, row.problem) == ("refused", "550 No such mailbox")


@pytest.mark.django_db
def test_uncertain_letter_is_not_sent_again_by_itself(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row, server = queue(), Dropping()
    with smtp_server(server) as port:
        assert send(port, clock) == {Outcome.UNCERTAIN: 1}
        clock.advance(timedelta(days=1))
        assert send(port, clock) == {}
    row.refresh_from_db()
    assert row.state == "uncertain"
    assert len(server.taken) == 1


@pytest.mark.django_db
def test_one_bad_letter_does_not_hold_up_the_others(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    for address in ("broken\r\naddress@example.net", "ann@example.net"):
        queue(address)
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        assert send(port, clock) == {Outcome.REFUSED: 1, Outcome.SENT: 1}
    assert mailbox.taken[0].rcpt_tos == ["ann@example.net"]


@pytest.mark.django_db
def test_slow_server_stops_the_round_and_loses_nothing(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    queue()
    queue()
    with smtp_server(Slow("MAIL", 3)) as port:
        assert send(port, clock, timeout_s=0.2) == {Outcome.DEFERRED: 1}
    assert sorted(OutboxLetter.objects.values_list("state", "attempts")) == [("waiting", 0), ("waiting", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_the_same_letter(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    for number in range(30):
        queue(f"reader{number}@example.net")
    mailbox = Mailbox()

    def work(_: int) -> None:
        try:
            send(port, clock)
        finally:
            connections.close_all()

    with smtp_server(mailbox) as port, ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    recipients = [envelope.rcpt_tos[0] for envelope in mailbox.taken]
    assert sorted(recipients) == sorted(f"reader{number}@example.net" for number in range(30))


WORKER = """
import sys
from datetime import datetime
import django
django.setup()
from broadsheet.mail.flows import send_due_letters
from broadsheet.mail.smtp import MailServer, SmtpTransport
send_due_letters(now=datetime.fromisoformat(sys.argv[2]), transport=SmtpTransport(MailServer("127.0.0.1", int(sys.argv[1]))))
"""


def killed_while(state: str, port: int, clock: StoppedClock) -> None:
    """Run a worker in a process of its own, and kill it when the letter has come to `state`."""
    command = [sys.executable, "-c", WORKER, str(port), clock.now().isoformat()]
    worker = subprocess.Popen(command, env=child_environment())
    try:
        while not OutboxLetter.objects.filter(state=state).exists():
            assert worker.poll() is None, "the worker ended before it could be killed"
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()


@pytest.mark.django_db(transaction=True)
def test_worker_killed_before_the_text_leaves_the_letter_to_the_next(
    queue: Callable[..., OutboxLetter], clock: StoppedClock
) -> None:
    queue()
    with smtp_server(Slow("MAIL", 20)) as port:
        killed_while("sending", port, clock)
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        assert send(port, clock) == {}  # the lease still stands
        clock.advance(LEASE)
        assert send(port, clock) == {Outcome.SENT: 1}
    assert len(mailbox.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_worker_killed_after_the_text_leaves_an_uncertain_letter(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row, server = queue(), Slow("DATA", 20)
    with smtp_server(server) as port:
        killed_while("handed_over", port, clock)
    clock.advance(LEASE)
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        assert send(port, clock) == {}
    row.refresh_from_db()
    assert row.state == "uncertain"
    assert mailbox.taken == []


@pytest.mark.django_db
def test_worker_whose_lease_ran_out_changes_nothing_any_more(queue: Callable[..., OutboxLetter], clock: StoppedClock) -> None:
    row = queue()
    late = store.claim_letter(now=clock.now(), lease=LEASE)
    assert late is not None
    clock.advance(LEASE)
    store.release_expired_claims(now=clock.now())
    again = store.claim_letter(now=clock.now(), lease=LEASE)
    assert again is not None
    store.settle_letter(late, OutboxLetter.State.REFUSED, now=clock.now(), due_at=clock.now(), problem="too late")
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sending", 2)


@pytest.mark.django_db
def test_words_come_from_the_desk_and_a_slip_there_does_not_stop_a_letter(queue: Callable[..., OutboxLetter]) -> None:
    wording = LetterWording.objects.create(kind="address-changed", subject="Moved, says {name}", body="To {new_address}.")
    assert queue().text.startswith("To new@example.net.")
    wording.body = "To {new_adress}."
    wording.save()
    assert "now belongs to new@example.net" in queue().text


@pytest.mark.django_db
def test_old_letters_are_forgotten_and_those_about_erased_accounts_sooner(
    queue: Callable[..., OutboxLetter], clock: StoppedClock
) -> None:
    queue()
    queue("gone@example.net", LetterKind.ERASED)
    send_due_letters(now=clock.now())
    clock.advance(timedelta(days=1, seconds=1))
    forget_old_letters(now=clock.now())
    assert list(OutboxLetter.objects.values_list("to_address", flat=True)) == ["ann@example.net"]
    clock.advance(timedelta(days=30))
    forget_old_letters(now=clock.now())
    assert not OutboxLetter.objects.exists()
