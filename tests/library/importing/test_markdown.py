"""Markdown with front matter, and without."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.library.importing.items import Named
from tests.library.importing.reading import SHARED, blocks, body_text, items_of, one_item, one_refusal, refusals_of

FRONT = '---\nheadline: "The Line"\nslug: the-line\n{extra}---\n{body}'


def document(extra: str = "", body: str = "Words.\n") -> str:
    return FRONT.format(extra=extra, body=body)


def test_the_body_keeps_subheads_tables_notes_lists_and_the_marker(tmp_path: Path) -> None:
    body = "One.[^1]\n\n<!--more-->\n\n## Sub\n\n- a\n- b\n\n| Y | N |\n|---|---|\n| 1 | 2 |\n\n> Quoted.\n\n[^1]: The note.\n"
    kinds = [block["type"] for block in blocks(one_item(tmp_path, "x.md", document(body=body)))]
    assert kinds == ["text", "teaser_end", "text", "table", "text", "footnote"]


def test_days_ago_and_time_are_counted_from_the_publications_today(tmp_path: Path) -> None:
    item = one_item(tmp_path, "x.md", document('days_ago: 3\ntime: "06:30"\n'))
    assert item.published_at == datetime(2026, 2, 14, 5, 30, tzinfo=UTC)


def test_a_figures_title_gives_caption_and_credit(tmp_path: Path) -> None:
    (figure,) = blocks(one_item(tmp_path, "x.md", document(body='![A map](m.svg "Where it runs. | Map: Meridian")\n')))
    assert figure["value"] == {
        "photo": None,
        "src": "m.svg",
        "caption": "Where it runs.",
        "credit": "Map: Meridian",
        "alt": "A map",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\nheadline: [\n---\nWords.", "not YAML"),
        ("---\n- a\n---\nWords.", "no fields"),
        ("---\na: &a [x]\nheadline: H\nb: *a\n---\nWords.", "aliases"),
        ("---\nheadline: H\ndate: 2023-02-30\n---\nWords.", "front matter"),
        ("---\nheadline: !!python/object/apply:os.system [ls]\n---\nWords.", "not YAML"),
        ("---\nslug: x\n---\nWords.", "no headline"),
        ("Words without any heading.", "no headline"),
        (b"---\nheadline: caf\xe9\n---\nWords.", "not UTF-8 (line 2)"),
        (b"PK\x03\x04rest", "zip"),
        ("---\nheadline: H\ntime: late\ndate: 2023-01-01\n---\nx", "time"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_with_its_reason(text: str | bytes, reason: str, tmp_path: Path) -> None:
    assert reason in one_refusal(tmp_path, "x.md", text)


def test_without_front_matter_the_first_heading_is_the_headline(tmp_path: Path) -> None:
    item = one_item(tmp_path, "x.md", "# The *Line*\n\n## First\n\n[Only a link](https://un.org/)\n\nWords.\n")
    assert item.headline == "The Line"
    assert body_text(item) == '<h2>First</h2><p><a href="https://un.org/">Only a link</a></p><p>Words.</p>'


CONVERTED = """# Ships and Ports

**Report No.:** X1
**Source:** https://library.example/x1

---
[Subscribe](https://library.example/s)[Share](https://library.example/t)

# Ships and Ports

| **Publication Date:** | 04/09/2026
| **Authors:** | Doe, Pat B.; Roe, Kim

- [April 9, 2026 (X1 - Version: 2)](https://library.example/x1.2)
[Listen](https://library.example/l)Ships and PortsUpdated April 9, 2026 (X1)

Ships come and go.

A second paragraph.
"""


def test_the_head_of_a_converted_page_gives_fields_and_none_of_its_links_reach_the_body(tmp_path: Path) -> None:
    item = one_item(tmp_path, "x.md", CONVERTED)
    assert item.headline == "Ships and Ports"
    assert item.authors == (Named("Pat B. Doe"), Named("Kim Roe"))
    assert item.published_at == datetime(2026, 4, 8, 22, 0, tzinfo=UTC)
    assert item.identity == "url:library.example/x1"
    assert body_text(item) == "<p>Ships come and go.</p><p>A second paragraph.</p>"


def test_a_date_that_may_be_read_two_ways_is_refused_where_nothing_settles_it(tmp_path: Path) -> None:
    text = CONVERTED.replace("April 9, 2026", "lately")
    assert "may be day/month" in one_refusal(tmp_path, "x.md", text)


@pytest.mark.skipif(not (SHARED / "crs-reports").exists(), reason="../shared/data/crs-reports is not there")
def test_reports_converted_to_markdown_have_authors_dates_and_clean_bodies() -> None:
    folder = SHARED / "crs-reports" / "markdown"
    items = items_of(folder)
    assert (len(items), refusals_of(folder)) == (51, [])
    assert all(item.authors and item.published_at for item in items)
    assert not [item.source for item in items if "readspeaker" in item.body_html or "Subscribe" in item.body_html[:2000]]
