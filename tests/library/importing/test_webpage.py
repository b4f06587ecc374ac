"""Saved web pages: the article is found, and none of the page's furniture reaches its body."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadsheet.library.importing.furniture import is_furniture_text
from broadsheet.library.importing.items import Named, Picture
from tests.library.importing.reading import blocks, body_text, items_of, one_item, one_refusal

PAGES = Path(__file__).parent / "pages"
FURNITURE = (
    "cookie", "subscri", "sign up", "inbox", "log in", "newsletter", "advertis", "share this", "share on", "copy link", "keep reading", "read more", "related",
    "all rights", "cancel", "most read", "read next", "facebook", "linkedin", "donation", "e-mail address", "email address", "archives",
    "more from", "home", "comment", "thoughts on", "price cap", "flags of convenience", "sunda route", "piracy that never was", "observer at the",
    "observers and", "grain prices", "port strike", "coast guard", "next article",
)  # fmt: skip


def whole_body(name: str) -> str:
    return str(blocks(items_of(PAGES / name)[0]))


@pytest.mark.parametrize("name", ["magazine.html", "tables.html", "divs.html", "blog.html"])
def test_no_boilerplate_reaches_the_body(name: str) -> None:
    body = whole_body(name).casefold()
    # One of the pages says "a subscriber to the view", which is its author's sentence and stays.
    found = [phrase for phrase in FURNITURE if phrase in body.replace("a subscriber to the view", "")]
    assert found == []


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("magazine.html", "The strait is less than three kilometres wide", "right of transit passage"),
        ("tables.html", "The reservoir began to fill", "no engineers in the room at all"),
        ("divs.html", "Three regimes were tightened", "in its first article rather than in its last"),
        ("blog.html", "The court annulled the count", "larger share of a smaller vote"),
    ],
)
def test_the_whole_text_is_kept(name: str, first: str, last: str) -> None:
    body = whole_body(name)
    assert first in body
    assert last in body


@pytest.mark.parametrize(
    ("name", "headline", "authors", "day"),
    [
        (
            "magazine.html",
            "The Strait That Pays for Itself",
            ["Oceans desk", "Southeast Asia desk"],
            datetime(2024, 3, 5, 6, 30, tzinfo=UTC),
        ),
        ("tables.html", "Dam on the Upper River", ["Water correspondent"], datetime(2003, 5, 11, 22, 0, tzinfo=UTC)),
        ("divs.html", "Sanctions Without Teeth", ["Economy desk"], datetime(2023, 11, 2, 10, 0, tzinfo=UTC)),
        ("blog.html", "Counting Votes Twice", ["Elections desk"], datetime(2022, 8, 20, 6, 0, tzinfo=UTC)),
    ],
)
def test_headline_byline_and_date_are_found(name: str, headline: str, authors: list[str], day: datetime) -> None:
    item = items_of(PAGES / name)[0]
    assert (item.headline, [author.name for author in item.authors], item.published_at) == (headline, authors, day)


def test_pictures_tables_lists_and_notes_of_the_article_are_kept() -> None:
    item = items_of(PAGES / "magazine.html")[0]
    assert item.lead_photo == Picture(
        "ship.jpg", "A patrol ship passes the narrowest point.", "Photo: Meridian", alt="A grey patrol ship in a narrow strait"
    )
    assert [block["type"] for block in blocks(item)] == ["text", "figure", "table", "text", "footnote"]
    assert blocks(item)[1]["value"]["credit"] == "Map: Meridian"
    assert item.dek == "How three navies split the bill for a narrow sea."
    assert item.identity == "url:quarterly.example/asia/strait-pays-itself"
    assert item.old_addresses == ("/asia/strait-pays-itself",)


def test_a_page_with_a_wall_is_warned_of() -> None:
    assert any("only the beginning" in warning for warning in items_of(PAGES / "magazine.html")[0].warnings)
    assert not any("only the beginning" in warning for warning in items_of(PAGES / "blog.html")[0].warnings)


def test_a_page_saved_as_one_mhtml_file_brings_its_pictures(tmp_path: Path) -> None:
    html = (PAGES / "magazine.html").read_text().replace('src="ship.jpg"', 'src="cid:ship@page"').encode()
    parts = [
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://quarterly.example/asia/x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n',
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: binary\r\n\r\n" + html + b"\r\n",
        b"Content-Type: image/jpeg\r\nContent-ID: <ship@page>\r\nContent-Transfer-Encoding: base64\r\n\r\n/9j/4AAQ\r\n",
    ]
    item = one_item(tmp_path, "p.mhtml", b"\r\n--b\r\n".join(parts) + b"--b--\r\n")
    assert item.headline == "The Strait That Pays for Itself"
    assert item.lead_photo is not None
    assert item.pictures[item.lead_photo.source].startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "html",
    [
        "<html><nav>Home</nav><script>x</script></html>",
        "<html><main><h1>404</h1><p>Not here.</p></main></html>",
        "<article></article>",
        "<main><p>Subscribe now for unlimited access and cancel at any time, for the price of a coffee each month.</p></main>",
    ],
)
def test_a_page_without_an_article_is_refused(html: str, tmp_path: Path) -> None:
    assert "no article" in one_refusal(tmp_path, "p.html", html)


def test_a_body_called_paywall_is_not_taken_for_the_wall(tmp_path: Path) -> None:
    paragraphs = "".join(
        f"<p>Paragraph {number} of the article says something that takes more than one line to say.</p>" for number in range(9)
    )
    item = one_item(tmp_path, "p.html", f'<main><h1>H</h1><div class="paywall">{paragraphs}</div></main>')
    assert body_text(item).count("<p>") == 9


def test_a_byline_is_split_into_names(tmp_path: Path) -> None:
    text = "Words of an article that is long enough to be one, and then some more of them to be sure. " * 3
    item = one_item(
        tmp_path, "p.html", f'<article><h1>H</h1><p class="byline">By Ann Lee, Bo Ray and Cy Fox</p><p>{text}</p></article>'
    )
    assert item.authors == (Named("Ann Lee"), Named("Bo Ray"), Named("Cy Fox"))
    assert "Bo Ray" not in body_text(item)


@pytest.mark.parametrize(
    "text",
    [
        "Subscribe now", "Already a subscriber? Log in", "Sign up for our free newsletter", "Get the best of the week in your inbox",
        "You have read 2 of your 3 free articles this month", "This article is for subscribers only.", "We use cookies to improve your visit.",
        "Share on Facebook", "Advertisement", "Read more: The other story", "5 min read", "Enter your email address", "To continue reading, register",
        "By signing up you agree to our terms", "© 2024 The Paper. All rights reserved.", "Skip to content", "Support our journalism",
    ],
)  # fmt: skip
def test_what_only_furniture_says_is_known(text: str) -> None:
    assert is_furniture_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Both sides agreed to share the water.", "A subscriber to the old doctrine would object.", "The minister read the article aloud.",
        "Members of the council met on Monday.", "The treaty's articles left nobody free to withdraw.", "Follow the money, the judge said.",
        "Registered voters numbered nineteen million.", "They signed up to the pact in 1976 and left it in 1994.",
        "The cookie factory closed.", "Get used to it, the envoy said.", "Join the union and the union joins you.", "Related disputes were left to the court.",
    ],
)  # fmt: skip
def test_sentences_of_articles_are_not_taken_for_furniture(text: str) -> None:
    assert not is_furniture_text(text)
