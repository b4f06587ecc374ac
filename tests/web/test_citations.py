"""The files of a citation: of what everybody may know, for everybody the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.text import word_runs
from broadsheet.library.models import Article, ArticleText, Author, Byline, Correction

pytestmark = pytest.mark.django_db

FORMS = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
    "txt": "text/plain",
}


@pytest.fixture
def article(make_article: Callable[..., Article], publish: Callable[[Article], Article]) -> Article:
    # Half past eleven at night in London is the next day in Berlin, where the publication is.
    made = make_article(
        headline="Ships & straits", dek="", access="subscribers", published_at=datetime(2026, 2, 1, 23, 30, tzinfo=UTC)
    )
    made.bylines = [Byline(author=Author.objects.create(name="Amara Okafor", slug="amara-okafor"))]
    made.corrections = [Correction(date=date(2026, 2, day), text="It was another year.") for day in (9, 5)]
    made.revised_at = datetime(2026, 2, 8, tzinfo=UTC)
    return publish(made)


def path_of(article: Article, form: str) -> str:
    return f"/articles/{article.pk}/cite.{form}"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_a_file_for_everybody_without_a_gated_word(
    client: Client, article: Article, make_reader: Callable[..., User], form: str
) -> None:
    response = client.get(path_of(article, form))
    assert response["Content-Type"] == f"{FORMS[form]}; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="okafor2026-{article.pk}.{form}"'
    assert response["Cache-Control"].startswith("public") and "Cookie" not in response["Vary"] and not response.cookies
    text = response.content.decode()
    assert "traits" in text and f"{settings.BROADSHEET.site_url}/articles/{article.pk}/" in text
    assert not word_runs(text) & word_runs(ArticleText.objects.get(article=article).body_text)
    assert "another year" not in text
    head = client.head(path_of(article, form))
    assert head.status_code == 200 and head.content == b"" and head["ETag"] == response["ETag"]
    assert client.get(path_of(article, form), headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(path_of(article, form)).status_code == 405
    client.force_login(make_reader(is_staff=True))
    assert client.get(path_of(article, form)).content == response.content


def test_the_page_shows_the_line_of_the_file_and_leads_to_the_others(client: Client, article: Article) -> None:
    line = client.get(path_of(article, "txt")).content.decode().strip()
    assert line == (
        f"Amara Okafor, “Ships & straits”, Broadsheet, 2 February 2026, updated 8 February 2026, corrected 9 February 2026, "
        f"{settings.BROADSHEET.site_url}/articles/{article.pk}/"
    )
    html = client.get(article.get_absolute_url()).content.decode()
    assert f'<p id="citation">{line}</p>' in unescape(html)
    assert all(f'href="{path_of(article, form)}"' in html for form in ("bib", "ris", "json"))


@pytest.mark.parametrize("fate", ["draft", "embargoed", "dated later", "unpublished", "deleted"])
def test_what_readers_may_not_know_of_is_not_cited(
    client: Client, make_article: Callable[..., Article], clock: StoppedClock, make_reader: Callable[..., User], fate: str
) -> None:
    later = clock.now() + timedelta(hours=1)
    fields = {"draft": {"published": False}, "embargoed": {"embargo_until": later}, "dated later": {"published_at": later}}
    article = make_article(**fields.get(fate, {}))
    number = article.pk
    if fate == "unpublished":
        article.unpublish()
    if fate == "deleted":
        article.delete()
    for reader in (None, make_reader(is_staff=True)):
        if reader:
            client.force_login(reader)
        for form in FORMS:
            # Who was a reader's once is said to be gone, as at the article's own address.
            assert client.get(f"/articles/{number}/cite.{form}").status_code == (410 if fate == "unpublished" else 404)
    if fate in ("embargoed", "dated later"):
        clock.advance(timedelta(hours=1))
        assert client.get(path_of(article, "bib")).status_code == 200


@pytest.mark.parametrize("path", ["/articles/999999999999999999/cite.bib", "/articles/1/cite.pdf", "/articles/x/cite.bib"])
def test_no_other_address_is_a_citation(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
