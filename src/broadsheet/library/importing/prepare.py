"""An item made ready to be stored: identity, digest, blocks, texts. Pure but for looking at sizes of picture files."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from broadsheet.library.body import ComposedBody, TeaserRule, compose_body
from broadsheet.library.importing.blocks_from_html import blocks_from_html
from broadsheet.library.importing.items import Item, Refused
from broadsheet.library.importing.pictures import find_picture, referred_sources

LONGEST_HEADLINE = 200
LONGEST_ADDRESS = 500
# Moves on when the same source would be stored differently, so that a rerun brings old imports up to date.
VERSION = 1


@dataclass(slots=True)
class Prepared:
    """One item on its way into the database."""

    item: Item
    identity: str
    digest: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    body: ComposedBody | None = None
    warnings: list[str] = field(default_factory=list)
    lead_photo_id: int | None = None
    article_id: int | None = None
    topic_ids: list[int] = field(default_factory=list)

    @property
    def row_id(self) -> int:
        """The id of the article's row, once it is written."""
        if self.article_id is None:
            raise LookupError(f"{self.item.source} has no row yet")
        return self.article_id


def identity_key(item: Item) -> str:
    """The item's identity as it is stored: 64 hexadecimal digits."""
    return blake2b(item.identity.encode("utf-8", "replace"), digest_size=32).hexdigest()


def digest_of(item: Item) -> str:
    """Changes when anything that is imported of the item changes, its picture files included."""
    digest = blake2b(digest_size=32)
    said = (
        VERSION, item.headline, item.is_page, item.is_draft, item.dek, item.slug, item.kind, item.access, item.published_at,
        item.revised_at, item.authors, item.topics, item.regions, item.headline_home, item.headline_search,
        item.headline_social, item.lead_photo, item.corrections, item.old_addresses, item.base_url, _picture_sizes(item),
    )  # fmt: skip
    digest.update(repr(said).encode("utf-8", "replace"))
    digest.update(item.body_html.encode("utf-8", "replace"))
    return digest.hexdigest()


def prepare_body(prepared: Prepared) -> None:
    """Make the item's blocks.

    Raises:
        Refused: there is nothing to read in it.
    """
    item = prepared.item
    prepared.blocks = blocks_from_html(item.body_html, base_url=item.base_url)
    if not any(_is_shown(item, block) for block in prepared.blocks):
        raise Refused("its body is empty")
    prepared.warnings.extend(item.warnings)
    if len(item.headline) > LONGEST_HEADLINE:
        prepared.warnings.append(f"its headline of {len(item.headline)} characters was shortened to {LONGEST_HEADLINE}")


def _is_shown(item: Item, block: dict[str, Any]) -> bool:
    if block["type"] == "figure":
        return find_picture(item, block["value"]["src"]) is not None
    return bool(block["type"] != "teaser_end")


def compose(prepared: Prepared, rule: TeaserRule) -> None:
    """Compose the texts of an article that is to be live."""
    if not prepared.item.is_draft:
        prepared.body = compose_body(prepared.blocks, rule)


def short(text: str, longest: int) -> str:
    """`text`, cut at a word's end with an ellipsis where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return cut[: cut.rfind(" ") if " " in cut[longest // 2 :] else len(cut)].rstrip(" ,;:–-") + "…"


def _picture_sizes(item: Item) -> tuple[tuple[str, int], ...]:
    pairs = [(source, find_picture(item, source)) for source in referred_sources(item)]
    return tuple((source, found.size) for source, found in pairs if found is not None)
