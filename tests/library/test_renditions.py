"""A photo's sizes are made by a job, never in a request; expired photos leave every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django_tasks_db.models import DBTaskResult
from PIL import Image
from wagtail.images.models import Filter

from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change
from broadsheet.library import signals
from broadsheet.library.models import Article, Photo, PhotoRendition
from broadsheet.library.photo_flows import find_expiring_photos, withdraw_expired_photos
from broadsheet.library.renditions import DESK_SPECS, PAGE_WIDTHS, make_renditions, spec_of, specs_for

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30"><rect width="40" height="30"/></svg>'


def jpeg(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "#0d5c63").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def make_photo(db: None) -> Callable[..., Photo]:
    def make(width: int = 1000, height: int = 600, *, svg: bool = False, **fields: Any) -> Photo:
        name, content = ("drawing.svg", SVG) if svg else ("photo.jpg", jpeg(width, height))
        return Photo.objects.create(title="A harbour", file=ContentFile(content, name), **fields)

    return make


@pytest.fixture
def published() -> Iterator[list[int]]:
    """The articles that the library has said are published or changed."""
    heard: list[int] = []

    def hear(article_id: int, **kwargs: Any) -> None:
        heard.append(article_id)

    signals.article_published.connect(hear)
    yield heard
    signals.article_published.disconnect(hear)


@pytest.mark.parametrize(
    ("width", "widths"),
    [(300, (480,)), (480, (480,)), (481, (480, 800)), (1000, (480, 800, 1280)), (4000, PAGE_WIDTHS)],
)
def test_no_size_is_made_twice(width: int, widths: tuple[int, ...]) -> None:
    assert specs_for(width) == (*DESK_SPECS, *(spec_of(w) for w in widths))


def test_upload_queues_the_job(make_photo: Callable[..., Photo], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        photo = make_photo()
    queued = DBTaskResult.objects.get()
    assert queued.args_kwargs["args"] == [[photo.pk]]
    assert not photo.renditions.exists()


def test_request_gets_the_original_until_the_job_has_run(make_photo: Callable[..., Photo]) -> None:
    photo = make_photo()
    assert photo.get_rendition("max-165x165").url == photo.file.url
    assert photo.get_renditions("max-165x165", "fill-600x338")["fill-600x338"].url == photo.file.url
    assert not PhotoRendition.objects.exists()
    make_renditions.func([photo.pk])
    made = Photo.objects.get(pk=photo.pk).get_rendition("max-165x165")
    assert (made.width, made.height) == (165, 99)
    assert made.url != photo.file.url


def test_job_makes_each_size_once(make_photo: Callable[..., Photo]) -> None:
    photo = make_photo()
    assert make_renditions.func([photo.pk]) == len(specs_for(1000))
    assert make_renditions.func([photo.pk]) == 0
    widths = {r.filter_spec: r.width for r in photo.renditions.all()}
    assert [widths[spec_of(w)] for w in (480, 800, 1280)] == [480, 800, 1000]
    assert photo.renditions.get(filter_spec=spec_of(480)).file.name.endswith(".webp")


def test_moved_focal_point_makes_the_cut_anew_and_drops_the_old(make_photo: Callable[..., Photo]) -> None:
    photo = make_photo()
    make_renditions.func([photo.pk])
    before = photo.renditions.get(filter_spec="fill-600x338").pk
    photo.focal_point_x, photo.focal_point_y, photo.focal_point_width, photo.focal_point_height = 900, 300, 50, 50
    photo.save()
    assert make_renditions.func([photo.pk]) == 1
    cut = Photo.objects.get(pk=photo.pk).renditions.get(filter_spec="fill-600x338")
    assert cut.pk != before
    assert cut.focal_point_key == Filter(spec="fill-600x338").get_cache_key(photo)


def test_drawing_is_passed_through(make_photo: Callable[..., Photo]) -> None:
    drawing = make_photo(svg=True)
    assert make_renditions.func([drawing.pk]) == 0
    assert drawing.get_rendition(spec_of(480)).url == drawing.file.url


def test_file_that_cannot_be_read_does_not_stop_the_others(
    make_photo: Callable[..., Photo], caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = make_photo(), make_photo()
    broken.file.storage.delete(broken.file.name)
    assert make_renditions.func([broken.pk, good.pk]) == len(specs_for(1000))
    assert f"Photo {broken.pk}" in caplog.text


def test_finished_sizes_are_told_to_the_articles_that_show_the_photo(
    make_photo: Callable[..., Photo], make_article: Callable[..., Article], published: list[int]
) -> None:
    photo = make_photo()
    figure = {"type": "figure", "value": {"photo": photo, "caption": "", "credit": "", "alt": ""}}
    head = make_article(lead_photo=photo)
    inside = make_article(body=[{"type": "text", "value": "<p>Some words.</p>"}, figure])
    make_article()
    published.clear()
    make_renditions.func([photo.pk])
    assert sorted(published) == [head.pk, inside.pk]


def test_expired_photo_is_withdrawn_once_on_the_day_after_its_last(
    make_photo: Callable[..., Photo], make_article: Callable[..., Article], published: list[int], clock: StoppedClock
) -> None:
    photo = make_photo(expires_on=date(2026, 2, 17))
    article = make_article(lead_photo=photo)
    published.clear()
    Change.objects.all().delete()
    assert withdraw_expired_photos(now=clock.now()) == 0
    clock.advance(timedelta(days=1))
    assert withdraw_expired_photos(now=clock.now()) == 1
    assert withdraw_expired_photos(now=clock.now()) == 0
    assert published == [article.pk]
    assert list(Change.objects.filter(kind="article").values_list("subject", flat=True)) == [str(article.pk)]


def test_licence_that_was_renewed_ends_once_more(make_photo: Callable[..., Photo], clock: StoppedClock) -> None:
    photo = make_photo(expires_on=date(2026, 2, 16))
    assert withdraw_expired_photos(now=clock.now()) == 1
    photo.refresh_from_db()
    photo.expires_on = date(2026, 3, 1)
    photo.save()
    assert withdraw_expired_photos(now=clock.now()) == 0
    clock.advance(timedelta(days=20))
    assert withdraw_expired_photos(now=clock.now()) == 1


def test_report_lists_what_ends_within_thirty_days(make_photo: Callable[..., Photo]) -> None:
    today = date(2026, 2, 17)
    for days in (31, 30, 0, -1):
        make_photo(expires_on=today + timedelta(days=days))
    make_photo()
    found = find_expiring_photos(today=today)
    assert [photo.expires_on for photo in found] == [today + timedelta(days=days) for days in (-1, 0, 30)]
    assert [photo.is_expired(today) for photo in found] == [True, False, False]
