"""Photos on pages: which file in which sizes, and none whose licence has run out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from html import escape, unescape

from django.conf import settings

from broadsheet.library.models import Photo, PhotoRendition
from broadsheet.library.renditions import PAGE_WIDTHS, spec_of
from broadsheet.pages.records import Picture

_PLACEHOLDER = re.compile(
    r'<figure data-photo="(\d+)" data-alt="([^"]*)"><figcaption><span class="caption">(.*?)</span> <span class="credit">(.*?)</span></figcaption></figure>',
    re.DOTALL,
)
TEXT_SIZES = "(min-width: 46rem) 42rem, 100vw"
LEAD_SIZES = "(min-width: 64rem) 60rem, 100vw"


def load_pictures(photo_ids: Collection[int], *, today: date) -> dict[int, Picture]:
    """The pictures of these photos that may be shown on `today`; expired ones are missing."""
    photos = [photo for photo in Photo.objects.filter(pk__in=photo_ids) if photo.expires_on is None or photo.expires_on >= today]
    specs = {spec_of(width): width for width in PAGE_WIDTHS}
    renditions: dict[int, dict[int, PhotoRendition]] = {}
    for rendition in PhotoRendition.objects.filter(image__in=photos, filter_spec__in=specs).order_by("id"):
        renditions.setdefault(rendition.image_id, {})[specs[rendition.filter_spec]] = rendition
    return {photo.pk: _picture(photo, renditions.get(photo.pk, {})) for photo in photos}


def earliest_expiry(photo_ids: Collection[int]) -> datetime | None:
    """The first moment at which one of these photos may no longer be shown; None: never."""
    days = Photo.objects.filter(pk__in=photo_ids, expires_on__isnull=False).values_list("expires_on", flat=True)
    zone = settings.BROADSHEET.zone
    future = [datetime.combine(day + timedelta(days=1), time(), zone) for day in days]
    return min(future, default=None)


def fill_figures(html: str, pictures: Mapping[int, Picture]) -> str:
    """Body HTML with each photo's placeholder made a picture, or taken out when the photo may not be shown."""

    def figure(match: re.Match[str]) -> str:
        picture = pictures.get(int(match.group(1)))
        if picture is None:
            return ""
        alt, caption, credit = match.group(2), match.group(3) or escape(picture.caption), match.group(4) or escape(picture.credit)
        return (
            f'<figure class="wide">{image_tag(picture, sizes=TEXT_SIZES, alt=unescape(alt))}'
            f'<figcaption>{caption} <span class="credit">{credit}</span></figcaption></figure>'
        )

    return _PLACEHOLDER.sub(figure, html)


def image_tag(picture: Picture, *, sizes: str, alt: str = "", eager: bool = False) -> str:
    """The `<img>` of a picture, with its size so that nothing shifts."""
    srcset = f' srcset="{escape(picture.srcset, quote=True)}" sizes="{sizes}"' if picture.srcset else ""
    loading = 'fetchpriority="high"' if eager else 'loading="lazy"'
    return (
        f'<img src="{escape(picture.src, quote=True)}"{srcset} width="{picture.width}" height="{picture.height}" '
        f'alt="{escape(alt or picture.alt, quote=True)}" {loading} decoding="async">'
    )


def _picture(photo: Photo, renditions: Mapping[int, PhotoRendition]) -> Picture:
    sizes = sorted(renditions.items())
    middle = sizes[len(sizes) // 2][1] if sizes else None
    focal = photo.get_focal_point()
    position = f"{100 * focal.centroid[0] / photo.width:.0f}% {100 * focal.centroid[1] / photo.height:.0f}%" if focal else "50% 50%"
    return Picture(
        photo_id=photo.pk,
        src=middle.url if middle else photo.file.url,
        srcset=", ".join(f"{rendition.url} {rendition.width}w" for _, rendition in sizes),
        width=photo.width,
        height=photo.height,
        alt=photo.alt or photo.title,
        caption=photo.caption,
        credit=photo.credit,
        focal_position=position,
    )
