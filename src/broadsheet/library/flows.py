"""Publishing and withdrawing: what follows, in the same transaction, when an article goes live or away."""

from __future__ import annotations

from datetime import datetime

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.library import signals, store
from broadsheet.library.body import compose_body


def follow_publication(article_id: int, *, now: datetime) -> None:
    """Set the article's date, write its texts and tell everybody above; call it inside the transaction that publishes."""
    article = store.load_article(article_id)
    store.set_first_publication(article, now=now)
    store.save_texts(article_id, compose_body(store.raw_body(article), store.load_teaser_rule()))
    record_change(ChangeKind.ARTICLE, str(article_id), now=now)
    signals.article_published.send(None, article_id=article_id, now=now)


def withdraw(article_id: int, *, now: datetime) -> None:
    """Delete the article's texts and tell everybody above; call it inside the transaction that unpublishes."""
    store.delete_texts(article_id)
    record_change(ChangeKind.ARTICLE, str(article_id), now=now)
    signals.article_withdrawn.send(None, article_id=article_id, now=now)
