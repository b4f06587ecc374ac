"""The publication's settings, the home page, letters: what is refused says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.test import Client
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from broadsheet.desk.letters import NAMES
from broadsheet.desk.roles import Role
from broadsheet.library import signals
from broadsheet.library.models import Article, HomePage, HomePin
from broadsheet.mail.store import load_wording
from broadsheet.mail.wordings import DEFAULTS, LetterKind
from broadsheet.publication.addresses import WITH_WORDS, is_taken
from broadsheet.publication.models import PlainPage, Publication
from broadsheet.web.urls import urlpatterns


def save_publication(client: Client, **changes: Any) -> HttpResponse:
    publication = Publication.load()
    fields = {name: value for name, value in model_to_dict(publication).items() if value is not None and name not in ("id", "logo")}
    posted = nested_form_data({**fields, "menu_links": inline_formset([]), **changes})
    return client.post(f"/desk/settings/publication/publication/{publication.pk}/", posted)


@pytest.mark.django_db
def test_publisher_changes_name_and_accent(desk: Callable[[Role], Client]) -> None:
    assert save_publication(desk(Role.PUBLISHER), name="Meridian", accent_light="#7a1f3d").status_code == 302
    assert (Publication.load().name, Publication.load().accent_light) == ("Meridian", "#7a1f3d")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "colour", "words"),
    [
        ("accent_light", "#e0c030", "1.71:1 on paper"),
        ("accent_dark", "#103040", "on paper"),
        ("accent_light", "red", "six hex digits"),
    ],
)
def test_accent_that_cannot_be_read_is_refused_with_the_measured_ratio(
    desk: Callable[[Role], Client], field: str, colour: str, words: str
) -> None:
    page = save_publication(desk(Role.PUBLISHER), **{field: colour})
    assert page.status_code == 200
    assert words in page.content.decode()
    assert getattr(Publication.load(), field) != colour


@pytest.mark.django_db
def test_wall_with_a_gap_that_nothing_fills_is_refused(desk: Callable[[Role], Client]) -> None:
    page = save_publication(desk(Role.PUBLISHER), wall_text="You get {alowance} articles.")
    assert page.status_code == 200
    assert "Nothing can be filled in for {alowance}. Known here: {allowance}, {renews}." in page.content.decode()


@pytest.fixture
def lists_changed() -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(**kwargs: Any) -> None:
        heard.append("changed")

    signals.lists_changed.connect(hear)
    yield heard
    signals.lists_changed.disconnect(hear)


@pytest.mark.django_db
def test_editor_pins_articles_and_every_list_hears_of_it(
    desk: Callable[[Role], Client], make_article: Callable[..., Article], lists_changed: list[str]
) -> None:
    one, two = make_article(), make_article()
    home = HomePage.load()
    lists_changed.clear()
    rows = [{"section": "lead", "article": two.pk, "until": ""}, {"section": "latest", "article": one.pk, "until": ""}]
    counts = {"lead_count": 1, "latest_count": 6, "in_depth_count": 3, "per_region_count": 3}
    posted = nested_form_data({**counts, "pins": inline_formset(rows)})
    assert desk(Role.EDITOR).post(f"/desk/settings/library/homepage/{home.pk}/", posted).status_code == 302
    assert list(HomePin.objects.values_list("section", "article_id")) == [("lead", two.pk), ("latest", one.pk)]
    assert lists_changed


@pytest.mark.django_db
def test_every_kind_of_letter_is_listed_and_can_be_opened(desk: Callable[[Role], Client]) -> None:
    assert set(NAMES) == set(LetterKind)
    publisher = desk(Role.PUBLISHER)
    page = publisher.get("/desk/letters/").content.decode()
    for kind in LetterKind:
        assert f"/desk/letters/{kind}/" in page
        shown = publisher.get(f"/desk/letters/{kind}/")
        assert shown.status_code == 200
        assert "srcdoc" in shown.content.decode()


@pytest.mark.django_db
def test_own_words_are_kept_and_given_back(desk: Callable[[Role], Client]) -> None:
    publisher = desk(Role.PUBLISHER)
    words = {"subject": "{code} opens the door", "body": "Type this.\n\n{code}"}
    assert publisher.post("/desk/letters/sign-in/", words).status_code == 302
    assert load_wording(LetterKind.SIGN_IN).subject == "{code} opens the door"
    assert publisher.post("/desk/letters/sign-in/", {"reset": "1"}).status_code == 302
    assert load_wording(LetterKind.SIGN_IN) == DEFAULTS[LetterKind.SIGN_IN]


@pytest.mark.django_db
def test_preview_saves_nothing(desk: Callable[[Role], Client]) -> None:
    words = {"subject": "Another subject", "body": "Another body.", "preview": "1"}
    page = desk(Role.PUBLISHER).post("/desk/letters/sign-in/", words)
    assert "Another subject" in page.content.decode()
    assert load_wording(LetterKind.SIGN_IN) == DEFAULTS[LetterKind.SIGN_IN]


@pytest.mark.django_db
def test_wording_with_an_unknown_placeholder_is_refused(desk: Callable[[Role], Client]) -> None:
    page = desk(Role.PUBLISHER).post("/desk/letters/sign-in/", {"subject": "Sign in", "body": "Dear {firstname}"})
    assert page.status_code == 200
    assert "This letter does not know {firstname}. It knows {article_line}, {code}," in page.content.decode()
    assert load_wording(LetterKind.SIGN_IN) == DEFAULTS[LetterKind.SIGN_IN]


@pytest.mark.django_db
def test_editor_may_change_no_letter(desk: Callable[[Role], Client]) -> None:
    assert desk(Role.EDITOR).post("/desk/letters/sign-in/", {"subject": "x", "body": "y"}).status_code in (302, 403)
    assert load_wording(LetterKind.SIGN_IN) == DEFAULTS[LetterKind.SIGN_IN]


@pytest.mark.django_db
def test_plain_page_gets_no_address_at_which_the_site_answers(desk: Callable[[Role], Client]) -> None:
    words = {str(found.pattern).rstrip("/") for found in urlpatterns}
    own = {word for word in words if word.isalpha()} - WITH_WORDS
    assert {"start", "series", "subscribe"} < own and [word for word in own if not is_taken(word)] == []
    assert not any(map(is_taken, ("about", "corrections", "help", "", "no/slug", "über")))
    posted = {"title": "Our series", "slug": "series", "body": rich_text("<p>All.</p>")}
    page = desk(Role.PUBLISHER).post("/desk/plain-pages/add/", posted)
    assert "Broadsheet itself answers at /series/." in page.content.decode() and not PlainPage.objects.exists()
