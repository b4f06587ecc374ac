"""Stores the pictures of imported articles as photos, each file once."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, UnidentifiedImageError
from willow.image import Image as WillowImage
from willow.image import UnrecognisedImageFormatError

from broadsheet.library.importing.items import Picture, Refused
from broadsheet.library.importing.pictures import PictureFile
from broadsheet.library.models import Photo

LARGEST_BYTES = 40 * 2**20
_ACTIVE_SVG = re.compile(rb"<\s*script|<\s*foreignObject|\son\w+\s*=|javascript:|<!ENTITY", re.IGNORECASE)
_SUFFIX_OF = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp", "AVIF": ".avif"}


def store_photo(found: PictureFile, picture: Picture) -> tuple[int, bool]:
    """The id of the photo made of what was found, and whether it is new; the same bytes are stored once.

    Raises:
        Refused: it is no picture, too large, or an SVG that runs something.
    """
    try:
        content = found.read() if found.size <= LARGEST_BYTES else b""
    except OSError as error:
        raise Refused(f"the picture {found.name} cannot be read: {error.strerror}") from None
    if not content:
        raise Refused(f"the picture {found.name} is empty or larger than {LARGEST_BYTES // 2**20} MB")
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    known = Photo.objects.filter(file_hash=digest).values_list("pk", flat=True).first()
    if known is not None:
        return int(known), False
    suffix, width, height = _measure(found.name, content)
    photo = Photo(
        title=(picture.caption or picture.alt or found.name)[:255],
        alt=picture.alt[:300],
        caption=picture.caption,
        credit=picture.credit[:200],
        licence=picture.licence[:120],
        source_url=picture.source[:500] if picture.source.startswith("http") else "",
        file_hash=digest,
        file_size=len(content),
    )
    photo.file.name = _store_file(f"original_images/{digest[:24]}{suffix}", content)
    photo.width, photo.height = width, height
    photo.save()
    return photo.pk, True


def _measure(name: str, content: bytes) -> tuple[str, int, int]:
    if name.lower().endswith(".svg") or content.lstrip()[:5] in (b"<svg ", b"<?xml"):
        return (".svg", *_measure_svg(name, content))
    try:
        with Image.open(BytesIO(content)) as image:
            image.verify()
            suffix = _SUFFIX_OF.get(image.format or "")
            width, height = image.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        raise Refused(f"the picture {name} is damaged or no picture") from None
    if suffix is None:
        raise Refused(f"the picture {name} is of a kind that is not stored ({image.format})")
    return suffix, width, height


def _measure_svg(name: str, content: bytes) -> tuple[int, int]:
    if _ACTIVE_SVG.search(content):
        raise Refused(f"the picture {name} holds scripts or entities")
    try:
        width, height = WillowImage.open(BytesIO(content)).get_size()
    except (UnrecognisedImageFormatError, ValueError, SyntaxError, OSError, AttributeError, TypeError):
        raise Refused(f"the picture {name} is damaged or no picture") from None
    return max(int(width), 1), max(int(height), 1)


def _store_file(name: str, content: bytes) -> str:
    """Write the file under a name made of its bytes; one that a broken import left half written is written anew."""
    if default_storage.exists(name):
        if default_storage.size(name) == len(content):
            return name
        default_storage.delete(name)
    return str(default_storage.save(name, ContentFile(content)))
