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
    r'<figure data-photo="(\d+)" data-alt="([^"]*)"><figcaption>'
    r'<span class="caption">(.*?)</span> <span class="credit">(.*?)</span></figcaption></figure>',
    re.DOTALL,
)
TEXT_SIZES = "(min-width: 46rem) 42rem, 100vw"
LEAD_SIZES = "(min-width: 64rem) 60rem, 100vw"
CARD_SIZES = "(min-width: 46rem) 22rem, 100vw"
SMALL_SIZES = "9rem"


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
    return min(load_expiries(photo_ids).values(), default=None)


def load_expiries(photo_ids: Collection[int]) -> dict[int, datetime]:
    """The first moment at which each of these photos may no longer be shown; those that always may are missing."""
    rows = Photo.objects.filter(pk__in=photo_ids, expires_on__isnull=False).values_list("pk", "expires_on")
    zone = settings.BROADSHEET.zone
    return {pk: datetime.combine(day + timedelta(days=1), time(), zone) for pk, day in rows}


def fill_figures(html: str, pictures: Mapping[int, Picture]) -> str:
    """Body HTML with each photo's placeholder made a picture, or taken out when the photo may not be shown."""

    def figure(match: re.Match[str]) -> str:
        picture = pictures.get(int(match.group(1)))
        if picture is None:
            return ""
        alt, caption, credit = match.group(2), match.group(3) or escape(picture.caption), match.group(4) or escape(picture.credit)
        name = "tall" if picture.is_tall else "wide"
        return (
            f'<figure class="{name}">{image_tag(picture, sizes=TEXT_SIZES, alt=unescape(alt))}'
            f"<figcaption>{_words_under(caption, credit)}</figcaption></figure>"
        )

    return _PLACEHOLDER.sub(figure, html)


def image_tag(picture: Picture, *, sizes: str, alt: str = "", eager: bool = False, is_decoration: bool = False) -> str:
    """The `<img>` of a picture, with its size so that nothing shifts.

    Args:
        alt: instead of the picture's own words.
        eager: it stands at the head of the page and is wanted first.
        is_decoration: the headline beside it says it all, so it has no words of its own.
    """
    srcset = f' srcset="{escape(picture.srcset, quote=True)}" sizes="{sizes}"' if picture.srcset else ""
    loading = 'fetchpriority="high"' if eager else 'loading="lazy" decoding="async"'
    names = " ".join(name for name in ("drawing" if picture.is_drawing else "", picture.focus) if name)
    classes = f' class="{names}"' if names else ""
    words = "" if is_decoration else escape(alt or picture.alt, quote=True)
    return (
        f'<img src="{escape(picture.src, quote=True)}"{srcset} width="{picture.width}" height="{picture.height}" '
        f'alt="{words}"{classes} {loading}>'
    )


def _words_under(caption: str, credit: str) -> str:
    return f'{caption} <span class="credit">{credit}</span>' if credit else caption


def focus_of(x: float, y: float) -> str:
    """The class that keeps a cropped picture's focal point in view: one of nine places, empty for the middle.

    Args:
        x: the point's place from left (0) to right (1).
        y: the point's place from top (0) to bottom (1).
    """
    across = ("left", "", "right")[min(2, int(x * 3))]
    down = ("top", "", "bottom")[min(2, int(y * 3))]
    return " ".join(f"focus-{place}" for place in (across, down) if place)


def _picture(photo: Photo, renditions: Mapping[int, PhotoRendition]) -> Picture:
    sizes = sorted(renditions.items())
    middle = sizes[len(sizes) // 2][1] if sizes else None
    focal = photo.get_focal_point()
    return Picture(
        photo_id=photo.pk,
        src=middle.url if middle else photo.file.url,
        srcset=", ".join(f"{rendition.url} {rendition.width}w" for _, rendition in sizes),
        width=photo.width,
        height=photo.height,
        alt=photo.alt or photo.title,
        caption=photo.caption,
        credit=photo.credit,
        focus=focus_of(focal.centroid[0] / photo.width, focal.centroid[1] / photo.height) if focal else "",
    )
