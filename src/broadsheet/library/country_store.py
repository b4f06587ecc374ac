"""Which countries articles are about, and what editors say of countries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from broadsheet.gazetteer.countries import Country, load_countries, load_slugs
from broadsheet.gazetteer.mentions import RULES, find_countries
from broadsheet.library.models import Article, ArticleCountry, ArticleText, CountryFiling, CountryNote
from broadsheet.library.store import names_known_article

_FILING = 1  # the one row of its table


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


def load_known_codes(*, now: datetime) -> set[str]:
    """The codes of the countries that an article is about which readers may know of at `now`."""
    filed = ArticleCountry.objects.order_by()
    codes = set(filed.values_list("code", flat=True).distinct())
    # Only of countries in what is still to come it has to be asked whether something else is about them: drafts are filed nowhere.
    to_come = Article.objects.filter(Q(embargo_until__gt=now) | Q(published_at__gt=now))
    doubtful = filed.filter(article_id__in=to_come.values("id")).values_list("code", flat=True).distinct()
    return codes - {code for code in doubtful if not filed.filter(names_known_article(now=now), code=code).exists()}


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


def hold_named_texts(article_ids: Collection[int]) -> list[tuple[int, str, str, str]]:
    """Number, headline, dek and whole text of published articles, held in the order of their numbers until the transaction ends.

    The texts are read after that: they are those of whoever published last.
    """
    held = Article.objects.select_for_update(no_key=True).filter(pk__in=article_ids).order_by("pk")
    rows = list(held.values_list("id", "headline", "dek"))
    texts = dict(ArticleText.objects.filter(article_id__in=article_ids).values_list("article_id", "body_text"))
    return [(pk, headline, dek, texts[pk]) for pk, headline, dek in rows if pk in texts]


def count_unfiled() -> int:
    """How many published articles have not been looked through by today's rules yet, apart from those published since."""
    filing = CountryFiling.objects.filter(pk=_FILING, rules__gte=RULES).first()
    if filing is not None and filing.is_done:
        return 0
    return ArticleText.objects.filter(article_id__gt=filing.after if filing else 0).count()


def begin_filing() -> bool:
    """Make sure that articles are looked through by today's rules, from the first if by older ones; whether any is left to do.

    By an older program's rules nothing is begun: while two versions run, the newer one's count.
    """
    known = CountryFiling.objects.filter(pk=_FILING).values_list("rules", "is_done").first()
    if known is None:
        CountryFiling.objects.get_or_create(pk=_FILING, defaults={"rules": RULES})
    elif known[0] < RULES:
        older = CountryFiling.objects.filter(pk=_FILING, rules__lt=RULES)
        older.update(rules=RULES, after=0, is_done=False)
    return known is None or known[0] < RULES or known == (RULES, False)


def hold_filing() -> CountryFiling | None:
    """The row of today's rules, held; None: there is nothing left to do, or somebody else does it now."""
    rows = CountryFiling.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=_FILING, rules=RULES, is_done=False).first()


def note_filed() -> bool:
    """Say that all articles are looked through by today's rules; whether that was not known yet."""
    if CountryFiling.objects.filter(pk=_FILING, rules=RULES, is_done=True).exists():
        return False
    CountryFiling.objects.update_or_create(pk=_FILING, defaults={"rules": RULES, "is_done": True})
    return True
