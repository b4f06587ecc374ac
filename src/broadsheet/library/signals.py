"""What the library says upward. Each signal is sent inside the transaction that makes the change."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `article_id: int` and `now: datetime` when an article is published or a published one changes.
article_published = Signal()
# Sent with `article_id: int` and `now: datetime` when an article is unpublished or deleted.
article_withdrawn = Signal()
# Sent with `article_ids: list[int]` and `now: datetime` after a batch of articles was imported or changed at once.
articles_imported = Signal()
# Sent with `now: datetime` when something on list pages changed: the home page's order, a topic, an author, a photo.
lists_changed = Signal()
# Sent with `article: Article` (unsaved draft), `mode: str` and `request`; a receiver answers with a response.
preview_requested = Signal()
# Sent with `article_id: int` just before an article's row is deleted.
article_deleted = Signal()
# Sent with `slug: str`, `article_ids: list[int]` and `now: datetime` when a series, or its place in one of these articles, changed.
series_changed = Signal()
# Sent with `instance` (a series or a "start here" set) when it has been saved with all its parts.
arrangement_saved = Signal()
# Sent with `path: str` (of the topic, the region or the library) and `now: datetime` when a "start here" set of that page changed.
start_set_changed = Signal()
