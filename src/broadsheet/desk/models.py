"""The desk's tables: the step of the workflow in which a second person reads an article; what staff did for readers."""

from __future__ import annotations

from typing import Any

from django.db import models
from wagtail.models import AbstractGroupApprovalTask

from broadsheet.accounts.models import User


class SecondReading(AbstractGroupApprovalTask):
    """An editor reads and approves what somebody else submitted; nobody approves an article of their own submission."""

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        actions: list[tuple[str, str, bool]] = super().get_actions(obj, user)
        state = obj.current_workflow_state
        if state is not None and state.requested_by_id == user.pk:
            return [action for action in actions if action[0] != "approve"]
        return actions

    @classmethod
    def get_description(cls) -> str:
        return "Members of these groups approve an article; whoever submitted it cannot."

    class Meta:
        verbose_name = "second reading"
        verbose_name_plural = "second readings"


class AuditAction(models.TextChoices):
    """What a member of the staff can do for a reader."""

    GIVE = "give", "Gave access"
    EXTEND = "extend", "Extended access"
    END_GRANT = "end_grant", "Ended a grant"
    REFUND = "refund", "Gave money back"
    CANCEL = "cancel", "Cancelled at the period’s end"
    END = "end", "Ended a subscription"
    UNDO_CANCEL = "undo_cancel", "Took a cancellation back"
    PAUSE = "pause", "Paused a subscription"
    RESUME = "resume", "Ended a pause"
    RESEND = "resend", "Sent a letter again"
    SIGN_IN_LETTER = "sign_in_letter", "Sent a sign-in letter"
    CONFIRMATION = "confirmation", "Wrote again to an address that is not confirmed"
    SIGN_OUT = "sign_out", "Signed out everywhere"
    CHANGE_ADDRESS = "change_address", "Began a change of address"
    MERGE = "merge", "Began to merge two accounts"
    ASK_PROVIDER = "ask_provider", "Asked the provider"
    MEND_SEATS = "mend_seats", "Changed an organisation"


class AuditIsKept(Exception):
    """Somebody tried to change or delete a line of the audit log."""


class AuditLines(models.QuerySet["AuditLine"]):
    """Lines that can be read and added, no more."""

    def update(self, **kwargs: Any) -> int:
        raise AuditIsKept("Lines of the audit log are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AuditIsKept("Lines of the audit log are never deleted.")


class AuditLine(models.Model):
    """One thing that a member of the staff did for a reader, and why; never changed and never deleted.

    The reader is a number, which names nobody any more once the account is erased; 0 is an address without an account.
    """

    staff = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reader_id = models.BigIntegerField()
    action = models.CharField(max_length=16, choices=AuditAction.choices)
    reason = models.CharField(max_length=300)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    objects = AuditLines.as_manager()

    class Meta:
        ordering = ("-id",)
        default_permissions = ("add", "view")
        indexes = [models.Index(fields=("reader_id", "at"), name="desk_audit_reader")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AuditIsKept("Lines of the audit log are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AuditIsKept("Lines of the audit log are never deleted.")


class OfferedPermission(models.Model):
    """A permission that a role has been given once, so that an upgrade gives new ones and takes back no publisher's choice."""

    role = models.CharField(max_length=40)
    permission = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("role", "permission"), name="desk_permission_offered_once")]


class BulkState(models.TextChoices):
    """How a change of many articles stands."""

    RUNNING = "running", "Under way"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


class BulkOutcome(models.TextChoices):
    """What became of one article in a change of many."""

    WAITING = "waiting", "still to come"
    CHANGED = "changed", "changed"
    SAME = "same", "had it already"
    SKIPPED = "skipped", "left alone"
    GONE = "gone", "deleted in the meantime"
    RESTORED = "restored", "as before"
    KEPT = "kept", "left as it is now"


class BulkChange(models.Model):
    """One change of many articles: who did what, how far it is, and what became of it. Kept for ever, as a log.

    `operation` is what `bulk_operation.read_operation` reads; `counts` holds a number for each outcome that occurred.
    """

    staff = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    operation = models.JSONField()
    summary = models.CharField(max_length=500)
    chosen = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=BulkState.choices)
    trouble = models.CharField(max_length=300, blank=True)
    total = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # In whose name it goes on, if it was stopped and somebody else, or the same person, let it go on.
    resumed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)  # few rows
    undone_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.summary


class BulkEntry(models.Model):
    """One article of a bulk change, by number, for the row may be deleted; with what it was, for as long as that can be undone.

    `before` and `after` are as `bulk_operation.Traces.as_json` gives them, and empty unless the article was changed.
    """

    change = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="entries")
    article_id = models.BigIntegerField()
    outcome = models.CharField(max_length=8, choices=BulkOutcome.choices, default=BulkOutcome.WAITING)
    reason = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("change", "article_id"), name="desk_bulk_entry_once")]
        indexes = [models.Index(fields=("change", "outcome", "article_id"), name="desk_bulk_entry_outcome")]
