"""`/healthz` and `/metrics`. Both answer without session, cookie or host name, and without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.http import require_safe

from broadsheet.conf.watch.figures import read_figures
from broadsheet.conf.watch.health import read_health
from broadsheet.conf.watch.metrics import write_metrics
from broadsheet.conf.watch.trusted import is_trusted_asker

NEVER_KEPT = "no-store"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process can do its work: 200 or 503. What is wrong is told to trusted addresses."""
    health = read_health()
    status = 200 if health.is_ready else 503
    return _json(health.details() if is_trusted_asker(request.META, settings.BROADSHEET) else health.summary(), status)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all: 200, whatever else is wrong."""
    return _json({"live": True}, 200)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus; to other than trusted addresses there is no such page."""
    if not is_trusted_asker(request.META, settings.BROADSHEET):
        return HttpResponseNotFound("Not found\n", content_type="text/plain")
    body, content_type = write_metrics(read_figures(), request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type, headers={"Cache-Control": NEVER_KEPT})


def _json(values: Mapping[str, object], status: int) -> HttpResponse:
    return JsonResponse(values, status=status, headers={"Cache-Control": NEVER_KEPT})


ANSWERS: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/healthz/live": live,
    "/metrics": metrics,
}
