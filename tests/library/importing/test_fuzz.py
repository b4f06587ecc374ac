"""Whatever bytes come in, a reader gives items or refusals and never fails, and the importer's numbers add up."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadsheet.library.importing.blocks_from_html import blocks_from_html
from broadsheet.library.importing.items import Item, LeftOut, Refusal
from broadsheet.library.importing.sources import READERS
from broadsheet.library.importing.writer import import_items
from tests.library.importing.reading import DESK, read

HERE = Path(__file__).parent
PIECES = [
    b"---\n", b"headline: H\n", b"date: 2024-01-01\n", b"days_ago: 9999999\n", b"authors: [a, {name: b}]\n", b"lead_photo: {file: ../x.jpg}\n",
    b'{"headline": "H"', b', "body_html": "<p>a</p>"', b', "date": 5', b"}\n", b"[[", b"\\ud800", b"null", b"\xff\xfe", b"\x00", b"\xc3\x28",
    b"# H\n\n", b"**Author:** X\n", b"| **Date:** | 13/13/2020\n", b"[^1]", b"[^1]: n\n", b"<!--more-->", b"```\n", b"<h1>H</h1>", b"<p>words", b"<table><td>",
    b"<article>", b'<script type="application/ld+json">{"@type":"Article","author":[[]],"headline":3}</script>', b'<a href="http://[">x</a>',
    b'<img src="x.jpg">', b"<figure><figcaption>", b"<rss xmlns:wp='http://wordpress.org/export/1.2/'>", b"<channel>", b"<item>", b"<title>T</title>",
    b"<wp:post_id>1</wp:post_id>", b"<wp:post_date>2020-13-40 99:00:00</wp:post_date>", b"<wp:postmeta><wp:meta_key>footnotes</wp:meta_key><wp:meta_value>[1]",
    b"</wp:meta_value></wp:postmeta>", b"</item>", b"</channel></rss>", b"&lol;", b"<!DOCTYPE x [<!ENTITY", b"Content-Type: multipart/related; boundary=b\r\n\r\n",
    b"--b\r\nContent-Type: text/html; charset=nope\r\n\r\n", b"By A and B\n", b"30 February 2020\n", b"[caption]", b"[/caption]", b"[gallery ids='1']", b"\n\n",
]  # fmt: skip
BYTES = st.one_of(
    st.binary(max_size=200), st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=25).map(b"".join)
)
WHOLE = [path.read_bytes() for path in (*sorted((HERE / "pages").glob("*.html")), HERE / "exports" / "site.xml")]


def spoilt(content: bytes, place: int, put: bytes) -> bytes:
    place %= len(content)
    return content[:place] + put + content[place + len(put) :]


SPOILT = st.builds(spoilt, st.sampled_from(WHOLE), st.integers(0, 10**6), st.binary(max_size=12))


@pytest.mark.parametrize("suffix", sorted(READERS))
@given(content=st.one_of(BYTES, SPOILT))
@example(content=b"<wp:x xmlns:wp='http://wordpress.org/export/1.2/'/>")
@example(content=b"\xff\xfe\x00")
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_items_or_refusals(suffix: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(content)
        for one in read(path):
            assert isinstance(one, Item | Refusal | LeftOut)
            if isinstance(one, Item):
                assert one.headline.strip()
                blocks_from_html(one.body_html, base_url=one.base_url)


@pytest.mark.django_db
@given(contents=st.lists(st.tuples(st.sampled_from(sorted(READERS)), st.one_of(BYTES, SPOILT)), min_size=1, max_size=3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_the_numbers_add_up_and_a_second_import_changes_nothing(contents: list[tuple[str, bytes]]) -> None:
    with TemporaryDirectory() as folder:
        for number, (suffix, content) in enumerate(contents):
            (Path(folder) / f"{number}{suffix}").write_bytes(content)
        found = read(Path(folder))
        first = import_items(found, now=DESK.now)
        second = import_items(found, now=DESK.now)
    given_count = sum(not isinstance(one, LeftOut) for one in found)
    for report in (first, second):
        assert report.read == given_count == report.imported + report.changed + report.unchanged + report.refused
    assert second.imported == second.changed == 0
