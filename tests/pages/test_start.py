"""Sets to start with: where they show, and that empty ones show nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from broadsheet.library.models import Article, Region, StartEntry, StartSet, Topic

pytestmark = pytest.mark.django_db
PAGES = ("/library/", "/topics/water/", "/regions/africa/")


@pytest.fixture
def subjects(db: None) -> tuple[Topic, Region]:
    return Topic.objects.create(name="Water", slug="water"), Region.objects.create(name="Africa", slug="africa")


def make_set(title: str, articles: Sequence[Article], **fields: object) -> StartSet:
    made = StartSet(title=title, sentence=f"Why {title}.", **fields)
    made.entries = [StartEntry(article=article, sort_order=order) for order, article in enumerate(articles)]
    made.save()
    return made


def shown(client: Client, path: str) -> list[str]:
    """The titles of the sets on a page, in order."""
    html = client.get(path).content.decode()
    return [part.split("</h2>")[0] for part in html.split('<h2 id="start-')[1:] for part in [part.split(">", 1)[1]]]


def test_a_set_stands_on_the_page_of_its_subject_and_all_stand_together(
    client: Client, make_article: Callable[..., Article], subjects: tuple[Topic, Region]
) -> None:
    topic, region = subjects
    one, two = make_article(headline="First to read"), make_article(headline="Second to read")
    assert [shown(client, path) for path in PAGES] == [[], [], []]
    assert client.get("/start/").status_code == 404
    of_region = make_set("Africa first", [one], region=region)
    make_set("Water second", [one], topic=topic, position=2)
    make_set("Water first", [two, one], topic=topic, position=1)
    make_set("Everything", [one])
    assert [shown(client, path) for path in PAGES] == [["Everything"], ["Water first", "Water second"], ["Africa first"]]
    assert shown(client, "/start/") == ["Everything", "Water first", "Water second", "Africa first"]
    html = client.get("/topics/water/").content.decode()
    assert html.index("Second to read") < html.index("First to read") and "Why Water first." in html
    assert 'href="/start/"' in client.get("/library/").content.decode()
    of_region.topic, of_region.region = topic, None
    of_region.save()
    assert shown(client, "/topics/water/")[0] == "Africa first" and shown(client, "/regions/africa/") == []


def test_a_set_is_not_shown_to_who_asks_for_more_or_asks_the_library(
    client: Client, make_article: Callable[..., Article], subjects: tuple[Topic, Region]
) -> None:
    make_set("Everything", [make_article()])
    for asked in ("?q=envoy", "?topic=water", "?before=1700000000000000-5"):
        assert shown(client, f"/library/{asked}") == []


def test_an_empty_set_shows_nothing_and_one_loses_what_is_withdrawn(
    client: Client, make_article: Callable[..., Article], subjects: tuple[Topic, Region], publish: Callable[[Article], Article]
) -> None:
    topic, _ = subjects
    draft, known = make_article(headline="A draft", published=False), make_article(headline="Known")
    make_set("Empty", [], topic=topic)
    made = make_set("Drafts", [draft], topic=topic)
    assert shown(client, "/topics/water/") == [] and client.get("/start/").status_code == 404
    StartEntry.objects.create(start_set=made, article=known, sort_order=9)
    html = client.get("/topics/water/").content.decode()
    assert shown(client, "/topics/water/") == ["Drafts"] and "Known" in html and "A draft" not in html
    publish(draft)
    known.unpublish()
    html = client.get("/start/").content.decode()
    assert "A draft" in html and "Known" not in html
    made.delete()
    assert shown(client, "/topics/water/") == []


def test_a_set_belongs_to_one_subject(subjects: tuple[Topic, Region]) -> None:
    topic, region = subjects
    with pytest.raises(ValidationError, match="not both"):
        StartSet(title="Both", topic=topic, region=region).full_clean()
