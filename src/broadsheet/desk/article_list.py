"""The list of articles: columns, filters, search by headline, without a query per row at any length."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.db.models import Exists, F, Model, OuterRef, Prefetch, Q, QuerySet
from django.http import QueryDict
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.admin.ui.tables import Column, DateColumn, LiveStatusTagColumn, StatusTagColumn
from wagtail.models import Revision, WorkflowState
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import IndexView

from broadsheet.library.models import ACCESS_CHOICES, KIND_CHOICES, Article, Author, Byline, Topic

PER_PAGE = 50
# Wagtail's own search takes seconds at 50,000 articles on SQLite; the table itself answers in tens of milliseconds.
SEARCHED = ("headline", "slug")


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


def find_chosen(asked: QueryDict) -> QuerySet[Article]:
    """The articles chosen in the list: those ticked, or with `id=all` all that its search and filters show.

    Filters that make no sense choose nothing: better than everything.
    """
    if "all" not in asked.getlist("id"):
        return Article.objects.filter(pk__in=[number for number in asked.getlist("id") if number.isdecimal()])
    filters = ArticleFilters(data=asked, queryset=Article.objects.all())
    if not filters.is_valid():
        return Article.objects.none()
    words = asked.get("q", "").strip()
    matches = [Q(**{f"{field}__icontains": words}) for field in SEARCHED]
    found: QuerySet[Article] = filters.qs
    return found.filter(reduce(or_, matches)) if words else found


def chosen_in_words(asked: QueryDict, count: int) -> str:
    """How the articles were chosen, such as “all 40 articles of the list with “strait”, Topic: Energy”."""
    articles = f"{count:,} article{'' if count == 1 else 's'}"
    if "all" not in asked.getlist("id"):
        return f"{articles}, chosen one by one"
    form = ArticleFilters(data=asked, queryset=Article.objects.all()).form
    terms = [f"“{words}”"] if (words := asked.get("q", "").strip()) else []
    if form.is_valid():
        terms += [f"{form[name].label}: {_shown(form, name)}" for name in form.changed_data]
    return f"all {articles} of the list{' with ' if terms else ''}{', '.join(terms)}"


def _shown(form: Any, name: str) -> str:
    value = form.cleaned_data[name]
    choices = getattr(form.fields[name], "choices", ())
    if isinstance(value, Model):
        return str(value)
    return next((str(label) for key, label in choices if str(key).lower() == str(value).lower()), str(value))


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


class WithState:
    """The desk's own column of states, for which `articles_for_list` has loaded everything; Wagtail's asks twice for each row."""

    @property
    def columns(self) -> list[Any]:
        others = [column for column in super().columns if not isinstance(column, LiveStatusTagColumn)]  # type: ignore[misc]
        return [*others, StatusTagColumn("state", accessor=state_of, label="State", primary=lambda article: article.live)]


class ArticleChooseView(WithState, ChooseView):
    filter_form_class = HeadlineSearchForm


class ArticleChooseResultsView(WithState, ChooseResultsView):
    filter_form_class = HeadlineSearchForm


class ArticleChooserViewSet(SnippetChooserViewSet):
    """Chooses an article for the home page without Wagtail's full-text search, which takes seconds at 50,000."""

    choose_view_class = ArticleChooseView
    choose_results_view_class = ArticleChooseResultsView

    def get_object_list(self) -> QuerySet[Article]:
        return articles_for_list().order_by(F("published_at").desc(nulls_first=True), "-pk")
