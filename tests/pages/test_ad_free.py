"""A subscriber's pages and everybody's letters hold no ad, whatever is booked; a truth table says who sees one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern

from broadsheet.accounts.models import User
from broadsheet.ads.booking import Slot
from broadsheet.ads.models import HouseAd
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Author, Byline, Region, Topic
from broadsheet.mail.letters import text_of, write_letter
from broadsheet.mail.render import render_html
from broadsheet.mail.store import load_wording
from broadsheet.mail.wordings import PLACEHOLDERS, LetterKind
from broadsheet.membership.models import Institution
from broadsheet.pages.variants import Audience
from broadsheet.publication.models import PlainPage
from broadsheet.publication.store import load_publication
from broadsheet.web import urls
from tests.truth_table import ACCESSES, ROWS, Maker

pytestmark = pytest.mark.django_db

HEADLINE = "Booked for every place there is"
SIGNS = ("data-ad", 'class="house', "/go/", HEADLINE)
# Whoever holds everything, and whoever reads in an institution's network; all others see ads.
AD_FREE = {
    *("subscriber", "subscriber and unlocked", "one of two subscriptions has ended"),
    *("redeemed gift of everything", "seat of an organisation"),
    *("campus", "staff with second factor"),
}


@pytest.fixture(autouse=True)
def booked(db: None, clock: StoppedClock) -> None:
    """An ad in every slot, for everybody who may see one."""
    for slot in Slot:
        HouseAd.objects.create(headline=HEADLINE, link="/about/", slot=str(slot), first_day=clock.now().date())


@pytest.fixture
def paths(make_article: Callable[..., Article], clock: StoppedClock) -> list[str]:
    """Pages of every kind: the first of each that has no parameter in its address, and one of each that has."""
    topic, region = Topic.objects.create(name="Trade", slug="trade"), Region.objects.create(name="Asia", slug="asia")
    author = Author.objects.create(name="A desk", slug="a-desk")
    PlainPage.objects.create(title="About", slug="about", body="<p>About us.</p>")
    articles = [make_article(access=access, topics=[topic], regions=[region]) for access in ACCESSES]
    for article in articles:
        Byline.objects.create(article=article, author=author)
    withdrawn = make_article()
    withdrawn.unpublish()
    with_names = [article.get_absolute_url() for article in (*articles, withdrawn)]
    with_names += ["/topics/trade/", "/regions/asia/", "/authors/a-desk/", "/about/", "/no/such/page/", "/library/?q=question"]
    with_names += [f"/articles/{articles[1].pk}/share/", "/topics/trade/feed.xml"]
    return [*without_parameters(urls.urlpatterns), *with_names]


def without_parameters(patterns: list[URLPattern]) -> Iterator[str]:
    for pattern in patterns:
        route = str(pattern.pattern)
        if not any(sign in route for sign in "<(^"):
            yield f"/{route}"


def signs_in(text: str) -> list[str]:
    return [sign for sign in SIGNS if sign in text]


def find_ads(client: Client, paths: list[str], **extra: str) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        answer = client.get(path, **extra)
        text = b"".join(answer) if answer.streaming else answer.content
        if answer.headers.get("Content-Type", "").startswith(("text", "application")) and signs_in(text.decode(errors="ignore")):
            found[path] = signs_in(text.decode(errors="ignore"))
    return found


def test_no_page_of_a_subscriber_holds_an_ad(
    client: Client, paths: list[str], make_subscriber: Callable[..., User], sign_in: Callable[..., None]
) -> None:
    assert len(paths) > 30
    sign_in(client, make_subscriber())
    assert find_ads(client, [path for path in paths if path != "/logout/"]) == {}


def test_no_page_in_an_institutions_network_holds_an_ad(client: Client, paths: list[str], clock: StoppedClock) -> None:
    institution = Institution.objects.create(name="University", starts_at=clock.now() - timedelta(days=1))
    institution.networks.create(network="198.51.100.0/24")
    assert find_ads(client, paths, REMOTE_ADDR="198.51.100.7") == {}


def test_strangers_see_ads_where_there_are_slots_and_nowhere_else(client: Client, paths: list[str]) -> None:
    lists = {"/", "/topics/trade/", "/regions/asia/", "/authors/a-desk/", "/library/"}
    articles = {path for path in paths if path.startswith("/articles/") and path.count("/") == 4 and "question" in path}
    live = {path for path in articles if client.get(path).status_code == 200}
    assert set(find_ads(client, paths)) == lists | live


@pytest.mark.parametrize("access", ACCESSES)
def test_truth_table_of_ads(
    access: str,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    clock: StoppedClock,
) -> None:
    article = make_article(access=access)
    maker = Maker(article, make_article(), make_reader, sign_in, clock.now())
    wrong = []
    for row in ROWS:
        client, extra = maker.client(row)
        query = maker.query(row)
        page = client.get(article.get_absolute_url() + query, **extra).content.decode()
        refused = "notice bad" in page  # a wall that says why a link did not open is made for one request, without an ad
        if bool(signs_in(page)) != (row not in AD_FREE and not refused):
            wrong.append(row)
    assert wrong == []


def test_only_strangers_and_registered_readers_are_audiences_of_ads() -> None:
    from broadsheet.pages.ads import SEEN

    assert set(SEEN) == {Audience.STRANGER, Audience.READER}


@pytest.mark.parametrize("kind", LetterKind)
def test_no_letter_holds_an_ad(kind: LetterKind) -> None:
    publication = load_publication()
    written = write_letter(kind, load_wording(kind), {name: f"[{name}]" for name in PLACEHOLDERS[kind]}, footer="Broadsheet")
    assert signs_in(render_html(written, publication) + text_of(written)) == []
