"""What is pasted into an article's body: clipboard HTML in, blocks as the form wants them out.

Word and Google Docs put whole documents on the clipboard, with tables and footnotes that Wagtail's own text
field drops. Headings, links, lists, tables and footnotes are kept; everything else is dropped. Pictures are
not taken over, because they have no rights: they are counted, so that the editor is told.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from broadsheet.library.blocks import BodyBlock
from broadsheet.library.importing.blocks_from_html import blocks_from_html

# A chapter of 12,000 words from Word is about 1 MB of HTML; Django takes 2.5 MB in one form.
MAX_HTML_CHARACTERS = 2_000_000
_BODY = BodyBlock()

Block = Mapping[str, Any]


@require_POST
def paste(request: HttpRequest) -> JsonResponse:
    """Turn the posted `html` into blocks; `taken` lists footnote keys that the article uses already."""
    if not request.user.has_perm("library.change_article") and not request.user.has_perm("library.add_article"):
        raise PermissionDenied
    html = request.POST.get("html", "")
    if len(html) > MAX_HTML_CHARACTERS:
        return JsonResponse({"problem": "This is too long to paste at once; paste it in parts."}, status=413)
    blocks = blocks_from_html(html)
    kept = rename_notes(_without_pictures(blocks), taken=set(request.POST.getlist("taken")))
    return JsonResponse({"blocks": form_state(kept), "pictures": sum(block["type"] == "figure" for block in blocks)})


def form_state(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Blocks as the form's JavaScript takes them: rich text as the editor's own JSON."""
    stream = _BODY.to_python([{**block, "id": _new_id()} for block in blocks])
    state: list[dict[str, Any]] = _BODY.get_form_state(stream)
    return state


def rename_notes(blocks: list[dict[str, Any]], *, taken: set[str]) -> list[dict[str, Any]]:
    """Give pasted footnotes keys that the article does not use yet, in the notes and where the text refers to them."""
    keys = [str(block["value"]["key"]) for block in blocks if block["type"] == "footnote"]
    renamed: dict[str, str] = {}
    for key in keys:
        renamed[key] = _free_key(key, taken | set(renamed.values()) | (set(keys) - {key}))
    return [_with_keys(block, renamed) for block in blocks]


def _without_pictures(blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block["type"] not in ("figure", "teaser_end")]


def _free_key(key: str, taken: set[str]) -> str:
    if key not in taken:
        return key
    number = next(n for n in range(1, 10_000) if str(n) not in taken)
    return str(number)


def _with_keys(block: dict[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    if block["type"] == "footnote":
        return {**block, "value": {**block["value"], "key": renamed[str(block["value"]["key"])]}}
    if block["type"] == "text":
        return {**block, "value": _rename_references(str(block["value"]), renamed)}
    return block


def _rename_references(html: str, renamed: Mapping[str, str]) -> str:
    # Through marks that cannot be keys, so that 1 -> 2 and 2 -> 3 do not run into each other.
    for index, key in enumerate(renamed):
        html = html.replace(f"[^{key}]", f"[^\x00{index}\x00]")
    for index, key in enumerate(renamed.values()):
        html = html.replace(f"[^\x00{index}\x00]", f"[^{key}]")
    return html


def _new_id() -> str:
    return secrets.token_hex(16)
