"""Lists and forms of everything besides articles: subjects, authors, pages, letters, plans, requests."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, DateColumn
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from broadsheet.billing.models import InvoiceRequest, Plan
from broadsheet.library.models import Author, Region, Topic
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


class LibraryGroup(SnippetViewSetGroup):
    menu_label = "Library"
    menu_icon = "folder-open-inverse"
    menu_name = "library"
    menu_order = 210
    items = (AuthorViewSet, TopicViewSet, RegionViewSet)


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
    list_display: ClassVar = ["name", "period", "price_cents", "currency", BooleanColumn("is_offered", label="Offered")]
    search_backend_name = None
    search_fields = ("name",)
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("name"), FieldPanel("slug")]),
            FieldRowPanel([FieldPanel("price_cents"), FieldPanel("currency"), FieldPanel("period")]),
            FieldPanel("summary"),
            FieldPanel("holds", widget=forms.Textarea(attrs={"rows": 6})),
            FieldRowPanel([FieldPanel("is_offered"), FieldPanel("position")]),
        ]
    )


class InvoiceRequestViewSet(SnippetViewSet):
    """Who asked for an invoice; the publisher marks a request answered or declined."""

    model = InvoiceRequest
    icon = "mail"
    menu_label = "Invoice requests"
    base_url_path = "invoice-requests"
    list_display: ClassVar = ["name", "organisation", "plan", "state", DateColumn("created_at", label="Asked")]
    list_filter = ("state", "plan")
    search_backend_name = None
    search_fields = ("name", "organisation", "email")
    edit_handler = ObjectList(
        [
            FieldPanel("state"),
            MultiFieldPanel(
                [
                    FieldPanel(name, read_only=True)
                    for name in ("plan", "name", "email", "organisation", "postal_address", "message", "created_at")
                ],
                heading="What was asked",
            ),
        ]
    )

    def get_queryset(self, request: object) -> object:
        return InvoiceRequest.objects.select_related("plan")


class MoneyGroup(SnippetViewSetGroup):
    menu_label = "Subscriptions"
    menu_icon = "list-ul"
    menu_name = "subscriptions"
    menu_order = 230
    items = (PlanViewSet, InvoiceRequestViewSet)
