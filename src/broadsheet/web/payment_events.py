"""Where payment providers tell what has happened: proven, kept, and answered at once; settled soon after."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from broadsheet.billing import providers
from broadsheet.billing.event_flows import receive_event
from broadsheet.billing.provider import UntrustedEvent
from broadsheet.core import clock
from broadsheet.core.counts import COUNTS
from broadsheet.web.reader_page import PRIVATE

LARGEST = 256 * 1024  # bytes; what providers send has a few thousand


@csrf_exempt
@require_POST
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep one event. Without the database it is answered with 503, and the provider sends it again."""
    if provider not in providers.load_providers():
        raise Http404
    length = request.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > LARGEST:
        return _answer(413, "too large")
    try:
        receive_event(provider, dict(request.headers), request.body, now=clock.now())
    except UntrustedEvent:
        COUNTS.events.count("refusal", "untrusted-event")
        return _answer(400, "not accepted")  # why not is no business of whoever sent it
    return _answer(200)


def _answer(status: int, trouble: str = "") -> HttpResponse:
    response = JsonResponse({"error": trouble} if trouble else {"received": True}, status=status)
    response["Cache-Control"] = PRIVATE
    return response
