"""Every kind of page in a real browser: readable by all, valid, steady, on a phone and a desktop, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.accounts.models import User
from broadsheet.ads.booking import Slot
from broadsheet.ads.models import HouseAd
from broadsheet.billing.models import Plan
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import (
    Article,
    Author,
    Byline,
    Correction,
    Photo,
    Region,
    Series,
    SeriesPart,
    StartEntry,
    StartSet,
    Topic,
)
from broadsheet.membership.models import Grant
from broadsheet.paywall.flows import unlock_article
from broadsheet.paywall.friend_flows import share_article
from broadsheet.publication.models import PlainPage
from broadsheet.shelves.flows import make_folder, save_article
from broadsheet.shelves.history_flows import note_place, start_history
from broadsheet.shelves.models import Folder, SavedArticle
from tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW = {"width": 360, "height": 740}
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
LONG_HEADLINE = "Why the Convention of 1936 Still Decides Which Warships May Pass the Straits " * 2 + LONG_WORD[:40]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}"><rect width="{0}" height="{1}" fill="#8aa"/></svg>'
PARAGRAPH = (
    "Merchant ships have the simplest rule. In peace they enjoy complete freedom of passage under any flag and with any cargo, "
    "and the convention lets that principle stand without limit of time even if the rest should lapse. Warships are another matter."
)


@dataclass(frozen=True)
class Site:
    """A publication with hard content, and a reader of each kind that sees another page."""

    plain: Article
    hard: Article
    gone: Article
    free: Article
    pages: dict[str, str]
    readers: dict[str, User]


def hard_body(photo: Photo) -> list[dict[str, Any]]:
    wide = [[f"A rather wide column {n}" for n in range(9)], *[[f"{n} by {m} thousand tonnes" for n in range(9)] for m in range(3)]]
    arabic = "<p>“<b>مَن جَدَّ وَجَدَ</b>” she said, and then in Ukrainian: «Київ не впаде», and Erdoğan answered Łukasz.</p>"
    return [
        {"type": "text", "value": f"<p>{PARAGRAPH}</p>" * 3},
        {"type": "teaser_end", "value": None},
        {"type": "text", "value": f"<h2>{LONG_HEADLINE}</h2><p>{LONG_WORD} stands here.[^a] {PARAGRAPH}</p>{arabic}"},
        {
            "type": "figure",
            "value": {"photo": photo, "caption": "A tall drawing.", "credit": "By us", "alt": "A tall rectangle"},
        },
        {
            "type": "table",
            "value": {"data": wide, "first_row_is_table_header": True, "first_col_is_header": True, "table_caption": "Tonnes"},
        },
        {"type": "quote", "value": {"text": PARAGRAPH[:120], "attribution": "An envoy"}},
        {"type": "embed", "value": {"url": "https://www.youtube.com/watch?v=abcdefghijk", "title": "A speech"}},
        {
            "type": "text",
            "value": f"<ul><li>One</li><li>Two</li></ul><blockquote><p>{PARAGRAPH}</p></blockquote>" + f"<p>{PARAGRAPH}</p>" * 9,
        },
        {"type": "text", "value": "<h2>Sources</h2><ul><li>A treaty of 1936</li></ul>"},
        {"type": "footnote", "value": {"key": "a", "text": f"Article 2; see also {PARAGRAPH}"}},
    ]


def draw(name: str, width: int, height: int) -> Photo:
    photo = Photo(title=name, alt=f"A drawing of {name}", caption="What it shows.", credit="Drawing: us")
    photo.file.save(f"{name}.svg", ContentFile(SVG.format(width, height).encode()), save=False)
    photo.width, photo.height = width, height
    photo.save()
    return photo


def arrange(articles: list[Article], topic: Topic) -> None:
    """Put articles into a series and into a set to start with, both with long names."""
    series = Series(title=LONG_HEADLINE[:80], slug="straits", dek=PARAGRAPH)
    series.parts = [SeriesPart(article=article, sort_order=order) for order, article in enumerate(articles)]
    series.save()
    start = StartSet(title=LONG_HEADLINE[:80], sentence=PARAGRAPH[:240], topic=topic)
    start.entries = [StartEntry(article=article, sort_order=order) for order, article in enumerate(articles)]
    start.save()


@pytest.fixture
def site(live_server: Any, make_article: Callable[..., Article], make_reader: Callable[..., User], clock: StoppedClock) -> Site:
    now = clock.now()
    topic = Topic.objects.create(name="Sea lanes and straits", slug="sea-lanes", description="Ships that must pass.")
    region = Region.objects.create(name="Europe", slug="europe", description="From the Baltic to the Aegean.")
    photo, tall = draw("map", 1600, 900), draw("tall", 900, 1400)
    authors = [
        Author.objects.create(
            name=name, slug=f"author-{n}", expertise="Straits", affiliation="A university", biography="<p>Writes.</p>", picture=tall
        )
        for n, name in enumerate(
            ["Erdoğan Łukaszewski-von-und-zu-Hohenberg", "Anna", "Ben", "Cleo", "Desk for everything that is left"]
        )
    ]
    PlainPage.objects.create(title="About", slug="about", body=f"<h2>Who</h2><p>{PARAGRAPH}</p>")
    Plan.objects.create(name="All-Access", slug="all-access", price_cents=900, period="month")
    plain = make_article(paragraphs=[PARAGRAPH] * 14, topics=[topic], regions=[region], main_topic=topic, lead_photo=photo)
    hard = make_article(
        headline=LONG_HEADLINE,
        dek=PARAGRAPH,
        body=hard_body(tall),
        topics=[topic],
        regions=[region],
        kind="in-depth",
        lead_photo=tall,
    )
    for author in authors:
        Byline.objects.create(article=hard, author=author)
    Correction.objects.create(article=hard, date=now.date(), text="An earlier version gave another year.")
    hard.save()
    hard.save_revision().publish()
    free, gone = make_article(access="free", topics=[topic]), make_article()
    arrange([plain, hard, free], topic)
    closed = make_article(access="subscribers", kind="in-depth", regions=[region])
    gone.unpublish()
    readers = {name: make_reader() for name in ("registered", "spent", "subscriber", "unlocked")}
    for article in (make_article(), make_article(), make_article()):
        unlock_article(readers["spent"].pk, article.pk, now=now)
    unlock_article(readers["unlocked"].pk, hard.pk, now=now)
    Grant.objects.create(reader=readers["subscriber"], source="complimentary", starts_at=now, reason="test", created_at=now)
    for slot in Slot:
        HouseAd.objects.create(
            headline=LONG_HEADLINE[:90], text=PARAGRAPH[:240], link="/about/", picture=tall, slot=str(slot), first_day=now.date()
        )
    given = share_article(readers["subscriber"].pk, hard.pk, now=now)
    reader_id = readers["subscriber"].pk
    for article in (plain, hard, gone):
        save_article(reader_id, article.pk, now=now)
    make_folder(reader_id, LONG_WORD[:80], now=now)
    SavedArticle.objects.create(reader_id=reader_id, note=PARAGRAPH, folder=Folder.objects.get(), saved_at=now)
    start_history(reader_id, now=now)
    note_place(reader_id, plain.pk, 3, 14, now=now)
    path = hard.get_absolute_url()
    pages = {
        "article, given by a friend": f"{path}?friend={given.token}",
        "article, by a broken link": f"{path}?friend=none",
        "home": "/",
        "article, wall": path,
        "article, for subscribers": closed.get_absolute_url(),
        "article, free": free.get_absolute_url(),
        "topic": "/topics/sea-lanes/",
        "region": "/regions/europe/",
        "author": "/authors/author-0/",
        "topics": "/topics/",
        "regions": "/regions/",
        "library": "/library/",
        "year": "/library/2026/",
        "kind": "/library/kind/in-depth/",
        "all series": "/series/",
        "series": "/series/straits/",
        "start here": "/start/",
        "corrections": "/corrections/",
        "countries": "/countries/",
        "country": "/countries/ukraine/",
        "library, found": "/library/?q=question&kind=daily",
        "library, nothing": "/library/?q=zebra",
        "plain page": "/about/",
        "not found": "/no-such-page/",
        "gone": gone.get_absolute_url(),
        "as registered": path,
        "as spent": path,
        "as unlocked": path,
        "as subscriber": path,
        "as subscriber, giving": f"/articles/{closed.pk}/share/",
        "as subscriber, having given": f"/articles/{hard.pk}/share/",
        "as subscriber, with links": "/account/links/",
        "as subscriber, with saved articles": "/account/saved/",
        "as subscriber, writing a note": f"/account/saved/{SavedArticle.objects.latest('id').pk}/",
        "as subscriber, with a history": "/account/history/",
    }
    return Site(plain, hard, gone, free, pages, readers)


def sign_in(context: BrowserContext, reader: User) -> None:
    client = Client()
    client.force_login(reader)
    context.add_cookies(
        [{"name": name, "value": cookie.value, "domain": "localhost", "path": "/"} for name, cookie in client.cookies.items()]
    )


def open_each(site: Site, make: Callable[..., BrowserContext], **options: Any) -> Any:
    """Every kind of page, one after another: (name, page)."""
    shared = make(**options).new_page()
    for name, path in site.pages.items():
        page = shared
        if name.startswith("as "):
            context = make(**options)
            sign_in(context, site.readers[name.removeprefix("as ").partition(",")[0]])
            page = context.new_page()
        page.goto(path)
        yield name, page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_on_any_page(
    site: Site,
    open_browser: Callable[..., BrowserContext],
    find_accessibility_problems: Callable[[Page], list[str]],
    scheme: str,
) -> None:
    problems = {
        name: found
        for name, page in open_each(site, open_browser, color_scheme=scheme, viewport=DESKTOP)
        if (found := find_accessibility_problems(page))
    }
    assert problems == {}


def test_axe_finds_nothing_wrong_on_a_phone_with_the_menu_open(
    site: Site, open_browser: Callable[..., BrowserContext], find_accessibility_problems: Callable[[Page], list[str]]
) -> None:
    page = open_browser(viewport=NARROW).new_page()
    for path in ("/", site.hard.get_absolute_url(), "/library/?q=question&kind=daily"):
        page.goto(path)
        page.locator(".menu summary").click()
        assert find_accessibility_problems(page) == [], path


def test_the_html_of_every_page_is_valid(
    site: Site, open_browser: Callable[..., BrowserContext], find_html_errors: Callable[[dict[str, str]], list[str]]
) -> None:
    context = open_browser()
    html = {}
    for name, path in site.pages.items():
        if name.startswith("as "):
            own = open_browser()
            sign_in(own, site.readers[name.removeprefix("as ").partition(",")[0]])
            html[name] = own.request.get(path).text()
        else:
            html[name] = context.request.get(path).text()
    assert find_html_errors(html) == []


@pytest.mark.parametrize("viewport", [NARROW, PHONE, DESKTOP])
def test_no_page_is_wider_than_its_window(
    site: Site, open_browser: Callable[..., BrowserContext], viewport: dict[str, int]
) -> None:
    widths = {
        name: page.evaluate("document.documentElement.scrollWidth")
        for name, page in open_each(site, open_browser, viewport=viewport)
    }
    assert {name: width for name, width in widths.items() if width > viewport["width"]} == {}


def test_a_line_of_text_holds_sixty_to_seventy_five_characters(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser(viewport=DESKTOP).new_page()
    page.goto(site.free.get_absolute_url())
    page.evaluate("document.fonts.ready.then(() => true)")
    per_line = page.evaluate(
        """() => {
            const counts = [];
            for (const p of document.querySelectorAll('.text p')) {
                const range = document.createRange();
                range.selectNodeContents(p);
                const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top))).size;
                if (lines > 3) counts.push(p.textContent.length / (lines - 0.5));
            }
            return counts.reduce((a, b) => a + b) / counts.length;
        }"""
    )
    assert 60 <= per_line <= 75


def test_nothing_on_the_article_page_shifts_while_it_loads(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    for viewport in (NARROW, DESKTOP):
        page = open_browser(viewport=viewport).new_page()
        page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value })"
            ".observe({ type: 'layout-shift', buffered: true })"
        )
        page.goto(site.hard.get_absolute_url(), wait_until="networkidle")
        page.evaluate("document.fonts.ready.then(() => true)")
        assert page.evaluate("window.shift") < 0.02


def test_the_keyboard_reaches_the_text_and_shows_where_it_is(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser().new_page()
    page.goto(site.hard.get_absolute_url())
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator(".masthead .name")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_the_menu_of_a_phone_works_without_javascript(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser(viewport=NARROW, java_script_enabled=False).new_page()
    page.goto("/")
    link = page.locator(".menu").get_by_role("link", name="Topics")
    expect(link).to_be_hidden()
    page.locator(".menu summary").click()
    expect(link).to_be_visible()
    link.click()
    expect(page.locator("h1")).to_have_text("Topics")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_unlock_leads_to_the_place_where_the_wall_stood(
    site: Site, open_browser: Callable[..., BrowserContext], scripts: bool
) -> None:
    context = open_browser(java_script_enabled=scripts, viewport=PHONE)
    sign_in(context, site.readers["registered"])
    page = context.new_page()
    page.goto(site.plain.get_absolute_url())
    button = page.get_by_role("button", name="Read this article")
    button.scroll_into_view_if_needed()
    where = page.locator("#continue").bounding_box()
    button.click()
    expect(page.locator("html")).to_have_attribute("data-access", "open")
    expect(page.locator("html")).to_have_attribute("data-remaining", "2")
    now = page.locator("#continue").bounding_box()
    assert where and now
    assert 0 <= now["y"] < PHONE["height"]
    if scripts:
        assert abs(now["y"] - where["y"]) < 120, "the text went on where the wall stood, without a jump"
        expect(page.locator("#continue")).to_be_focused()


def test_an_address_opens_the_article_in_the_page_and_a_slip_keeps_what_was_typed(
    site: Site, open_browser: Callable[..., BrowserContext]
) -> None:
    page = open_browser(viewport=PHONE).new_page()
    page.goto(site.plain.get_absolute_url())
    page.evaluate("window.same = true")
    page.get_by_label("Email address").fill("reader@example")
    page.get_by_role("button", name="Open this article").click()
    expect(page.locator(".problem")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value("reader@example")
    expect(page.get_by_label("Email address")).to_be_focused()
    page.get_by_label("Email address").fill("reader@example.org")
    page.get_by_role("button", name="Open this article").click()
    expect(page.locator("html")).to_have_attribute("data-reason", "instant")
    expect(page.locator(".notice")).to_contain_text("reader@example.org")
    assert page.evaluate("window.same"), "the page was never left"


def test_a_script_that_fails_leaves_an_ordinary_form(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser(viewport=PHONE).new_page()
    page.goto(site.plain.get_absolute_url())
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('offline')) }")
    page.get_by_label("Email address").fill("reader@example.org")
    page.get_by_role("button", name="Open this article").click()
    expect(page.locator("html")).to_have_attribute("data-access", "open")


def test_a_player_is_loaded_only_when_it_is_pressed(site: Site, open_browser: Callable[..., BrowserContext]) -> None:
    context = open_browser()
    context.route("https://www.youtube-nocookie.com/**", lambda route: route.abort())
    sign_in(context, site.readers["subscriber"])
    page = context.new_page()
    page.goto(site.hard.get_absolute_url())
    assert page.locator("iframe").count() == 0
    assert "youtube" in (page.locator("a[data-frame]").get_attribute("data-frame") or "")


def test_notes_stand_beside_the_text_on_a_wide_page_and_at_its_end_on_a_narrow_one(
    site: Site, open_browser: Callable[..., BrowserContext]
) -> None:
    for viewport, beside in ((DESKTOP, True), (PHONE, False)):
        context = open_browser(viewport=viewport)
        sign_in(context, site.readers["subscriber"])
        page = context.new_page()
        page.goto(site.hard.get_absolute_url())
        assert page.locator(".beside").first.is_visible() is beside
        assert page.locator(".notes").is_visible() is not beside
        if beside:
            text, note = page.locator(".noted > p").bounding_box(), page.locator(".beside").bounding_box()
            assert text and note
            assert note["x"] > text["x"] + text["width"]


def test_a_page_left_open_over_midnight_is_made_anew(
    site: Site, open_browser: Callable[..., BrowserContext], clock: StoppedClock
) -> None:
    page = open_browser().new_page()
    page.goto("/")
    expect(page.locator(".dateline")).to_contain_text("Tuesday 17 February 2026")
    clock.advance(timedelta(days=1))
    page.reload()
    expect(page.locator(".dateline")).to_contain_text("Wednesday 18 February 2026")
