"""House ads from the booking to the page, the click and the figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.ads.models import AdDay, HouseAd
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.web import page_views

pytestmark = pytest.mark.django_db

TODAY = date(2026, 2, 17)


def book(**fields: Any) -> HouseAd:
    values = {"headline": "Come to our evening", "link": "/about/", "slot": "list", "first_day": TODAY, **fields}
    return HouseAd.objects.create(**values)


def shown(client: Client, path: str = "/") -> list[int]:
    return [int(number) for number in re.findall(r'data-ad="(\d+)"', client.get(path).content.decode())]


def test_ad_stands_on_its_pages_with_its_label_and_counts_through_this_site(
    client: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    end = book(
        slot="article-end", headline="Hear us", text="A talk on ports.", link="https://example.org/talk", label="advertisement"
    )
    own = book()
    page = client.get(article.get_absolute_url()).content.decode()
    assert f'data-ad="{end.pk}"' in page
    assert "Advertisement</p>" in page
    assert f'href="/go/{end.pk}/" rel="nofollow sponsored"' in page
    assert "example.org/talk" not in page, "the address that counts the click is ours"
    assert shown(client) == [own.pk]
    assert "From Broadsheet</p>" in client.get("/").content.decode()


@pytest.mark.parametrize("slot", ["list", "article-end"])
def test_nothing_is_shown_early_late_or_after_it_was_switched_off(
    slot: str, client: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    path = "/" if slot == "list" else article.get_absolute_url()
    ad = book(slot=slot, first_day=TODAY + timedelta(days=1), last_day=TODAY + timedelta(days=2))
    assert shown(client, path) == []
    clock.at = datetime(2026, 2, 17, 22, 59, 59, tzinfo=UTC)  # a second before midnight in Berlin
    assert shown(client, path) == []
    clock.at = datetime(2026, 2, 17, 23, 0, tzinfo=UTC)
    assert shown(client, path) == [ad.pk]
    clock.at = datetime(2026, 2, 19, 22, 59, 59, tzinfo=UTC)
    assert shown(client, path) == [ad.pk]
    clock.at = datetime(2026, 2, 19, 23, 0, tzinfo=UTC)
    assert shown(client, path) == []
    ad.last_day = None
    ad.save()
    assert shown(client, path) == [ad.pk]
    ad.is_on = False
    ad.save()
    assert shown(client, path) == []
    ad.is_on = True
    ad.save()
    assert shown(client, path) == [ad.pk]
    ad.delete()
    assert shown(client, path) == []


def test_each_audience_sees_its_own(
    client: Client, make_article: Callable[..., Article], make_reader: Callable[..., User], sign_in: Callable[..., None]
) -> None:
    make_article()
    for_strangers, for_readers = book(audience="stranger"), book(audience="reader")
    assert shown(client) == [for_strangers.pk]
    sign_in(client, make_reader())
    assert shown(client) == [for_readers.pk]


def test_click_leads_to_the_stored_link_alone_and_leaves_nothing_behind(
    client: Client, make_reader: Callable[..., User], sign_in: Callable[..., None]
) -> None:
    sign_in(client, make_reader())
    ad = book(link="https://example.org/talk")
    answer = client.get(f"/go/{ad.pk}/?next=https://evil.example/", headers={"referer": "https://evil.example/"})
    assert (answer.status_code, answer["Location"]) == (302, "https://example.org/talk")
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies
    assert client.get("/go/999/").status_code == 404


def test_views_and_clicks_are_counted_by_day_and_by_nothing_else(
    client: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    page_views.PAGE_VIEWS.write()  # what other tests have left
    AdDay.objects.all().delete()
    end, own = book(slot="article-end"), book()
    for _ in range(3):
        client.get(article.get_absolute_url())
        client.head(article.get_absolute_url())
    client.get("/")
    client.get(f"/go/{own.pk}/")
    client.head(f"/go/{own.pk}/")
    client.get(f"/go/{own.pk}/", headers={"sec-purpose": "prefetch"})
    page_views.PAGE_VIEWS.write()
    clock.advance(timedelta(days=1))
    client.get("/")
    page_views.PAGE_VIEWS.write()
    rows = set(AdDay.objects.values_list("ad_id", "day", "views", "clicks"))
    assert rows == {(end.pk, TODAY, 3, 0), (own.pk, TODAY, 1, 1), (own.pk, TODAY + timedelta(days=1), 1, 0)}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"link": "//evil.example"}, "link"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"last_day": date(2026, 2, 16)}, "last_day"),
        ({"weight": 0}, "weight"),
    ],
)
def test_booking_that_cannot_be_is_refused(fields: dict[str, Any], problem: str) -> None:
    values = {"headline": "Come", "link": "/about/", "first_day": TODAY, **fields}
    with pytest.raises(ValidationError) as refused:
        HouseAd(**values).full_clean()
    assert set(refused.value.message_dict) == {problem}


@pytest.fixture
def publisher(client: Client, make_reader: Callable[..., User], sign_in: Callable[..., None]) -> Client:
    sign_in(client, make_reader(is_staff=True, is_superuser=True), second_factor=True)
    return client


def test_publisher_books_an_ad_and_sees_it_before_it_is_saved(publisher: Client) -> None:
    form = {"label": "own", "headline": "Come to our evening", "text": "", "link": "/about/", "picture": "", "slot": "list"}
    form |= {"audience": "both", "first_day": "2026-02-17", "last_day": "", "weight": "1", "is_on": "on"}
    assert publisher.get("/desk/house-ads/").status_code == 200
    assert publisher.get("/desk/house-ads/add/").status_code == 200
    assert publisher.post("/desk/house-ads/preview/", form).json()["is_valid"]
    preview = publisher.get("/desk/house-ads/preview/").content.decode()
    assert "Come to our evening" in preview
    assert "From Broadsheet</p>" in preview
    refused = publisher.post("/desk/house-ads/add/", {**form, "link": "//evil.example"}).content.decode()
    assert "an address that begins with https://" in refused
    publisher.post("/desk/house-ads/add/", form)
    assert HouseAd.objects.get().headline == "Come to our evening"


def test_figures_show_days_and_hide_small_ones(publisher: Client) -> None:
    ad = book()
    for number, (views, clicks) in enumerate([(1200, 30), (3, 1), (500, 12), (40, 0)]):
        AdDay.objects.create(ad=ad, day=TODAY - timedelta(days=number), views=views, clicks=clicks)
    page = publisher.get(f"/desk/reports/house-ads/{ad.pk}/").content.decode()
    assert "<strong>1,743</strong>" in page
    cells = re.findall(r"<td>([^<]*)</td>", page)
    assert cells[:4] == ["1,200", "30", "fewer than ten", "fewer than ten"]
    assert ">3<" not in page
    assert ">1<" not in page
    few = book()
    AdDay.objects.create(ad=few, day=TODAY, views=5, clicks=0)
    assert ">5<" not in publisher.get(f"/desk/reports/house-ads/{few.pk}/").content.decode(), "a single day is the sum"
    assert "1,743" in publisher.get("/desk/reports/house-ads/").content.decode()


def test_figures_are_for_the_publisher(client: Client, make_reader: Callable[..., User], sign_in: Callable[..., None]) -> None:
    sign_in(client, make_reader(is_staff=True), second_factor=True)
    assert client.get("/desk/reports/house-ads/").status_code in (302, 403)
