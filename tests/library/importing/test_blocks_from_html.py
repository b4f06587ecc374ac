"""Pasted and imported HTML becomes the blocks of a body."""

from __future__ import annotations

from typing import Any

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.body import TeaserRule, compose_body
from broadsheet.library.importing.blocks_from_html import blocks_from_html
from broadsheet.library.importing.credits import split_credit

ALLOWED = {"p", "h2", "h3", "b", "i", "a", "ol", "ul", "li", "blockquote", "sup", "sub", "br"}

WORD = """<p class=MsoNormal>Text.<a style='mso-footnote-id:ftn1' href="#_ftn1" name="_ftnref1" title=""><span
class=MsoFootnoteReference><span style='mso-special-character:footnote'><![if !supportFootnotes]>[1]<![endif]></span></span></a> More.<o:p></o:p></p>
<div style='mso-element:footnote-list'><br clear=all><hr align=left size=1 width="33%">
<div style='mso-element:footnote' id=ftn1><p class=MsoFootnoteText><a href="#_ftnref1" name="_ftn1"><span>[1]</span></a> The <i>note</i>.</p></div></div>"""
GOOGLE = """<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span style="font-weight:400">Text.</span><sup><a
href="#ftnt1" id="ftnt_ref1">[1]</a></sup><span> More.</span></p></b><hr><div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a><span> The </span><span
style="font-style:italic">note</span>.</p></div>"""
MARKDOWN = """<p>Text.<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup> More.</p><hr class="footnotes-sep"><section
class="footnotes"><ol class="footnotes-list"><li id="fn1" class="footnote-item"><p>The <em>note</em>. <a href="#fnref1"
class="footnote-backref">↩︎</a></p></li></ol></section>"""
WORDPRESS = """<p>Text.<sup data-fn="8b-1" class="fn"><a href="#8b-1" id="8b-1-link">1</a></sup> More.</p><ol class="wp-block-footnotes"><li
id="8b-1">The <em>note</em>. <a href="#8b-1-link" aria-label="Jump back">↩︎</a></li></ol>"""
LIBREOFFICE = """<p>Text.<a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1</sup></a> More.</p><div
id="sdfootnote1"><p class="sdfootnote"><a class="sdfootnotesym" name="sdfootnote1sym" href="#sdfootnote1anc">1</a> The <i>note</i>.</p></div>"""
WIKI = """<p>Text.<sup id="cite_ref-1" class="reference"><a href="#cite_note-1">[1]</a></sup> More.</p><h2>Notes</h2><ol class="references"><li
id="cite_note-1"><span class="mw-cite-backlink"><a href="#cite_ref-1">^</a></span> <span class="reference-text">The <i>note</i>.</span></li></ol>"""


def texts(html: str) -> str:
    return "".join(block["value"] for block in blocks_from_html(html) if block["type"] == "text")


def only(html: str, kind: str) -> list[Any]:
    return [block["value"] for block in blocks_from_html(html) if block["type"] == kind]


@pytest.mark.parametrize(
    "html",
    [WORD, GOOGLE, MARKDOWN, WORDPRESS, LIBREOFFICE, WIKI],
    ids=["Word", "Google Docs", "Markdown", "WordPress", "LibreOffice", "wiki"],
)
def test_footnotes_of_every_writer_become_footnote_blocks(html: str) -> None:
    assert blocks_from_html(html) == [
        {"type": "text", "value": "<p>Text.[^1] More.</p>"},
        {"type": "footnote", "value": {"key": "1", "text": "The <i>note</i>."}},
    ]


def test_two_marks_of_one_note_share_its_key_and_notes_are_numbered_as_referred_to() -> None:
    html = (
        '<p>A<sup><a href="#fn2" id="r2">2</a></sup> B<sup><a href="#fn1" id="r1">1</a></sup> C<sup><a href="#fn2" id="r3">2</a></sup></p>'
        '<ol><li id="fn1">One <a href="#r1">↩</a></li><li id="fn2">Two <a href="#r2">↩</a></li></ol>'
    )
    assert texts(html) == "<p>A[^1] B[^2] C[^1]</p>"
    assert [(note["key"], note["text"]) for note in only(html, "footnote")] == [("1", "Two"), ("2", "One")]


