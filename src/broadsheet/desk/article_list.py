"""The list of articles: columns, filters, search by headline, without a query per row at any length."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.models import Revision, WorkflowState
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import IndexView

from broadsheet.library.models import ACCESS_CHOICES, KIND_CHOICES, Article, Author, Byline, Topic

PER_PAGE = 50


class ArticleFilters(WagtailFilterSet):
    """Access, kind, topic, published or not, author."""

    access = django_filters.ChoiceFilter(choices=ACCESS_CHOICES)
    kind = django_filters.ChoiceFilter(choices=KIND_CHOICES)
    topics = django_filters.ModelChoiceFilter(queryset=Topic.objects.all(), label="Topic")
    live = django_filters.BooleanFilter(label="Published")
    author = django_filters.ModelChoiceFilter(queryset=Author.objects.all(), label="Author", method="filter_author")

    class Meta:
        model = Article
        fields = ("access", "kind", "topics", "live", "author")

    def filter_author(self, queryset: QuerySet[Article], name: str, author: Author) -> QuerySet[Article]:
        return queryset.filter(Exists(Byline.objects.filter(article=OuterRef("pk"), author=author)))


class ArticleIndexView(IndexView):
    """Drafts that were never published first, then by date, the newest first."""

    @property
    def list_display(self) -> list[Any]:
        return [
            "headline",
            StatusTagColumn("state", accessor=state_of, label="State", sort_key="live", primary=lambda article: article.live),
            Column("get_kind_display", label="Kind", sort_key="kind"),
            Column("get_access_display", label="Access", sort_key="access"),
            DateColumn("published_at", label="Date", sort_key="published_at"),
        ]

    def get_base_queryset(self) -> QuerySet[Article]:
        return articles_for_list()

    def order_queryset(self, queryset: QuerySet[Article]) -> QuerySet[Article]:
        if self.is_explicitly_ordered and self.ordering:
            # In the direction of the column, so that one index serves both.
            return queryset.order_by(self.ordering, "-pk" if self.ordering.startswith("-") else "pk")
        return queryset.order_by(F("published_at").desc(nulls_first=True), "-pk")


def articles_for_list() -> QuerySet[Article]:
    """Articles with what their state needs, and without their bodies."""
    in_review = WorkflowState.objects.active().defer("workflow")
    scheduled = Revision.objects.filter(approved_go_live_at__isnull=False).defer("content")
    return Article.objects.defer("body", "dek", "lead_caption").prefetch_related(
        Prefetch("workflow_states", queryset=in_review, to_attr="_current_workflow_states"),
        Prefetch("_revisions", queryset=scheduled, to_attr="scheduled_revisions"),
    )


def state_of(article: Any) -> str:
    """The state of an article of `articles_for_list`, in the words of the desk."""
    if article.scheduled_revisions:
        return "live, next version scheduled" if article.live else "scheduled"
    if article.workflow_in_progress:
        return "live, next version in review" if article.live else "in review"
    if not article.live:
        return "expired" if article.expired else "draft"
    return "live, with a draft" if article.has_unpublished_changes else "live"


class HeadlineSearchForm(SearchFilterMixin, BaseFilterForm):
    """Search in the article chooser: by headline, in the table itself."""

    def filter(self, objects: QuerySet[Article]) -> QuerySet[Article]:
        objects = BaseFilterForm.filter(self, objects)
        query = self.cleaned_data.get("q")
        if query:
            self.is_searching, self.search_query = True, query
            objects = objects.filter(headline__icontains=query)
        return objects


class ArticleChooseView(ChooseView):
    filter_form_class = HeadlineSearchForm


class ArticleChooseResultsView(ChooseResultsView):
    filter_form_class = HeadlineSearchForm


class ArticleChooserViewSet(SnippetChooserViewSet):
    """Chooses an article for the home page without Wagtail's full-text search, which takes seconds at 50,000."""

    choose_view_class = ArticleChooseView
    choose_results_view_class = ArticleChooseResultsView

    def get_object_list(self) -> QuerySet[Article]:
        return articles_for_chooser()


def articles_for_chooser() -> QuerySet[Article]:
    """As `articles_for_list`; choosers ask Wagtail for the state."""
    return Article.objects.defer("body", "dek", "lead_caption").order_by(F("published_at").desc(nulls_first=True), "-pk")
