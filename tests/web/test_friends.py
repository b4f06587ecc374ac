"""Links by which subscribers give single articles to friends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.paywall.friend_flows import forget_old_links
from broadsheet.paywall.models import FriendLink, FriendOpening, Unlock
from broadsheet.publication.models import Publication
from tests.web.pages import state

pytestmark = pytest.mark.django_db


def last_words(article: Article) -> str:
    return str(article.body.raw_data[0]["value"]).rsplit("<p>", 1)[1].removesuffix("</p>")


def text_of(response: Any) -> str:
    return str(response.content.decode())


class Giver:
    """A subscriber's browser that makes links."""

    def __init__(self, client: Client, user: User) -> None:
        self.client, self.user = client, user

    def give(self, article: Article) -> str:
        """Press the button; the link's path and query, or nothing if there is none."""
        answer = self.client.post(f"/articles/{article.pk}/share/")
        assert answer.status_code == 303
        found = re.search(r'value="https?://[^/"]+([^"]+\?friend=[0-9a-f]{32})"', text_of(self.client.get(answer["Location"])))
        return found[1] if found else ""


@pytest.fixture
def giver(visit: Callable[[], Client], make_subscriber: Callable[..., User], sign_in: Callable[..., None]) -> Giver:
    client, user = visit(), make_subscriber()
    sign_in(client, user)
    return Giver(client, user)


