"""The forms on a reader's page. Each asks why: the reason goes into the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings

from broadsheet.core import clock
from broadsheet.core.money import parse_amount
from broadsheet.membership.models import Grant

REASON_HELP = "What the publisher will read in the log, such as “invoice 2026-014” or “the letter went to spam”."


class ReasonForm(forms.Form):
    """Why something is done for a reader."""

    reason = forms.CharField(
        label="Why", max_length=200, help_text=REASON_HELP, error_messages={"required": "Say why; the log keeps it."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}-%s")  # several stand on one page
        super().__init__(*args, **kwargs)


class GrantForm(ReasonForm):
    """What a publisher gives a reader by hand: after an invoice, or for nothing."""

    source = forms.ChoiceField(
        label="What for", choices=[(s, s.label) for s in (Grant.Source.SUBSCRIPTION, Grant.Source.COMPLIMENTARY, Grant.Source.GIFT)]
    )
    last_day = forms.DateField(
        label="Last day", required=False, help_text="Empty: without an end.", widget=forms.DateInput(attrs={"type": "date"})
    )
    field_order = ("source", "last_day", "reason")

    def clean_last_day(self) -> date | None:
        last_day: date | None = self.cleaned_data["last_day"]
        if last_day is not None and last_day < clock.now().astimezone(settings.BROADSHEET.zone).date():
            raise forms.ValidationError("That day is over. Choose today or a later one.")
        return last_day

    @property
    def ends_at(self) -> datetime | None:
        """The end of the last day in the publication's zone."""
        last_day: date | None = self.cleaned_data["last_day"]
        return datetime.combine(last_day + timedelta(days=1), time(), settings.BROADSHEET.zone) if last_day else None


class ExtendForm(ReasonForm):
    """Some days more."""

    days = forms.IntegerField(
        label="Days more", min_value=1, max_value=3660, initial=7, error_messages={"required": "Say how many days."}
    )
    field_order = ("days", "reason")


class AddressForm(ReasonForm):
    """The address that a reader wants instead."""

    address = forms.CharField(label="New address", max_length=254, error_messages={"required": "Type the new address."})
    field_order = ("address", "reason")


class MergeForm(ReasonForm):
    """The other account of the same person."""

    other = forms.CharField(
        label="Address of the other account",
        max_length=254,
        help_text="What it holds moves here, and it is closed, once both mailboxes have agreed.",
        error_messages={"required": "Type the other account’s address."},
    )
    field_order = ("other", "reason")


class PauseForm(ReasonForm):
    """For how long a subscription rests."""

    months = forms.TypedChoiceField(label="For", coerce=int, choices=[(1, "one month"), (2, "two months"), (3, "three months")])
    field_order = ("months", "reason")


class RefundForm(ReasonForm):
    """How much of a payment goes back."""

    amount = forms.CharField(label="Amount", max_length=20, error_messages={"required": "Say how much."})
    ends_now = forms.BooleanField(label="End the subscription now, and the access with it", required=False)
    left_cents = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("amount", "ends_now", "reason", "left_cents")

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int:
        cents = parse_amount(self.cleaned_data["amount"], self.currency)
        if not cents:
            raise forms.ValidationError(f"Give an amount in {self.currency} above nothing, such as 9.80.")
        return cents


@dataclass(frozen=True)
class Forms:
    """Those that stand open on every reader's page; one that was refused holds what was typed."""

    give: GrantForm = field(default_factory=GrantForm)
    extend: ExtendForm = field(default_factory=ExtendForm)
    address: AddressForm = field(default_factory=AddressForm)
    merge: MergeForm = field(default_factory=MergeForm)
