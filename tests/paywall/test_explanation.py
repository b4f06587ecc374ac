"""Why a reader may or may not read an article."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.paywall.explanation import SENTENCES, explain
from broadsheet.paywall.flows import unlock_article
from broadsheet.paywall.resolver import Outcome, Reason


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


@pytest.mark.django_db
def test_subscriber_is_explained_by_the_grant_and_its_end(
    make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, article = make_reader("reader@example.org"), make_article(access="subscribers")
    now = clock.now()
    grant = Grant.objects.create(
        reader=reader, source="subscription", starts_at=now, ends_at=now + timedelta(days=30), reason="invoice 12", created_at=now
    )
    decision = explain("READER@example.org", article.pk, now=now).decision
    assert decision is not None
    assert (decision.outcome, decision.reason, decision.ends_at) == (Outcome.OPEN, Reason.SUBSCRIPTION, grant.ends_at)
    assert f"grant {grant.pk}" in decision.record


@pytest.mark.django_db
def test_opened_article_is_explained_by_its_slot(
    make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, article, other = make_reader("reader@example.org"), make_article(), make_article()
    unlock_article(reader.pk, article.pk, now=clock.now())
    opened, closed = (explain(reader.email, a.pk, now=clock.now()).decision for a in (article, other))
    assert opened is not None
    assert closed is not None
    assert (opened.reason, opened.record) == (Reason.UNLOCK, "unlock 1 of 2026-02")
    assert (closed.outcome, closed.reason, closed.remaining) == (Outcome.WALL, Reason.METER, 2)


@pytest.mark.django_db
def test_asking_spends_nothing(make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock) -> None:
    reader, article = make_reader("reader@example.org"), make_article()
    for _ in range(5):
        explanation = explain(reader.email, article.pk, now=clock.now())
    assert explanation.decision is not None
    assert explanation.decision.remaining == 3


@pytest.mark.django_db
def test_staff_are_explained_as_readers(
    make_reader: Callable[..., User], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    reader, article = make_reader("writer@example.org", is_staff=True), make_article(access="subscribers")
    decision = explain(reader.email, article.pk, now=clock.now()).decision
    assert decision is not None
    assert decision.reason is Reason.SUBSCRIBERS


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "rule"), [("reader@example.org", "meter"), ("nobody@example.org", "stranger"), ("no address", "stranger")]
)
def test_command_prints_rule_record_and_end(
    make_reader: Callable[..., User], make_article: Callable[..., Article], email: str, rule: str
) -> None:
    make_reader("reader@example.org")
    article = make_article()
    printed = StringIO()
    call_command("explain-access", email, str(article.pk), stdout=printed)
    lines = dict(line.split(maxsplit=1) for line in printed.getvalue().splitlines())
    assert (lines["outcome"], lines["rule"], lines["record"], lines["ends"]) == ("wall", rule, "-", "-")


@pytest.mark.django_db
def test_command_prints_json_for_programs(make_article: Callable[..., Article]) -> None:
    printed = StringIO()
    call_command("explain-access", "nobody@example.org", "999", "--json", stdout=printed)
    assert json.loads(printed.getvalue())["outcome"] == "no such article"
