"""What can be done to many articles at once: publish, unpublish, delete, and what `bulk_pages` changes.

Wagtail takes “all in the listing” for all that there are, whatever the list was filtered by; here it is what the list shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from wagtail.snippets.bulk_actions.delete import DeleteBulkAction
from wagtail.snippets.bulk_actions.snippet_bulk_action import SnippetBulkAction

from broadsheet.desk.article_edit import hold_in_order
from broadsheet.desk.article_list import find_chosen
from broadsheet.library.models import Article


class _AsListed:
    """What the list of articles shows is what an action on all of it is about."""

    request: HttpRequest

    def get_all_objects_in_listing_query(self, parent_id: Any) -> QuerySet[Article, int]:
        return find_chosen(self.request.GET).values_list("pk", flat=True)


class _ArticleBulkAction(_AsListed, SnippetBulkAction):
    """One action on chosen articles, for whoever may publish; an article that is locked is left alone."""

    models: ClassVar = [Article]
    template_name = "desk/articles/confirm_bulk.html"
    past = ""

    def check_perm(self, article: Article) -> bool:
        lock = article.get_lock()
        may = self.permission_policy.user_has_permission_for_instance(self.request.user, "publish", article)
        return bool(may and not (lock and lock.for_user(self.request.user)))

    def get_success_message(self, num_parent_objects: int, num_child_objects: int) -> str:
        return f"{num_parent_objects} article{'' if num_parent_objects == 1 else 's'} {self.past}."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "verb": self.display_name, "past": self.past}


class PublishArticles(_ArticleBulkAction):
    display_name = "Publish"
    action_type = "publish"
    aria_label = "Publish the chosen articles"
    past = "published"
    action_priority = 10

    @classmethod
    def execute_action(cls, objects: Iterable[Article], user: AbstractBaseUser | None = None, **kwargs: Any) -> tuple[int, int]:
        """Publish the latest version of each; an imported article without a version gets its first."""
        with transaction.atomic():
            count = 0
            for article in hold_in_order(article.pk for article in objects):
                revision = article.latest_revision or article.save_revision(user=user)
                revision.publish(user=user)
                count += 1
        return count, 0


class UnpublishArticles(_ArticleBulkAction):
    display_name = "Unpublish"
    action_type = "unpublish"
    aria_label = "Take the chosen articles from the site"
    past = "taken from the site"
    action_priority = 20
    classes: ClassVar = {"serious"}

    @classmethod
    def execute_action(cls, objects: Iterable[Article], user: AbstractBaseUser | None = None, **kwargs: Any) -> tuple[int, int]:
        """Take each live article from every surface."""
        with transaction.atomic():
            live = [article for article in hold_in_order(article.pk for article in objects) if article.live]
            for article in live:
                article.unpublish(user=user)
        return len(live), 0


class DeleteArticles(_AsListed, DeleteBulkAction):
    """Wagtail's deletion, in place of the one that it registers for every table."""

    models: ClassVar = [Article]


class ChangeArticles(_ArticleBulkAction):
    """Leads to the page where topics, regions, author, access and kind of many articles are changed."""

    display_name = "Change"
    action_type = "change"
    aria_label = "Change topics, regions, author, access or kind of the chosen articles"
    action_priority = 5

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(f"{reverse('desk_bulk_new')}?{request.GET.urlencode()}")
