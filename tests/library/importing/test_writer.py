"""Items become articles once: again is unchanged, a change is a change, and an editor's work is never written over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from PIL import Image

from broadsheet.core.models import Change
from broadsheet.library import signals
from broadsheet.library.access import Access, Kind
from broadsheet.library.importing.items import Amendment, Item, LeftOut, Named, Picture, Refusal
from broadsheet.library.importing.report import Report
from broadsheet.library.importing.writer import import_items
from broadsheet.library.models import (
    Article,
    ArticleRest,
    ArticleTeaser,
    ArticleText,
    Author,
    OldAddress,
    Photo,
    SourceRecord,
    Topic,
)
from broadsheet.publication.models import PlainPage

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)
PARAGRAPHS = "".join(f"<p>Sentence one of part {number}. Sentence two of it follows here.</p>" for number in range(12))


def item(identity: str = "id:1", **fields: Any) -> Item:
    usual: dict[str, Any] = {"headline": f"About {identity}", "body_html": PARAGRAPHS, "source": "x.jsonl", "line": 1}
    return Item(identity=identity, **{**usual, **fields})


def bring(*items: Item, now: datetime = NOW, **options: Any) -> Report:
    return import_items(items, now=now, **options)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.imported, report.changed, report.unchanged, report.refused


def jpeg(colour: str) -> bytes:
    stream = BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What the library says upward while a test runs."""
    heard: list[Any] = []

    def imported(article_ids: list[int], **kwargs: Any) -> None:
        heard.append(("imported", article_ids, connection.in_atomic_block))

    def withdrawn(article_id: int, **kwargs: Any) -> None:
        heard.append(("withdrawn", article_id, connection.in_atomic_block))

    signals.articles_imported.connect(imported)
    signals.article_withdrawn.connect(withdrawn)
    yield heard
    signals.articles_imported.disconnect(imported)
    signals.article_withdrawn.disconnect(withdrawn)


def test_slug_that_leads_to_a_button_is_changed() -> None:
    assert counts(bring(item(slug="unlock"))) == (1, 0, 0, 0)
    assert Article.objects.get().slug == "unlock-article"


def test_an_article_has_everything_its_source_says() -> None:
    full = item(
        dek="Why.", slug="the-strait", kind=Kind.IN_DEPTH, access=Access.FREE, published_at=datetime(2019, 5, 3, tzinfo=UTC),
        revised_at=datetime(2019, 5, 4, tzinfo=UTC), authors=(Named("Oceans desk"), Named("Ann Lee", text="Writes.")),
        topics=(Named("sea-lanes"), Named("Trade")), regions=(Named("Europe"),), headline_home="Home", headline_search="Search",
        headline_social="Social", corrections=(Amendment(date(2019, 5, 4), "Wrong sum."),), old_addresses=("/2019/strait/", "/?p=1"),
    )  # fmt: skip
    assert counts(bring(full)) == (1, 0, 0, 0)
    article = Article.objects.get()
    assert (article.headline, article.dek, article.slug, article.kind, article.access) == (
        "About id:1",
        "Why.",
        "the-strait",
        "in-depth",
        "free",
    )
    assert article.published_at == article.first_published_at == datetime(2019, 5, 3, tzinfo=UTC)
    assert article.revised_at == article.last_published_at == datetime(2019, 5, 4, tzinfo=UTC)
    assert (article.live, article.has_unpublished_changes, article.latest_revision_id) == (True, False, None)
    assert [byline.author.name for byline in article.bylines.all()] == ["Oceans desk", "Ann Lee"]
    assert [(topic.name, topic.slug) for topic in article.topics.order_by("pk")] == [("Sea lanes", "sea-lanes"), ("Trade", "trade")]
    assert article.main_topic == Topic.objects.get(slug="sea-lanes")
    assert [region.name for region in article.regions.all()] == ["Europe"]
    assert (article.headline_home, article.headline_search, article.headline_social) == ("Home", "Search", "Social")
    assert [(one.date, one.text) for one in article.corrections.all()] == [(date(2019, 5, 4), "Wrong sum.")]
    assert sorted(OldAddress.objects.values_list("path", flat=True)) == ["/2019/strait/", "/?p=1"]


def test_teaser_and_rest_are_stored_apart() -> None:
    bring(item())
    assert ArticleTeaser.objects.get().text.startswith("Sentence one of part 0.")
    assert "part 0" not in ArticleRest.objects.get().html
    assert ArticleText.objects.get().body_text.count("Sentence one") == 12


