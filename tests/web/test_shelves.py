"""Saved articles and reading history over HTTP: saving from shared pages, the list, files, the place in an article."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lxml import html

from broadsheet.accounts.models import User
from broadsheet.accounts.personal_store import person_of
from broadsheet.core.clock import StoppedClock
from broadsheet.core.personal import export_person
from broadsheet.core.text import word_runs
from broadsheet.library.models import Article, ArticleText
from broadsheet.shelves import flows
from broadsheet.shelves.history_flows import start_history
from broadsheet.shelves.models import Folder, Reading, ReadingHistory, SavedArticle
from broadsheet.web import history
from tests.web.conftest import ReadLetter
from tests.web.pages import problem

pytestmark = pytest.mark.django_db

Make = Callable[..., Article]
ADDRESS = "ann@example.net"


@pytest.fixture
def reader(make_reader: Any) -> User:
    return make_reader(ADDRESS)


@pytest.fixture
def own(visitor: Client, reader: User, sign_in: Any) -> Client:
    """The reader's browser."""
    sign_in(visitor, reader)
    return visitor


def text_of(response: Any) -> str:
    return str(response.content.decode())


def add_path(article: Article) -> str:
    return f"/account/saved/add/?article={article.pk}"


def save(client: Client, article: Article) -> int:
    assert client.post(add_path(article)).status_code == 303
    return SavedArticle.objects.get(article=article).pk


# -- Saving ----------------------------------------------------------------------------------------------------------


def test_signed_in_readers_pages_offer_to_save_and_strangers_hold_nothing_of_it(
    visitor: Client, own: Client, visit: Callable[[], Client], make_article: Make
) -> None:
    article = make_article()
    assert f'action="{add_path(article)}"' in text_of(own.get(article.get_absolute_url()))
    stranger = text_of(visit().get(article.get_absolute_url()))
    assert "account/saved" not in stranger
    assert "place.js" not in stranger


def test_pressing_save_leads_back_to_the_article_and_saves_it_once(own: Client, make_article: Make) -> None:
    article = make_article()
    for _ in range(2):
        answer = own.post(add_path(article))
        assert (answer.status_code, answer["Location"]) == (303, f"{article.get_absolute_url()}#saved")
    assert SavedArticle.objects.count() == 1
    assert own.get(add_path(article))["Location"] == f"/account/saved/{SavedArticle.objects.get().pk}/"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
    ],
)
def test_foreign_and_speculative_requests_save_nothing(headers: dict[str, str], own: Client, make_article: Make) -> None:
    article = make_article()
    assert own.post(add_path(article), headers=headers).status_code == 403
    own.get(add_path(article), headers=headers)
    own.get(add_path(article))
    assert not SavedArticle.objects.exists()


def test_who_is_not_signed_in_signs_in_first_and_the_article_is_saved_then(
    visitor: Client, reader: User, make_article: Make, open_letter: Callable[[str], ReadLetter]
) -> None:
    article, other = make_article(), make_article()
    login = visitor.post(add_path(article))["Location"]
    assert parse_qs(urlsplit(login).query)["next"] == [add_path(article)]
    visitor.post("/login/", {"email": ADDRESS, "next": add_path(article)})
    back = visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})["Location"]
    assert back == add_path(article)
    assert visitor.get(add_path(other)).status_code == 200
    assert visitor.get(back, headers={"sec-purpose": "prefetch"}).status_code == 403
    assert not SavedArticle.objects.exists(), "another article's address, or looking ahead, saves nothing"
    assert visitor.get(back)["Location"] == f"{article.get_absolute_url()}#saved"
    assert SavedArticle.objects.get().article == article
    SavedArticle.objects.all().delete()
    assert "Save this article" in text_of(visitor.get(back)), "the wish counts once"


