"""Editing an article: no save overwrites what somebody else has saved since the form was opened.

Wagtail checks this for drafts that save themselves; a press of Save, Publish or Submit it lets through after a
question in the browser. Here the server refuses every such save and shows both versions. The refused text stays
in the form, and saving it again puts it on top of the other version, which stays in the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from wagtail.models import Revision
from wagtail.snippets.views.snippets import EditView, UnpublishView

from broadsheet.library.models import Article

CONFLICT_MESSAGE = "Somebody else saved this article while you were writing, so your version was not saved yet. Both stand below."


class ArticleEditView(EditView):
    """Wagtail's edit view with a check of the latest revision on every save."""

    template_name = "desk/articles/edit.html"
    has_conflict = False
    differences: tuple[Any, ...] = ()

    @cached_property
    def is_out_of_date(self) -> bool:
        """Whether the article was saved by somebody else since this form was loaded; a form that does not say counts as old."""
        if self.latest_revision and not _named_revision(self.request.POST):
            return True
        return bool(super().is_out_of_date)

    def is_valid(self, form: ModelForm[Article]) -> bool:
        if not self.expects_json_response and self.action != "cancel-workflow" and self.is_out_of_date:
            self._refuse(form)
            return False
        return bool(super().is_valid(form))

    def form_valid(self, form: ModelForm[Article]) -> HttpResponse:
        # What is published is what was saved under the lock: no bulk change comes between, to be overwritten. A draft that is
        # only saved is one transaction already, and its answer is drawn outside.
        with nullcontext() if self.saving_as_draft else transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            return response

    def save_instance(self) -> Article:
        # Between the check above and here another request may have saved: look once more, under the row's lock.
        row = Article.objects.select_for_update().only("latest_revision_id").get(pk=self.object.pk)
        expected = (self.latest_revision.pk, self.latest_revision.created_at) if self.latest_revision else None
        if _state_of(row.latest_revision_id) != expected:
            raise PermissionDenied(CONFLICT_MESSAGE)
        article: Article = super().save_instance()
        return article

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["has_conflict"] = self.has_conflict
        if self.has_conflict:
            # The form now stands on the other version; until its editor has decided, it must not save itself.
            context["autosave_enabled"] = False
            context["autosave_indicator"] = None
            context["has_unsaved_changes"] = True
            context["differences"] = self.differences
            context["theirs"] = self.latest_revision
            context["theirs_url"] = reverse(self.edit_url_name, args=[self.object.pk])
        return context

    def _refuse(self, form: ModelForm[Article]) -> None:
        self.has_conflict = True
        self.produced_error_code = "invalid_revision"
        self.produced_error_message = CONFLICT_MESSAGE
        form.defer_required_fields()  # type: ignore[attr-defined]
        if form.is_valid():
            theirs = self.latest_revision.as_object()
            mine = form.save(commit=False)
            self.differences = tuple(_differences(self, theirs, mine))
        form.restore_required_fields()  # type: ignore[attr-defined]


class ArticleUnpublishView(UnpublishView):
    """Wagtail's view on the article as it stands once nobody else changes it."""

    object: Article

    def unpublish(self) -> HttpResponse | None:
        with transaction.atomic():
            self.object = get_object_or_404(hold_in_order([self.object.pk]))
            self.objects_to_unpublish = self.get_objects_to_unpublish()
            response: HttpResponse | None = super().unpublish()
            return response


def hold_in_order(article_ids: Iterable[int]) -> QuerySet[Article]:
    """These articles as they stand now, locked in a bulk change's own order, so that nothing it has done since is lost."""
    return Article.objects.select_for_update().filter(pk__in=list(article_ids)).order_by("pk")


def _differences(view: ArticleEditView, theirs: Article, mine: Article) -> list[Any]:
    """Field by field what differs, as Wagtail's comparison of revisions shows it."""
    panel = view.panel.get_bound_panel(instance=mine, request=view.request, form=None)
    compared = (comparison(theirs, mine) for comparison in panel.get_comparison())
    return [difference for difference in compared if difference.has_changed() and _is_visible(difference)]


def _is_visible(difference: Any) -> bool:
    # Rich text that was only saved again differs in the marks of its paragraphs, which nobody sees.
    return not difference.is_field or any(mark in difference.htmldiff() for mark in ("addition", "deletion"))


def _named_revision(posted: Any) -> str:
    return posted.get("overwrite_revision_id") or posted.get("loaded_revision_id") or ""


def _state_of(revision_id: int | None) -> tuple[int, Any] | None:
    if revision_id is None:
        return None
    return Revision.objects.filter(pk=revision_id).values_list("pk", "created_at").first()
