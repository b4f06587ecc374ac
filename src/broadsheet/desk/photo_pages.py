"""The report of photos whose licence has ended or soon will."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.photo_flows import EXPIRING_SOON, find_expiring_photos


@require_safe
@permission_required("library.publish_article", raise_exception=True)
def licences(request: HttpRequest) -> HttpResponse:
    """Photos that are shown nowhere any more, and those that will be within 30 days."""
    today = clock.now().astimezone(settings.BROADSHEET.zone).date()
    photos = find_expiring_photos(today=today)
    context = {
        "expired": [photo for photo in photos if photo.is_expired(today)],
        "soon": [photo for photo in photos if not photo.is_expired(today)],
        "days": EXPIRING_SOON.days,
    }
    return render(request, "desk/photo_licences.html", context)
