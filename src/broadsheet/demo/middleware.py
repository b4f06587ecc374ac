"""Sets each request's clock to the demo's: as far ahead as the database says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from broadsheet.core import clock, outage
from broadsheet.core.store import load_clock_offset


class DemoClockMiddleware:
    """First of all middleware in the demo, and absent everywhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(clock.current(), clock.StoppedClock) and not outage.is_away():
            clock.use(clock.SystemClock(timedelta(seconds=load_clock_offset())))
        return self.get_response(request)
