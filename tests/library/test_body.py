"""What is stored of a body: where the teaser ends, what the plain text's offsets point at, what is shown safely."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.core.text import count_words, word_runs
from broadsheet.library.body import ComposedBody, TeaserRule, compose_body, drop_note_references, join_html

RULE = TeaserRule()


def paragraph(number: int, words: int = 40, sentences: int = 4) -> str:
    each = words // sentences
    text = " ".join(" ".join(f"w{number}x{s}x{w}" for w in range(each)).capitalize() + "." for s in range(sentences))
    return f"<p>{text}</p>"


def text_block(*paragraphs: str) -> dict[str, Any]:
    return {"type": "text", "value": "".join(paragraphs)}


def compose(*blocks: dict[str, Any], rule: TeaserRule = RULE) -> ComposedBody:
    return compose_body(blocks, rule)


def strip(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


class TestTeaser:
    def test_three_paragraphs_are_open_when_no_marker_says_otherwise(self) -> None:
        body = compose(text_block(*(paragraph(n) for n in range(10))))
        assert body.teaser_html.count("<p>") == 3
        assert "w2x3x9" in body.teaser_html
        assert "w3x0x0" not in body.teaser_html.casefold()

    def test_the_editors_marker_ends_the_teaser(self) -> None:
        body = compose(
            text_block(paragraph(0)), {"type": "teaser_end", "value": None}, text_block(*(paragraph(n) for n in range(1, 10)))
        )
        assert body.teaser_html.count("<p>") == 1

    def test_a_marker_far_down_opens_no_more_than_350_words(self) -> None:
        body = compose(
            text_block(*(paragraph(n, words=100) for n in range(20))),
            {"type": "teaser_end", "value": None},
            text_block(*(paragraph(n) for n in range(20, 30))),
        )
        assert count_words(body.teaser_text) == 300

    def test_a_short_article_opens_at_most_two_fifths(self) -> None:
        body = compose(text_block(*(paragraph(n) for n in range(4))))
        assert count_words(body.teaser_text) == 40

    def test_a_first_paragraph_longer_than_the_bound_is_cut_at_a_sentences_end(self) -> None:
        body = compose(text_block(paragraph(0, words=600, sentences=12), paragraph(1, words=300)))
        assert count_words(body.teaser_text) == 350
        assert body.teaser_text.endswith(".")
        assert body.rest_html.startswith('<p data-joined="">')

    def test_a_paragraph_that_was_cut_is_whole_again_when_open(self) -> None:
        whole = paragraph(0, words=600, sentences=12)
        body = compose(text_block(whole, paragraph(1, words=300)))
        assert join_html(body.teaser_html, body.rest_html).startswith(whole)

    def test_inline_tags_around_the_cut_are_closed_and_opened_again(self) -> None:
        first = " ".join(f"a{n}" for n in range(30)).capitalize() + "."
        second = " ".join(f"b{n}" for n in range(30)).capitalize() + "."
        third = " ".join(f"c{n}" for n in range(60)).capitalize() + "."
        body = compose(text_block(f"<p><i>{first} {second}</i> {third}</p>"))
        assert body.teaser_html == f"<p><i>{first}</i></p>"
        assert body.rest_html.startswith(f'<p data-joined=""><i>{second}</i>')

    def test_a_single_long_sentence_opens_nothing(self) -> None:
        body = compose(text_block("<p>" + " ".join(f"w{n}" for n in range(500)) + ".</p>"))
        assert body.teaser_html == ""

    def test_a_heading_at_the_cut_goes_with_what_it_heads(self) -> None:
        body = compose(
            text_block(paragraph(0), "<h2>What follows</h2>", paragraph(1, words=200), *(paragraph(n) for n in range(2, 6)))
        )
        assert "What follows" not in body.teaser_html

    def test_the_publication_can_open_less(self) -> None:
        body = compose(text_block(*(paragraph(n) for n in range(10))), rule=TeaserRule(paragraphs=1))
        assert body.teaser_html.count("<p>") == 1


PARAGRAPHS = st.lists(
    st.lists(st.integers(1, 40), min_size=1, max_size=8).map(
        lambda lengths: " ".join(" ".join(f"x{n}y{i}" for i in range(n)).capitalize() + "." for n in lengths)
    ),
    min_size=1,
    max_size=14,
)


class TestPropertiesOfEveryBody:
    @given(PARAGRAPHS, st.none() | st.integers(0, 14))
    def test_the_teaser_stays_within_its_bounds(self, paragraphs: list[str], marker: int | None) -> None:
        blocks: list[dict[str, Any]] = [text_block(f"<p>{text}</p>") for text in paragraphs]
        if marker is not None:
            blocks.insert(min(marker, len(blocks)), {"type": "teaser_end", "value": None})
        body = compose(*blocks)
        total = sum(count_words(text) for text in paragraphs)
        assert count_words(body.teaser_text) <= min(350, total * 0.4)
        assert body.rest_html

    @given(PARAGRAPHS)
    def test_nothing_is_lost_or_doubled_between_teaser_and_rest(self, paragraphs: list[str]) -> None:
        body = compose(text_block(*(f"<p>{text}</p>" for text in paragraphs)))
        assert join_html(body.teaser_html, body.rest_html) == "".join(f"<p>{text}</p>" for text in paragraphs)
        assert body.body_text == "\n\n".join(paragraphs)

    @given(PARAGRAPHS)
    def test_offsets_point_at_the_paragraphs(self, paragraphs: list[str]) -> None:
        body = compose(text_block(*(f"<p>{text}</p>" for text in paragraphs)))
        assert [body.body_text[start:end] for start, end in body.paragraphs] == paragraphs
        assert body.body_text[: body.teaser_end] == body.teaser_text

    @given(st.text(max_size=400))
    def test_any_text_is_shown_without_a_script(self, text: str) -> None:
        body = compose(text_block(text), {"type": "quote", "value": {"text": text, "attribution": text}})
        assert "<script" not in (body.teaser_html + body.rest_html).casefold()
        assert " on" not in re.sub(r">[^<]*<", "><", body.rest_html)


class TestNotes:
    BODY = (
        text_block("<p>First claim.[^b] Second claim.[^a]</p>", *(paragraph(n) for n in range(6))),
        {"type": "footnote", "value": {"key": "a", "text": "<p>The <i>second</i> note.</p>"}},
        {"type": "footnote", "value": {"key": "b", "text": "The first note."}},
        {"type": "footnote", "value": {"key": "c", "text": "A note that nothing refers to."}},
    )

    def test_notes_are_numbered_in_the_order_of_the_text(self) -> None:
        body = compose(*self.BODY)
        assert 'href="#note-1" id="ref-1">1</a></sup> Second' in body.teaser_html
        assert (
            body.rest_html.index("The first note.")
            < body.rest_html.index("second</i> note")
            < body.rest_html.index("nothing refers to")
        )

    def test_notes_stand_behind_the_wall_and_the_wall_does_not_refer_to_them(self) -> None:
        body = compose(*self.BODY)
        assert "note" not in drop_note_references(body.teaser_html)
        assert strip(drop_note_references(body.teaser_html)).startswith("First claim. Second claim.")

    def test_the_plain_text_has_no_marks(self) -> None:
        assert compose(*self.BODY).body_text.startswith("First claim. Second claim.\n\n")

    def test_brackets_that_are_no_note_stay(self) -> None:
        assert "[^x]" in compose(text_block("<p>Odd [^x] mark.</p>")).rest_html


class TestSafety:
    @pytest.mark.parametrize(
        "html",
        [
            "<script>alert(1)</script><p>x</p>",
            '<p onclick="a()">x</p>',
            '<a href="javascript:alert(1)">x</a>',
            '<a href="data:text/html,x">x</a>',
            '<img src=x onerror="a()">',
            '<p style="position:fixed">x</p>',
            "<iframe src=https://example.org></iframe>",
            "<svg onload=a()>",
        ],
    )
    def test_active_content_never_comes_out(self, html: str) -> None:
        out = compose(text_block(html)).rest_html.casefold()
        for bad in ("script", "onclick", "onerror", "onload", "javascript:", "data:", "style=", "<iframe", "<svg"):
            assert bad not in out

    def test_table_cells_and_captions_are_text(self) -> None:
        value = {"data": [["<b>Head</b>", "B"], ["1", "<script>"]], "first_row_is_table_header": True, "table_caption": "A & B"}
        out = compose({"type": "table", "value": value}).rest_html
        assert '<th scope="col">&lt;b&gt;Head&lt;/b&gt;</th>' in out
        assert "<script>" not in out
        assert "<caption>A &amp; B</caption>" in out

    def test_an_embed_is_a_link_until_somebody_asks(self) -> None:
        out = compose({"type": "embed", "value": {"url": "https://video.example/1", "title": "A speech"}}).rest_html
        assert '<a href="https://video.example/1" data-embed rel="noopener">A speech</a>' in out
        assert compose({"type": "embed", "value": {"url": "javascript:x", "title": "A"}}).rest_html == ""


def test_the_teaser_shares_no_run_of_eight_words_with_the_rest() -> None:
    body = compose(text_block(*(paragraph(n) for n in range(12))))
    assert not word_runs(body.teaser_text) & word_runs(strip(body.rest_html))
