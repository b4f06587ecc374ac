"""Uploading photos at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.models import Collection

from broadsheet.desk.roles import Role
from broadsheet.library.models import Photo, PhotoRendition
from tests.library.test_renditions import SVG, jpeg
from tests.library.test_svg import DANGEROUS

ADD = "/desk/images/add/"


def upload(client: Client, name: str, content: bytes) -> str:
    root = Collection.get_first_root_node()
    fields = {"title": "A harbour", "file": SimpleUploadedFile(name, content), "collection": root.pk, "tags": "", "alt": "A quay"}
    return client.post(ADD, fields, follow=True).content.decode()


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has `width` times `height` pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * (width // 8 + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "content"), [("harbour.jpg", jpeg(900, 600)), ("map.svg", SVG)], ids=["photo", "drawing"])
def test_editor_uploads_a_picture_and_no_size_is_made_meanwhile(desk: Callable[[Role], Client], name: str, content: bytes) -> None:
    editor = desk(Role.EDITOR)
    page = upload(editor, name, content)
    photo = Photo.objects.get()
    assert photo.alt == "A quay"
    assert photo.file.url in page
    for address in ("/desk/images/", f"/desk/images/{photo.pk}/", "/desk/images/chooser/"):
        assert editor.get(address).status_code == 200
    assert not PhotoRendition.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["script", "handler", "picture from elsewhere", "style sheet"])
def test_dangerous_drawing_is_refused_with_what_was_found(desk: Callable[[Role], Client], name: str) -> None:
    page = upload(desk(Role.EDITOR), "map.svg", DANGEROUS[name].encode())
    assert "Export it again as a plain SVG." in page
    assert not Photo.objects.exists()


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_hundred_megapixels_in_a_few_bytes_are_refused(desk: Callable[[Role], Client]) -> None:
    bomb = png_header(10_000, 10_000)
    assert len(bomb) < 2_000
    page = upload(desk(Role.EDITOR), "bomb.png", bomb)
    assert not Photo.objects.exists()
    assert "too many pixels" in page or "was either not an image or a corrupted image" in page


@pytest.mark.django_db
def test_script_named_like_a_picture_is_refused(desk: Callable[[Role], Client]) -> None:
    upload(desk(Role.EDITOR), "page.jpg", b"<script>alert(1)</script>")
    assert not Photo.objects.exists()


@pytest.mark.django_db
def test_expired_photo_is_marked_in_lists_and_on_its_form(desk: Callable[[Role], Client]) -> None:
    photo = Photo.objects.create(title="Old licence", file=ContentFile(jpeg(400, 300), "a.jpg"), expires_on=date(2026, 2, 16))
    Photo.objects.create(title="Running", file=ContentFile(jpeg(400, 300), "b.jpg"), expires_on=date(2026, 2, 17))
    editor = desk(Role.EDITOR)
    for address in ("/desk/images/", "/desk/images/?layout=list", f"/desk/images/{photo.pk}/", "/desk/images/chooser/"):
        assert editor.get(address).content.decode().count("desk-mark--expired") == 1, address


@pytest.mark.django_db
def test_report_shows_ended_and_ending_licences(desk: Callable[[Role], Client]) -> None:
    for title, day in (("Ended", date(2026, 2, 16)), ("Ends soon", date(2026, 3, 1)), ("Runs long", date(2026, 9, 1))):
        Photo.objects.create(title=title, file=ContentFile(jpeg(400, 300), "a.jpg"), expires_on=day)
    page = desk(Role.EDITOR).get("/desk/reports/photo-licences/").content.decode()
    assert page.index("Ends soon") < page.index("Ended</a>")
    assert "Runs long" not in page
