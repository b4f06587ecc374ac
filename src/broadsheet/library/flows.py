"""Publishing and withdrawing: what follows, in the same transaction, when an article goes live or away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.library import country_store, signals, store
from broadsheet.library.body import compose_body
from broadsheet.library.models import Author, Region, Topic

IDS_IN_A_LINE = 20  # as many as fit into a line's subject, whatever their size
FILED_AT_ONCE = 100  # articles looked through for countries in one transaction, so that editors wait for as little as possible
FILINGS_A_TURN = 4  # then the worker's other jobs have theirs


def follow_publication(article_id: int, *, now: datetime) -> None:
    """Set the article's date, write its texts and tell everybody above; call it inside the transaction that publishes."""
    article = store.load_article(article_id)
    store.set_first_publication(article, now=now)
    body = compose_body(store.raw_body(article), store.load_teaser_rule())
    store.save_texts(article_id, body)
    country_store.save_countries([(article_id, article.headline, article.dek, body.body_text)])
    record_change(ChangeKind.ARTICLE, str(article_id), now=now)
    signals.article_published.send(None, article_id=article_id, now=now)


def withdraw(article_id: int, *, now: datetime) -> None:
    """Delete the article's texts and tell everybody above; call it inside the transaction that unpublishes."""
    store.delete_texts(article_id)
    record_change(ChangeKind.ARTICLE, str(article_id), now=now)
    signals.article_withdrawn.send(None, article_id=article_id, now=now)


def announce_imported(article_ids: Sequence[int], *, now: datetime) -> None:
    """Say in the change log which articles were written at once, many to a line; in the transaction that writes them."""
    for start in range(0, len(article_ids), IDS_IN_A_LINE):
        record_change(ChangeKind.ARTICLES, ",".join(map(str, article_ids[start : start + IDS_IN_A_LINE])), now=now)


def follow_bulk_change(article_ids: Sequence[int], *, now: datetime) -> None:
    """Tell everybody that many live articles have other topics, authors, access; in the transaction that changes them.

    Their pages are made anew when somebody asks for them, as after an import.
    """
    if article_ids:
        announce_imported(article_ids, now=now)
        signals.articles_imported.send(None, article_ids=list(article_ids), now=now)


def find_countries_anew(article_ids: Sequence[int], *, now: datetime) -> int:
    """Find the countries of published articles by today's names. Returns how many articles have others than before."""
    with transaction.atomic():
        changed = country_store.save_countries(country_store.hold_named_texts(article_ids))
        follow_bulk_change(changed, now=now)
    return len(changed)


def file_by_country(*, now: datetime) -> int:
    """Look through some articles more for the countries that they name, if not all have been by today's rules.

    The worker calls it all the time: what was published before a version that knows countries, or more of them, is filed by
    itself. Whoever is killed in the middle has done whole batches. Returns how many articles were looked at.
    """
    looked_at = 0
    if country_store.begin_filing():
        for _ in range(FILINGS_A_TURN):
            number = _file_batch(now=now)
            looked_at += number
            if number < FILED_AT_ONCE:
                break
    return looked_at


def end_filing(*, now: datetime) -> None:
    """Say that all articles are filed by country; pages that told of waiting, if any did, are made anew."""
    with transaction.atomic():
        if country_store.note_filed():
            signals.lists_changed.send(None, now=now)


def _file_batch(*, now: datetime) -> int:
    with transaction.atomic():
        filing = country_store.hold_filing()
        if filing is None:
            return 0
        article_ids = country_store.list_published(after=filing.after, limit=FILED_AT_ONCE)
        find_countries_anew(article_ids, now=now)
        if len(article_ids) < FILED_AT_ONCE:
            end_filing(now=now)
        else:
            filing.after = article_ids[-1]
            filing.save(update_fields=["after"])
    return len(article_ids)


def announce_subject(subject: Topic | Region | Author, *, now: datetime) -> None:
    """Say in the change log that a topic, region or author has another name or address, or is about to go."""
    facet = type(subject).__name__.lower()
    record_change(ChangeKind.SUBJECT, f"{facet}:{subject.pk}:{subject.slug}", now=now)


def announce_series(series_id: int, *, old_slug: str = "", left: Sequence[int] = (), now: datetime) -> None:
    """Say that a series is another now, or is about to go; `left`: articles that were in it, and may be no more."""
    found = store.find_series(series_id)
    if found is None:
        return
    slug, article_ids = found[0], list(dict.fromkeys([*found[1], *left]))
    for start in range(0, max(1, len(article_ids)), IDS_IN_A_LINE):
        record_change(ChangeKind.ARRANGEMENT, ",".join(map(str, article_ids[start : start + IDS_IN_A_LINE])), now=now)
    for known_at in {slug, old_slug or slug}:
        signals.series_changed.send(None, slug=known_at, article_ids=article_ids, now=now)


def announce_start_set(set_id: int, *, now: datetime) -> None:
    """Say that a "start here" set is another now, or is about to change."""
    path = store.find_start_set_place(set_id)
    if path is not None:
        record_change(ChangeKind.ARRANGEMENT, "", now=now)
        signals.start_set_changed.send(None, path=path, now=now)
