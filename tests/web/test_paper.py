"""An article taken along: on paper, and as a line in the clipboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from broadsheet.library.models import Article, Author, Byline, Topic

A4 = {"width": 794, "height": 1123}  # CSS pixels
WIDE = {"first_row_is_table_header": True, "data": [[f"A rather wide column {n}" for n in range(9)]] * 3}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_gated_article_prints_its_open_part_alone_and_its_citation_is_copied(
    make_article: Callable[..., Article],
    publish: Callable[[Article], Article],
    open_browser: Callable[..., BrowserContext],
) -> None:
    other = make_article(topics=[Topic.objects.create(name="Water", slug="water")])
    teaser = "<p>Ships pass. <a href='https://example.org/a/long/address'>A treaty</a> says which.</p>" * 3
    body = [
        {"type": "text", "value": teaser},
        {"type": "table", "value": WIDE},
        {"type": "teaser_end", "value": None},
        {"type": "text", "value": "<p>And this is gated, every word of it.</p>" * 40},
    ]
    article = make_article(headline="Who may pass", dek="Of ships.", body=body)
    article.bylines = [Byline(author=Author.objects.create(name="Amara Okafor", slug="amara-okafor"))]
    publish(article)
    context = open_browser(viewport=A4, color_scheme="dark", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(article.get_absolute_url())
    for line in page.locator(".print-only").all():
        expect(line).to_be_hidden()
    expect(page.get_by_text(other.headline)).to_be_visible()

    page.emulate_media(media="print", color_scheme="dark")
    for shown in ("h1", ".byline", ".text p >> nth=0", ".text th >> nth=0", ".masthead .name"):
        expect(page.locator(shown)).to_be_visible()
    expect(page.locator(".text .print-only")).to_be_visible()
    expect(page.locator(".article > .print-only")).to_contain_text(f"/articles/{article.pk}/ · © 2026 Broadsheet")
    for hidden in ("nav", "form", "button", ".wall", ".more", ".about", ".foot a"):
        for part in page.locator(hidden).all():
            expect(part).to_be_hidden()
    drawn = page.evaluate(
        """() => { const of = (name, pseudo) => getComputedStyle(document.querySelector(name), pseudo);
        return [of("body").fontSize, of("body").backgroundColor, of(".text a", "::after").content,
                document.documentElement.scrollWidth <= innerWidth] }"""
    )
    assert drawn == ["14.6667px", "rgb(255, 255, 255)", "none", True]

    page.emulate_media(media="screen")
    page.get_by_text("Cite this article").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#citation").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="BibTeX").click()
    assert download.value.suggested_filename == f"okafor2026-{article.pk}.bib"
