"""Puts stored photos where prepared items refer to pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from broadsheet.library.importing.items import Picture, Refused
from broadsheet.library.importing.photos import store_photo
from broadsheet.library.importing.pictures import find_picture
from broadsheet.library.importing.prepare import Prepared


def place_photos(prepared: Iterable[Prepared]) -> int:
    """Store the pictures of each item and put their ids into its blocks; returns how many photos are new.

    A figure whose picture did not come with the item is taken out, with a warning: nothing is fetched from elsewhere.
    """
    return sum(_place(one) for one in prepared)


def missing_pictures(one: Prepared) -> list[str]:
    """What `place_photos` would warn of."""
    sources = [one.item.lead_photo.source] if one.item.lead_photo else []
    sources += [block["value"]["src"] for block in one.blocks if block["type"] == "figure" and not block["value"]["photo"]]
    return [_missing(source) for source in sources if find_picture(one.item, source) is None]


def _missing(source: str) -> str:
    shown = source if len(source) <= 120 else f"{source[:120]}…"
    return f"the picture {shown} did not come with it and was left out"


def _place(one: Prepared) -> int:
    new = 0
    if one.item.lead_photo is not None:
        one.lead_photo_id, created = _store(one, one.item.lead_photo)
        new += created
    blocks: list[dict[str, Any]] = []
    for block in one.blocks:
        value = block["value"]
        if block["type"] != "figure" or value["photo"] is not None:
            blocks.append(block)
            continue
        picture = Picture(value["src"], value["caption"], value["credit"], alt=value["alt"])
        photo_id, created = _store(one, picture)
        new += created
        if photo_id is not None and photo_id != one.lead_photo_id:
            words = {name: value[name] for name in ("caption", "credit", "alt")}
            blocks.append({"type": "figure", "value": {"photo": photo_id, **words}})
    one.blocks = blocks
    return new


def _store(one: Prepared, picture: Picture) -> tuple[int | None, bool]:
    found = find_picture(one.item, picture.source)
    if found is None:
        one.warnings.append(_missing(picture.source))
        return None, False
    try:
        return store_photo(found, picture)
    except Refused as refused:
        one.warnings.append(f"{refused}; it was left out")
        return None, False
