"""Which countries articles are about, and what editors say of countries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from broadsheet.gazetteer.countries import Country, load_countries, load_slugs
from broadsheet.gazetteer.mentions import find_countries
from broadsheet.library.models import Article, ArticleCountry, ArticleText, CountryNote


def load_shown() -> dict[str, Country]:
    """The countries that have a page, by code in the order of their names, each called as an editor wants."""
    notes = {note.code: note for note in CountryNote.objects.all()}
    shown = [
        replace(country, name=notes[code].name or country.name) if code in notes else country
        for code, country in load_countries().items()
        if code not in notes or not notes[code].is_hidden
    ]
    return {country.code: country for country in sorted(shown, key=lambda country: country.name)}


def find_shown(slug: str) -> Country | None:
    """The country with this slug, if it has a page."""
    code = load_slugs().get(slug)
    return load_shown().get(code) if code else None


def find_note(code: str) -> str:
    """What an editor adds on a country's page, often nothing."""
    return CountryNote.objects.filter(code=code).values_list("note", flat=True).first() or ""


def load_countries_of(article_ids: Collection[int]) -> dict[int, list[str]]:
    """The codes of each article's countries, the weightiest first."""
    found: dict[int, list[str]] = {}
    rows = ArticleCountry.objects.filter(article_id__in=article_ids).order_by("-weight", "code")
    for article_id, code in rows.values_list("article_id", "code"):
        found.setdefault(article_id, []).append(code)
    return found


def save_countries(texts: Iterable[tuple[int, str, str, str]]) -> list[int]:
    """Find and store the countries of articles, given as number, headline, dek and whole text. Returns whose are others now."""
    found = {article_id: find_countries(headline, dek, text) for article_id, headline, dek, text in texts}
    stored: dict[int, set[tuple[str, int]]] = {article_id: set() for article_id in found}
    for article_id, code, weight in ArticleCountry.objects.filter(article_id__in=found).values_list("article_id", "code", "weight"):
        stored[article_id].add((code, weight))
    changed = [article_id for article_id, countries in found.items() if set(countries) != stored[article_id]]
    ArticleCountry.objects.filter(article_id__in=changed).delete()
    ArticleCountry.objects.bulk_create(
        ArticleCountry(article_id=article_id, code=code, weight=weight)
        for article_id in changed
        for code, weight in found[article_id]
    )
    return changed


def count_published() -> int:
    """How many articles have texts."""
    return ArticleText.objects.count()


def list_published(*, after: int, limit: int) -> list[int]:
    """Numbers of articles that have texts, in order, from beyond one."""
    return list(
        ArticleText.objects.filter(article_id__gt=after).order_by("article_id").values_list("article_id", flat=True)[:limit]
    )


def load_named_texts(article_ids: Collection[int]) -> list[tuple[int, str, str, str]]:
    """Number, headline, dek and whole text of published articles."""
    texts = dict(ArticleText.objects.filter(article_id__in=article_ids).values_list("article_id", "body_text"))
    rows = Article.objects.filter(pk__in=texts).values_list("id", "headline", "dek")
    return [(pk, headline, dek, texts[pk]) for pk, headline, dek in rows]
