"""Letters that Wagtail and allauth write go through the outbox."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter

BACKEND = "broadsheet.mail.staff_backend.OutboxBackend"


def send(message: EmailMultiAlternatives) -> int:
    message.connection = get_connection(BACKEND)
    return int(message.send())


@pytest.mark.django_db
def test_each_recipient_gets_a_letter_of_their_own(clock: StoppedClock) -> None:
    to = ["one@example.org", "two@example.org"]
    assert send(EmailMultiAlternatives("An article\nwaits", "First.\n\nSecond <b>.", "desk@example.org", to)) == 1
    letters = list(OutboxLetter.objects.order_by("to_address"))
    assert [letter.to_address for letter in letters] == to
    assert {letter.state for letter in letters} == {"waiting"}
    assert letters[0].subject == "An article waits"
    assert letters[0].html == "<p>First.</p><p>Second &lt;b&gt;.</p>"
    assert letters[0].due_at == clock.now()
    assert letters[0].message_id != letters[1].message_id


@pytest.mark.django_db
def test_html_part_is_kept() -> None:
    message = EmailMultiAlternatives("Subject", "Text", "desk@example.org", ["one@example.org"])
    message.attach_alternative("<p>As written</p>", "text/html")
    send(message)
    assert OutboxLetter.objects.get().html == "<p>As written</p>"
