"""Articles go live and away at their hour: the worker calls `publish_scheduled`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Revision

from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, ArticleText
from tests.desk.forms import article_data

FAR = datetime(2999, 1, 1, 6, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_scheduled_article_goes_live_at_its_hour_and_not_before(desk: Callable[[Role], Client]) -> None:
    fields = {**article_data(), "go_live_at": "2999-01-01 07:30", "action-publish": "1"}
    assert desk(Role.EDITOR).post("/desk/articles/add/", fields).status_code == 302
    article = Article.objects.get()
    call_command("publish_scheduled", verbosity=0)
    article.refresh_from_db()
    assert not article.live
    revision = article.scheduled_revision
    assert revision.approved_go_live_at == FAR
    # The hour comes: Wagtail reads the machine's clock, so the hour is moved instead.
    hour = timezone.now() - timedelta(seconds=1)
    revision.content["go_live_at"] = hour.isoformat()
    Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=hour, content=revision.content)
    call_command("publish_scheduled", verbosity=0)
    article.refresh_from_db()
    assert article.live
    assert ArticleText.objects.filter(article=article).exists()


@pytest.mark.django_db
def test_expired_article_goes_away(make_article: Callable[..., Article]) -> None:
    article = make_article()
    Article.objects.filter(pk=article.pk).update(expire_at=timezone.now() - timedelta(seconds=1))
    call_command("publish_scheduled", verbosity=0)
    article.refresh_from_db()
    assert (article.live, article.expired) == (False, True)
    assert not ArticleText.objects.filter(article=article).exists()


@pytest.mark.django_db
def test_writer_schedules_nothing(desk: Callable[[Role], Client]) -> None:
    fields = {**article_data(), "go_live_at": "2999-01-01 07:30", "action-publish": "1"}
    desk(Role.WRITER).post("/desk/articles/add/", fields)
    assert Article.objects.get().scheduled_revision is None