def test_an_imported_article_can_be_edited_and_published_in_the_desk() -> None:
    bring(item(published_at=datetime(2019, 5, 3, tzinfo=UTC)))
    article = Article.objects.get()
    article.headline = "Edited"
    article.save_revision().publish()
    article = Article.objects.get()
    assert (article.headline, article.published_at) == ("Edited", datetime(2019, 5, 3, tzinfo=UTC))
    assert [block.block_type for block in article.body] == ["text"]


def test_the_same_again_is_unchanged() -> None:
    first = item(authors=(Named("A"),), topics=(Named("T"),))
    assert counts(bring(first, item("id:2"))) == (2, 0, 0, 0)
    rows = [model.objects.count() for model in (Article, ArticleText, SourceRecord, Author, Topic, Change)]
    assert counts(bring(first, item("id:2"))) == (0, 0, 2, 0)
    assert rows == [model.objects.count() for model in (Article, ArticleText, SourceRecord, Author, Topic, Change)]


def test_a_file_that_was_moved_is_still_the_same_source() -> None:
    bring(item())
    assert counts(bring(item(source="elsewhere/y.jsonl", line=7))) == (0, 0, 1, 0)


def test_a_changed_item_changes_its_article_and_tells_pages(told: list[Any]) -> None:
    bring(item(topics=(Named("T"),), authors=(Named("A"),)))
    article_id = Article.objects.get().pk
    told.clear()
    changed = item(headline="New", body_html="<p>New words only.</p>" * 9, authors=(Named("B"), Named("A")))
    assert counts(bring(changed)) == (0, 1, 0, 0)
    article = Article.objects.get()
    assert (article.pk, article.headline, article.topics.count(), article.main_topic) == (article_id, "New", 0, None)
    assert [byline.author.name for byline in article.bylines.all()] == ["B", "A"]
    assert "New words" in ArticleText.objects.get().body_text
    assert "Sentence one" not in ArticleText.objects.get().body_text
    assert told == [("imported", [article_id], True)]
    assert Change.objects.filter(kind="article", subject=str(article_id)).count() == 2


def test_a_change_leaves_what_its_source_does_not_say() -> None:
    bring(item(published_at=datetime(2019, 5, 3, tzinfo=UTC)), access=Access.SUBSCRIBERS)
    bring(item(headline="New"), access=Access.FREE)
    article = Article.objects.get()
    assert (article.access, article.published_at) == ("subscribers", datetime(2019, 5, 3, tzinfo=UTC))


def edit(article: Article, headline: str, now: datetime) -> None:
    article.headline = headline
    revision = article.save_revision()
    type(revision).objects.filter(pk=revision.pk).update(created_at=now)
    revision.refresh_from_db()
    revision.publish()


def test_an_article_that_an_editor_changed_is_not_written_over() -> None:
    bring(item())
    edit(Article.objects.get(), "Edited", NOW + timedelta(hours=1))
    report = bring(item(headline="New"), now=NOW + timedelta(hours=2))
    assert counts(report) == (0, 0, 0, 1)
    assert "an editor has changed the article" in report.refusals[0].reason
    assert Article.objects.get().headline == "Edited"


def test_overwrite_replaces_an_edited_article_and_the_desk_opens_the_new_state() -> None:
    bring(item())
    edit(Article.objects.get(), "Edited", NOW + timedelta(hours=1))
    assert counts(bring(item(headline="New"), now=NOW + timedelta(hours=2), overwrite=True)) == (0, 1, 0, 0)
    article = Article.objects.get()
    assert article.headline == "New"
    assert article.get_latest_revision_as_object().headline == "New"
    assert (article.live, article.has_unpublished_changes) == (True, False)


def test_an_article_that_an_editor_took_down_is_not_published_again() -> None:
    bring(item())
    Article.objects.get().unpublish()
    report = bring(item(headline="New"))
    assert "taken the article down" in report.refusals[0].reason
    assert Article.objects.get().live is False


def test_a_draft_stays_a_draft_and_has_no_texts() -> None:
    bring(item(is_draft=True))
    article = Article.objects.get()
    assert (article.live, article.has_unpublished_changes, article.published_at) == (False, True, None)
    assert ArticleText.objects.count() == 0


