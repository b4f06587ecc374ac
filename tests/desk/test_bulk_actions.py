"""What is done to many articles at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from broadsheet.core.models import Change
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, ArticleText


def run(client: Client, action: str, articles: list[Article]) -> int:
    ids = "&".join(f"id={article.pk}" for article in articles)
    address = f"/desk/bulk/library/article/{action}/?{ids}&next=/desk/articles/"
    assert client.get(address).status_code == 200
    return client.post(address).status_code


@pytest.mark.django_db
def test_publish_publishes_the_newest_version_of_each(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    articles = [make_article(published=False) for _ in range(3)]
    articles[0].headline = "Newest words"
    articles[0].save_revision()
    assert run(desk(Role.EDITOR), "publish", articles) == 302
    assert Article.objects.filter(live=True).count() == 3
    assert ArticleText.objects.count() == 3
    assert Article.objects.get(pk=articles[0].pk).headline == "Newest words"


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["unpublish", "delete"])
def test_withdrawing_tells_every_surface(desk: Callable[[Role], Client], make_article: Callable[..., Article], action: str) -> None:
    articles = [make_article() for _ in range(2)]
    Change.objects.all().delete()
    assert run(desk(Role.EDITOR), action, articles) == 302
    assert not Article.objects.filter(live=True).exists()
    assert not ArticleText.objects.exists()
    assert set(Change.objects.filter(kind="article").values_list("subject", flat=True)) == {str(article.pk) for article in articles}


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["publish", "unpublish", "delete"])
def test_writer_may_not(desk: Callable[[Role], Client], make_article: Callable[..., Article], action: str) -> None:
    draft, live = make_article(published=False), make_article()
    run(desk(Role.WRITER), action, [draft, live])
    assert list(Article.objects.order_by("pk").values_list("live", flat=True)) == [False, True]
