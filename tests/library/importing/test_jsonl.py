"""JSON Lines: one article a line; a bad line never stops the rest."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from broadsheet.library.access import Access, Kind
from broadsheet.library.importing.items import Amendment, Item, Named, Picture, Refusal
from tests.library.importing.reading import body_text, one_item, one_refusal, read_text

FULL: dict[str, Any] = {
    "id": "a-1",
    "url": "https://old.example/2019/strait/?x=1",
    "old_urls": ["/strait.html"],
    "headline": "The Strait",
    "headlines": {"home": "Strait", "search": "Strait of X", "social": "A strait"},
    "dek": "What it costs.",
    "slug": "the-strait",
    "kind": "in-depth",
    "access": "free",
    "date": "2019-05-03T06:30:00+00:00",
    "updated": "2019-05-04T06:30:00+00:00",
    "authors": ["Oceans desk", {"name": "Water desk", "slug": "water", "biography": "They write."}],
    "topics": ["sea-lanes"],
    "regions": ["Polar oceans"],
    "lead_photo": {"file": "a.jpg", "caption": "A ship.", "credit": "Photo: M", "licence": "CC0", "alt": "Ship"},
    "corrections": [{"date": "2019-05-04", "text": "The sum was wrong."}],
    "sources": ["Treaty of 1936"],
    "body_html": "<p>Words.</p>",
}


def test_every_field_arrives(tmp_path: Path) -> None:
    item = one_item(tmp_path, "x.jsonl", json.dumps(FULL))
    assert (item.identity, item.headline, item.dek, item.slug) == ("id:a-1", "The Strait", "What it costs.", "the-strait")
    assert (item.kind, item.access) == (Kind.IN_DEPTH, Access.FREE)
    assert item.published_at == datetime(2019, 5, 3, 6, 30, tzinfo=UTC)
    assert item.revised_at == datetime(2019, 5, 4, 6, 30, tzinfo=UTC)
    assert item.authors == (Named("Oceans desk"), Named("Water desk", "water", "They write."))
    assert (item.topics, item.regions) == ((Named("sea-lanes"),), (Named("Polar oceans"),))
    assert (item.headline_home, item.headline_search, item.headline_social) == ("Strait", "Strait of X", "A strait")
    assert item.lead_photo == Picture("a.jpg", "A ship.", "Photo: M", "CC0", "Ship")
    assert item.corrections == (Amendment(date(2019, 5, 4), "The sum was wrong."),)
    assert item.old_addresses == ("/2019/strait/?x=1", "/strait.html")
    assert body_text(item) == "<p>Words.</p><h2>Sources</h2><ul><li>Treaty of 1936</li></ul>"
    assert item.warnings == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"body_html": "<p>a</p>"}, "<p>a</p>"),
        ({"body": "<p>a</p>"}, "<p>a</p>"),
        ({"body_markdown": "a *b*\n\nc"}, "<p>a <i>b</i></p><p>c</p>"),
        ({"body_text": "a < b\nc\n\nd"}, "<p>a &lt; b c</p><p>d</p>"),
    ],
)
def test_the_body_may_be_html_markdown_or_text(body: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert body_text(one_item(tmp_path, "x.jsonl", json.dumps({"id": 1, "headline": "H", **body}))) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"headline": "caf\xe9"}', "not UTF-8"),
        (b'{"id": 1, "body_html": "<p>a</p>"}', "no headline"),
        (b'{"headline": "  ", "body_html": "<p>a</p>"}', "no headline"),
        (b'{"headline": "H", "body_html": "a", "body_text": "b"}', "more than one body"),
        (b'{"headline": "H", "body_html": 5}', "should be a text"),
        (b'{"headline": "H", "date": "2023-02-30"}', "2023-02-30"),
        (b'{"headline": "H", "kind": "novel"}', "no kind"),
        (b'{"headline": "H", "access": "everyone"}', "no access"),
        (b'{"headline": "H", "draft": "perhaps"}', "true or false"),
        (b'{"headline": ["H"]}', "should be a text"),
        (b'{"headline": "H", "lead_photo": {"alt": "x"}}', "names no file"),
        (b'{"headline": "H", "corrections": ["x"]}', "date"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_its_reason(line: bytes, reason: str, tmp_path: Path) -> None:
    assert reason in one_refusal(tmp_path, "x.jsonl", line)


def test_a_bad_line_is_named_by_its_number_and_the_others_are_read(tmp_path: Path) -> None:
    good = '{"id": %d, "headline": "H", "body_html": "<p>a</p>"}\n'
    found = read_text(tmp_path, "x.jsonl", good % 1 + "\n{bad\n" + good % 2)
    assert [type(one) for one in found] == [Item, Refusal, Item]
    assert isinstance(found[1], Refusal)
    assert str(found[1]).startswith("x.jsonl, line 3: ")


def test_a_line_of_fifty_megabytes_is_refused_without_being_held_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("wb") as file:
        file.write(b'{"headline": "')
        for _ in range(50):
            file.write(b"x" * 2**20)
        file.write(b'"}\n{"id": 1, "headline": "H"}\n')
    found = read_text(tmp_path, "y.jsonl", path.read_bytes())
    assert isinstance(found[0], Refusal)
    assert "longer than 16 MB" in found[0].reason
    assert isinstance(found[1], Item)
    assert found[1].line == 2


def test_an_unknown_field_is_warned_of(tmp_path: Path) -> None:
    item = one_item(tmp_path, "x.jsonl", '{"id": 1, "headline": "H", "mood": "good", "lead_photo": {"file": "a.jpg", "size": 3}}')
    assert item.warnings == (
        "the field “mood” is not known and was not imported",
        "the field “lead_photo.size” is not known and was not imported",
    )


@pytest.mark.parametrize(
    ("fields", "identity"),
    [
        ({"id": 7, "url": "https://a.example/x", "slug": "s"}, "id:7"),
        ({"url": "http://www.A.example/x/", "slug": "s"}, "url:a.example/x"),
        ({"slug": "s"}, "slug:s"),
        ({"date": "2020-01-01"}, "headline:H|2020-01-01"),
    ],
)
def test_an_item_is_known_by_id_else_address_else_slug_else_headline(fields: dict[str, Any], identity: str, tmp_path: Path) -> None:
    assert one_item(tmp_path, "x.jsonl", json.dumps({"headline": "H", **fields})).identity == identity
