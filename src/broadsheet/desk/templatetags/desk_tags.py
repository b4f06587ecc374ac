"""Marks that the desk puts beside photos."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from broadsheet.core import clock
from broadsheet.library.models import Photo

register = template.Library()


@register.simple_tag
def expired_mark(photo: Photo) -> SafeString:
    """A mark if the photo's licence has ended and no reader sees it; else nothing."""
    today = clock.now().astimezone(settings.BROADSHEET.zone).date()
    if not photo.is_expired(today):
        return mark_safe("")
    return format_html('<span class="desk-mark desk-mark--expired" title="Last day: {}">expired</span>', photo.expires_on)