def test_a_link_to_a_section_is_no_footnote() -> None:
    html = '<p>See <a href="#s">section 3</a> and <a href="#s">3</a>.</p><h2 id="s">Three</h2><p>Words.</p>'
    assert only(html, "footnote") == []
    assert texts(html) == "<p>See section 3 and 3.</p><h2>Three</h2><p>Words.</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("loose text", "<p>loose text</p>"),
        ("<p>One<br><br>Two</p>", "<p>One</p><p>Two</p>"),
        ("<p>One<br>Two</p>", "<p>One<br/>Two</p>"),
        ("<div>a<p>b</p>c</div>", "<p>a</p><p>b</p><p>c</p>"),
        ("<h1>A</h1><h2><b>B</b></h2><h4>C</h4>", "<h2>A</h2><h2>B</h2><h3>C</h3>"),
        ("<p> \xa0 </p><p></p><h2> </h2><ul><li></li></ul>", ""),
        ("<p><strong>a</strong> <em>b</em> <u>c</u></p>", "<p><b>a</b> <i>b</i> c</p>"),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>",
            "<ul><li>a<ul><li>b</li></ul></li><li>c<br/>d</li></ul>",
        ),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        (
            "<p class=MsoListParagraphCxSpFirst>·&nbsp;&nbsp; a</p><p class=MsoListParagraphCxSpLast>· b</p>",
            "<ul><li>a</li><li>b</li></ul>",
        ),
        ("<p class=MsoListParagraph>1.&nbsp; a</p><p class=MsoListParagraph>2. b</p>", "<ol><li>a</li><li>b</li></ol>"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "<blockquote>a<br/>b</blockquote>"),
        ("<p>a < b & c</p>", "<p>a &lt; b &amp; c</p>"),
        ('<p style="display:none">x</p><p hidden>y</p><p>z</p>', "<p>z</p>"),
        ("<pre>a\nb\n\nc</pre>", "<p>a<br/>b</p><p>c</p>"),
        ("<table role=presentation><tr><td><p>a</p></td><td>b</td></tr></table>", "<p>a</p><p>b</p>"),
        (
            '<p><a href="https://www.google.com/url?q=https://un.org/&amp;sa=D">UN</a></p>',
            '<p><a href="https://un.org/">UN</a></p>',
        ),
        ("<form><input><button>Sign up</button></form><nav>Menu</nav><p>a</p>", "<p>a</p>"),
    ],
)
def test_text(html: str, expected: str) -> None:
    assert texts(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<p><a href="javascript:alert(1)">a</a></p>', "<p>a</p>"),
        ('<p><a href="java\tscript:alert(1)">a</a></p>', "<p>a</p>"),
        ('<p><a href="data:text/html,x">a</a></p>', "<p>a</p>"),
        ('<p><a href="//evil.example/x">a</a></p>', "<p>a</p>"),
        (
            '<p><a href="https://e.example/&quot;onmouseover=x">a</a></p>',
            '<p><a href="https://e.example/&quot;onmouseover=x">a</a></p>',
        ),
        ("<svg><text>a</text></svg><p>b</p>", "<p>b</p>"),
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ],
)
def test_nothing_that_runs_comes_through(html: str, expected: str) -> None:
    assert texts(html) == expected


def test_links_are_made_whole_from_the_address_of_the_page() -> None:
    value = blocks_from_html('<a href="../b">b</a> <a href="#x">x</a>', base_url="https://old.example/news/a/")[0]["value"]
    assert value == '<p><a href="https://old.example/news/b">b</a> <a href="https://old.example/news/a/#x">x</a></p>'


def test_links_within_the_old_site_stay_so_that_redirects_can_serve_them() -> None:
    assert texts('<a href="/2019/05/old-story/">s</a> <a href="other.html">o</a>') == '<p><a href="/2019/05/old-story/">s</a> o</p>'


def test_a_table_keeps_heads_caption_and_the_places_of_spanning_cells() -> None:
    html = (
        "<table><caption>Trade</caption><thead><tr><th>Year<th colspan=2>Sums</tr></thead>"
        "<tr><th rowspan=2>2019<td>1<td>2</tr><tr><td>3<br>4<td><b>5</b>6</tr></table>"
    )
    (table,) = only(html, "table")
    assert table["data"] == [["Year", "Sums", ""], ["2019", "1", "2"], ["", "3 4", "56"]]
    assert (table["table_header_choice"], table["table_caption"]) == ("both", "Trade")


