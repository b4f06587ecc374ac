"""Plans at the desk: a price as people write it, who pays which price, a rise that is announced, a plan that is held and stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.forms import WagtailAdminModelForm

from broadsheet.accounts.models import User
from broadsheet.billing.models import Order, Plan, Price, PriceChange
from broadsheet.billing.price_change_flows import (
    CannotAnnounce,
    announce_price_change,
    count_holders,
    load_price_history,
    withdraw_price_change,
)
from broadsheet.core import clock
from broadsheet.core.money import amount_text, parse_amount

CHANGE_PLANS = "billing.change_plan"


class PlanForm(WagtailAdminModelForm):
    """A plan, with its price typed as `96` or `9.80`."""

    price = forms.CharField(
        max_length=20, help_text="Such as 96 or 9.80. A new price is for new subscribers; the others keep theirs."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["price"] = amount_text(self.instance.price_cents, self.instance.currency).replace(",", "")

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
            raise forms.ValidationError("Give the three letters of the currency, such as EUR.")
        return currency

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        typed, currency = cleaned.get("price"), cleaned.get("currency")
        if typed and currency:
            cents = parse_amount(typed, currency)
            if cents is None:
                self.add_error("price", f"That is no amount of {currency}. Write it like 96 or 9.80.")
            else:
                self.instance.price_cents = cents
        return cleaned


class ChangeForm(forms.Form):
    """From which day on those who pay an old price pay the new one."""

    effective_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))


@require_safe
@permission_required(CHANGE_PLANS, raise_exception=True)
def prices(request: HttpRequest, plan_id: int) -> HttpResponse:
    """What a plan has cost, and how many pay each price."""
    return _prices_page(request, get_object_or_404(Plan, pk=plan_id))


@require_POST
@permission_required(CHANGE_PLANS, raise_exception=True)
def announce(request: HttpRequest, plan_id: int, price_id: int) -> HttpResponse:
    """Announce that whoever pays an old price pays the newest one from a day on."""
    price = get_object_or_404(Price.objects.select_related("plan"), pk=price_id, plan_id=plan_id)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _prices_page(request, price.plan, {price_id: "Choose a day."}, status=422)
    by = request.user if isinstance(request.user, User) else None
    try:
        announce_price_change(price, form.cleaned_data["effective_on"], by=by, now=clock.now())
    except CannotAnnounce as trouble:
        return _prices_page(request, price.plan, {price_id: str(trouble)}, status=422)
    messages.success(request, "Announced. Everybody concerned gets a letter at least 30 days before they pay the new price.")
    return redirect("desk_plan_prices", plan_id)


@require_POST
@permission_required(CHANGE_PLANS, raise_exception=True)
def withdraw(request: HttpRequest, plan_id: int, change_id: int) -> HttpResponse:
    """Leave an old price as it is after all."""
    change = get_object_or_404(PriceChange, pk=change_id, from_price__plan_id=plan_id)
    withdraw_price_change(change, now=clock.now())
    messages.success(request, "Withdrawn. Who pays the new price by now goes on paying it; nobody else will.")
    return redirect("desk_plan_prices", plan_id)


def prices_url(plan: Plan) -> str:
    """The page of a plan's prices."""
    return reverse("desk_plan_prices", args=[plan.pk])


def refuse_used_plans(request: HttpRequest, instances: Iterable[object]) -> HttpResponse | None:
    """Keep plans that somebody has bought: the books name them for ever."""
    for plan in instances:
        if not isinstance(plan, Plan):
            continue
        holders = count_holders(plan)
        if holders or Order.objects.filter(price__plan=plan).exists():
            held = f"is held by {holders}" if holders else "has been ordered before, and the books name it"
            messages.error(request, f"“{plan}” {held}; it can’t be deleted. Stop offering it instead: untick “Is offered”.")
            return redirect(_edit_url(plan))
    return None


def _edit_url(plan: Plan) -> str:
    return reverse(plan.snippet_viewset.get_url_name("edit"), args=[plan.pk])  # type: ignore[attr-defined]


def _prices_page(request: HttpRequest, plan: Plan, problems: dict[int, str] | None = None, *, status: int = 200) -> HttpResponse:
    rows = [(row, (problems or {}).get(row.price.pk, "")) for row in load_price_history(plan)]
    return render(request, "desk/plan_prices.html", {"plan": plan, "rows": rows, "edit_url": _edit_url(plan)}, status=status)
