"""The home page: one lead, nothing twice, no picture twice, another shape with other content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, HomePage, HomePin, Photo, Region
from broadsheet.pages.home import Home, load_home

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_photo(db: None) -> Callable[[int, int], Photo]:
    def make(width: int, height: int) -> Photo:
        photo = Photo(title=f"{width} by {height}", alt="A drawing")
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        photo.file.save("drawing.svg", ContentFile(f'<svg xmlns="http://www.w3.org/2000/svg" {size}></svg>'.encode()), save=False)
        photo.width, photo.height = width, height
        photo.save()
        return photo

    return make


def pictures_of(home: Home) -> list[int]:
    placed = [*home.leads, *home.latest, *home.in_depth, *(card for part in home.regions for card in part.cards)]
    return [one.picture.photo_id for one in placed if one.picture]


def articles_of(home: Home) -> list[int]:
    placed = [*home.leads, *home.latest, *home.in_depth, *(card for part in home.regions for card in part.cards)]
    return [one.card.article_id for one in placed]


def test_no_article_and_no_picture_stands_twice(
    make_article: Callable[..., Article], make_photo: Callable[[int, int], Photo], clock: StoppedClock
) -> None:
    region, photo = Region.objects.create(name="Europe", slug="europe"), make_photo(1600, 900)
    for number in range(14):
        make_article(kind="in-depth" if number % 3 == 0 else "daily", regions=[region], lead_photo=photo)
    home = load_home(now=clock.now())
    assert len(home.leads) == 1 and home.in_depth and home.latest and home.regions
    assert len(articles_of(home)) == len(set(articles_of(home)))
    assert pictures_of(home) == [photo.pk]


def test_the_page_takes_another_shape_with_another_lead(
    make_article: Callable[..., Article], make_photo: Callable[[int, int], Photo], clock: StoppedClock
) -> None:
    shapes = []
    for photo in (None, make_photo(1600, 900), make_photo(800, 1000)):
        clock.advance(timedelta(minutes=1))
        make_article(lead_photo=photo)
        shapes.append(load_home(now=clock.now()).shape)
    assert shapes == ["worded", "pictured", "upright"]


def test_a_page_with_nothing_on_it_stands_until_midnight(clock: StoppedClock) -> None:
    home = load_home(now=clock.now())
    assert home.article_ids == ()
    assert home.valid_until.isoformat() == "2026-02-18T00:00:00+01:00"


def test_the_page_is_made_anew_when_a_pin_an_embargo_or_a_date_runs_out(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    now = clock.now()
    old = make_article(published_at=now - timedelta(days=30))
    for hours in range(8):
        make_article(published_at=now - timedelta(hours=hours))
    home_row = HomePage.objects.create()
    HomePin.objects.create(home=home_row, section="lead", article=old, until=now + timedelta(hours=3))
    home = load_home(now=now)
    assert home.leads[0].card.article_id == old.pk
    assert home.valid_until == now + timedelta(hours=3)
    make_article(embargo_until=now + timedelta(hours=2))
    assert load_home(now=now).valid_until == now + timedelta(hours=2)
    make_article(published_at=now + timedelta(hours=1))
    assert load_home(now=now).valid_until == now + timedelta(hours=1)
    assert load_home(now=now + timedelta(hours=3)).leads[0].card.article_id != old.pk