def test_a_figure_keeps_source_caption_credit_and_description() -> None:
    html = '<figure><img src="a.jpg" alt="A ship"><figcaption>Ships pass. <span class="credit">Photo: J. Doe</span></figcaption></figure>'
    assert only(html, "figure") == [
        {"photo": None, "src": "a.jpg", "caption": "Ships pass.", "credit": "Photo: J. Doe", "alt": "A ship"}
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Ships pass. Photo: J. Doe", ("Ships pass.", "Photo: J. Doe")),
        ("Ships pass | Map: Meridian", ("Ships pass", "Map: Meridian")),
        ("Ships pass. (Photo by J. Doe)", ("Ships pass.", "Photo by J. Doe")),
        ("Ships pass. © Agency", ("Ships pass.", "© Agency")),
        ("A map: what it hides", ("A map: what it hides", "")),
        ("Ships pass.", ("Ships pass.", "")),
    ],
)
def test_a_credit_at_the_end_of_a_caption_is_told_from_it(words: str, expected: tuple[str, str]) -> None:
    assert split_credit(words) == expected


def test_pictures_in_a_line_follow_the_paragraph_and_tracking_pixels_are_left_out() -> None:
    html = '<p>a <img src="b.png"> c</p><img src="https://t.example/p" width=1 height=1>'
    assert [block["type"] for block in blocks_from_html(html)] == ["text", "figure"]


def test_players_and_embedded_addresses_become_embeds() -> None:
    html = (
        '<iframe src="https://www.youtube.com/embed/abc" title="Talk"></iframe><figure class="wp-block-embed"><div>\n'
        "https://vimeo.com/1\n</div></figure>"
    )
    assert only(html, "embed") == [
        {"url": "https://www.youtube.com/watch?v=abc", "title": "Talk"},
        {"url": "https://vimeo.com/1", "title": "vimeo.com"},
    ]


def test_the_marker_ends_the_teaser_once() -> None:
    kinds = [block["type"] for block in blocks_from_html("<p>a</p><!--more-->\n<p>b</p><p><!--more go on--></p><p>c</p>")]
    assert kinds == ["text", "teaser_end", "text"]


def test_a_pull_quote_keeps_who_said_it() -> None:
    html = '<figure class="wp-block-pullquote"><blockquote><p>Said.</p><cite>Them</cite></blockquote></figure>'
    assert only(html, "quote") == [{"text": "Said.", "attribution": "Them"}]


@pytest.mark.parametrize("tag", ["div", "ul", "b", "table", "blockquote", "section", "span"])
def test_text_in_ten_thousand_elements_inside_each_other_is_still_read(tag: str) -> None:
    found = blocks_from_html(f"<{tag}>" * 10_000 + "deep words" + f"</{tag}>" * 10_000 + "<p>after</p>")
    words = str(found)
    assert "deep words" in words
    assert "after" in words


HTML_LIKE = st.lists(
    st.one_of(
        st.sampled_from(
            "<p> </p> <div> </div> <b> </b> <ul> <li> </ul> <table> <tr> <td> <th> </table> <figure> <img/src=x> <figcaption> </figure>"
            " <a/href=#x> </a> <a/id=x/href=#y> <sup/id=y> <script> </script> <style> <!-- --> <svg> <math> <br> <br/> <!--more--> <h1> </h1>"
            " <blockquote> <iframe/src=https://e.example> <pre> <dl> <dt> <template> <select> <textarea> <plaintext> &lt; & [^1]".split()
        ),
        st.text(max_size=8),
    ),
    max_size=40,
).map("".join)


@given(HTML_LIKE)
def test_whatever_comes_in_the_text_holds_allowed_tags_only_and_composes(html: str) -> None:
    blocks = blocks_from_html(html)
    for block in blocks:
        if block["type"] == "text":
            cleaned = nh3.clean(block["value"], tags=ALLOWED, attributes={"a": {"href"}}, link_rel=None)
            assert cleaned.replace("<br>", "") == block["value"].replace("<br/>", "").replace("\xa0", "&nbsp;").replace("\r", "")
    compose_body(blocks, TeaserRule())


PARAGRAPH_LIKE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<br>",
                "<br />",
                "&amp;",
                "&lt;b&gt;",
                "&nbsp;",
                "&eacute;",
                "&#60;",
                "&",
                ">",
                " ",
                "\n",
                "word",
                "\xa0",
            ]
        )
    ),
    max_size=25,
).map("".join)


@given(PARAGRAPH_LIKE)
def test_the_short_way_for_plain_paragraphs_gives_what_the_tree_gives(html: str) -> None:
    through_the_tree = blocks_from_html(html + "<i></i>")
    assert blocks_from_html(html) == through_the_tree