@pytest.mark.parametrize("access", ["metered", "subscribers"])
def test_link_opens_its_article_whole_for_a_stranger_who_holds_nothing(
    access: str, giver: Giver, visitor: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article(access=access)
    answer = visitor.get(giver.give(article))
    assert state(answer) == "open friend"
    assert last_words(article) in text_of(answer)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "friend=" not in text_of(answer)
    assert "sessionid" not in answer.cookies


def test_link_opens_no_other_article_no_account_and_spends_nothing(
    giver: Giver,
    visit: Callable[[], Client],
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
) -> None:
    article, other = make_article(), make_article()
    path = giver.give(article)
    query = path.partition("?")[2]
    reader, client = make_reader(), visit()
    sign_in(client, reader)
    assert state(client.get(path)) == "open friend"
    assert state(client.get(f"{other.get_absolute_url()}?{query}")) == "wall meter 3"
    assert state(client.get(article.get_absolute_url())) == "wall meter 3"
    assert Unlock.objects.count() == 0
    stranger = visit()
    assert state(stranger.get(path)) == "open friend"
    assert state(stranger.get(article.get_absolute_url())) == "wall stranger"
    assert stranger.get("/account/")["Location"].startswith("/login/")
    assert stranger.post(f"/articles/{article.pk}/share/")["Location"].startswith("/login/")


def test_link_leads_on_from_an_old_slug_and_is_read_once_on_both(
    giver: Giver, visitor: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    path = giver.give(article)
    old = path.replace(article.slug, "an-older-slug")
    moved = visitor.get(old)
    assert (moved.status_code, moved["Location"], FriendOpening.objects.count()) == (301, path, 0)
    assert state(visitor.get(moved["Location"])) == "open friend"
    assert FriendOpening.objects.count() == 1


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("taken back", "has taken the link back"),
        ("over", "are over"),
        ("subscription ended", "no longer opens"),
        ("account erased", "does not open"),
        ("a letter missing", "does not open"),
        ("switched off", "no longer opens"),
    ],
)
def test_link_that_opens_nothing_shows_the_wall_and_says_why(
    what: str, words: str, giver: Giver, visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    path = giver.give(article)
    if what == "taken back":
        giver.client.post(f"/account/links/{FriendLink.objects.get().pk}/take-back/")
    elif what == "over":
        clock.advance(timedelta(days=14))
    elif what == "subscription ended":
        clock.advance(timedelta(hours=1))
        Grant.objects.update(ends_at=clock.now())
    elif what == "account erased":
        giver.user.delete()
    elif what == "a letter missing":
        path = path[:-1]
    else:
        Publication.objects.create(friend_links_per_month=0)
    answer = visitor.get(path)
    assert state(answer) == "wall stranger"
    assert words in text_of(answer)
    assert last_words(article) not in text_of(answer)
    assert answer["Cache-Control"] == "private, no-store"


def test_link_is_good_to_the_last_second(
    giver: Giver, visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    path = giver.give(make_article())
    clock.advance(timedelta(days=14, seconds=-1))
    assert state(visitor.get(path)) == "open friend"


def test_embargo_and_unpublishing_win(
    giver: Giver, visit: Callable[[], Client], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article, other = make_article(), make_article()
    path, taken_back = giver.give(article), giver.give(other)
    Article.objects.filter(pk=article.pk).update(embargo_until=clock.now() + timedelta(hours=1))
    assert visit().get(path).status_code == 404
    other.unpublish()
    assert visit().get(taken_back).status_code == 410
    assert giver.client.post(f"/articles/{article.pk}/share/").status_code == 404
    assert giver.client.post(f"/articles/{other.pk}/share/").status_code == 404


def test_subscriber_gives_ten_a_month_and_the_same_article_once(
    giver: Giver, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    articles = [make_article() for _ in range(11)]
    first = giver.give(articles[0])
    assert giver.give(articles[0]) == first
    assert "9 of 10 left" in text_of(giver.client.get(f"/articles/{articles[1].pk}/share/"))
    for article in articles[1:10]:
        assert giver.give(article)
    assert giver.give(articles[10]) == ""
    assert "all a month holds" in text_of(giver.client.get(f"/articles/{articles[10].pk}/share/"))
    giver.client.post(f"/account/links/{FriendLink.objects.first().pk}/take-back/")  # type: ignore[union-attr]
    assert giver.give(articles[10]) == "", "what is spent stays spent"
    assert Event.objects.filter(kind="shared").count() == 10
    clock.advance(timedelta(days=14))
    assert giver.give(articles[10])


def test_only_subscribers_give_articles_away(
    visitor: Client, make_reader: Callable[..., User], sign_in: Callable[..., None], make_article: Callable[..., Article]
) -> None:
    article = make_article()
    sign_in(visitor, make_reader())
    assert visitor.post(f"/articles/{article.pk}/share/").status_code == 303
    assert FriendLink.objects.count() == 0
    assert "Subscribers give articles away" in text_of(visitor.get(f"/articles/{article.pk}/share/"))


def test_page_of_a_subscriber_alone_offers_the_link(giver: Giver, visitor: Client, make_article: Callable[..., Article]) -> None:
    article, free = make_article(), make_article(access="free")
    offered = f'href="/articles/{article.pk}/share/"'
    assert offered in text_of(giver.client.get(article.get_absolute_url()))
    assert "/share/" not in text_of(visitor.get(article.get_absolute_url()))
    assert "/share/" not in text_of(giver.client.get(free.get_absolute_url()))
    assert giver.client.get(f"/articles/{free.pk}/share/")["Location"] == free.get_absolute_url()
    assert "/share/" not in text_of(visitor.get(giver.give(article)))
    Publication.objects.create(friend_links_per_month=0)
    assert offered not in text_of(giver.client.get(article.get_absolute_url()))
    assert giver.client.get(f"/articles/{article.pk}/share/").status_code == 404


def test_each_browser_counts_once_and_one_too_many_meets_the_wall(
    giver: Giver, visit: Callable[[], Client], make_article: Callable[..., Article]
) -> None:
    Publication.objects.create(friend_link_browsers=2)
    path = giver.give(make_article())
    first, second, third = visit(), visit(), visit()
    assert [state(browser.get(path)) for browser in (first, second, first, second)] == ["open friend"] * 4
    refused = third.get(path)
    assert state(refused) == "wall stranger"
    assert "as many browsers" in text_of(refused)
    assert third.head(path).status_code == 200
    assert FriendOpening.objects.count() == 2
    assert state(giver.client.get(path)) == "open subscription", "the giver's own browser is none of them"
    assert "opened in 2 browsers" in text_of(giver.client.get("/account/links/"))


def test_account_lists_the_links_and_takes_one_back_of_its_own_only(
    giver: Giver,
    visit: Callable[[], Client],
    make_article: Callable[..., Article],
    make_subscriber: Callable[..., User],
    sign_in: Callable[..., None],
) -> None:
    article = make_article()
    path = giver.give(article)
    link = FriendLink.objects.get()
    assert path in text_of(giver.client.get("/account/links/"))
    other = visit()
    sign_in(other, make_subscriber())
    other.post(f"/account/links/{link.pk}/take-back/")
    assert state(visit().get(path)) == "open friend"
    assert path not in text_of(other.get("/account/links/"))
    giver.client.post(f"/account/links/{link.pk}/take-back/")
    listed = text_of(giver.client.get("/account/links/"))
    assert "You took it back" in listed
    assert path not in listed
    assert giver.give(article) != path, "given away once more it is another link"


def test_table_alone_opens_nothing(giver: Giver, make_article: Callable[..., Article]) -> None:
    token = giver.give(make_article()).partition("friend=")[2]
    link = FriendLink.objects.get()
    assert len(token) == 32
    assert token not in (link.salt, link.token_hash)


def test_old_links_are_forgotten_a_month_after_their_end(
    giver: Giver, visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    visitor.get(giver.give(make_article()))
    clock.advance(timedelta(days=14 + 31))
    forget_old_links(now=clock.now())
    assert FriendLink.objects.count() == 1
    clock.advance(timedelta(seconds=1))
    forget_old_links(now=clock.now())
    assert (FriendLink.objects.count(), FriendOpening.objects.count()) == (0, 0)
