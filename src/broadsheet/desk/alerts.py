"""What about money a person has to look at: a list, the open ones first, and a panel on the desk's first page."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.ui.components import Component

from broadsheet.accounts.models import User
from broadsheet.billing.alert_flows import advice_of, settle_alert
from broadsheet.billing.models import Alert
from broadsheet.core import clock

SEE_ALERTS = "billing.view_alert"
SETTLE_ALERTS = "billing.change_alert"
SHOWN = 100


class AlertsPanel(Component):
    """How many alerts are open; shown while any is."""

    order = 2
    template_name = "desk/alerts_panel.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {"open": count_open()}


def count_open() -> int:
    """How many alerts wait for somebody."""
    return Alert.objects.filter(settled_at__isnull=True).count()


@require_safe
@permission_required(SEE_ALERTS, raise_exception=True)
def alerts(request: HttpRequest) -> HttpResponse:
    """The open alerts with what to do, and those that were ticked off last."""
    rows = Alert.objects.select_related("subscription", "settled_by")
    context = {
        "open": [(row, advice_of(row)) for row in rows.filter(settled_at__isnull=True)[:SHOWN]],
        "settled": rows.filter(settled_at__isnull=False).order_by("-settled_at")[:SHOWN],
        "may_settle": request.user.has_perm(SETTLE_ALERTS),
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/alerts.html", context)


@require_POST
@permission_required(SETTLE_ALERTS, raise_exception=True)
def settle(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Tick one off."""
    if settle_alert(alert_id, by=cast(User, request.user), now=clock.now()):
        messages.success(request, "Ticked off.")
    else:
        messages.info(request, "Somebody has ticked it off already.")
    return redirect("desk_alerts")
