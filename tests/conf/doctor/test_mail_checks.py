"""Letters: the way out, held ones, late ones, refused ones."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from broadsheet.conf.doctor import mail_checks as checks
from broadsheet.conf.doctor.findings import Level
from broadsheet.mail.models import OutboxLetter
from broadsheet.mail.store import Outbox, load_outbox
from tests.conftest import START
from tests.mail.servers import Mailbox, smtp_server

EMPTY = Outbox(Counter(), None, None, 0, "")
MINUTE = timedelta(minutes=1)


def test_server_that_listens_is_reached_and_gets_no_letter() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        found = checks.check_mail_server(replace(settings.BROADSHEET, mail_url=f"smtp://127.0.0.1:{port}?tls=none"))
    assert found.level is Level.OK
    assert mailbox.taken == []


def test_server_that_does_not_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = checks.check_mail_server(replace(settings.BROADSHEET, mail_url=f"smtp://127.0.0.1:{port}"))
    assert found.level is Level.FAIL
    assert "Nothing listens" in found.todo


def test_folder_is_reached_or_not(tmp_path: Path) -> None:
    assert checks.check_mail_server(replace(settings.BROADSHEET, data_dir=tmp_path, mail_url="file:")).level is Level.OK
    (tmp_path / "file").write_text("")
    assert checks.check_mail_server(replace(settings.BROADSHEET, data_dir=tmp_path / "file", mail_url="file:")).level is Level.FAIL
    assert checks.check_mail_server(replace(settings.BROADSHEET, mail_url="odd:")).level is Level.FAIL


def test_held_letters_are_told() -> None:
    assert checks.check_held(True).level is Level.WARN
    assert checks.check_held(False).level is Level.OK


@pytest.mark.parametrize(
    ("outbox", "is_held", "level"),
    [
        (EMPTY, False, Level.OK),
        (replace(EMPTY, last_sent_at=START - MINUTE), False, Level.OK),
        (replace(EMPTY, due_since=START - MINUTE), False, Level.OK),
        (replace(EMPTY, due_since=START - 5 * MINUTE), False, Level.WARN),
        (replace(EMPTY, due_since=START - 20 * MINUTE), False, Level.FAIL),
        (replace(EMPTY, due_since=START - 20 * MINUTE), True, Level.OK),
        (replace(EMPTY, refused_lately=1, letters={"refused": 3}), False, Level.WARN),
        (replace(EMPTY, letters={"refused": 3}), False, Level.OK),
        (replace(EMPTY, letters={"uncertain": 1}), False, Level.WARN),
    ],
)
def test_outbox_is_judged(outbox: Outbox, is_held: bool, level: Level) -> None:
    assert checks.check_outbox(outbox, now=START, is_held=is_held).level is level


def test_servers_words_are_shown_without_the_readers_address() -> None:
    outbox = replace(EMPTY, refused_lately=1, last_problem="550 5.1.1 <reader@example.org>: unknown")
    found = checks.check_outbox(outbox, now=START, is_held=False)
    assert "550 5.1.1 <[address]>: unknown" in found.what


@pytest.mark.django_db
def test_outbox_is_read_from_the_table() -> None:
    rows = [
        ("waiting", START - 9 * MINUTE, ""),
        ("waiting", START - 3 * MINUTE, "421 later"),
        ("waiting", START + MINUTE, ""),
        ("sent", START - 30 * MINUTE, ""),
        ("refused", START - MINUTE, "550 no"),
        ("refused", START - timedelta(days=3), "550 old"),
        ("uncertain", START - MINUTE * 2, ""),
    ]
    for number, (state, due_at, problem) in enumerate(rows):
        sent_at = due_at if state == "sent" else None
        fields = {"kind": "code", "to_address": "a@example.org", "created_at": due_at, "message_id": f"<{number}@x>"}
        OutboxLetter.objects.create(**fields, state=state, due_at=due_at, problem=problem, sent_at=sent_at)
    outbox = load_outbox(now=START)
    assert outbox.letters == {"waiting": 3, "sending": 0, "handed_over": 0, "refused": 2, "uncertain": 1}
    assert (outbox.due_since, outbox.last_sent_at) == (START - 9 * MINUTE, START - 30 * MINUTE)
    assert (outbox.refused_lately, outbox.last_problem) == (1, "550 no")
