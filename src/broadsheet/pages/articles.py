"""Loads what an article's page shows, as plain records. A wall's page is loaded without the rest of the text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from math import ceil

from django.conf import settings

from broadsheet.core.text import join_names
from broadsheet.library.access import Kind
from broadsheet.library.body import drop_note_references
from broadsheet.library.models import Article, ArticleRest, ArticleTeaser, ArticleText, Byline
from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.index_flows import find_finder
from broadsheet.library.search.likeness import OpenText
from broadsheet.library.store import published_articles
from broadsheet.pages.countries import load_links as load_country_links
from broadsheet.pages.layout import lay_out
from broadsheet.pages.pictures import earliest_expiry, fill_figures, load_pictures
from broadsheet.pages.records import ArticlePage, Card, CorrectionNote, Link, Person, Picture
from broadsheet.pages.related import RELATED_COUNT, RELATED_FOUND, RELATED_POOL, Candidate, rank_found, rank_related
from broadsheet.pages.series import load_places

WORDS_PER_MINUTE = 220  # silent reading of non-fiction in English: 238 (Brysbaert 2019), less a little for names and figures
KIND_NAMES = {Kind.DAILY: "Daily", Kind.IN_DEPTH: "In depth", Kind.BRIEFING: "Briefing"}


def load_article_page(article_id: int, *, whole: bool, now: datetime) -> ArticlePage:
    """One published article as its page shows it.

    Args:
        whole: load the rest of the text too; False for every wall.

    Raises:
        Article.DoesNotExist: it is not published.
    """
    return load_article_pages(article_id, {whole}, now=now)[whole]


def load_article_pages(article_id: int, wholes: Collection[bool], *, now: datetime) -> dict[bool, ArticlePage]:
    """One published article as its pages show it: under False up to the wall, under True whole; what they share is loaded once.

    Raises:
        Article.DoesNotExist: it is not published.
    """
    article = Article.objects.select_related("main_topic").get(pk=article_id, live=True)
    teaser = ArticleTeaser.objects.get(article_id=article_id)
    words = ArticleText.objects.values_list("word_count", flat=True).get(article_id=article_id)
    related = tuple(load_related(article, now=now, teaser=teaser.text))
    series = load_places(article_id, now=now)
    rest = {whole: ArticleRest.objects.get(article_id=article_id).html if whole else None for whole in wholes}
    pages = {whole: _article_page(article, teaser.html, rest[whole], related, words=words, now=now) for whole in wholes}
    return {whole: replace(page, series=series) for whole, page in pages.items()}


def article_page(article: Article, teaser_html: str, rest_html: str | None, *, words: int, now: datetime) -> ArticlePage:
    """The page of an article with this much of its body (None: up to the wall); expired photos are left out."""
    related = tuple(load_related(article, now=now)) if article.pk else ()
    page = _article_page(article, teaser_html, rest_html, related, words=words, now=now)
    return replace(page, series=load_places(article.pk, now=now)) if article.pk else page


def _article_page(
    article: Article, teaser_html: str, rest_html: str | None, related: tuple[Card, ...], *, words: int, now: datetime
) -> ArticlePage:
    teaser_html = teaser_html if rest_html is not None else drop_note_references(teaser_html)
    photo_ids = [*([article.lead_photo_id] if article.lead_photo_id else []), *photo_ids_in(teaser_html + (rest_html or ""))]
    pictures = load_pictures(photo_ids, today=now.astimezone(settings.BROADSHEET.zone).date())
    topics, regions = list(article.topics.all()), list(article.regions.all())
    label = article.main_topic or (topics[0] if topics else regions[0] if regions else None)
    laid_out = lay_out(fill_figures(teaser_html, pictures), fill_figures(rest_html or "", pictures))
    shown = [*photo_ids, *(card.picture.photo_id for card in related if card.picture)]
    return ArticlePage(
        article_id=article.pk or 0,
        path=f"/articles/{article.pk or 0}/{article.slug}/",
        headline=article.headline,
        headline_search=article.headline_search or article.headline,
        headline_social=article.headline_social or article.headline,
        dek=article.dek,
        kind=article.kind,
        kind_name=KIND_NAMES[Kind(article.kind)],
        access=article.access,
        label=Link(label.name, label.get_absolute_url()) if label else None,
        authors=tuple(Person(byline.author.name, byline.author.get_absolute_url()) for byline in article.bylines.all()),
        topics=tuple(Link(topic.name, topic.get_absolute_url()) for topic in topics),
        regions=tuple(Link(region.name, region.get_absolute_url()) for region in regions),
        countries=load_country_links(article.pk) if article.pk else (),
        published_at=article.published_at or now,
        revised_at=article.revised_at,
        minutes=minutes_of(words),
        words=words,
        lead=_lead(article, pictures),
        opening_html=laid_out.opening,
        rest_html=laid_out.rest,
        corrections=tuple(CorrectionNote(row.date, row.text) for row in article.corrections.all()),
        related=related,
        photo_valid_until=earliest_expiry(shown),
    )


def minutes_of(words: int) -> int:
    """How long a text takes to read, in whole minutes, at least one."""
    return max(1, ceil(words / WORDS_PER_MINUTE))


def photo_ids_in(html: str) -> list[int]:
    """The photos whose placeholders stand in some HTML."""
    return [int(part.split('"', 1)[0]) for part in html.split('<figure data-photo="')[1:]]


def load_cards(article_ids: Sequence[int], *, now: datetime) -> list[Card]:
    """These articles as list entries, in the order given; those that readers may not know of are left out."""
    rows = {
        article.pk: article
        for article in published_articles(now=now).filter(pk__in=article_ids).select_related("main_topic").defer("body")
    }
    labels = _load_labels(rows)
    bylines = load_bylines(rows)
    words = dict(ArticleText.objects.filter(article_id__in=rows).values_list("article_id", "word_count"))
    leads = [article.lead_photo_id for article in rows.values() if article.lead_photo_id]
    pictures = load_pictures(leads, today=now.astimezone(settings.BROADSHEET.zone).date())
    return [
        Card(
            article_id=article.pk,
            path=article.get_absolute_url(),
            headline=article.headline_home or article.headline,
            dek=article.dek,
            label=labels.get(article.pk, KIND_NAMES[Kind(article.kind)]),
            kind=article.kind,
            kind_name=KIND_NAMES[Kind(article.kind)],
            access=article.access,
            byline=bylines.get(article.pk, ""),
            published_at=article.published_at or now,
            minutes=minutes_of(words.get(article.pk, 0)),
            picture=pictures.get(article.lead_photo_id or 0),
        )
        for article in (rows[article_id] for article_id in article_ids if article_id in rows)
    ]


def load_bylines(article_ids: Sequence[int] | dict[int, Article]) -> dict[int, str]:
    """The byline of each article as readers see it: `Europe desk and Economy desk`."""
    names: dict[int, list[str]] = {}
    for article_id, name in (
        Byline.objects.filter(article_id__in=article_ids).order_by("sort_order", "id").values_list("article_id", "author__name")
    ):
        names.setdefault(article_id, []).append(name)
    return {article_id: join_names(every) for article_id, every in names.items()}


def load_related(article: Article, *, now: datetime, teaser: str | None = None) -> list[Card]:
    """The cards under "More from …", nearest first; the newest articles where nothing is near.

    The index may be a moment behind; what readers may not know of is left out whatever it names.

    Args:
        teaser: the article's open text, if it is at hand; None: it is loaded.
    """
    topics = frozenset(topic.pk for topic in article.topics.all())
    regions = frozenset(region.pk for region in article.regions.all())
    if teaser is None:
        teaser = ArticleTeaser.objects.filter(article_id=article.pk).values_list("text", flat=True).first() or ""
    subject = Candidate(article.pk, topics, regions, f"{article.headline} {article.dek} {teaser}")
    others = published_articles(now=now).exclude(pk=article.pk).order_by("-published_at", "-id")
    nearness = _find_nearness(OpenText(article.headline, article.dek, teaser), without=article.pk or 0)
    found = _load_candidates(list(others.filter(pk__in=nearness).values_list("id", flat=True))) if nearness else []
    ranked = rank_found(subject, found, nearness, count=RELATED_COUNT)
    if len(ranked) < RELATED_COUNT:
        near = others.filter(topics__in=topics).values_list("id", flat=True)[:RELATED_POOL]
        pool = dict.fromkeys([*near, *others.values_list("id", flat=True)[:RELATED_POOL]])
        rest = _load_candidates([pk for pk in pool if pk not in ranked])
        ranked += rank_related(subject, rest, count=RELATED_COUNT - len(ranked))
    return load_cards(ranked, now=now)


def _find_nearness(text: OpenText, *, without: int) -> dict[int, float]:
    """How near the articles that the index finds are; none if there is no index."""
    try:
        with find_finder().asking() as engine:
            found = engine.find_similar(text, without=without, limit=RELATED_FOUND)
            return {similar.article_id: similar.nearness for similar in found}
    except EngineAway:
        return {}


def _load_candidates(article_ids: Sequence[int]) -> list[Candidate]:
    """In the order given."""
    topics = _pairs(Article.topics.through.objects.filter(article_id__in=article_ids).values_list("article_id", "topic_id"))
    regions = _pairs(Article.regions.through.objects.filter(article_id__in=article_ids).values_list("article_id", "region_id"))
    texts = dict(ArticleTeaser.objects.filter(article_id__in=article_ids).values_list("article_id", "text"))
    rows = {pk: words for pk, *words in Article.objects.filter(pk__in=article_ids).values_list("id", "headline", "dek")}
    return [
        Candidate(pk, topics.get(pk, frozenset()), regions.get(pk, frozenset()), " ".join((*rows[pk], texts.get(pk, ""))))
        for pk in article_ids
        if pk in rows
    ]


def _pairs(rows: Sequence[tuple[int, int]]) -> dict[int, frozenset[int]]:
    gathered: dict[int, set[int]] = {}
    for article_id, other_id in rows:
        gathered.setdefault(article_id, set()).add(other_id)
    return {article_id: frozenset(others) for article_id, others in gathered.items()}


def _load_labels(rows: dict[int, Article]) -> dict[int, str]:
    labels = {pk: article.main_topic.name for pk, article in rows.items() if article.main_topic}
    for article_id, name in (
        Article.topics.through.objects.filter(article_id__in=[pk for pk in rows if pk not in labels])
        .order_by("topic__position", "topic__name")
        .values_list("article_id", "topic__name")
    ):
        labels.setdefault(article_id, name)
    return labels


def _lead(article: Article, pictures: dict[int, Picture]) -> Picture | None:
    picture = pictures.get(article.lead_photo_id or 0)
    if picture is None or not article.lead_caption:
        return picture
    return Picture(
        **{name: getattr(picture, name) for name in Picture.__slots__ if name != "caption"}, caption=article.lead_caption
    )
