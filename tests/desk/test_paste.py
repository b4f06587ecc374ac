"""Pasting from Word and Google Docs keeps headings, links, lists, tables and footnotes, and drops the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from broadsheet.desk.paste import MAX_HTML_CHARACTERS, rename_notes
from broadsheet.desk.roles import Role
from tests.desk.clipboard import GOOGLE_DOCS, WORD

PASTE = "/desk/paste/"


def paste(client: Client, html: str, taken: tuple[str, ...] = ()) -> dict[str, Any]:
    response = client.post(PASTE, {"html": html, "taken": list(taken)})
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def text_of(blocks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Every paragraph of the pasted text as (kind, words)."""
    states = [json.loads(block["value"]) for block in blocks if block["type"] == "text"]
    return [(part["type"], part["text"]) for state in states for part in state["blocks"]]


@pytest.mark.django_db
def test_word_document_keeps_what_an_article_can_hold(desk: Callable[[Role], Client]) -> None:
    answer = paste(desk(Role.WRITER), WORD)
    blocks = answer["blocks"]
    assert ("header-two", "What the guarantors offered") in text_of(blocks)
    assert [words for kind, words in text_of(blocks) if kind == "unordered-list-item"] == ["First demand", "Second demand"]
    assert any("[^1]" in words for _, words in text_of(blocks))
    table = next(block["value"] for block in blocks if block["type"] == "table")
    assert table["data"] == [["State", "Offer"], ["Upper basin", "40% of the flow"]]
    note = next(block["value"] for block in blocks if block["type"] == "footnote")
    assert note["key"] == "1"
    assert "Treaty series, volume 12." in note["text"]
    assert answer["pictures"] == 1
    everything = json.dumps(answer)
    assert "https://www.un.org/" in everything
    for dropped in ("mso-", "MsoNormal", "alert(1)", "file:///", "Calibri", "supportFootnotes"):
        assert dropped not in everything


@pytest.mark.django_db
def test_google_document_keeps_what_an_article_can_hold(desk: Callable[[Role], Client]) -> None:
    blocks = paste(desk(Role.WRITER), GOOGLE_DOCS)["blocks"]
    assert ("header-two", "Where talks ended") in text_of(blocks)
    paragraph = next(words for kind, words in text_of(blocks) if kind == "unstyled")
    assert paragraph.startswith("They agreed on patrols and nothing else[^1]")
    assert [block["value"]["data"] for block in blocks if block["type"] == "table"] == [[["Year", "Result"], ["1984", "Mediation"]]]
    assert "Joint statement, paragraph 4." in json.dumps([block for block in blocks if block["type"] == "footnote"])
    everything = json.dumps(blocks)
    assert "https://www.icj-cij.org/" in everything
    assert "docs-internal-guid" not in everything
    state = json.loads(next(block["value"] for block in blocks if block["type"] == "text"))
    styles = {s["style"] for part in state["blocks"] for s in part["inlineStyleRanges"]}
    assert styles == {"BOLD", "ITALIC"}


@pytest.mark.django_db
def test_pasted_notes_get_keys_that_the_article_does_not_use(desk: Callable[[Role], Client]) -> None:
    blocks = paste(desk(Role.WRITER), WORD, taken=("1", "2"))["blocks"]
    assert next(block["value"]["key"] for block in blocks if block["type"] == "footnote") == "3"
    assert any("[^3]" in words for _, words in text_of(blocks))


def test_notes_change_places_without_running_into_each_other() -> None:
    blocks = [
        {"type": "text", "value": "<p>One[^1] and two[^2].</p>"},
        {"type": "footnote", "value": {"key": "1", "text": "first"}},
        {"type": "footnote", "value": {"key": "2", "text": "second"}},
    ]
    renamed = rename_notes(blocks, taken={"1"})
    assert [block["value"]["key"] for block in renamed[1:]] == ["3", "2"]
    assert renamed[0]["value"] == "<p>One[^3] and two[^2].</p>"


@pytest.mark.django_db
@pytest.mark.parametrize("html", ["", "<script>alert(1)</script>", "<!-- nothing -->"])
def test_nothing_readable_gives_no_blocks(desk: Callable[[Role], Client], html: str) -> None:
    assert paste(desk(Role.WRITER), html) == {"blocks": [], "pictures": 0}


@pytest.mark.django_db
def test_too_long_a_text_is_refused_with_a_reason(desk: Callable[[Role], Client]) -> None:
    response = desk(Role.WRITER).post(PASTE, {"html": "x" * (MAX_HTML_CHARACTERS + 1)})
    assert response.status_code == 413
    assert "in parts" in response.json()["problem"]


@pytest.mark.django_db
def test_support_may_not_paste(desk: Callable[[Role], Client]) -> None:
    assert desk(Role.SUPPORT).post(PASTE, {"html": "<p>x</p>"}).status_code in (302, 403)
