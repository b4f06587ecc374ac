"""Pictures on pages: sized, described, credited, and none whose licence has run out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Photo
from broadsheet.pages.articles import load_article_page
from broadsheet.pages.pictures import fill_figures, focus_of, image_tag
from broadsheet.pages.records import Picture

MAP = Picture(7, "/media/map.svg", "", 1600, 900, "A map of the Straits", "Two straits.", "Map: Us")
PHOTO = Picture(8, "/media/a.webp", "/media/a.webp 480w, /media/b.webp 800w", 1600, 2000, 'A "quay"', "A quay.", "Somebody")
PLACEHOLDER = '<figure data-photo="{}" data-alt=""><figcaption><span class="caption">{}</span> <span class="credit"></span></figcaption></figure>'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9" width="16" height="9"><rect width="16" height="9"/></svg>'


def test_a_picture_has_its_size_its_words_and_no_style_of_its_own() -> None:
    tag = image_tag(PHOTO, sizes="100vw")
    for part in ('width="1600" height="2000"', 'alt="A &quot;quay&quot;"', 'sizes="100vw"', 'loading="lazy"'):
        assert part in tag
    assert "style=" not in tag


def test_the_picture_at_the_head_is_wanted_first_and_a_repeated_one_is_silent() -> None:
    assert 'fetchpriority="high"' in image_tag(MAP, sizes="", eager=True)
    assert 'alt=""' in image_tag(MAP, sizes="", is_decoration=True)


def test_a_drawing_is_never_cropped() -> None:
    assert 'class="drawing"' in image_tag(MAP, sizes="")
    assert 'class="focus-left focus-top"' in image_tag(replace(PHOTO, focus=focus_of(0.1, 0.2)), sizes="")


@pytest.mark.parametrize(("x", "y", "focus"), [(0.5, 0.5, ""), (0, 0.5, "focus-left"), (1, 1, "focus-right focus-bottom")])
def test_a_focal_point_becomes_one_of_nine_places(x: float, y: float, focus: str) -> None:
    assert focus_of(x, y) == focus


def test_an_empty_caption_takes_the_photos_own_and_a_missing_photo_leaves_nothing() -> None:
    html = fill_figures(PLACEHOLDER.format(7, "") + PLACEHOLDER.format(9, "Gone"), {7: MAP})
    assert "Two straits." in html and "Map: Us" in html
    assert "Gone" not in html and "data-photo" not in html


@pytest.mark.django_db
def test_a_picture_whose_licence_ran_out_is_on_no_page(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    today = clock.now().date()
    fields: dict[str, Any] = {"alt": "A map", "caption": "A caption of its own"}
    photo = Photo(title="Map", expires_on=today, **fields)
    photo.file.save("map.svg", ContentFile(SVG), save=False)
    photo.width, photo.height = 16, 9
    photo.save()
    article = make_article(lead_photo=photo)
    page = load_article_page(article.pk, whole=False, now=clock.now())
    assert page.lead is not None
    assert page.photo_valid_until is not None
    clock.advance(timedelta(days=1))
    assert page.photo_valid_until <= clock.now()
    assert load_article_page(article.pk, whole=False, now=clock.now()).lead is None
