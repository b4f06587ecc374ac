"""House ads: booking them, and how often each was seen and followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.snippets.views.snippets import SnippetViewSet

from broadsheet.ads.models import HouseAd
from broadsheet.ads.store import load_days, load_totals
from broadsheet.figures.hiding import LEAST, Hidden, Shown, hide_small

SEE_ADS = "ads.view_housead"


class HouseAdViewSet(SnippetViewSet):
    """What the publication tells those who do not subscribe, beside articles and lists."""

    model = HouseAd
    icon = "pick"
    menu_label = "House ads"
    menu_order = 228
    add_to_admin_menu = True
    base_url_path = "house-ads"
    list_display: ClassVar = [
        "headline",
        Column("slot", label="Place", accessor="get_slot_display"),
        Column("audience", label="Seen by", accessor="get_audience_display"),
        Column("first_day", label="From"),
        Column("last_day", label="To", accessor=lambda ad: ad.last_day or "no end"),
        Column("weight", label="Weight"),
        BooleanColumn("is_on", label="On"),
    ]
    list_filter = ("slot", "audience", "is_on")
    search_backend_name = None
    search_fields = ("headline", "text")
    edit_handler = ObjectList(
        [
            HelpPanel(
                content="<p>Subscribers see no ads, and neither do readers in an institution's network. Everything comes from this "
                "site: no script, no other server. Views and clicks are counted as sums of each day (Reports > House ads).</p>"
            ),
            FieldPanel("label"),
            FieldPanel("headline"),
            FieldPanel("text", widget=forms.Textarea(attrs={"rows": 3})),
            FieldPanel("link"),
            FieldPanel("picture"),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("slot"), FieldPanel("audience")]),
                    FieldRowPanel([FieldPanel("first_day"), FieldPanel("last_day")]),
                    FieldRowPanel([FieldPanel("weight"), FieldPanel("is_on")]),
                ],
                heading="Booking",
            ),
        ]
    )


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of an ad as the desk shows it: small numbers are hidden."""

    day: date
    views: str
    clicks: str


@require_safe
@permission_required(SEE_ADS, raise_exception=True)
def figures(request: HttpRequest) -> HttpResponse:
    """Every ad, with its views and clicks over all days."""
    rows = [(ad, in_words(_total(ad.views)), in_words(_total(ad.clicks))) for ad in load_totals()]
    return render(request, "desk/ads.html", {"rows": rows, "least": LEAST})


@require_safe
@permission_required(SEE_ADS, raise_exception=True)
def ad_figures(request: HttpRequest, ad_id: int) -> HttpResponse:
    """One ad, day by day."""
    ad = get_object_or_404(HouseAd, pk=ad_id)
    days = load_days(ad.pk)
    views = _hide({day.day: day.views for day in days})
    clicks = _hide({day.day: day.clicks for day in days})
    rows = [DayRow(day.day, in_words(views[day.day]), in_words(clicks[day.day])) for day in days]
    totals = (in_words(_total(sum(day.views for day in days))), in_words(_total(sum(day.clicks for day in days))))
    return render(request, "desk/ad_figures.html", {"ad": ad, "rows": rows, "totals": totals, "least": LEAST})


def in_words(number: Shown) -> str:
    """A number, or why it is not shown."""
    return f"{number:,}" if isinstance(number, int) else str(number.value)


def _hide(numbers: Mapping[date, int]) -> dict[date, Shown]:
    """Days with small numbers hidden, a single one too, whose number is the sum that is hidden as well."""
    if len(numbers) == 1:
        return {day: _total(number) for day, number in numbers.items()}
    return hide_small(numbers)


def _total(number: int | None) -> Shown:
    return Hidden.FEW if 0 < (number or 0) < LEAST else number or 0
