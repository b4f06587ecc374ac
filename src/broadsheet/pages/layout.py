"""Body HTML as the page lays it out: the place where the wall stood, notes beside the text, sources, embeds. Pure.

Takes the HTML that `library.body.compose_body` made, which is clean and regular enough for patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from broadsheet.pages.embeds import frame_of

CONTINUE = 'id="continue"'
_FIRST_TAG = re.compile(r"<(p|h2|h3|ul|ol|blockquote|figure|div|hr|section)\b")
_CUT = re.compile(r'<p data-joined="">(.*?)</p>', re.DOTALL)
_PARAGRAPH = re.compile(r"<p(?: id=\"continue\")?>(?:(?!</p>).)*?</p>", re.DOTALL)
_REFERENCE = re.compile(r'<sup class="note-ref"><a href="#note-(\d+)"')
_NOTE = re.compile(r'<li id="note-(\d+)">(.*?)</li>', re.DOTALL)
_BACK = re.compile(r' <a href="#ref-\d+" class="back".*?</a>', re.DOTALL)
_NOTES = '<section class="notes">'
_SOURCES = re.compile(r"<h2( id=\"continue\")?>Sources</h2>(.*?)(?=<section class=\"notes|\Z)", re.DOTALL)
_EMBED = re.compile(r'<p( id="continue")? class="embed"><a href="([^"]*)" data-embed rel="noopener">(.*?)</a></p>')


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A body in the two parts between which the wall stands, or stood."""

    opening: str
    rest: str


def lay_out(teaser_html: str, rest_html: str) -> LaidOut:
    """Lay out a body.

    Args:
        teaser_html: the open start, with its pictures.
        rest_html: what follows; empty for a wall. Its first element gets the id `continue`, so that sign-in and
            unlock lead back there; a paragraph that the wall cuts is made whole, and its second part gets the id.
    """
    opening, rest = teaser_html, rest_html
    cut = _CUT.match(rest)
    if cut and opening.endswith("</p>"):
        opening = f'{opening.removesuffix("</p>")} <span class="paywall" {CONTINUE}>{cut.group(1)}</span></p>'
        rest = rest[cut.end() :]
    else:
        rest = _FIRST_TAG.sub(rf"<\1 {CONTINUE}", rest.replace(' data-joined=""', "", 1), count=1)
    notes = {number: _BACK.sub("", text) for number, text in _NOTE.findall(rest)}
    if notes:
        opening, rest = _set_beside(opening, notes), _set_beside(rest, notes)
        if _all_set(opening + rest, notes):
            rest = rest.replace(_NOTES, '<section class="notes repeated">')
    rest = _SOURCES.sub(r'<section class="sources"\1><h2>Sources</h2>\2</section>', rest)
    return LaidOut(_with_frames(opening), _with_frames(rest))


def _set_beside(html: str, notes: dict[str, str]) -> str:
    """Each paragraph that refers to notes gets them as a column beside it, for pages wide enough."""

    def noted(match: re.Match[str]) -> str:
        numbers = dict.fromkeys(number for number in _REFERENCE.findall(match.group()) if number in notes)
        if not numbers:
            return match.group()
        column = "".join(f"<p><b>{number}</b> {notes[number]}</p>" for number in numbers)
        name = "Note " + " and ".join(numbers)
        return f'<div class="noted">{match.group()}<aside class="beside" aria-label="{name}">{column}</aside></div>'

    body, mark, tail = html.partition(_NOTES)
    return _PARAGRAPH.sub(noted, body) + mark + tail


def _all_set(html: str, notes: dict[str, str]) -> bool:
    return all(f"<p><b>{number}</b> " in html for number in notes)


def _with_frames(html: str) -> str:
    """Links to players that we know say where their frame is; a click loads it, nothing before."""

    def embed(match: re.Match[str]) -> str:
        known = frame_of(match.group(2))
        here, url, title = match.group(1) or "", match.group(2), match.group(3)
        if known is None:
            return f'<p{here} class="embed"><a href="{url}" rel="noopener">{title}</a></p>'
        note = f"<small>Plays here when you press it; until then nothing is loaded from {known.host}.</small>"
        return f'<p{here} class="embed"><a href="{url}" data-frame="{known.url}" rel="noopener"><span>{title}{note}</span></a></p>'

    return _EMBED.sub(embed, html)
