"""The desk's one table: the step of the workflow in which a second person reads an article."""

from __future__ import annotations

from typing import Any

from wagtail.models import AbstractGroupApprovalTask


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
