"""What browsers post from the desk's forms."""

from __future__ import annotations

from typing import Any

from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from broadsheet.library.models import Article


def article_data(**changes: Any) -> dict[str, str]:
    """The fields of the article form; `text` is the HTML of its one block of text."""
    text = changes.pop("text", "<p>The envoys met.</p>")
    data: dict[str, Any] = {
        "headline": "The strait and its guarantors",
        "slug": "",
        "dek": "What each side wanted.",
        "kind": "daily",
        "access": "metered",
        "lead_caption": "",
        "headline_home": "",
        "headline_search": "",
        "headline_social": "",
        "body": streamfield([("text", rich_text(text))]),
        "bylines": inline_formset([]),
        "corrections": inline_formset([]),
        **changes,
    }
    posted: dict[str, str] = nested_form_data(data)
    return posted


def loaded(article: Article) -> dict[str, str]:
    """The hidden fields that say which revision a form was loaded with."""
    article.refresh_from_db()
    revision = article.latest_revision
    if revision is None:
        return {}
    return {"loaded_revision_id": str(revision.pk), "loaded_revision_created_at": revision.created_at.isoformat()}
