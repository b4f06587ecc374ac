"""A day at the desk, in a real browser: write, paste, preview, submit, approve, publish, unpublish, two editors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route, expect

from broadsheet.accounts.models import User
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, HomePin
from broadsheet.mail.models import OutboxLetter
from tests.desk.clipboard import GOOGLE_DOCS, WORD
from tests.desk.conftest import show_second_factor

pytestmark = pytest.mark.browser

HEADLINE = "Who keeps the strait open"
PREVIEWS = {
    "left-3": "3 of 3 articles left this month",
    "left-1": "1 of 3 articles left this month",
    "left-0": "You have read your",
    "stranger": "Keep reading, free",
}
EDITABLE = ".Draftail-Editor [contenteditable=true]"


@pytest.fixture
def at_desk(open_browser: Callable[..., BrowserContext], make_reader: Callable[..., User]) -> Callable[..., Page]:
    """A browser of a new member of the staff, signed in with a second factor."""

    def open_desk(role: Role, email: str) -> Page:
        user = make_reader(email, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        show_second_factor(client, user)
        context = open_browser()
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "domain": "localhost", "path": "/"}])
        return context.new_page()

    return open_desk


@pytest.fixture(autouse=True)
def _outbox(settings: Any) -> None:
    """Django's test runner swaps the mail backend for one in memory; put ours back."""
    settings.EMAIL_BACKEND = "broadsheet.mail.staff_backend.OutboxBackend"


def add_text_block(page: Page, text: str = "") -> None:
    page.locator("#body-root .c-sf-add-button").last.click()
    page.get_by_role("option", name="Text", exact=True).click()
    editor = page.locator(EDITABLE).last
    editor.click()
    if text:
        page.keyboard.type(text)


