"""Laying out a body: where the wall stood, notes beside the text, sources, players."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.body import TeaserRule, compose_body
from broadsheet.pages.layout import lay_out

USUAL = TeaserRule()
VIDEO = "https://www.youtube.com/watch?v=abcdefghijk"


def body(*blocks: tuple[str, object], rule: TeaserRule = USUAL) -> tuple[str, str]:
    composed = compose_body([{"type": kind, "value": value} for kind, value in blocks], rule)
    return composed.teaser_html, composed.rest_html


def paragraphs(count: int) -> str:
    return "".join(f"<p>Paragraph {n} has these words and a few more in it.</p>" for n in range(count))


def test_the_first_element_of_the_rest_is_where_the_wall_stood() -> None:
    laid_out = lay_out(*body(("text", paragraphs(10))))
    assert laid_out.opening.count("<p>") == 3
    assert laid_out.rest.startswith('<p id="continue">Paragraph 3 ')


def test_a_heading_or_a_table_after_the_wall_carries_the_place_too() -> None:
    for after in (("text", "<h2>Then</h2>" + paragraphs(9)), ("table", {"data": [["a", "b"], ["c", "d"]]})):
        laid_out = lay_out(*body(("text", paragraphs(3)), ("teaser_end", None), after, ("text", paragraphs(9))))
        assert (laid_out.opening + laid_out.rest).count('id="continue"') == 1
        assert laid_out.rest.index('id="continue"') < laid_out.rest.index(">")


def test_a_paragraph_that_the_wall_cuts_is_whole_again_and_says_where_it_was_cut() -> None:
    first = "<p>" + " ".join(f"Sentence {n} of one long paragraph stands here." for n in range(30)) + "</p>"
    teaser, rest = body(("text", first), rule=TeaserRule(max_words=40))
    assert "data-joined" in rest
    laid_out = lay_out(teaser, rest)
    assert laid_out.opening.count("<p>") == laid_out.opening.count("</p>") == 1
    assert '<span class="paywall" id="continue">' in laid_out.opening
    assert re.sub("<[^>]+>", "", laid_out.opening + laid_out.rest) == re.sub("<[^>]+>", "", first)


def test_a_wall_has_no_place_of_its_own_in_the_text() -> None:
    teaser, _ = body(("text", paragraphs(10)))
    laid_out = lay_out(teaser, "")
    assert laid_out.rest == ""
    assert 'id="continue"' not in laid_out.opening


def test_notes_stand_beside_their_paragraph_and_at_the_end() -> None:
    text = paragraphs(4) + "<p>A claim.[^a] Another.[^b]</p>" + paragraphs(4)
    laid_out = lay_out(
        *body(("text", text), ("footnote", {"key": "a", "text": "First source."}), ("footnote", {"key": "b", "text": "Second."}))
    )
    column = re.search(r'<aside class="beside" aria-label="Note 1 and 2">(.*?)</aside>', laid_out.rest)
    assert column and "First source." in column.group(1) and "Second." in column.group(1)
    assert '<section class="notes repeated">' in laid_out.rest
    assert "#ref-1" not in column.group(1)


def test_notes_that_cannot_stand_beside_the_text_stay_visible_at_the_end() -> None:
    text = paragraphs(4) + "<ul><li>A claim in a list.[^a]</li></ul>" + paragraphs(4)
    laid_out = lay_out(*body(("text", text), ("footnote", {"key": "a", "text": "A source."})))
    assert '<section class="notes">' in laid_out.rest


def test_sources_are_set_apart_from_the_text() -> None:
    laid_out = lay_out(*body(("text", paragraphs(9) + "<h2>Sources</h2><ul><li>A treaty</li></ul>")))
    assert '<section class="sources"><h2>Sources</h2><ul><li>A treaty</li></ul></section>' in laid_out.rest


def test_a_known_player_waits_to_be_pressed_and_an_unknown_one_stays_a_link() -> None:
    known = lay_out(*body(("text", paragraphs(9)), ("embed", {"url": VIDEO, "title": "A speech"}))).rest
    assert 'data-frame="https://www.youtube-nocookie.com/embed/abcdefghijk' in known
    assert "<iframe" not in known
    unknown = lay_out(*body(("text", paragraphs(9)), ("embed", {"url": "https://video.example/1", "title": "A speech"}))).rest
    assert "data-frame" not in unknown and 'href="https://video.example/1"' in unknown


@given(st.integers(1, 14), st.integers(0, 13), st.booleans())
def test_laying_out_never_loses_or_adds_a_word(count: int, cut: int, noted: bool) -> None:
    marks = [("teaser_end", None)] if cut < count else []
    blocks = [("text", paragraphs(cut)), *marks, ("text", paragraphs(count))]
    teaser, rest = body(*blocks)
    laid_out = lay_out(teaser, rest)
    assert re.sub("<[^>]+>", "", laid_out.opening + laid_out.rest) == re.sub("<[^>]+>", "", teaser + rest)
