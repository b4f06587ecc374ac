"""Stores items that are plain pages (About, Privacy): they have no wall, no author and no date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from broadsheet.library.importing.blocks_from_html import blocks_from_html
from broadsheet.library.importing.items import Item, Refused
from broadsheet.publication.addresses import is_taken
from broadsheet.publication.models import PlainPage


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with a page: `imported`, `changed` or `unchanged`."""

    done: str
    warnings: tuple[str, ...] = ()


def write_page(item: Item, *, overwrite: bool, dry_run: bool) -> Outcome:
    """Store one page under its slug.

    Raises:
        Refused: it is a draft, its address is taken, or a page of this address has another text.
    """
    slug = slugify(item.slug or item.headline)[:60].strip("-")
    if item.is_draft:
        raise Refused("the page is a draft, and plain pages have none")
    if not slug or is_taken(slug):
        raise Refused(f"the address /{slug}/ is Broadsheet's own; give the page another slug")
    blocks = blocks_from_html(item.body_html, base_url=item.base_url)
    body = "".join(block["value"] for block in blocks if block["type"] == "text")
    if not body:
        raise Refused("its body is empty")
    done = _save(item, slug, body, overwrite=overwrite, dry_run=dry_run)
    return Outcome(done, tuple(_warnings(item, slug, blocks)) if done != "unchanged" else ())


def _save(item: Item, slug: str, body: str, *, overwrite: bool, dry_run: bool) -> str:
    known = PlainPage.objects.filter(slug=slug).first()
    if known is not None and known.body == body:
        return "unchanged"
    if known is not None and not overwrite:
        raise Refused(f"there is a page at /{slug}/ with another text; --overwrite replaces it")
    if not dry_run:
        page = known or PlainPage(slug=slug)
        page.title, page.body = item.headline[:120], body
        page.save()
    return "imported" if known is None else "changed"


def _warnings(item: Item, slug: str, blocks: list[dict[str, Any]]) -> list[str]:
    lost = sorted({block["type"] for block in blocks} - {"text", "teaser_end"})
    warnings = [f"a plain page holds text only; left out: {', '.join(lost)}"] if lost else []
    moved = [path for path in item.old_addresses if path.strip("/") != slug and "?" not in path]
    return [*warnings, *(f"its old address {path[:100]} is now /{slug}/; redirect it at your server" for path in moved)]
