"""What stands at the top of the desk's first page."""

from __future__ import annotations

from typing import Any

from wagtail.admin.site_summary import SummaryItem

from broadsheet.library.models import Article


class ArticlesSummaryItem(SummaryItem):
    """How many articles there are, and how many of them readers can see."""

    order = 100
    template_name = "desk/summary.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {"total": Article.objects.count(), "live": Article.objects.filter(live=True).count()}

    def is_shown(self) -> bool:
        return bool(self.request.user.has_perm("library.view_article") or self.request.user.has_perm("library.change_article"))
