"""Folders, odd files and links: each is read, left out or refused, and nothing stops the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from broadsheet.library.importing.items import Item, LeftOut, Refusal
from tests.library.importing.reading import items_of, one_refusal, read, refusals_of

GOOD = "---\nheadline: H{}\n---\nWords.\n"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.zip", b"PK\x03\x04....", "a zip file; unpack it first"),
        ("a.md", b"PK\x03\x04....", "a zip file; unpack it first"),
        ("a.pdf", b"%PDF-1.7", "a PDF"),
        ("a.docx", b"PK\x03\x04", "a zip file"),
        ("a.bin", b"\x00\x01\x02", "a binary file"),
        ("a.txt", b"text\x00text", "a binary file"),
        ("a.html", b"<p>\xff\xfe\xfa</p>", "not UTF-8"),
        ("a.rtf", b"{\\rtf1}", "RTF"),
        ("a.csv2", b"a,b", "are not read; known are"),
        ("a.json", b"{}", "are not read"),
        ("a.txt", b"", "no headline"),
        ("a.html", b"", "no headline"),
        ("a.mht", b"", "no page"),
        ("a.xml", b"", "broken"),
        ("a.xml", b"<rss><channel><item><title>x</title></item></channel></rss>", "no WordPress export"),
    ],
)
def test_a_file_that_holds_no_article_is_refused_with_its_reason(name: str, content: bytes, reason: str, tmp_path: Path) -> None:
    assert reason in one_refusal(tmp_path, name, content)


def test_an_empty_jsonl_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert read(tmp_path) == []


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusals_of(tmp_path / "nowhere.md")[0].reason


def test_folders_are_read_in_order_and_what_lies_beside_articles_is_counted(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.md").write_text(GOOD.format(2))
    (tmp_path / "1.md").write_text(GOOD.format(1))
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "Page_files").mkdir()
    (tmp_path / "Page_files" / "ad.html").write_text("<h1>Advertisement</h1><p>Buy this.</p>")
    found = read(tmp_path)
    assert [one.headline for one in found if isinstance(one, Item)] == ["H1", "H2"]
    assert [one.identity for one in found if isinstance(one, Item)] == ["file:1.md", "file:b/2.md"]
    assert {one.kind: one.count for one in found if isinstance(one, LeftOut)} == {
        "picture or other file beside the articles": 1,
        "hidden file": 1,
        "folder of a saved page": 1,
    }


def test_links_in_a_circle_and_links_to_what_was_read_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.md").write_text(GOOD.format(1))
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    found = read(tmp_path)
    assert len([one for one in found if isinstance(one, Item)]) == 1
    reasons = {one.source: one.reason for one in found if isinstance(one, Refusal)}
    assert "was read already" in reasons["a/up"]
    assert "circle" in reasons["self"]
    assert "No such file" in reasons["gone.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(GOOD.format(1))
    path.chmod(0)
    assert "Permission denied" in refusals_of(path)[0].reason


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert "neither a file nor a folder" in refusals_of(tmp_path)[0].reason


def test_a_name_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.md"
    with open(path, "w") as file:
        file.write(GOOD.format(1))
    (item,) = items_of(tmp_path)
    assert item.source == "caf�.md"


def test_a_plain_text_has_headline_byline_and_date(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "The Strait\nBy Oceans desk and Water desk\n5 March 2024\n\nFirst line\nsecond line.\n\nNext.\n"
    )
    (item,) = items_of(tmp_path)
    assert (item.headline, [author.name for author in item.authors]) == ("The Strait", ["Oceans desk", "Water desk"])
    assert item.published_at is not None
    assert item.body_html == "<p>First line\nsecond line.</p><p>Next.</p>"


def test_html_from_a_word_processor_is_one_article(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<html><head><title>Doc</title><meta name="author" content="Water desk"></head><body><h1>Rivers</h1><p>Words.</p></body></html>'
    )
    (item,) = items_of(tmp_path)
    assert (item.headline, item.authors[0].name) == ("Rivers", "Water desk")
    assert "Rivers" not in item.body_html


def test_a_page_in_its_declared_encoding_is_read(tmp_path: Path) -> None:
    text = '<html><head><meta charset="windows-1252"></head><body><h1>Café</h1><p>Né à Paris.</p></body></html>'
    (tmp_path / "a.html").write_bytes(text.encode("windows-1252"))
    assert items_of(tmp_path)[0].headline == "Café"
