"""Series: where an article stands in one, and that a change of a series outdates exactly the pages it touches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change
from broadsheet.library import signals
from broadsheet.library.models import Article, Series, SeriesPart, Topic
from broadsheet.pages.models import Variant

pytestmark = pytest.mark.django_db
Make = Callable[..., Article]


def make_series(articles: Sequence[Article], **fields: object) -> Series:
    series = Series(**{"title": "Rivers", "slug": "rivers", "dek": "Of water.", "is_complete": True, **fields})
    series.parts = [SeriesPart(article=article, sort_order=order) for order, article in enumerate(articles)]
    series.save()
    return series


def text_of(client: Client, article: Article) -> str:
    return client.get(article.get_absolute_url()).content.decode()


def place_of(client: Client, article: Article) -> str:
    """What the line under the byline says, or nothing."""
    found = re.search(r'<p class="meta of-series">(.*?)</p>', text_of(client, article))
    return unescape(re.sub(r"<[^>]+>", "", found.group(1))) if found else ""


def test_article_says_which_part_it_is_and_leads_to_its_neighbours(client: Client, make_article: Make) -> None:
    one, two, three, other = (make_article(headline=f"About {name}") for name in ("dams", "locks", "deltas", "cheese"))
    make_series([three, one, two])
    assert [place_of(client, article) for article in (three, one, two, other)] == [
        "Part 1 of 3 of Rivers",
        "Part 2 of 3 of Rivers",
        "Part 3 of 3 of Rivers",
        "",
    ]
    html = text_of(client, one)
    assert f'<a rel="prev" href="{three.get_absolute_url()}"><span>Part 1</span> About deltas</a>' in html
    assert f'<a rel="next" href="{two.get_absolute_url()}"><span>Part 3</span> About locks</a>' in html
    described = json.loads(html.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert [(part["name"], part["url"].endswith("/series/rivers/")) for part in described["isPartOf"]] == [("Rivers", True)]
    assert "isPartOf" not in text_of(client, other)


def test_article_of_two_series_tells_of_one_at_its_head_and_of_both_at_its_end(client: Client, make_article: Make) -> None:
    one, two = make_article(), make_article()
    make_series([one, two])
    make_series([two], title="Dams", slug="dams", is_complete=False)
    html = text_of(client, two)
    assert place_of(client, two) == "Part 2 of 2 of Rivers"
    assert html.count('<nav class="series"') == 2 and "Part 1 of 1 so far in " in html


def test_parts_that_nobody_may_know_of_do_not_count_and_come_in_when_they_are_out(
    client: Client, make_article: Make, publish: Callable[[Article], Article], clock: StoppedClock
) -> None:
    secret = make_article(headline="Not yet", embargo_until=clock.now() + timedelta(hours=1))
    draft, known = make_article(headline="A draft", published=False), make_article(headline="Out")
    make_series([draft, secret, known])
    index = client.get("/series/rivers/").content.decode()
    assert place_of(client, known) == "Part 1 of 1 of Rivers"
    for html in (text_of(client, known), index):
        assert "Not yet" not in html and "A draft" not in html
    clock.advance(timedelta(hours=1))
    assert place_of(client, known) == "Part 2 of 2 of Rivers"
    assert place_of(client, secret) == "Part 1 of 2 of Rivers"
    publish(draft)
    assert [place_of(client, article) for article in (draft, secret, known)][1:] == [
        "Part 2 of 3 of Rivers",
        "Part 3 of 3 of Rivers",
    ]
    secret.unpublish()
    assert place_of(client, known) == "Part 2 of 2 of Rivers"
    assert "Not yet" not in text_of(client, known) + client.get("/series/rivers/").content.decode()


def kept(path: str) -> bool:
    return Variant.objects.filter(path=path).exists()


def test_change_of_a_series_outdates_the_pages_it_touches_and_no_other(client: Client, make_article: Make) -> None:
    topic = Topic.objects.create(name="Water", slug="water")
    one, two, three, other = (make_article(topics=[topic]) for _ in range(4))
    series = make_series([one, two])
    untouched = [*("/", "/topics/water/", "/feed.xml"), *(f"/articles/{article.pk}/" for article in (three, other))]
    touched = ["/series/", "/series/rivers/", "/library/", "/sitemaps/pages.xml", f"/articles/{one.pk}/", f"/articles/{two.pk}/"]

    def show_all() -> None:
        for path in (*untouched, *touched):
            client.get(path, follow=True)
        assert all(map(kept, (*untouched, *touched)))

    def change(do: Callable[[], object], also: str = "") -> None:
        show_all()
        lines = Change.objects.count()
        do()
        assert Change.objects.count() > lines
        assert [path for path in untouched if not kept(path)] == ([also] if also else [])
        assert not any(map(kept, touched))

    series.title, series.slug = "Streams", "streams"
    change(series.save)
    assert client.get("/series/rivers/").status_code == 404
    assert place_of(client, one) == "Part 1 of 2 of Streams"
    touched[1] = "/series/streams/"
    change(lambda: SeriesPart.objects.create(series=series, article=three, sort_order=0), f"/articles/{three.pk}/")
    assert place_of(client, three) == "Part 2 of 3 of Streams"
    change(lambda: SeriesPart.objects.get(article=three).delete(), f"/articles/{three.pk}/")
    assert (place_of(client, one), place_of(client, three)) == ("Part 1 of 2 of Streams", "")
    change(series.delete)
    assert place_of(client, one) == ""


def test_series_show_their_parts_in_order_and_those_without_any_nothing(
    client: Client, make_article: Make, clock: StoppedClock
) -> None:
    make_series([], title="Nothing yet", slug="nothing")
    assert [client.get(path).status_code for path in ("/series/", "/series/nothing/", "/series/none/")] == [404, 404, 404]
    assert "/series/" not in client.get("/library/").content.decode() + client.get("/sitemaps/pages.xml").content.decode()
    new, old = make_article(headline="Newer"), make_article(headline="Older", published_at=clock.now() - timedelta(days=90))
    make_series([old, new], is_complete=False)
    html = client.get("/series/rivers/").content.decode()
    assert html.index("Older") < html.index("Newer") and "2 parts so far" in html
    index = client.get("/series/").content.decode()
    assert "Rivers" in index and "2 parts so far" in index and "Nothing yet" not in index
    assert 'href="/series/"' in client.get("/library/").content.decode()
    assert "/series/rivers/</loc>" in client.get("/sitemaps/pages.xml").content.decode()


def test_a_series_is_announced_once_however_many_parts_are_saved_or_deleted_with_it(make_article: Make) -> None:
    heard: list[tuple[str, list[int]]] = []

    def hear(slug: str, article_ids: list[int], **kwargs: object) -> None:
        heard.append((slug, sorted(article_ids)))

    def changes(do: Callable[[], object]) -> tuple[list[tuple[str, list[int]]], int]:
        heard.clear()
        lines = Change.objects.count()
        do()
        return sorted(heard), Change.objects.count() - lines

    articles = [make_article() for _ in range(4)]
    ids = [article.pk for article in articles]
    signals.series_changed.connect(hear)
    try:
        assert changes(lambda: make_series(articles[:3])) == ([("rivers", ids[:3])], 1)
        series = Series.objects.get()
        series.parts = [SeriesPart(article=article, sort_order=order) for order, article in enumerate(articles[2:])]
        assert changes(series.save) == ([("rivers", ids)], 1)  # two have left it, one is new
        series.slug = "streams"
        assert changes(series.save) == ([("rivers", ids[2:]), ("streams", ids[2:])], 1)
        assert changes(SeriesPart(series=series, article=articles[0]).save) == ([("streams", [ids[0], *ids[2:]])], 1)
        assert changes(series.delete) == ([("streams", [ids[0], *ids[2:]])], 1)
    finally:
        signals.series_changed.disconnect(hear)
