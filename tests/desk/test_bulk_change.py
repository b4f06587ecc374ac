"""Topics, regions, authors, access and kind of many articles, changed at once and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from wagtail.admin.models import EditingSession
from wagtail.models import ModelLogEntry, ReferenceIndex, Revision

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change
from broadsheet.desk import bulk_flows, bulk_store
from broadsheet.desk.bulk_actions import PublishArticles, UnpublishArticles
from broadsheet.desk.bulk_operation import Operation
from broadsheet.desk.models import BulkChange, BulkEntry
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, Author, Byline, Region, Topic
from broadsheet.library.search.index_flows import Indexer
from tests.desk.forms import article_data, loaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(make_staff: Callable[..., User]) -> User:
    return make_staff(Role.EDITOR)


@pytest.fixture
def change(editor: User, clock: StoppedClock) -> Callable[..., BulkChange]:
    """Begin a bulk change of articles and carry it to its end."""

    def begin(operation: Operation, articles: list[Article], *, to_its_end: bool = True, **values: Any) -> BulkChange:
        ids = [article.pk for article in articles]
        made = bulk_flows.begin(operation, ids, summary="A change", chosen="Some", by=editor, now=clock.now())
        while to_its_end and bulk_flows.take_batch(made.pk, now=clock.now()):
            pass
        made.refresh_from_db()
        return made

    return begin


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_flows, "BATCH", 2)


@pytest.fixture
def topic() -> Topic:
    return Topic.objects.create(name="Energy", slug="energy")


def topics_of(article: Article) -> set[str]:
    return set(Article.objects.get(pk=article.pk).topics.values_list("name", flat=True))


def names_of(article: Article) -> list[str]:
    return list(Byline.objects.filter(article=article).order_by("sort_order").values_list("author__name", flat=True))


def reasons(made: BulkChange) -> dict[int, tuple[str, str]]:
    return {entry.article_id: (entry.outcome, entry.reason) for entry in made.entries.all()}


def test_everything_at_once_and_back(change: Any, make_article: Any, editor: User, topic: Topic, clock: StoppedClock) -> None:
    war, europe, asia = (
        Topic.objects.create(name="War", slug="war"),
        *(Region.objects.create(name=n, slug=n.lower()) for n in ("Europe", "Asia")),
    )
    anna, ben = (Author.objects.create(name=name, slug=name.lower()) for name in ("Anna", "Ben"))
    article, bare = make_article(topics=[war], regions=[europe], main_topic=war), make_article()
    Byline.objects.create(article=article, author=anna)
    operation = Operation(
        add_topics=(topic.pk,),
        remove_topics=(war.pk,),
        add_regions=(asia.pk,),
        remove_regions=(europe.pk,),
        authors=(ben.pk,),
        keeps_authors=False,
        access="free",
        kind="briefing",
    )
    made = change(operation, [article, bare])
    assert (made.state, made.counts) == ("done", {"changed": 2})
    for one in (article, bare):
        one.refresh_from_db()
        assert (topics_of(one), names_of(one), one.access, one.kind, one.main_topic) == (
            {"Energy"},
            ["Ben"],
            "free",
            "briefing",
            None,
        )
        assert [region.name for region in Article.objects.get(pk=one.pk).regions.all()] == ["Asia"]
    assert bulk_flows.undo(made.pk, by=editor, now=clock.now())
    made.refresh_from_db()
    assert (made.state, made.counts) == ("undone", {"restored": 2})
    article.refresh_from_db()
    assert (topics_of(article), names_of(article), article.access, article.main_topic) == ({"War"}, ["Anna"], "metered", war)
    assert not bulk_flows.undo(made.pk, by=editor, now=clock.now()), "once"
    assert ModelLogEntry.objects.filter(action=bulk_store.LOG_ACTION, user=editor).count() == 4


def test_the_next_publication_takes_nothing_back(change: Any, make_article: Any, topic: Topic) -> None:
    """Neither of the version that is live, nor of a draft that was begun before."""
    anna = Author.objects.create(name="Anna", slug="anna")
    plain, drafted = make_article(), make_article()
    draft = Article.objects.get(pk=drafted.pk)
    draft.headline = "Newer words"
    draft.save_revision()
    before = Revision.objects.count()
    change(Operation(add_topics=(topic.pk,), authors=(anna.pk,), access="free"), [plain, drafted])
    assert Revision.objects.count() == before + 1, "only a newer draft gets another version"
    for one in (plain, drafted):
        one.refresh_from_db()
        assert one.access == "free" and topics_of(one) == {"Energy"}
        one.latest_revision.publish()
        one.refresh_from_db()
        assert (one.access, topics_of(one), names_of(one), one.has_unpublished_changes) == ("free", {"Energy"}, ["Anna"], False)
    assert drafted.headline == "Newer words"


def test_a_draft_keeps_what_it_alone_says(change: Any, make_article: Any, topic: Topic, editor: User, clock: StoppedClock) -> None:
    war = Topic.objects.create(name="War", slug="war")
    article = make_article()
    draft = Article.objects.get(pk=article.pk)
    draft.topics, draft.access = [war], "subscribers"
    draft.save_revision()
    made = change(Operation(add_topics=(topic.pk,)), [article])
    latest = Article.objects.get(pk=article.pk).latest_revision.as_object()
    assert ({one.name for one in latest.topics.all()}, latest.access) == ({"War", "Energy"}, "subscribers")
    assert topics_of(article) == {"Energy"}
    bulk_flows.undo(made.pk, by=editor, now=clock.now())
    latest = Article.objects.get(pk=article.pk).latest_revision.as_object()
    assert ({one.name for one in latest.topics.all()}, topics_of(article)) == ({"War"}, set())


@pytest.mark.parametrize("action", [PublishArticles, UnpublishArticles])
def test_an_action_on_articles_that_a_bulk_change_has_reached_meanwhile_takes_nothing_back(
    change: Any, make_article: Any, topic: Topic, action: Any
) -> None:
    articles = [make_article() for _ in range(2)]
    articles[0].headline = "Newer words"
    articles[0].save_revision()
    chosen = list(Article.objects.order_by("-pk"))  # as Wagtail loads them, before the action's transaction
    change(Operation(add_topics=(topic.pk,), access="subscribers"), articles)
    with CaptureQueriesContext(connection) as captured:
        assert action.execute_action(chosen) == (2, 0)
    for article in articles:
        article.refresh_from_db()
        assert (article.access, topics_of(article)) == ("subscribers", {"Energy"})
        assert article.get_latest_revision_as_object().access == "subscribers"
    if connection.features.has_select_for_update:
        first = next(query["sql"] for query in captured if "library_article" in query["sql"])
        assert first.endswith("FOR UPDATE") and "ORDER BY" in first


@pytest.mark.parametrize("state", ["imported", "published", "draft that saves itself", "published, saves itself"])
def test_a_form_that_was_open_does_not_take_it_back(
    change: Any, make_article: Any, topic: Topic, editor: User, sign_in: Any, state: str
) -> None:
    article = make_article()
    if state == "imported":
        Revision.objects.all().delete()
    if state == "draft that saves itself":
        article.headline = "Being written"
        article.save_revision(user=editor)
    posted = loaded(article)
    if "saves itself" in state:
        posted["overwrite_revision_id"] = posted["loaded_revision_id"]
    if state != "published":
        EditingSession.objects.create(user=editor, content_object=article, last_seen_at=timezone.now())
    change(Operation(add_topics=(topic.pk,)), [article])
    answer = sign_in(editor).post(
        f"/desk/articles/edit/{article.pk}/", {**article_data(headline="My words"), **posted, "action-publish": "Publish"}
    )
    assert answer.status_code == 200 and "Somebody else saved this article" in answer.content.decode()
    assert topics_of(article) == {"Energy"}


def test_the_desk_knows_where_an_author_and_a_main_topic_are_used(
    change: Any, make_article: Any, topic: Topic, editor: User, clock: StoppedClock
) -> None:
    anna, ben = (Author.objects.create(name=name, slug=name.lower()) for name in ("Anna", "Ben"))
    article = make_article(main_topic=topic, topics=[topic])
    article.bylines = [Byline(author=anna)]
    article.save()

    def told() -> set[tuple[str, str, object]]:
        return set(ReferenceIndex.objects.values_list("to_object_id", "content_path", "content_path_hash"))

    before = told()
    assert {(number, path) for number, path, _ in before if path == "main_topic"} == {(str(topic.pk), "main_topic")}
    made = change(Operation(authors=(ben.pk,), remove_topics=(topic.pk,)), [article])
    after = told()
    assert {number for number, path, _ in after if path != "main_topic"} == {str(anna.pk), str(ben.pk)} and len(after) == 2
    ReferenceIndex.create_or_update_for_object(Article.objects.get(pk=article.pk))
    assert told() == after
    bulk_flows.undo(made.pk, by=editor, now=clock.now())
    assert told() == before


def test_what_is_scheduled_in_review_locked_or_gone_is_left_alone_and_named(
    change: Any, make_article: Any, editor: User, make_staff: Any, clock: StoppedClock
) -> None:
    scheduled, reviewed, locked, gone, mine = (make_article() for _ in range(5))
    scheduled.go_live_at = timezone.now() + timedelta(days=900)
    scheduled.save_revision().publish()
    reviewed.save_revision()
    reviewed.get_workflow().start(reviewed, make_staff(Role.WRITER))
    for article, owner in ((locked, make_staff(Role.EDITOR)), (mine, editor)):
        Article.objects.filter(pk=article.pk).update(locked=True, locked_by=owner)
    number = gone.pk
    Article.objects.filter(pk=gone.pk).delete()
    gone.pk = number
    made = change(Operation(access="free"), [scheduled, reviewed, locked, gone, mine])
    assert reasons(made) == {
        scheduled.pk: ("skipped", bulk_store.SCHEDULED),
        reviewed.pk: ("skipped", bulk_store.IN_REVIEW),
        locked.pk: ("skipped", bulk_store.LOCKED),
        number: ("gone", ""),
        mine.pk: ("changed", ""),
    }


def test_access_is_followed_everywhere_in_the_same_transaction(
    change: Any, make_article: Any, search_index: Indexer, client: Client, editor: User, clock: StoppedClock
) -> None:
    article, draft = make_article(), make_article(published=False)
    search_index.step()
    address, topic = article.get_absolute_url(), Topic.objects.create(name="Energy", slug="energy")
    assert b'data-access="wall"' in client.get(address).content
    Change.objects.all().delete()
    made = change(Operation(access="free", add_topics=(topic.pk,)), [article, draft])
    assert list(Change.objects.values_list("kind", "subject")) == [("articles", str(article.pk)), ("pages", "")]
    assert b'data-access="open"' in client.get(address).content
    assert article.headline in client.get("/topics/energy/").content.decode()
    assert search_index.step() == 1
    assert article.headline in client.get("/library/?topic=energy").content.decode()
    bulk_flows.undo(made.pk, by=editor, now=clock.now())
    assert b'data-access="wall"' in client.get(address).content
    assert article.headline not in client.get("/topics/energy/").content.decode()


def test_killed_in_the_middle_it_goes_on_to_the_same_end(
    change: Any, make_article: Any, small_batches: None, monkeypatch: pytest.MonkeyPatch, topic: Topic, clock: StoppedClock
) -> None:
    articles = [make_article(published=False) for _ in range(5)]
    made = change(Operation(add_topics=(topic.pk,)), articles, to_its_end=False)
    assert made.counts == {"changed": 2, "waiting": 3}

    def die(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        killed.setattr(bulk_flows, "_save", die)
        bulk_flows.take_batch(made.pk, now=clock.now())
    assert sum(map(len, map(topics_of, articles))) == 2, "half a batch is no batch"
    assert bulk_flows.carry_on(now=clock.now()) == 1
    made.refresh_from_db()
    assert (made.state, made.counts) == ("done", {"changed": 5})
    assert all(topics_of(article) == {"Energy"} for article in articles)
    assert bulk_flows.carry_on(now=clock.now()) == 0


def test_stopped_it_can_go_on_or_be_taken_back(
    change: Any, make_article: Any, small_batches: None, topic: Topic, editor: User, clock: StoppedClock
) -> None:
    articles = [make_article(published=False) for _ in range(5)]
    made = change(Operation(add_topics=(topic.pk,)), articles, to_its_end=False)
    assert bulk_flows.stop(made.pk, now=clock.now()) and not bulk_flows.stop(made.pk, now=clock.now())
    assert bulk_flows.carry_on(now=clock.now()) == 0
    assert bulk_flows.resume(made.pk, by=editor, now=clock.now())
    assert bulk_flows.take_batch(made.pk, now=clock.now())
    bulk_flows.stop(made.pk, now=clock.now())
    assert bulk_flows.undo(made.pk, by=editor, now=clock.now())
    while bulk_flows.take_batch(made.pk, now=clock.now()):
        pass
    made.refresh_from_db()
    assert (made.state, made.counts) == ("undone", {"restored": 4, "waiting": 1})
    assert not any(topics_of(article) for article in articles)


def test_two_at_once_do_not_disturb_each_other_and_the_first_cannot_be_undone_under_the_second(
    change: Any, make_article: Any, small_batches: None, topic: Topic, editor: User, clock: StoppedClock
) -> None:
    war = Topic.objects.create(name="War", slug="war")
    articles = [make_article(published=False) for _ in range(4)]
    first, second = (change(Operation(add_topics=(one.pk,)), articles, to_its_end=False) for one in (topic, war))
    while bulk_flows.carry_on(now=clock.now()):
        pass
    assert all(topics_of(article) == {"Energy", "War"} for article in articles)
    bulk_flows.undo(first.pk, by=editor, now=clock.now())
    while bulk_flows.carry_on(now=clock.now()):
        pass
    first.refresh_from_db()
    assert first.counts == {"kept": 4} and set(reasons(first).values()) == {("kept", bulk_flows.CHANGED_SINCE)}
    bulk_flows.undo(second.pk, by=editor, now=clock.now())
    while bulk_flows.carry_on(now=clock.now()):
        pass
    assert all(topics_of(article) == {"Energy"} for article in articles)


def test_it_stops_when_its_topic_or_its_editor_is_gone(
    change: Any, make_article: Any, small_batches: None, topic: Topic, editor: User, make_staff: Any, clock: StoppedClock
) -> None:
    articles = [make_article(published=False) for _ in range(5)]
    made = change(Operation(add_topics=(topic.pk,)), articles, to_its_end=False)
    topic.delete()
    other = change(Operation(access="free"), articles, to_its_end=False)
    editor.groups.set([Group.objects.get(name=Role.WRITER)])
    bulk_flows.carry_on(now=clock.now())
    made.refresh_from_db(), other.refresh_from_db()
    assert (made.state, made.trouble) == (other.state, other.trouble) == ("stopped", bulk_flows.NO_RIGHTS.format(editor.email))
    publisher = make_staff(Role.PUBLISHER)
    for one in (made, other):
        assert bulk_flows.resume(one.pk, by=publisher, now=clock.now())
    bulk_flows.carry_on(now=clock.now())
    made.refresh_from_db(), other.refresh_from_db()
    assert (other.staff, other.resumed_by) == (editor, publisher), "who began it stays in the log"
    lines = ModelLogEntry.objects.filter(data__words=f"A change (bulk change {other.pk})")
    assert set(lines.values_list("user", flat=True)) == {editor.pk, publisher.pk}
    assert (made.state, made.trouble, other.state) == ("stopped", bulk_flows.NO_SUBJECT, "done")


def test_one_that_fails_is_stopped_and_the_others_go_on(
    change: Any, make_article: Any, small_batches: None, editor: User, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [make_article(published=False) for _ in range(5)]
    bad, good = (change(Operation(access=access), articles, to_its_end=False) for access in ("free", "subscribers"))
    write = bulk_store.write_articles
    error: Exception = OperationalError("canceled")

    def write_or_fail(rewrites: Any, one: BulkChange, **values: Any) -> None:
        if one.pk == bad.pk:
            raise error
        write(rewrites, one, **values)

    with monkeypatch.context() as broken:
        broken.setattr(bulk_store, "write_articles", write_or_fail)
        with pytest.raises(OperationalError):
            bulk_flows.carry_on(now=clock.now())
        bad.refresh_from_db(), good.refresh_from_db()
        assert (bad.state, good.state) == ("running", "done"), "the database may be well again at the next turn"
        error = ValueError("odd content")
        assert bulk_flows.carry_on(now=clock.now()) == 0
    bad.refresh_from_db()
    assert (bad.state, bad.trouble, bad.counts) == ("stopped", bulk_flows.FAILED, {"changed": 2, "waiting": 3})
    assert bulk_flows.resume(bad.pk, by=editor, now=clock.now())
    bulk_flows.carry_on(now=clock.now())
    bad.refresh_from_db()
    assert (bad.state, bad.trouble, bad.counts) == ("done", "", {"changed": 5})


def test_after_thirty_days_what_was_stopped_does_not_go_on(
    change: Any, make_article: Any, small_batches: None, desk: Any, clock: StoppedClock
) -> None:
    made = change(Operation(access="free"), [make_article(published=False) for _ in range(3)], to_its_end=False)
    bulk_flows.stop(made.pk, now=clock.now())
    client, address = desk(Role.EDITOR), f"/desk/bulk-changes/{made.pk}/"
    assert "Go on" in client.get(address).content.decode()
    clock.advance(timedelta(days=30))
    bulk_flows.forget_old_entries(now=clock.now())
    page = client.get(address).content.decode()
    assert "Go on" not in page and "It cannot go on any more" in page
    assert "or 30 days are over" in client.post(f"{address}resume/", follow=True).content.decode()
    made.refresh_from_db()
    assert (made.state, made.counts) == ("stopped", {"changed": 2, "waiting": 1})


def test_after_thirty_days_nothing_is_taken_back_and_only_the_log_is_left(
    change: Any, make_article: Any, editor: User, clock: StoppedClock
) -> None:
    made = change(Operation(access="free"), [make_article(published=False)])
    clock.advance(timedelta(days=29))
    assert bulk_flows.forget_old_entries(now=clock.now()) == 0 and bulk_flows.may_undo(made, now=clock.now())
    clock.advance(timedelta(days=1))
    assert not bulk_flows.may_undo(made, now=clock.now()) and not bulk_flows.undo(made.pk, by=editor, now=clock.now())
    assert bulk_flows.forget_old_entries(now=clock.now()) == 1
    assert BulkChange.objects.count() == 1 and not BulkEntry.objects.exists()


def test_a_batch_costs_as_many_questions_for_ten_articles_as_for_two(
    change: Any, make_article: Any, topic: Topic, clock: StoppedClock, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    articles = [make_article(published=False) for _ in range(10)]
    Revision.objects.all().delete()
    with django_assert_max_num_queries(40):
        made = change(Operation(add_topics=(topic.pk,), access="free"), articles)
    assert made.counts == {"changed": 10}


# -- The pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(desk: Callable[[Role], Client], make_article: Any, topic: Topic) -> tuple[Client, str]:
    """An editor who has filtered the list and chosen all that it shows: two articles of three."""
    for headline in ("The strait closes", "The strait opens"):
        make_article(headline=headline)
    make_article(headline="Elsewhere")
    client = desk(Role.EDITOR)
    answer = client.get("/desk/bulk/library/article/change/?q=strait&access=metered&id=all&next=/desk/articles/")
    return client, answer["Location"]


def test_from_the_filtered_list_to_the_report_and_back(asked: tuple[Client, str], topic: Topic, clock: StoppedClock) -> None:
    client, address = asked
    assert "all 2 articles of the list with “strait”, Access: Metered" in client.get(address).content.decode()
    refused = client.post(address, {"author_place": "add"})
    assert refused.status_code == 422 and "Nothing is chosen yet" in refused.content.decode()
    refused = client.post(address, {"add_topics": topic.pk, "remove_topics": topic.pk})
    assert "You add Energy at the same time" in refused.content.decode()
    said = {"add_topics": topic.pk, "access": "free"}
    preview = client.post(address, said).content.decode()
    assert "Add topic Energy; access: Free" in preview and "The strait closes" in preview and 'value="2/2"' in preview
    assert not BulkChange.objects.exists()
    again = client.post(address, {**said, "agreed": "3/3"}).content.decode()
    assert "have changed while you looked" in again and not BulkChange.objects.exists()
    answer = client.post(address, {**said, "agreed": "2/2"})
    made = BulkChange.objects.get()
    assert answer["Location"] == f"/desk/bulk-changes/{made.pk}/"
    report = client.get(answer["Location"]).content.decode()
    assert "Add topic Energy; access: Free" in report and "Take it back" in report and "17 February 2026" in report
    assert Article.objects.filter(access="free", topics=topic).count() == 2
    Article.objects.filter(headline="The strait opens").update(access="subscribers")
    client.post(f"/desk/bulk-changes/{made.pk}/undo/")
    report = client.get(answer["Location"]).content.decode()
    assert "The strait opens" in report and bulk_flows.CHANGED_SINCE in report and "The strait closes" not in report
    assert "Add topic Energy" in client.get("/desk/bulk-changes/").content.decode()
    history = client.get(f"/desk/articles/history/{Article.objects.get(headline='The strait closes').pk}/").content.decode()
    assert "Taken back: Add topic Energy; access: Free" in history


def test_who_may_not_publish_changes_nothing(asked: tuple[Client, str], desk: Callable[[Role], Client]) -> None:
    _, address = asked
    for role in (Role.WRITER, Role.SUPPORT):
        client = desk(role)
        for one in (address, "/desk/bulk-changes/", "/desk/bulk-changes/1/"):
            assert client.get(one).status_code in (302, 403), one
        client.post(address, {"access": "free", "agreed": "2/2"})
        for action in ("stop", "resume", "undo"):
            assert client.post(f"/desk/bulk-changes/1/{action}/").status_code in (302, 403)
    assert not BulkChange.objects.exists()


@pytest.mark.parametrize(("filters", "count"), [("", 3), ("q=strait", 2), ("access=free", 0), ("access=nonsense", 0)])
@pytest.mark.parametrize("action", ["unpublish", "delete"])
def test_all_of_a_filtered_list_is_what_the_list_shows(asked: tuple[Client, str], action: str, filters: str, count: int) -> None:
    client, _ = asked
    address = f"/desk/bulk/library/article/{action}/?{filters}&id=all&next=/desk/articles/"
    assert client.get(address).status_code == (200 if count else 404)
    client.post(address)
    assert Article.objects.filter(live=True).count() == 3 - count
