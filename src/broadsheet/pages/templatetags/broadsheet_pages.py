"""Pictures, dates and addresses in templates: `{% load broadsheet_pages %}`."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from wagtail.rich_text import expand_db_html

from broadsheet.core.text import day_text
from broadsheet.library.body import clean_text
from broadsheet.pages.pictures import CARD_SIZES, LEAD_SIZES, SMALL_SIZES, image_tag
from broadsheet.pages.records import Picture

register = template.Library()
SIZES = {"lead": LEAD_SIZES, "card": CARD_SIZES, "small": SMALL_SIZES}


@register.simple_tag
def picture(shown: Picture, size: str, *, eager: bool = False, decoration: bool = False) -> SafeString:
    """The `<img>` of a picture: `{% picture page.lead "lead" eager=True %}`."""
    return mark_safe(image_tag(shown, sizes=SIZES[size], eager=eager, is_decoration=decoration))


@register.filter
def day(moment: datetime | date) -> str:
    """A date as readers read it, in the publication's zone: `3 March 2026`."""
    return day_text(moment, settings.BROADSHEET.zone)


@register.filter
def weekday(moment: datetime | date) -> str:
    """A date with its day of the week: `Tuesday 3 March 2026`."""
    local = moment.astimezone(settings.BROADSHEET.zone) if isinstance(moment, datetime) else moment
    return f"{local:%A} {day(local)}"


@register.filter
def time_tag(moment: datetime) -> SafeString:
    """A `<time>` with the day that readers read."""
    local = moment.astimezone(settings.BROADSHEET.zone)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), day(moment))


@register.filter
def rich_text(html: str) -> SafeString:
    """What an editor wrote in a rich-text field (a biography, a plain page), cleaned."""
    return mark_safe(clean_text(expand_db_html(html)))
