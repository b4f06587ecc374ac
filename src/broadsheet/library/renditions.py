"""The sizes of a photo: which there are, and the job that makes them.

A rendition costs about two seconds of CPU, so it is made by the worker when a photo is uploaded or its
focal point moves. A request that asks for one too early gets the original. Drawings (SVG) are passed
through as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django_tasks import task
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import Filter, SourceImageIOError

from broadsheet.core import clock
from broadsheet.library.models import Photo, PhotoRendition
from broadsheet.library.photo_flows import announce_photos

logger = logging.getLogger(__name__)

# Pixels: a phone at 1x, a phone at 2x, the text column at 2x, the wide figure at 2x.
PAGE_WIDTHS = (480, 800, 1280, 1920)
# What Wagtail's own lists, choosers and previews ask for.
DESK_SPECS = ("max-165x165", "max-800x600", "fill-600x338")


def spec_of(width: int) -> str:
    """Wagtail's filter spec for a page's picture `width` pixels wide."""
    return f"width-{width}|format-webp|webpquality-80"


def specs_for(width: int) -> tuple[str, ...]:
    """The filter specs that a photo `width` pixels wide is made in: no two give the same picture."""
    narrower = [w for w in PAGE_WIDTHS if w < width]
    next_wider = [w for w in PAGE_WIDTHS if w >= width][:1]
    return (*DESK_SPECS, *(spec_of(w) for w in [*narrower, *next_wider]))


@task(backend="jobs")
def make_renditions(photo_ids: list[int]) -> int:
    """Make what is missing of some photos' sizes, then tell the pages that show them; returns how many were made."""
    made = 0
    for photo in Photo.objects.filter(pk__in=photo_ids).prefetch_related("renditions"):
        try:
            made += sum(1 for _ in _make_missing(photo))
        except (SourceImageIOError, InvalidFilterSpecError, OSError, ValueError) as error:
            logger.warning("Photo %s: its sizes could not be made (%s); upload the file again.", photo.pk, error)
    announce_photos(photo_ids, now=clock.now())
    return made


def _make_missing(photo: Photo) -> Iterator[PhotoRendition]:
    if photo.is_svg():
        return
    if not photo.file.storage.exists(photo.file.name):
        raise SourceImageIOError("the file is gone")
    wanted = {(spec, Filter(spec=spec).get_cache_key(photo)) for spec in specs_for(photo.width)}
    there = {(rendition.filter_spec, rendition.focal_point_key): rendition for rendition in photo.renditions.all()}
    for spec, _ in sorted(wanted - set(there)):
        yield _make(photo, Filter(spec=spec))
    for key in set(there) - wanted:
        there[key].delete()


def _make(photo: Photo, wanted: Filter) -> PhotoRendition:
    # As `AbstractImage.create_rendition`, which leaves the temporary file open.
    with photo.generate_rendition_file(wanted) as file:
        rendition: PhotoRendition
        rendition, _ = photo.renditions.get_or_create(
            filter_spec=wanted.spec, focal_point_key=wanted.get_cache_key(photo), defaults={"file": file}
        )
    return rendition