def test_a_wish_is_not_another_persons_who_signs_in_otherwise(
    visitor: Client, reader: User, make_article: Make, open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    visitor.post(add_path(article))
    visitor.post("/login/", {"email": ADDRESS, "next": "/account/"})
    visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert "Save this article" in text_of(visitor.get(add_path(article)))
    assert not SavedArticle.objects.exists()


def test_a_full_list_says_so(own: Client, make_article: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_SAVED", 0)
    answer = own.post(add_path(make_article()))
    assert answer.status_code == 409
    assert "Remove some, and there is room again" in text_of(answer)


def test_what_is_not_there_is_not_found(own: Client, make_article: Make, clock: StoppedClock) -> None:
    for article in (make_article(published=False), make_article(embargo_until=clock.now() + timedelta(days=1))):
        assert own.post(add_path(article)).status_code == own.get(add_path(article)).status_code == 404
    for nonsense in ("", "x", "-1", "9" * 30, "1%00"):
        assert own.post(f"/account/saved/add/?article={nonsense}").status_code == 404


# -- The list --------------------------------------------------------------------------------------------------------


def test_saving_opens_nothing_and_the_list_shows_headline_and_dek_only(own: Client, make_article: Make) -> None:
    article = make_article(access="subscribers", headline="Who keeps the strait", dek="A question of 1936.")
    save(own, article)
    page = text_of(own.get("/account/saved/"))
    assert "Who keeps the strait" in page
    assert "A question of 1936." in page
    assert article.get_absolute_url() in page
    files = [text_of(own.get(f"/account/saved/export.{form}")) for form in ("csv", "json", "bib")]
    text = ArticleText.objects.get(article=article).body_text
    assert not any(word_runs(text) & word_runs(shown) for shown in (page, *files))
    assert 'data-access="wall"' in text_of(own.get(article.get_absolute_url()))


def test_a_withdrawn_article_leaves_its_row_with_the_readers_note(own: Client, make_article: Make) -> None:
    articles = make_article(headline="Withdrawn later"), make_article(headline="Deleted later")
    for article in articles:
        own.post(f"/account/saved/{save(own, article)}/", {"note": f"About {article.headline.split()[0]}"})
    articles[0].unpublish()
    articles[1].delete()
    page = text_of(own.get("/account/saved/"))
    assert page.count('<h2 class="away">An article that is no longer available</h2>') == 2
    assert "About Withdrawn" in page
    assert "About Deleted" in page
    assert "Withdrawn later" not in page
    assert SavedArticle.objects.count() == 2


def test_a_note_and_a_new_folder_are_kept_by_one_form(own: Client, make_article: Make) -> None:
    saved_id = save(own, make_article())
    answer = own.post(f"/account/saved/{saved_id}/", {"note": "<b>Mine</b>", "new_folder": "Straits & seas"})
    folder = Folder.objects.get()
    assert answer["Location"] == f"/account/saved/?folder={folder.pk}"
    page = text_of(own.get(answer["Location"]))
    assert "&lt;b&gt;Mine&lt;/b&gt;" in page
    assert "<h1>Straits &amp; seas</h1>" in page
    too_long = own.post(f"/account/saved/{saved_id}/", {"note": "x" * 2_001})
    assert too_long.status_code == 422
    assert "2,000 characters" in problem(too_long)
    assert "x" * 2_001 in text_of(too_long), "what was typed is kept"
    unnamed = own.post(f"/account/saved/{saved_id}/", {"note": "", "new_folder": "n" * 81})
    assert unnamed.status_code == 422
    assert "80 characters" in problem(unnamed)


def test_a_form_that_is_refused_keeps_the_folder_that_was_chosen_and_says_what_is_saved(own: Client, make_article: Make) -> None:
    saved_id = save(own, make_article())
    own.post("/account/saved/folders/", {"name": "Straits"})
    folder = Folder.objects.get()
    refused = own.post(f"/account/saved/{saved_id}/", {"note": "x" * 2_001, "folder": folder.pk})
    assert f'<option value="{folder.pk}" selected>' in text_of(refused)
    gone = own.post(f"/account/saved/{saved_id}/", {"note": "Kept", "folder": folder.pk + 1})
    assert gone.status_code == 409
    assert problem(gone) == "That folder was deleted, perhaps in another window. Choose another. Your note is saved."
    assert SavedArticle.objects.get().note == "Kept"


def test_several_are_moved_and_removed_at_once_and_removing_is_undone(own: Client, make_article: Make) -> None:
    ids = [save(own, make_article()) for _ in range(3)]
    own.post("/account/saved/folders/", {"name": "Straits"})
    folder = Folder.objects.get()
    own.post("/account/saved/several/", {"do": "move", "saved": ids[:2], "folder": folder.pk})
    assert SavedArticle.objects.filter(folder=folder).count() == 2
    form = {"do": "remove", "all": "1", "page": ",".join(map(str, ids[:2])), "next": f"/account/saved/?folder={folder.pk}"}
    undo = own.post("/account/saved/several/", form)["Location"]
    page = text_of(own.get(undo))
    assert "2 articles removed" in page
    assert "This folder is empty" in page
    removed = parse_qs(urlsplit(undo).query)["removed"][0]
    back = own.post("/account/saved/undo/", {"removed": removed, "next": undo})["Location"]
    assert back == f"/account/saved/?folder={folder.pk}"
    assert SavedArticle.objects.filter(removed_at=None).count() == 3
    assert own.post("/account/saved/undo/", {"removed": removed}).status_code == 409
    nothing = own.post("/account/saved/several/", {"do": "remove"})
    assert nothing.status_code == 422
    assert "Tick the articles first." in text_of(nothing)
    for unclear in ({"do": "move"}, {"do": "move", "folder": ""}, {"do": "move", "folder": "x"}, {}, {"folder": "none"}):
        answer = own.post("/account/saved/several/", {"saved": ids, **unclear})
        assert answer.status_code == 422
        assert "Choose what to do" in text_of(answer)
    assert SavedArticle.objects.filter(folder=folder).count() == 2, "who chose nothing moved nothing"
    own.post("/account/saved/several/", {"do": "move", "saved": ids, "folder": "none"})
    assert not SavedArticle.objects.filter(folder=folder).exists()


def test_enter_on_a_tick_box_presses_no_button(own: Client, make_article: Make) -> None:
    save(own, make_article())
    own.post("/account/saved/folders/", {"name": "Straits"})
    form = html.fromstring(text_of(own.get("/account/saved/"))).xpath("//form[@class='several']")[0]
    assert "disabled" in form.xpath(".//button")[0].attrib, "the first button is the one that Enter presses"
    choice = form.xpath(".//select[@name='folder']")[0]
    assert "required" in choice.attrib
    assert choice.value == ""
    assert "formnovalidate" in form.xpath(".//button[@value='remove']")[0].attrib


def test_what_another_window_has_removed_is_told_in_plain_words(own: Client, make_article: Make) -> None:
    saved_id = save(own, make_article())
    own.post("/account/saved/folders/", {"name": "Straits"})
    folder = Folder.objects.get()
    deleted = own.post(f"/account/saved/folders/{folder.pk}/", {"do": "delete"})["Location"]
    assert "The folder “Straits” is deleted" in text_of(own.get(deleted))
    late = [
        own.post("/account/saved/several/", {"do": "move", "saved": saved_id, "folder": folder.pk}),
        own.post(f"/account/saved/folders/{folder.pk}/", {"do": "rename", "name": "Seas"}),
        own.post(f"/account/saved/folders/{folder.pk}/", {"do": "delete"}),
        own.get("/account/saved/999999/"),
    ]
    assert [answer.status_code for answer in late] == [409, 409, 409, 404]
    assert all("no longer there" in text_of(answer) for answer in late)


def test_a_folder_for_which_there_is_no_room_any_more_is_told_of_in_words_about_folders(
    own: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_FOLDERS", 1)
    own.post("/account/saved/folders/", {"name": "One"})
    deleted = own.post(f"/account/saved/folders/{Folder.objects.get().pk}/", {"do": "delete"})["Location"]
    own.post("/account/saved/folders/", {"name": "Two"})
    answer = own.post("/account/saved/undo/", {"removed": parse_qs(urlsplit(deleted).query)["removed"][0]})
    assert answer.status_code == 409
    assert "200 folders" in text_of(answer)
    assert "5,000" not in text_of(answer)


def test_folders_are_named_and_renamed_with_their_problems_beside_the_field(own: Client) -> None:
    own.post("/account/saved/folders/", {"name": "Straits"})
    folder = Folder.objects.get()
    assert "of that name already" in problem(own.post("/account/saved/folders/", {"name": "straits"}))
    assert "Type a name" in problem(own.post(f"/account/saved/folders/{folder.pk}/", {"do": "rename", "name": " "}))
    own.post(f"/account/saved/folders/{folder.pk}/", {"do": "rename", "name": "Seas"})
    assert "Seas" in text_of(own.get("/account/saved/"))


def test_addresses_of_the_list_that_make_no_sense_show_the_list(own: Client, make_article: Make) -> None:
    save(own, make_article(headline="Here it is"))
    for query in ("folder=99", "folder=x&order=y", "after=99", "before=x", "removed=99999999999999999999", "q=%00", "removed=1"):
        answer = own.get(f"/account/saved/?{query}")
        assert answer.status_code == 200, query
        assert ("Here it is" in text_of(answer)) != (query == "folder=99"), query
    assert "no-store" in own.get("/account/saved/")["Cache-Control"]


def test_an_empty_list_says_how_articles_get_there(own: Client) -> None:
    assert "Nothing yet." in text_of(own.get("/account/saved/"))


def test_the_list_costs_the_same_queries_for_one_article_and_for_many(
    own: Client, make_article: Make, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        save(own, make_article())
    with django_assert_max_num_queries(24):
        own.get("/account/saved/?order=published&q=article")


def test_the_list_is_taken_along_as_csv_json_and_bibtex(own: Client, reader: User, make_article: Make) -> None:
    article = make_article(headline="=SUM(A1) of the strait")
    own.post(f"/account/saved/{save(own, article)}/", {"note": "-1\nline", "new_folder": "+Folder"})
    answer = own.get("/account/saved/export.csv")
    assert 'filename="saved-articles.csv"' in answer["Content-Disposition"]
    row = next(csv.DictReader(io.StringIO(text_of(answer))))
    assert (row["headline"], row["note"], row["folder"]) == ("'=SUM(A1) of the strait", "'-1\nline", "'+Folder")
    held = json.loads(text_of(own.get("/account/saved/export.json")))[0]
    assert (held["headline"], held["note"], held["folder"]) == ("=SUM(A1) of the strait", "-1\nline", "+Folder")
    assert held["address"].endswith(article.get_absolute_url())
    gone = make_article()
    save(own, gone)
    gone.unpublish()
    entries = text_of(own.get("/account/saved/export.bib"))
    assert entries.count("@article{") == 1
    assert "{=SUM(A1) of the strait}" in entries


@pytest.mark.parametrize("path", ["/account/saved/", "/account/saved/1/", "/account/history/", "/account/saved/export.csv"])
def test_strangers_sign_in_first(path: str, visitor: Client) -> None:
    assert visitor.get(path)["Location"].startswith("/login/")


def test_everything_of_the_account_names_no_article_that_readers_may_not_know_of(
    own: Client, reader: User, make_article: Make, clock: StoppedClock
) -> None:
    start_history(reader.pk, now=clock.now())
    here, gone = make_article(headline="Still here"), make_article(headline="Withdrawn later")
    for article in (here, gone):
        save(own, article)
        own.post(f"/account/history/{article.pk}/place/", {"paragraph": 2, "paragraphs": 9})
    gone.unpublish()
    tables = export_person(person_of(reader))
    for name in ("saved_articles", "reading_history"):
        rows = [(row["article_id"], row["headline"]) for row in tables[name]]
        assert sorted(rows) == [(here.pk, "Still here"), (gone.pk, None)], name


# -- The history -----------------------------------------------------------------------------------------------------


def test_the_history_is_off_until_it_is_switched_on_and_switching_off_erases(own: Client, make_article: Make) -> None:
    article = make_article(headline="Who keeps the strait")
    place = f"/account/history/{article.pk}/place/"
    assert "Your history is off" in text_of(own.get("/account/history/"))
    assert own.get(place).status_code == own.post(place, {"paragraph": 2, "paragraphs": 9}).status_code == 204
    assert not Reading.objects.exists()
    own.post("/account/history/switch/", {"keep": "1"})
    answer = own.get(place)
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {}, "private, no-store")
    assert own.post(place, {"paragraph": 2, "paragraphs": 9}).status_code == 204
    assert own.get(place).json() == {"paragraph": 2, "paragraphs": 9}
    page = text_of(own.get("/account/history/"))
    assert "Tuesday 17 February 2026" in page
    assert "Up to paragraph 2 of 9" in page
    assert "Who keeps the strait" in text_of(own.get("/account/"))
    assert own.post("/account/history/switch/").status_code == 422
    assert Reading.objects.exists(), "a form that says nothing switches nothing off"
    off = own.post("/account/history/switch/", {"keep": "0"})["Location"]
    assert "everything that was in it is erased" in text_of(own.get(off))
    assert not Reading.objects.exists()
    assert not ReadingHistory.objects.exists()


def test_one_article_or_all_are_erased_from_the_history(own: Client, reader: User, make_article: Make, clock: StoppedClock) -> None:
    start_history(reader.pk, now=clock.now())
    articles = [make_article() for _ in range(3)]
    for article in articles:
        own.post(f"/account/history/{article.pk}/place/", {"paragraph": 2, "paragraphs": 9})
    own.post("/account/history/erase/", {"article": articles[0].pk})
    assert Reading.objects.count() == 2
    for nothing in ({}, {"article": "0"}, {"article": "x"}, {"article": "9" * 30}, {"all": "0"}):
        answer = own.post("/account/history/erase/", nothing)
        assert answer.status_code == 422
        assert "Nothing was erased" in text_of(answer)
    assert Reading.objects.count() == 2, "only who asks for all erases all"
    own.post("/account/history/erase/", {"all": "1"})
    assert Reading.objects.count() == 0
    assert "Nothing yet." in text_of(own.get("/account/history/"))


def test_places_are_told_by_own_pages_only_in_numbers_only_and_not_without_end(
    own: Client, reader: User, make_article: Make, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_history(reader.pk, now=clock.now())
    place = f"/account/history/{make_article().pk}/place/"
    assert own.post(place, {"paragraph": 2, "paragraphs": 9}, headers={"origin": "https://elsewhere.example"}).status_code == 403
    for told in ({}, {"paragraph": "x", "paragraphs": "9"}, {"paragraph": "10", "paragraphs": "9"}):
        assert own.post(place, told).status_code == 422
    assert not Reading.objects.exists()
    monkeypatch.setattr(history, "PLACES_AN_HOUR", 4)
    assert own.post(place, {"paragraph": 2, "paragraphs": 9}).status_code == 204
    assert own.post(place, {"paragraph": 3, "paragraphs": 9}).status_code == 429


def test_a_stranger_has_no_place(visitor: Client, make_article: Make) -> None:
    assert visitor.get(f"/account/history/{make_article().pk}/place/").status_code == 204
