"""Writing, saving and publishing an article at the desk; no save overwrites another editor's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from wagtail.models import Revision

from broadsheet.desk.article_edit import CONFLICT_MESSAGE, ArticleUnpublishView
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, ArticleText
from tests.desk.forms import article_data, loaded

ADD = "/desk/articles/add/"
JSON = {"headers": {"accept": "application/json"}}


def edit_address(article: Article) -> str:
    return f"/desk/articles/edit/{article.pk}/"


def save(client: Client, article: Article, fields: dict[str, str], **options: Any) -> HttpResponse:
    return client.post(edit_address(article), fields, **options)


def newest(article: Article) -> Article:
    article.refresh_from_db()
    latest: Article = article.get_latest_revision_as_object()
    return latest


@pytest.mark.django_db
def test_form_has_its_four_tabs_and_every_preview(desk: Callable[[Role], Client]) -> None:
    page = desk(Role.EDITOR).get(ADD)
    assert page.status_code == 200
    text = page.content.decode()
    for words in (
        "Write",
        "Words for elsewhere",
        "Publication",
        "Rights",
        "As a stranger",
        "Registered, 3 left",
        "As a subscriber",
    ):
        assert words in text


@pytest.mark.django_db
def test_editor_writes_and_publishes(desk: Callable[[Role], Client]) -> None:
    response = desk(Role.EDITOR).post(ADD, {**article_data(), "action-publish": "1"})
    assert response.status_code == 302
    article = Article.objects.get()
    assert article.live
    assert article.slug == "the-strait-and-its-guarantors"
    assert ArticleText.objects.get(article=article).body_text == "The envoys met."


@pytest.mark.django_db
def test_writer_cannot_publish_however_the_form_is_posted(desk: Callable[[Role], Client]) -> None:
    writer = desk(Role.WRITER)
    writer.post(ADD, {**article_data(), "action-publish": "1"})
    article = Article.objects.get()
    assert not article.live
    save(writer, article, {**article_data(), **loaded(article), "action-publish": "1"})
    article.refresh_from_db()
    assert not article.live


@pytest.mark.django_db
def test_draft_saves_itself_without_a_headline_yet(desk: Callable[[Role], Client]) -> None:
    answer = desk(Role.WRITER).post(ADD, article_data(headline=""), **JSON)
    assert answer.json()["success"] is True
    assert Article.objects.get().live is False


@pytest.mark.django_db
def test_saving_itself_again_keeps_one_revision(desk: Callable[[Role], Client]) -> None:
    writer = desk(Role.WRITER)
    first = writer.post(ADD, article_data(), **JSON).json()
    article = Article.objects.get()
    fields = {**article_data(headline="A better headline"), **loaded(article), "overwrite_revision_id": str(first["revision_id"])}
    assert save(writer, article, fields, **JSON).json()["success"] is True
    assert article.revisions.count() == 1
    assert newest(article).headline == "A better headline"


@pytest.mark.django_db
@pytest.mark.parametrize("action", [{}, {"action-publish": "1"}, {"action-submit": "1"}], ids=["save", "publish", "submit"])
def test_second_editor_is_refused_and_sees_both(
    desk: Callable[[Role], Client], make_article: Callable[..., Article], action: dict[str, str]
) -> None:
    article = make_article(published=False)
    article.save_revision()
    first, second = desk(Role.EDITOR), desk(Role.EDITOR)
    when_opened = loaded(article)
    assert save(first, article, {**article_data(headline="Theirs"), **when_opened}).status_code == 302
    answer = save(second, article, {**article_data(headline="Mine", text="<p>My own words.</p>"), **when_opened, **action})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert CONFLICT_MESSAGE in page.replace("&#x27;", "'")
    assert "Two versions of this article" in page
    assert '<span class="deletion">Theirs</span><span class="addition">Mine</span>' in page
    assert 'value="Mine"' in page
    assert "My own words." in page
    assert "data-w-autosave-interval-value" not in page
    assert newest(article).headline == "Theirs"
    assert not Article.objects.get(pk=article.pk).live


@pytest.mark.django_db
def test_saving_and_publishing_are_one_under_the_articles_lock(
    desk: Callable[[Role], Client], make_article: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing, such as a bulk change, comes between to be overwritten: what fails late leaves nothing of what was saved."""
    article = make_article(published=False, headline="Before")
    article.save_revision()
    editor = desk(Role.EDITOR)

    def fail(*_: Any, **__: Any) -> None:
        assert newest(article).headline == "Mine"
        raise RuntimeError

    monkeypatch.setattr(Revision, "publish", fail)
    with pytest.raises(RuntimeError):
        save(editor, article, {**article_data(headline="Mine"), **loaded(article), "action-publish": "1"})
    assert newest(article).headline == "Before" and article.revisions.count() == 1


@pytest.mark.django_db
def test_after_seeing_both_a_second_save_goes_on_top_and_theirs_stays_in_the_history(
    desk: Callable[[Role], Client], make_article: Callable[..., Article]
) -> None:
    article = make_article(published=False)
    article.save_revision()
    first, second = desk(Role.EDITOR), desk(Role.EDITOR)
    when_opened = loaded(article)
    save(first, article, {**article_data(headline="Theirs"), **when_opened})
    page = save(second, article, {**article_data(headline="Mine"), **when_opened}).content.decode()
    latest = loaded(article)
    assert f'name="loaded_revision_id" value="{latest["loaded_revision_id"]}"' in page
    assert save(second, article, {**article_data(headline="Mine"), **latest}).status_code == 302
    assert newest(article).headline == "Mine"
    assert "Theirs" in [revision.content["headline"] for revision in article.revisions.all()]