def paste(page: Page, html: str) -> None:
    """Press the keys of a paste with `html` on the clipboard into the last block of text."""
    page.locator(EDITABLE).last.click()
    page.evaluate(
        """html => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            data.setData("text/plain", "plain");
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        html,
    )


def wait_until_saved(page: Page) -> None:
    expect(page.locator("#w-autosave-indicator .w-autosave-indicator__state--saved")).to_be_visible()


def choose_action(page: Page, name: str) -> None:
    """Press one of the buttons at the foot of the form, which may lie in its menu."""
    button = page.locator("footer").get_by_role("button", name=name, exact=True)
    if not button.is_visible():
        page.locator("footer .w-dropdown__toggle, footer [data-w-dropdown-target=toggle]").first.click()
    button.click()


def open_form(page: Page, address: str) -> None:
    """Open the article form and wait until it is ready to notice keys."""
    page.goto(address)
    expect(page.locator("#body-root")).to_be_attached()


def test_article_goes_from_the_writers_keys_to_the_site_and_away_again(at_desk: Callable[..., Page]) -> None:
    writer, editor = at_desk(Role.WRITER, "writer@example.org"), at_desk(Role.EDITOR, "editor@example.org")
    open_form(writer, "/desk/articles/add/")
    writer.locator("#id_headline").fill(HEADLINE)
    add_text_block(writer, "The envoys met twice.")
    wait_until_saved(writer)
    choose_action(writer, "Submit to Second reading")
    expect(writer.get_by_text("has been submitted for moderation")).to_be_visible()
    article = Article.objects.get()
    assert not article.live
    assert OutboxLetter.objects.filter(to_address="editor@example.org").count() == 1

    editor.goto(f"/desk/articles/edit/{article.pk}/")
    choose_action(editor, "Approve and Publish")
    expect(editor.get_by_role("status").filter(has_text=HEADLINE)).to_be_visible()
    article.refresh_from_db()
    assert article.live
    reader = editor.context.new_page()
    reader.goto(article.get_absolute_url())
    expect(reader.get_by_role("heading", name=HEADLINE)).to_be_visible()

    editor.goto(f"/desk/articles/unpublish/{article.pk}/")
    editor.get_by_role("button", name="Yes, unpublish it").click()
    expect(editor.get_by_role("status").filter(has_text="unpublished")).to_be_visible()
    answer = reader.goto(article.get_absolute_url())
    assert answer is not None
    assert answer.status in (404, 410)


def type_meanwhile(route: Route) -> None:
    """Write a dek while a save is on its way."""
    route.request.frame.locator("#id_dek").fill("typed meanwhile")
    route.continue_()


def test_keys_typed_before_and_during_a_save_are_saved_too(at_desk: Callable[..., Page]) -> None:
    writer = at_desk(Role.WRITER, "writer@example.org")
    open_form(writer, "/desk/articles/add/")
    writer.locator("#id_headline").press_sequentially("First words")
    with writer.expect_response(lambda answer: answer.request.method == "POST" and "/articles/add/" in answer.url):
        pass
    assert Article.objects.get().headline == "First words"
    # What a save sends was taken from the form a moment ago: what is typed now is in no request yet.
    writer.locator("#id_headline").press_sequentially(" and more")
    writer.route("**/desk/articles/edit/**", type_meanwhile, times=1)
    expect(writer.locator("#id_dek")).to_have_value("typed meanwhile", timeout=10_000)
    with writer.expect_response(
        lambda answer: "/articles/edit/" in answer.url and "typed meanwhile" in (answer.request.post_data or "")
    ):
        pass
    newest = Article.objects.get().get_latest_revision_as_object()
    assert (newest.headline, newest.dek) == ("First words and more", "typed meanwhile")


@pytest.mark.parametrize(
    ("html", "heading"), [(WORD, "What the guarantors offered"), (GOOGLE_DOCS, "Where talks ended")], ids=["word", "docs"]
)
def test_whole_document_is_pasted_as_blocks(at_desk: Callable[..., Page], html: str, heading: str) -> None:
    writer = at_desk(Role.WRITER, "writer@example.org")
    open_form(writer, "/desk/articles/add/")
    writer.locator("#id_headline").fill(HEADLINE)
    add_text_block(writer)
    paste(writer, html)
    expect(writer.locator("#desk-paste-note")).to_contain_text("Pasted as 4 blocks.")
    expect(writer.locator("#body-root").get_by_role("heading", name=heading, exact=True)).to_be_visible()
    choose_action(writer, "Save draft")
    expect(writer.get_by_role("status").filter(has_text=HEADLINE)).to_be_visible()
    body = Article.objects.get().get_latest_revision_as_object().body
    assert [block.block_type for block in body] == ["text", "table", "text", "footnote"]
    assert heading in str(body[0].value)


def test_plain_sentences_are_left_to_the_text_field(at_desk: Callable[..., Page]) -> None:
    writer = at_desk(Role.WRITER, "writer@example.org")
    open_form(writer, "/desk/articles/add/")
    add_text_block(writer)
    paste(writer, "<p>Only a <b>sentence</b>.</p>")
    expect(writer.locator(EDITABLE).last).to_contain_text("Only a sentence.")
    expect(writer.locator("#desk-paste-note")).to_have_count(0)


def test_every_preview_is_shown_of_a_draft(at_desk: Callable[..., Page], make_article: Callable[..., Article]) -> None:
    article = make_article(published=False, headline=HEADLINE)
    article.save_revision()
    editor = at_desk(Role.EDITOR, "editor@example.org")
    open_form(editor, f"/desk/articles/edit/{article.pk}/")
    editor.get_by_role("button", name="Toggle preview").click()
    frame = editor.frame_locator("iframe[title=Preview]").first
    expect(frame.get_by_role("heading", name=HEADLINE)).to_be_visible()
    chooser = editor.get_by_label("Preview mode")
    for mode, words in PREVIEWS.items():
        chooser.select_option(mode)
        expect(frame.locator("main")).to_contain_text(words)
        expect(frame.locator("html")).to_have_attribute("data-access", "wall")
    chooser.select_option("subscriber")
    expect(frame.locator("html")).to_have_attribute("data-access", "open")


def test_two_editors_at_once_lose_nothing(at_desk: Callable[..., Page], make_article: Callable[..., Article]) -> None:
    article = make_article(published=False, headline="As it was")
    article.save_revision()
    one, other = at_desk(Role.EDITOR, "one@example.org"), at_desk(Role.EDITOR, "other@example.org")
    for page in (one, other):
        open_form(page, f"/desk/articles/edit/{article.pk}/")
    one.locator("#id_headline").fill("What one wrote")
    choose_action(one, "Save draft")
    expect(one.get_by_role("status").filter(has_text="What one wrote")).to_be_visible()

    other.locator("#id_headline").fill("What the other wrote")
    expect(other.locator("#w-autosave-indicator").get_by_text("Autosave is paused")).to_be_visible(timeout=10_000)
    assert Article.objects.get().get_latest_revision_as_object().headline == "What one wrote"
    choose_action(other, "Save draft")
    # Wagtail warns first; the server refuses even whoever goes on.
    other.locator("#w-save-confirmation-dialog [data-w-dialog-target=confirm]").click()
    expect(other.get_by_role("heading", name="Two versions of this article")).to_be_visible()
    expect(other.locator(".desk-conflict .deletion").first).to_have_text("one")
    expect(other.locator(".desk-conflict .addition").first).to_have_text("the other")
    expect(other.locator("#id_headline")).to_have_value("What the other wrote")
    assert Article.objects.get().get_latest_revision_as_object().headline == "What one wrote"

    choose_action(other, "Save draft")
    expect(other.get_by_role("status").filter(has_text="What the other wrote")).to_be_visible()
    assert Article.objects.get().get_latest_revision_as_object().headline == "What the other wrote"
    assert "What one wrote" in [revision.content["headline"] for revision in article.revisions.all()]


@pytest.mark.parametrize("origin", ["imported, without a revision", "written here"])
def test_what_saved_itself_is_the_editors_own_and_no_conflict(
    origin: str, at_desk: Callable[..., Page], make_article: Callable[..., Article]
) -> None:
    article = make_article(headline="As it was")
    if origin.startswith("imported"):
        article.revisions.all().delete()
        Article.objects.filter(pk=article.pk).update(latest_revision=None, live_revision=None)
    editor = at_desk(Role.EDITOR, "editor@example.org")
    open_form(editor, f"/desk/articles/edit/{article.pk}/")
    for headline in ("Saved by itself once", "Saved by itself twice"):
        editor.locator("#id_headline").fill(headline)
        expect(editor.locator("#w-autosave-indicator .w-autosave-indicator__state--saved")).to_be_visible(timeout=10_000)
        editor.wait_for_timeout(1_000)
    choose_action(editor, "Publish")
    expect(editor.get_by_role("status").filter(has_text="Saved by itself twice")).to_be_visible()
    expect(editor.get_by_role("heading", name="Two versions of this article")).to_have_count(0)
    assert Article.objects.get().headline == "Saved by itself twice"


def test_home_page_is_arranged_by_hand(at_desk: Callable[..., Page], make_article: Callable[..., Article]) -> None:
    first, second = make_article(headline="The first pin"), make_article(headline="The second pin")
    editor = at_desk(Role.EDITOR, "editor@example.org")
    editor.goto("/desk/settings/library/homepage/")
    for number, article in enumerate((first, second)):
        editor.get_by_role("button", name="Add Pin").click()
        editor.locator(f"#id_pins-{number}-article-chooser").get_by_role("button", name="Choose").click()
        dialog = editor.get_by_role("dialog")
        dialog.get_by_label("Search term").fill(article.headline)
        dialog.get_by_role("link", name=article.headline).click()
        expect(editor.locator(f"#id_pins-{number}-article-chooser")).to_contain_text(article.headline)
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("status").filter(has_text="Home page updated")).to_be_visible()
    assert list(HomePin.objects.order_by("sort_order").values_list("article_id", flat=True)) == [first.pk, second.pk]
