"""The publisher's figures at the desk."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from broadsheet.billing.models import Plan
from broadsheet.desk.roles import Role
from broadsheet.figures.models import ArticleDayCount, DayCount, SubscriptionDay
from broadsheet.library.models import Article

Desk = Callable[[Role], Client]
DAY = date(2026, 2, 16)  # a Monday; the tests' clock stands on the Tuesday after it
FUNNEL, SUBSCRIBERS = "/desk/figures/funnel/", "/desk/figures/subscribers/"

pytestmark = pytest.mark.django_db


def count(kind: str, number: int, *, article: Article | None = None, source: str = "", day: date = DAY) -> None:
    """Add to the sums, as counting events does."""
    row, _ = DayCount.objects.get_or_create(day=day, kind=kind, source=source, defaults={"count": 0})
    row.count += number
    row.save()
    if article is not None:
        ArticleDayCount.objects.create(day=day, kind=kind, source=source, article_id=article.pk, count=number)


def move(what: str, number: int, plan: Plan, *, why: str = "", day: date = DAY, cents: int = 0, currency: str = "EUR") -> None:
    SubscriptionDay.objects.create(
        day=day, what=what, why=why, plan_id=plan.pk, currency=currency, count=number, yearly_cents=cents
    )


def read_csv(answer: Any) -> list[list[str]]:
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode())))


def charts_of(page: str) -> list[Any]:
    return [etree.fromstring(text) for text in re.findall(r"<svg class=\"chart\".*?</svg>", page, re.DOTALL)]


@pytest.mark.parametrize("address", [FUNNEL, SUBSCRIBERS, "/desk/figures/funnel.csv", "/desk/figures/subscribers.csv"])
@pytest.mark.parametrize(
    ("role", "may"), [(Role.PUBLISHER, True), (Role.EDITOR, False), (Role.SUPPORT, False), (Role.WRITER, False)]
)
def test_only_the_publisher_sees_figures(desk: Desk, role: Role, may: bool, address: str) -> None:
    client = desk(role)
    assert (client.get(address).status_code == 200) is may
    assert (FUNNEL in client.get("/desk/").content.decode()) is may


def test_pages_without_figures_say_so(desk: Desk) -> None:
    publisher = desk(Role.PUBLISHER)
    assert "Nothing was counted in these weeks." in publisher.get(FUNNEL).content.decode()
    assert "There are no subscriptions yet." in publisher.get(SUBSCRIBERS).content.decode()


def test_funnel_shows_each_step_week_by_week(desk: Desk) -> None:
    count("wall_shown", 1200, source="stranger")
    count("wall_shown", 800, source="meter", day=DAY - timedelta(days=1))  # the Sunday before: another week
    count("email_left", 60)
    count("subscribed", 3)
    publisher = desk(Role.PUBLISHER)
    page = publisher.get(FUNNEL).content.decode()
    steps, weeks = charts_of(page)
    assert "Wall shown: 2,000; Address left: 60, 3.0% of the step above" in steps.findtext("{*}desc")
    assert steps.get("aria-labelledby").split() == ["steps-title", "steps-desc"]
    assert len(weeks.findall("{*}rect")) == 4
    rows = read_csv(publisher.get("/desk/figures/funnel.csv"))
    assert rows[0][:3] == ["week from", "Wall shown", "Address left"]
    assert [row[:3] for row in rows[-2:]] == [["9 Feb 2026", "800", "0"], ["16 Feb 2026", "1200", "60"]]
    assert rows[-1][-1] == "3"  # the publication's own total is shown, small as it is


def test_small_figures_of_articles_are_hidden(desk: Desk, make_article: Callable[..., Article]) -> None:
    first, second, third = (make_article(headline=f"=The {name}") for name in ("first", "second", "third"))
    for article, number in ((first, 500), (second, 40), (third, 4)):
        count("wall_shown", number, article=article)
    count("wall_shown", 100)
    publisher = desk(Role.PUBLISHER)
    page = publisher.get(f"{FUNNEL}?by=article").content.decode()
    assert "fewer than ten" in page
    drawn = charts_of(page)[0].findtext("{*}desc")
    assert drawn == "=The first: 500; =The second: hidden; =The third: fewer than ten"
    rows = {row[0]: row[1] for row in read_csv(publisher.get("/desk/figures/funnel.csv?by=article"))}
    assert rows == {
        "article": "Wall shown",
        "'=The first": "500",
        "'=The second": "hidden",  # else the third would be the total less the others
        "'=The third": "fewer than ten",
        "All other articles": "0",
        "Without an article": "100",
    }
    for article in (second, third):
        alone = publisher.get(f"{FUNNEL}?article={article.pk}").content.decode()
        assert not re.search(r"<td>(40|4)</td>", alone), "what the table of articles hides"
        assert "Wall shown: 40" not in alone
    assert re.search(r"<td>500</td>", publisher.get(f"{FUNNEL}?article={first.pk}").content.decode())


def test_article_that_does_not_exist_is_said_beside_the_field(desk: Desk) -> None:
    page = desk(Role.PUBLISHER).get(f"{FUNNEL}?article=99").content.decode()
    assert "There is no article with the number “99”." in page
    assert 'aria-describedby="range-problem"' in page


def test_funnel_by_source_names_the_sources(desk: Desk) -> None:
    count("wall_shown", 90, source="stranger")
    count("wall_shown", 30, source="spent")
    count("subscribed", 12, source="spring")
    count("subscribed", 48)
    publisher = desk(Role.PUBLISHER)
    page = publisher.get(f"{FUNNEL}?by=source").content.decode()
    assert "registered, none left" in page
    walls, subscribed = charts_of(page)
    assert walls.findtext("{*}desc") == "strangers: 90; registered, none left: 30"
    assert subscribed.findtext("{*}title") == "Subscribed, by source"
    assert ["Subscribed", "campaign spring", "12"] in read_csv(publisher.get("/desk/figures/funnel.csv?by=source"))


def test_subscribers_add_up(desk: Desk) -> None:
    month = Plan.objects.create(name="Monthly", slug="month", price_cents=980, period="month")
    year = Plan.objects.create(name="Yearly", slug="year", price_cents=9600, period="year")
    move("started", 100, month, day=DAY - timedelta(days=400))
    move("revenue", 0, month, day=DAY - timedelta(days=400), cents=100 * 980 * 12)
    move("started", 20, year)
    move("revenue", 0, year, cents=20 * 9600 + 1, currency="USD")
    move("ended", 11, month, why="cancelled")
    move("ended", 2, month, why="unpaid", day=DAY + timedelta(days=1))
    move("paused", 3, month)
    move("resumed", 1, month)
    move("renewed", 70, month)
    publisher = desk(Role.PUBLISHER)
    rows = read_csv(publisher.get("/desk/figures/subscribers.csv"))
    assert rows[0][:9] == "week from,started,returned,ended,paused,net,renewed,at the end,churn".split(",")
    assert rows[-1] == ["16 Feb 2026", "20", "1", "13", "3", "5", "70", "105", "13.0%", "98000", "16000"]
    assert rows[-2] == ["9 Feb 2026", "0", "0", "0", "0", "0", "0", "100", "0.0%", "98000", "0"]
    page = publisher.get(SUBSCRIBERS).content.decode()
    assert "€980 and $160" in page
    assert len(charts_of(page)) == 4
    reasons = page.split("Why they ended")[1].split("</table>")[0]
    assert "fewer than ten" in reasons and ">11<" not in reasons, "eleven of thirteen would tell of the two"


def test_words_in_charts_are_escaped(desk: Desk, make_article: Callable[..., Article]) -> None:
    article = make_article(headline="Sanctions <script> & ports")
    count("wall_shown", 50, article=article)
    page = desk(Role.PUBLISHER).get(f"{FUNNEL}?article={article.pk}").content.decode()
    assert "<script> &" not in page
    assert charts_of(page)[0].findtext("{*}title").startswith("The way to a subscription from “Sanctions <script> & ports”")
