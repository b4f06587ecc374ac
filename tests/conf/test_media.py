"""Uploaded files: each has one address, so that a photo whose licence has run out cannot be had under another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from broadsheet.conf import media
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Photo

pytestmark = pytest.mark.django_db

OTHER_NAMES = ("{folder}//{file}", "{folder}/./{file}", "/{folder}/{file}", "{folder}/{file}/", "none/../{folder}/{file}")


@pytest.fixture
def photo() -> Photo:
    content = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(content, "PNG")
    return Photo.objects.create(title="A harbour", file=ContentFile(content.getvalue(), "harbour.png"))


@pytest.fixture
def ask() -> Iterator[Callable[[str], int]]:
    """The status of the file at a path below /media/."""
    media._last_shown.clear()

    def status(path: str) -> int:
        answer = Client(raise_request_exception=False).get(f"/media/{path}")
        answer.getvalue()  # to its end, where the file is closed
        return answer.status_code

    yield status
    media._last_shown.clear()


@pytest.mark.parametrize("other", OTHER_NAMES)
def test_photo_whose_licence_has_run_out_is_not_to_be_had_under_another_address(
    other: str, photo: Photo, ask: Callable[[str], int], clock: StoppedClock
) -> None:
    folder, file = photo.file.name.rsplit("/", 1)
    assert ask(photo.file.name) == 200
    photo.expires_on = clock.now().date() - timedelta(days=2)
    photo.save()
    assert ask(photo.file.name) == 404
    assert ask(other.format(folder=folder, file=file)) == 404


@pytest.mark.parametrize("name", ["a" * 300, "é" * 200, "x/" * 4000 + "x", "a" * 9000])
def test_name_longer_than_any_file_of_ours_is_refused_and_not_remembered(name: str, ask: Callable[[str], int]) -> None:
    assert ask(name) == 404
    assert not media._last_shown
