"""An article's page in every form: what it must say, and what it must never let out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

import pytest

from broadsheet.core.clock import StoppedClock
from broadsheet.core.text import word_runs
from broadsheet.library.access import Access
from broadsheet.library.models import Article, ArticleText, Author, Byline, Topic
from broadsheet.pages.articles import load_article_page, minutes_of
from broadsheet.pages.render import render_article
from broadsheet.pages.variants import Audience, Variant, usual_variants
from broadsheet.paywall.resolver import Outcome, Reason

pytestmark = pytest.mark.django_db

STRANGER = Variant(Outcome.WALL, Reason.STRANGER, Audience.STRANGER)
OPEN = Variant(Outcome.OPEN, Reason.INSTANT, Audience.STRANGER)
OFFER = "The whole library, searchable to the last word"


def render(article: Article, variant: Variant, clock: StoppedClock, answer: dict[str, object] | None = None) -> str:
    page = load_article_page(article.pk, whole=variant.is_open, now=clock.now())
    return render_article(page, variant, now=clock.now(), answer=answer)


def json_ld(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert found
    loaded: dict[str, object] = json.loads(found.group(1))
    return loaded


def words_of(html: str) -> str:
    """Everything a page sends, attributes and scripts too, as plain words."""
    return unescape(re.sub(r"\\u003[ce]|[<>\"=/]", " ", html))


@pytest.mark.parametrize("access", [Access.METERED, Access.SUBSCRIBERS])
def test_no_wall_lets_out_eight_words_of_the_rest(
    make_article: Callable[..., Article], clock: StoppedClock, access: Access
) -> None:
    article = make_article(access=access)
    text = ArticleText.objects.get(article=article)
    hidden = word_runs(text.body_text[text.teaser_end :])
    walls = [variant for variant in usual_variants(access, 3) if not variant.is_open]
    assert len(walls) > 4
    for variant in walls:
        assert not hidden & word_runs(words_of(render(article, variant, clock))), variant.kind
    shown = re.sub("<[^>]+>", " ", render(article, OPEN, clock))
    assert hidden <= word_runs(unescape(shown))


@pytest.mark.parametrize("access", [Access.METERED, Access.SUBSCRIBERS])
def test_below_every_wall_stands_the_whole_offer(make_article: Callable[..., Article], clock: StoppedClock, access: Access) -> None:
    article = make_article(access=access)
    for variant in usual_variants(access, 3):
        html = render(article, variant, clock)
        assert (OFFER in html) is not variant.is_open, variant.kind
        if not variant.is_open:
            back = f"/subscribe/?next=%2Farticles%2F{article.pk}%2F{article.slug}%2F%23continue"
            assert back in html


def test_each_wall_says_what_its_reader_can_do(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    says = {
        STRANGER: ('name="email"', "Keep reading, free", 'name="newsletter"', f"/articles/{article.pk}/keep-reading/#continue"),
        Variant(Outcome.WALL, Reason.UNCONFIRMED, Audience.STRANGER): (
            'name="code"',
            "Confirm your address first",
            "/confirm/?next=",
        ),
        Variant(Outcome.WALL, Reason.METER, Audience.READER, 2): (
            "2 of 3 articles left this month",
            f"/articles/{article.pk}/unlock/",
            "1 March",
        ),
        Variant(Outcome.WALL, Reason.SPENT, Audience.READER, 0): ("No articles left this month", "1 March"),
        Variant(Outcome.WALL, Reason.SUBSCRIBERS, Audience.STRANGER): ("This article is for subscribers.", "/login/?next="),
    }
    for variant, parts in says.items():
        html = render(article, variant, clock)
        for part in parts:
            assert part in html, (variant.kind, part)
        assert f'data-access="wall" data-reason="{variant.reason}"' in html


def test_the_place_where_the_wall_stood_is_on_every_form_once(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    for variant in usual_variants(Access.METERED, 3):
        assert render(article, variant, clock).count('id="continue"') == 1, variant.kind


def test_after_an_address_was_left_one_quiet_line_says_where_we_wrote(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    html = render(article, OPEN, clock, {"sent": True, "address": "reader@example.org"})
    notice = re.search(r'<p class="notice" role="status">(.*?)</p>', html)
    assert notice and "reader@example.org" in notice.group(1)
    assert "/confirm/?correct=1" in notice.group(1)
    assert html.index('class="notice"') < html.index('id="continue"')


def test_an_address_that_cannot_be_read_stays_in_the_field_with_what_was_wrong(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    answer = {"problem": "Is a letter missing?", "email_typed": 'x"y@example', "newsletter": False}
    html = render(article, STRANGER, clock, answer)
    assert 'value="x&quot;y@example"' in html
    assert 'aria-invalid="true" aria-describedby="email-problem"' in html
    assert re.search(r'id="email-problem">Is a letter missing\?<', html)
    assert " checked" not in html


def test_machines_are_told_that_a_gated_article_is_not_free_and_which_part(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    gated, free = make_article(headline='Ships & </script><b>"straits"'), make_article(access="free")
    for variant in (STRANGER, OPEN):
        told = json_ld(render(gated, variant, clock))
        assert told["isAccessibleForFree"] is False
        assert told["hasPart"] == {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"}
        assert told["headline"] == gated.headline
    told = json_ld(render(free, Variant(Outcome.OPEN, Reason.FREE, Audience.STRANGER), clock))
    assert told["isAccessibleForFree"] is True and "hasPart" not in told
    assert 'class="paywall"' in render(gated, OPEN, clock)


def test_other_sites_are_told_headline_dek_address_and_picture(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article(headline="Long", headline_social="Short", dek="What it is about.")
    html = render(article, STRANGER, clock)
    for name, value in {"og:title": "Short", "og:description": "What it is about.", "og:type": "article"}.items():
        assert f'<meta property="{name}" content="{value}">' in html
    assert f'/articles/{article.pk}/card.png">' in html
    assert f'/articles/{article.pk}/{article.slug}/">' in html and 'rel="canonical"' in html


def test_no_page_carries_a_style_of_its_own_or_an_inline_script(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    html = render(make_article(), OPEN, clock)
    assert "style=" not in html and "<style" not in html
    assert re.findall(r"<script(?![^>]*(?:src=|ld\+json))", html) == []
    assert not re.search(r"\son\w+=", html)


def test_more_from_us_is_never_empty_and_never_the_article_itself(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    water = Topic.objects.create(name="Water", slug="water")
    articles = [make_article(topics=[water] if number % 2 else []) for number in range(6)]
    for article in articles:
        related = load_article_page(article.pk, whole=False, now=clock.now()).related
        assert related
        assert article.pk not in [card.article_id for card in related]


def test_the_only_article_there_is_has_no_row_of_others(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    html = render(make_article(), STRANGER, clock)
    assert "More from" not in html


def test_every_author_is_named_and_led_to(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    for name in ("Anna", "Ben", "Cleo"):
        Byline.objects.create(article=article, author=Author.objects.create(name=name, slug=name.lower()))
    html = render(article, STRANGER, clock)
    byline = re.search(r'<p class="meta byline">(.*?) · <time', html)
    assert byline
    assert re.sub("<[^>]+>", "", byline.group(1)) == "Anna, Ben and Cleo"
    assert 'href="/authors/ben/"' in byline.group(1)


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (220, 1), (221, 2), (2_200, 10), (11_000, 50)])
def test_reading_takes_a_minute_for_each_220_words_and_never_none(words: int, minutes: int) -> None:
    assert minutes_of(words) == minutes


def test_the_wall_and_the_open_page_say_how_long_the_whole_text_takes(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    long, short = make_article(paragraphs=["word " * 110] * 20), make_article(paragraphs=["A brief word."])
    for variant in (STRANGER, OPEN):
        assert " · 10 min read" in render(long, variant, clock) and " · 1 min read" in render(short, variant, clock)
