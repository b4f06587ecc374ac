"""Records to text: the only place that calls the templates of shared pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from broadsheet.pages.lists import ListContent
from broadsheet.pages.records import ArticlePage
from broadsheet.pages.site import load_site
from broadsheet.pages.variants import Audience, Variant


def render_article(page: ArticlePage, variant: Variant, *, now: datetime, answer: dict[str, Any] | None = None) -> str:
    """An article's page in one form.

    Args:
        answer: what a form on the page has to say to one reader (the address typed, what was wrong with it);
            only for answers to a POST, never for a page that is kept.
    """
    return render_to_string(
        "pages/article.html", {"page": page, "variant": variant, "site": load_site(now=now), "answer": answer, "audience": variant.audience}
    )


def render_list(content: ListContent, audience: Audience, *, now: datetime) -> str:
    """A list page, feed or sitemap for one audience."""
    return render_to_string(content.template, {"content": content, "audience": audience, "site": load_site(now=now), "now": now})


def render_page(template: str, context: dict[str, Any], audience: Audience, *, now: datetime) -> str:
    """Any other page in the house's frame: forms, the account, plain pages."""
    return render_to_string(template, {**context, "audience": audience, "site": load_site(now=now)})