def test_a_draft_that_its_source_published_goes_live_and_back(told: list[Any]) -> None:
    bring(item(is_draft=True))
    assert counts(bring(item())) == (0, 1, 0, 0)
    article = Article.objects.get()
    assert (article.live, article.published_at, article.first_published_at) == (True, NOW, NOW)
    bring(item(is_draft=True, headline="Withdrawn"))
    assert (Article.objects.get().live, ArticleText.objects.count()) == (False, 0)
    assert told[-1] == ("withdrawn", article.pk, True)


@pytest.mark.parametrize(
    "body", ["", " ", "<p>&nbsp;</p>", "<script>x</script>", "<img src='https://far.example/a.jpg'>", "<!--more-->"]
)
def test_an_item_without_anything_to_read_is_refused(body: str) -> None:
    report = bring(item(body_html=body))
    assert [refusal.reason for refusal in report.refusals] == ["its body is empty"]
    assert Article.objects.count() == 0


def test_two_items_of_one_identity_in_one_import_are_one_article() -> None:
    report = bring(item(), item(), item(headline="Other"))
    assert counts(report) == (1, 0, 1, 1)
    assert "same identity" in report.refusals[0].reason


def test_a_dry_run_writes_nothing_and_tells_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg("red"))
    bring(item("id:0"))
    before = [model.objects.count() for model in (Article, SourceRecord, Author, Topic, Photo, PlainPage, OldAddress, Change)]
    found = [
        item("id:0", headline="New"),
        item("id:1", authors=(Named("A"),), folder=tmp_path, lead_photo=Picture("a.jpg"), old_addresses=("/x/",)),
        item("id:2", body_html=""),
        item("id:3", is_page=True, slug="about"),
    ]
    report = bring(*found, dry_run=True)
    assert counts(report) == (2, 1, 0, 1)
    assert before == [
        model.objects.count() for model in (Article, SourceRecord, Author, Topic, Photo, PlainPage, OldAddress, Change)
    ]
    assert Article.objects.get().headline == "About id:0"
    assert counts(bring(*found)) == counts(report)


def test_one_item_that_the_database_refuses_never_stops_the_rest() -> None:
    report = bring(item("id:1"), item("id:2", revised_at=datetime(2019, 1, 1, tzinfo=UTC), headline="Good\ud800"), item("id:3"))
    assert counts(report) == (2, 0, 0, 1)
    assert Article.objects.count() == 2
    assert SourceRecord.objects.count() == 2


def test_everything_that_runs_is_taken_out() -> None:
    bring(
        item(
            body_html=f"<p onclick=x>a<script>alert(1)</script><a href='javascript:x'>b</a></p>{PARAGRAPHS}<iframe src='data:x'></iframe>"
        )
    )
    stored = ArticleTeaser.objects.get().html + ArticleRest.objects.get().html + str(Article.objects.get().body.raw_data[0])
    assert "<p>ab</p>" in stored
    for word in ("script", "onclick", "javascript", "data:"):
        assert word not in stored


def test_pictures_beside_the_item_become_photos_once(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg("red"))
    (tmp_path / "same.jpg").write_bytes(jpeg("red"))
    (tmp_path / "b.jpg").write_bytes(jpeg("blue"))
    body = (
        f'{PARAGRAPHS}<figure><img src="b.jpg" alt="B"><figcaption>Seen. Photo: X</figcaption></figure><p><img src="same.jpg"></p>'
    )
    report = bring(item(folder=tmp_path, body_html=body, lead_photo=Picture("a.jpg", "Lead.", "Photo: M", "CC0", "A")))
    assert (report.photos, Photo.objects.count(), report.warnings) == (2, 2, ())
    article = Article.objects.get()
    assert article.lead_photo is not None
    photo = article.lead_photo
    assert (photo.caption, photo.credit, photo.licence, photo.alt, photo.width, photo.height) == (
        "Lead.",
        "Photo: M",
        "CC0",
        "A",
        40,
        30,
    )
    assert default_storage.exists(photo.file.name)
    assert article.lead_caption == "Lead."
    (figure,) = [block["value"] for block in article.body.raw_data if block["type"] == "figure"]
    assert (figure["caption"], figure["credit"], figure["alt"]) == ("Seen.", "Photo: X", "B")
    assert ArticleText.objects.get().photo_ids == [figure["photo"]]
    again = bring(item("id:2", folder=tmp_path, lead_photo=Picture("a.jpg")))
    assert (again.photos, Photo.objects.count()) == (0, 2)