@pytest.mark.django_db
def test_self_saving_draft_is_refused_too(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    article = make_article(published=False)
    article.save_revision()
    when_opened = loaded(article)
    save(desk(Role.EDITOR), article, {**article_data(headline="Theirs"), **when_opened})
    answer = save(desk(Role.EDITOR), article, {**article_data(headline="Mine"), **when_opened}, **JSON)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "invalid_revision"
    assert newest(article).headline == "Theirs"


@pytest.mark.django_db
def test_form_of_an_imported_article_that_another_has_saved_since_is_refused(
    desk: Callable[[Role], Client], make_article: Callable[..., Article]
) -> None:
    article = make_article(published=False)  # no revision: as an import leaves it
    assert loaded(article) == {}
    assert save(desk(Role.EDITOR), article, article_data(headline="Theirs")).status_code == 302
    answer = save(desk(Role.EDITOR), article, article_data(headline="Mine"))
    assert answer.status_code == 200
    assert newest(article).headline == "Theirs"


@pytest.mark.django_db
def test_old_version_is_brought_back(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    article = make_article(published=False, headline="First")
    old = article.save_revision()
    article.headline = "Second"
    article.save_revision()
    editor = desk(Role.EDITOR)
    address = f"/desk/articles/history/{article.pk}/revisions/{old.pk}/revert/"
    found = [
        p for p in (address, f"/desk/articles/edit/{article.pk}/revisions/{old.pk}/revert/") if editor.get(p).status_code == 200
    ]
    assert found
    assert editor.post(found[0], {**article_data(headline="First"), **loaded(article)}).status_code == 302
    assert newest(article).headline == "First"


@pytest.mark.django_db
def test_history_and_comparison_are_shown(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    article = make_article(published=False, headline="First")
    one = article.save_revision()
    article.headline = "Second"
    two = article.save_revision()
    editor = desk(Role.EDITOR)
    assert editor.get(f"/desk/articles/history/{article.pk}/").status_code == 200
    from django.urls import reverse

    for names in ((one.pk, two.pk), ("earliest", "latest"), ("live", "latest")):
        page = editor.get(reverse("wagtailsnippets_library_article:revisions_compare", args=[article.pk, *names]))
        assert page.status_code == 200
    assert '<span class="addition">Second</span>' in page.content.decode()


@pytest.mark.django_db
def test_locked_article_is_saved_by_nobody_else(
    desk: Callable[[Role], Client], make_staff: Callable[..., Any], make_article: Callable[..., Article]
) -> None:
    article = make_article(published=False)
    article.save_revision()
    article.locked, article.locked_by = True, make_staff(Role.EDITOR)
    article.save()
    answer = save(desk(Role.EDITOR), article, {**article_data(headline="Mine"), **loaded(article)})
    assert answer.status_code == 200
    assert "could not be saved as it is locked" in answer.content.decode()


@pytest.mark.django_db
def test_slug_that_leads_to_a_button_is_refused_beside_its_field(desk: Callable[[Role], Client]) -> None:
    editor = desk(Role.EDITOR)
    answer = editor.post(ADD, {**article_data(slug="unlock"), "action-publish": "1"})
    assert answer.status_code == 200
    assert "“unlock” leads to a button of the article" in answer.content.decode()
    assert not Article.objects.exists()
    assert editor.post(ADD, {**article_data(headline="Unlock"), "action-publish": "1"}).status_code == 302
    assert Article.objects.get().slug == "unlock-article"


@pytest.mark.django_db
def test_unpublish_takes_the_texts_away(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    article = make_article()
    answer = desk(Role.EDITOR).post(f"/desk/articles/unpublish/{article.pk}/")
    assert answer.status_code == 302
    article.refresh_from_db()
    assert not article.live
    assert not ArticleText.objects.filter(article=article).exists()


@pytest.mark.django_db
def test_unpublish_takes_back_nothing_that_was_done_since_it_loaded_the_article(
    desk: Callable[[Role], Client], make_article: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    article = make_article()
    load = ArticleUnpublishView.get_objects_to_unpublish

    def load_and_be_late(view: ArticleUnpublishView) -> list[Article]:
        loaded: list[Article] = load(view)
        Article.objects.filter(pk=article.pk).update(access="subscribers")
        return loaded

    monkeypatch.setattr(ArticleUnpublishView, "get_objects_to_unpublish", load_and_be_late)
    desk(Role.EDITOR).post(f"/desk/articles/unpublish/{article.pk}/")
    article.refresh_from_db()
    assert (article.live, article.access) == (False, "subscribers")


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["stranger", "left-3", "left-1", "left-0", "subscriber"])
def test_draft_that_was_never_published_is_previewed(
    desk: Callable[[Role], Client], make_article: Callable[..., Article], mode: str
) -> None:
    article = make_article(published=False)
    article.save_revision()
    writer = desk(Role.WRITER)
    address = f"/desk/articles/preview/{article.pk}/"
    fields = article_data(
        headline="Seen before anybody", text="<p>" + "One sentence more. " * 120 + "</p><p>The last words of all.</p>"
    )
    assert writer.post(address, fields).json()["is_available"] is True
    page = writer.get(f"{address}?mode={mode}&in_preview_panel=true")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Seen before anybody" in text
    assert ("The last words of all." in text) == (mode == "subscriber")
    assert "no-store" in page["Cache-Control"]
