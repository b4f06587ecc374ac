"""Series and sets to start with, as editors make them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, Region, Series, SeriesPart, StartSet, Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(desk: Callable[[Role], Client]) -> Client:
    return desk(Role.EDITOR)


def address(model: type[Series] | type[StartSet], view: str, *args: int) -> str:
    return reverse(model.snippet_viewset.get_url_name(view), args=args)


def posted(name: str, articles: list[Article], fields: dict[str, str], *, initial: int = 0) -> dict[str, str]:
    rows = [{"article": str(article.pk), "id": "", "ORDER": str(order), "DELETE": ""} for order, article in enumerate(articles)]
    data: dict[str, str] = nested_form_data({**fields, name: inline_formset(rows, initial=initial)})
    return data


def part_of(client: Client, article: Article) -> str:
    html = client.get(article.get_absolute_url()).content.decode()
    return html.split('<p class="meta of-series">')[1].split(" <a")[0] if "of-series" in html else ""


def test_editor_makes_a_series_and_puts_its_parts_in_another_order(
    editor: Client, client: Client, make_article: Callable[..., Article]
) -> None:
    one, two = make_article(), make_article()
    fields = {"title": "Rivers", "slug": "rivers", "dek": "", "is_complete": "on"}
    editor.post(address(Series, "add"), posted("parts", [one, two], fields))
    series = Series.objects.get()
    assert [part_of(client, article) for article in (one, two)] == ["Part 1 of 2 of", "Part 2 of 2 of"]
    first, second = series.parts.order_by("sort_order")
    data = posted("parts", [two, one], fields, initial=2)
    data |= {"parts-0-id": str(second.pk), "parts-1-id": str(first.pk)}
    editor.post(address(Series, "edit", series.pk), data)
    assert [part_of(client, article) for article in (two, one)] == ["Part 1 of 2 of", "Part 2 of 2 of"]
    editor.post(address(Series, "edit", series.pk), {**data, "parts-1-DELETE": "1"})
    assert [part_of(client, article) for article in (two, one)] == ["Part 1 of 1 of", ""]
    assert "Rivers" in editor.get(address(Series, "list")).content.decode()
    editor.post(address(Series, "delete", series.pk))
    assert [part_of(client, article) for article in (two, one)] == ["", ""]


def test_editor_is_told_of_a_part_that_stands_twice(editor: Client, make_article: Callable[..., Article]) -> None:
    one = make_article()
    response = editor.post(address(Series, "add"), posted("parts", [one, one], {"title": "Rivers", "slug": "rivers", "dek": ""}))
    assert response.status_code == 200 and not Series.objects.exists()
    assert "duplicate" in response.content.decode()


def test_editor_makes_a_set_for_one_page_only(editor: Client, client: Client, make_article: Callable[..., Article]) -> None:
    topic, region = Topic.objects.create(name="Water", slug="water"), Region.objects.create(name="Africa", slug="africa")
    fields = {"title": "Begin here", "sentence": "", "topic": str(topic.pk), "region": "", "position": "0"}
    both = editor.post(address(StartSet, "add"), posted("entries", [make_article()], {**fields, "region": str(region.pk)}))
    assert "not both" in both.content.decode() and not StartSet.objects.exists()
    editor.post(address(StartSet, "add"), posted("entries", [make_article()], fields))
    assert "Begin here" in client.get("/topics/water/").content.decode()
    assert "Water" in editor.get(address(StartSet, "list")).content.decode()


def test_lists_cost_the_same_queries_for_one_row_and_for_many(editor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()

    def make(number: int) -> None:
        series = Series.objects.create(title=f"Series {number}", slug=f"series-{number}")
        SeriesPart.objects.create(series=series, article=article)
        StartSet.objects.create(title="By topic", topic=Topic.objects.create(name=f"T{number}", slug=f"t{number}"))
        StartSet.objects.create(title="By region", region=Region.objects.create(name=f"R{number}", slug=f"r{number}"))

    def count_queries() -> list[int]:
        counts = []
        for model in (Series, StartSet):
            with CaptureQueriesContext(connection) as captured:
                assert editor.get(address(model, "list")).status_code == 200
            counts.append(len(captured))
        return counts

    make(0)
    count_queries()
    few = count_queries()
    for number in range(1, 6):
        make(number)
    assert count_queries() == few
    listed = editor.get(address(Series, "list"))
    assert {row.parts_count for row in listed.context["object_list"]} == {1} and "<td>1</td>" in re.sub(
        r"\s*(<[^>]*>)\s*", r"\1", re.sub(r"<td[^>]*>", "<td>", listed.content.decode())
    )


def test_writers_see_neither(desk: Callable[[Role], Client]) -> None:
    writer = desk(Role.WRITER)
    assert {writer.get(address(model, "list")).status_code for model in (Series, StartSet)} == {302}