def test_a_picture_put_beside_the_item_later_changes_the_article(tmp_path: Path) -> None:
    with_photo = item(folder=tmp_path, lead_photo=Picture("a.jpg"))
    assert "did not come with it" in bring(with_photo).warnings[0].reason
    (tmp_path / "a.jpg").write_bytes(jpeg("red"))
    assert counts(bring(with_photo)) == (0, 1, 0, 0)
    assert Article.objects.get().lead_photo is not None


@pytest.mark.parametrize(
    "source",
    ["../secret.jpg", "/etc/secret.jpg", "https://far.example/a.jpg", "file:///secret.jpg", "data:image/png;base64,AA", "sub"],
)
def test_no_picture_is_taken_from_outside_the_folder_nor_fetched(source: str, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg("red"))
    (tmp_path / "in" / "sub").mkdir(parents=True)
    report = bring(item(folder=tmp_path / "in", lead_photo=Picture(source)))
    assert Photo.objects.count() == 0
    assert len(report.warnings) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jpg", b"not a picture"), ("a.jpg", b""), ("a.png", b"\x89PNG\r\n"), ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>"),
        ("a.svg", b"<svg onload=x>"), ("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"), ("a.svg", b"<svg"),
    ],
)  # fmt: skip
def test_a_bad_picture_is_left_out_with_a_warning_and_the_article_stays(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    report = bring(item(folder=tmp_path, lead_photo=Picture(name)))
    assert counts(report) == (1, 0, 0, 0)
    assert len(report.warnings) == 1
    assert Photo.objects.count() == 0


def test_unknown_names_are_created_once_and_said() -> None:
    Topic.objects.create(name="Sea lanes", slug="sea-lanes")
    report = bring(item(topics=(Named("sea-lanes"), Named("SEA LANES"), Named("Mud")), authors=(Named("Ivan"), Named("Иван"))))
    assert sorted(warning.reason for warning in report.warnings) == [
        "the author “Ivan” was not known and is created",
        "the author “Иван” was not known and is created",
        "the topic “Mud” was not known and is created",
    ]
    assert Topic.objects.count() == 2
    assert len({author.slug for author in Author.objects.all()}) == 2


def test_an_old_address_leads_to_one_article_only() -> None:
    report = bring(item("id:1", old_addresses=("/x/",)), item("id:2", old_addresses=("/x/", "/y/")))
    assert dict(OldAddress.objects.values_list("path", "article__headline")) == {"/x/": "About id:1", "/y/": "About id:2"}
    assert "leads to another article" in report.warnings[0].reason


def test_a_long_headline_is_shortened_at_a_word_and_said() -> None:
    report = bring(item(headline="word " * 60))
    assert Article.objects.get().headline.endswith("word…")
    assert "shortened to 200" in report.warnings[0].reason


def test_pages_become_plain_pages_and_are_not_written_over() -> None:
    page = item(is_page=True, slug="about", headline="About", body_html="<h2>We</h2><p>Words.</p><table><tr><td>a<td>b</table>")
    assert counts(bring(page)) == (1, 0, 0, 0)
    assert PlainPage.objects.get().body == "<h2>We</h2><p>Words.</p>"
    assert counts(bring(page)) == (0, 0, 1, 0)
    other = replace(page, body_html="<p>Other.</p>")
    assert counts(bring(other)) == (0, 0, 0, 1)
    assert counts(bring(other, overwrite=True)) == (0, 1, 0, 0)
    assert PlainPage.objects.get().body == "<p>Other.</p>"


@pytest.mark.parametrize("slug", ["login", "articles", "desk", "feed", "series", "start", "countries"])
def test_a_page_never_takes_an_address_of_broadsheets_own(slug: str) -> None:
    assert "Broadsheet's own" in bring(item(is_page=True, slug=slug)).refusals[0].reason


def test_refusals_of_readers_and_things_left_out_are_in_the_report() -> None:
    report = import_items([Refusal("a.md", "broken"), item(), LeftOut("comment", 2), LeftOut("comment")], now=NOW)
    assert (report.read, report.imported, report.refused, report.left_out) == (2, 1, 1, {"comment": 3})
    assert report.as_json()["refusals"] == [{"source": "a.md", "line": None, "reason": "broken"}]


def test_many_items_are_written_in_few_queries(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(40):
        bring(*(item(f"id:{number}", topics=(Named("T"),), authors=(Named("A"),)) for number in range(200)))
    assert Article.objects.count() == 200
