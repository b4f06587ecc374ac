"""The outbox: every letter is a row before it is sent."""

from __future__ import annotations

from django.db import models


class OutboxLetter(models.Model):
    """One letter to one mailbox; written in the transaction that causes it, sent by the worker.

    `claimed_until` is a lease: a worker that dies lets the letter go back to the queue. From the moment its text
    goes over the wire (`handed_over`) nobody can know any more whether the server took it, until the server answers:
    a letter that stays there is `uncertain`, and is not sent again by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        HANDED_OVER = "handed_over"
        SENT = "sent"
        REFUSED = "refused"
        UNCERTAIN = "uncertain"

    kind = models.SlugField(max_length=40)
    to_address = models.EmailField(max_length=254)
    reply_to = models.EmailField(max_length=254, blank=True)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField()
    attachment = models.BinaryField(null=True)  # a PDF
    attachment_name = models.CharField(max_length=80, blank=True, default="", db_default="")
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=("state", "due_at"), name="mail_letter_due")]


class Sending(models.Model):
    """Whether this database may send letters, and of when it is a copy; one row, or none in a copy not yet restored.

    Backups leave this table empty, and without the row nothing is sent: so a restored copy keeps its letters until
    it is told to send them, however and wherever it was restored.
    """

    is_allowed = models.BooleanField()
    copied_at = models.DateTimeField(null=True)
