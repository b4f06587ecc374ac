"""Lists and forms of everything besides articles: subjects, authors, pages, letters, plans, requests."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn, TitleColumn
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from broadsheet.billing.campaign_flows import count_uses
from broadsheet.billing.models import Campaign, Plan
from broadsheet.core.money import price_text
from broadsheet.desk.plans import PlanForm, prices_url
from broadsheet.library.models import Author, CountryNote, Region, Series, StartSet, Topic
from broadsheet.publication.models import PlainPage


class _SubjectViewSet(SnippetViewSet):
    """Topics and regions: a name, an address, a sentence, a place in the order."""

    list_display: ClassVar = ["name", "slug", "position"]
    search_backend_name = None
    search_fields = ("name",)
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("slug"),
            FieldPanel("description", widget=forms.Textarea(attrs={"rows": 3})),
            FieldPanel("position"),
        ]
    )


class TopicViewSet(_SubjectViewSet):
    model = Topic
    icon = "tag"
    base_url_path = "topics"


class RegionViewSet(_SubjectViewSet):
    model = Region
    icon = "globe"
    base_url_path = "regions"


class AuthorViewSet(SnippetViewSet):
    """Who writes: persons and desks."""

    model = Author
    icon = "user"
    base_url_path = "authors"
    list_display: ClassVar = ["name", "affiliation", "expertise"]
    search_backend_name = None
    search_fields = ("name", "affiliation")
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("slug"),
            FieldRowPanel([FieldPanel("affiliation"), FieldPanel("expertise")]),
            FieldPanel("biography"),
            FieldPanel("picture"),
        ]
    )


class CountryViewSet(SnippetViewSet):
    """What editors say of countries in place of, or besides, the gazetteer."""

    model = CountryNote
    menu_label = "Countries"
    icon = "globe"
    base_url_path = "countries"
    list_display: ClassVar = [
        "__str__",
        Column("code", label="Code"),
        BooleanColumn("is_hidden", label="Hidden"),
        Column("note", label="Note", accessor=lambda row: Truncator(row.note).words(12)),
    ]
    search_backend_name = None
    search_fields = ("name", "note")
    edit_handler = ObjectList(
        [
            FieldPanel("code"),
            FieldPanel("name"),
            FieldPanel("note", widget=forms.Textarea(attrs={"rows": 3})),
            FieldPanel("is_hidden"),
        ]
    )


class SeriesViewSet(SnippetViewSet):
    """Named sequences of articles; the buttons beside each part move it, with the keyboard too."""

    model = Series
    icon = "list-ol"
    base_url_path = "series"
    list_display: ClassVar = [
        "title",
        Column("parts", label="Parts", accessor="parts_count"),
        BooleanColumn("is_complete", label="Complete"),
    ]
    search_backend_name = None
    search_fields = ("title",)
    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("slug", help_text="The page's address is /series/slug/."),
            FieldPanel("dek", widget=forms.Textarea(attrs={"rows": 2})),
            InlinePanel(
                "parts",
                label="Part",
                heading="Parts, in the order to read them in",
                help_text="A part that is not published yet is passed over, and counts from the moment it is out.",
                panels=[FieldPanel("article")],
                max_num=100,
            ),
            FieldPanel("is_complete"),
        ]
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        return Series.objects.annotate(parts_count=Count("parts"))


class StartSetViewSet(SnippetViewSet):
    """What to read first of a topic, a region or the whole library."""

    model = StartSet
    icon = "pick"
    menu_label = "Start here"
    base_url_path = "start-here"
    list_display: ClassVar = [
        "title",
        Column("subject", label="Shown on", accessor=lambda row: row.subject or "The library"),
        "position",
    ]
    search_backend_name = None
    search_fields = ("title",)
    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("sentence"),
            FieldRowPanel(
                [FieldPanel("topic"), FieldPanel("region")],
                help_text="The set stands at the top of this topic's or region's page; with neither, on the library's.",
            ),
            InlinePanel(
                "entries",
                label="Article",
                heading="Articles, in the order to read them in",
                panels=[FieldPanel("article")],
                max_num=12,
            ),
            FieldPanel("position", help_text="Of several on one page the lowest stands first."),
        ]
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StartSet]:
        return StartSet.objects.select_related("topic", "region")


class LibraryGroup(SnippetViewSetGroup):
    menu_label = "Library"
    menu_icon = "folder-open-inverse"
    menu_name = "library"
    menu_order = 210
    items = (AuthorViewSet, TopicViewSet, RegionViewSet, CountryViewSet, SeriesViewSet, StartSetViewSet)


class PlainPageViewSet(SnippetViewSet):
    """About, Privacy, Help and the like."""

    model = PlainPage
    icon = "doc-empty"
    menu_order = 220
    add_to_admin_menu = True
    base_url_path = "plain-pages"
    list_display: ClassVar = ["title", "slug", DateColumn("updated_at", label="Changed")]
    search_backend_name = None
    search_fields = ("title",)
    edit_handler = ObjectList(
        [FieldPanel("title"), FieldPanel("slug", help_text="The page's address is /slug/."), FieldPanel("body")]
    )


class PlanViewSet(SnippetViewSet):
    """What readers can subscribe to."""

    model = Plan
    icon = "list-ul"
    base_url_path = "plans"
    list_display: ClassVar = [
        "name",
        Column("price", label="Price", accessor=lambda plan: price_text(plan.price_cents, plan.currency)),
        "period",
        "kind",
        BooleanColumn("is_offered", label="Offered"),
        TitleColumn("prices", label="Prices", accessor=lambda plan: "Who pays what", get_url=prices_url),
    ]
    search_backend_name = None
    search_fields = ("name",)
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("name"), FieldPanel("slug")]),
            FieldRowPanel([FieldPanel("price"), FieldPanel("currency"), FieldPanel("period")]),
            FieldRowPanel([FieldPanel("kind"), FieldPanel("trial_days")]),
            FieldRowPanel([FieldPanel("min_seats"), FieldPanel("max_seats")]),
            FieldPanel("summary"),
            FieldPanel("holds", widget=forms.Textarea(attrs={"rows": 6})),
            FieldRowPanel([FieldPanel("is_offered"), FieldPanel("position")]),
        ],
        base_form_class=PlanForm,
    )


class CampaignViewSet(SnippetViewSet):
    """Lower prices for a while, by a page or a code."""

    model = Campaign
    icon = "pick"
    menu_label = "Campaigns"
    base_url_path = "campaigns"
    list_display: ClassVar = [
        "name",
        "code",
        Column("discount", label="Discount", accessor=lambda row: f"{row.discount_percent}%"),
        DateColumn("ends_at", label="Ends"),
        BooleanColumn("is_on", label="On"),
        Column("uses", label="Subscriptions", accessor=count_uses),
    ]
    search_backend_name = None
    search_fields = ("name", "code")
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("name"), FieldPanel("is_on")]),
            FieldRowPanel([FieldPanel("code"), FieldPanel("slug"), FieldPanel("has_page")]),
            FieldPanel("headline"),
            FieldPanel("text", widget=forms.Textarea(attrs={"rows": 4})),
            FieldPanel("plans", widget=forms.CheckboxSelectMultiple),
            FieldRowPanel([FieldPanel("discount_percent"), FieldPanel("discount_periods")]),
            FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
            FieldRowPanel([FieldPanel("max_uses"), FieldPanel("new_only")]),
        ]
    )


class MoneyGroup(SnippetViewSetGroup):
    menu_label = "Subscriptions"
    menu_icon = "list-ul"
    menu_name = "subscriptions"
    menu_order = 230
    items = (PlanViewSet, CampaignViewSet)
