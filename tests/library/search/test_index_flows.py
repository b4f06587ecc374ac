"""The index follows the database: what is published is found, what is withdrawn is gone, and damage heals."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection

from broadsheet.core import clock as clocks
from broadsheet.core.flows import trim_change_log
from broadsheet.library.importing.items import Desk, Item
from broadsheet.library.importing.markdown import read_markdown
from broadsheet.library.importing.writer import import_items
from broadsheet.library.models import Article, Author, Topic
from broadsheet.library.search import index_flows
from broadsheet.library.search.engine import Asked, EngineAway, Readable
from broadsheet.library.search.finder import Finder
from broadsheet.library.search.folder import Progress, SearchFolder
from broadsheet.library.search.index_flows import Indexer
from broadsheet.library.search.query import parse_query
from broadsheet.publication.models import Publication
from tests.library.search.articles import search

pytestmark = pytest.mark.django_db

MakeArticle = Callable[..., Article]


class Host:
    """One host's index, with who writes and who asks."""

    def __init__(self, root: Path) -> None:
        self.folder = SearchFolder(root)
        self.indexer = Indexer(self.folder)
        self.finder = Finder(self.folder)

    def find(self, typed: str) -> set[int]:
        self.indexer.step()
        found = self.finder.find().search(asked(typed))
        return set(found.article_ids)


def asked(typed: str) -> Asked:
    return Asked(parse_query(typed), Readable(everything=True), int(clocks.now().timestamp()))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "search")


def test_nothing_is_found_before_there_is_an_index(host: Host) -> None:
    with pytest.raises(EngineAway):
        host.finder.find()


def test_published_changed_and_withdrawn(host: Host, make_article: MakeArticle, publish: Callable[..., None]) -> None:
    host.indexer.step()
    article = make_article(headline="Grain leaves Odesa")
    assert host.find("odessa grain") == {article.pk}
    article.headline = "Steel leaves Odesa"
    publish(article)
    assert (host.find("grain"), host.find("steel")) == (set(), {article.pk})
    article.unpublish()
    assert host.find("steel") == set()


def test_draft_embargo_and_date_to_come_are_not_found(host: Host, make_article: MakeArticle, clock: object) -> None:
    later = clocks.now() + timedelta(days=1)
    make_article(headline="Draft on grain", published=False)
    embargoed = make_article(headline="Embargoed grain", embargo_until=later)
    assert host.find("grain") == set()
    clock.advance(timedelta(days=1, seconds=1))  # type: ignore[attr-defined]
    assert host.find("grain") == {embargoed.pk}


def test_no_answer_gives_away_a_word_of_an_article_under_embargo(
    host: Host, make_article: MakeArticle, publish: Callable[..., None]
) -> None:
    article = make_article(headline="Grain and zeppelins", embargo_until=clocks.now() + timedelta(days=1))
    make_article(headline="Grain and ships")
    host.find("grain")
    engine = host.finder.find()
    assert engine.search(asked("zeppelins")).unknown == ("zeppelins",)
    assert (engine.find_similar_word("zepelins"), engine.complete("zep", limit=3)) == (None, [])
    article.embargo_until = None
    publish(article)
    assert host.find("zeppelins") == {article.pk}
    article.embargo_until = clocks.now() + timedelta(days=1)
    publish(article)
    assert host.find("zeppelins") == set()
    assert host.finder.find().search(asked("zeppelins")).unknown == ("zeppelins",)


def test_deleted_article_is_gone(host: Host, make_article: MakeArticle) -> None:
    article = make_article(headline="Grain")
    assert host.find("grain") == {article.pk}
    article.delete()
    assert host.find("grain") == set()


def test_topics_and_authors_that_are_renamed_or_deleted(
    host: Host, make_article: MakeArticle, publish: Callable[..., None]
) -> None:
    topic = Topic.objects.create(name="Trade", slug="trade")
    author = Author.objects.create(name="Economy desk", slug="economy-desk")
    article = make_article(headline="Grain")
    article.topics.add(topic)
    article.bylines.create(author=author)
    publish(article)
    assert host.find("topic:trade author:economy") == {article.pk}
    topic.slug = "commerce"
    topic.save()
    author.name = "Money desk"
    author.save()
    assert host.find("topic:trade") == host.find("author:economy") == set()
    assert host.find("topic:commerce author:money") == {article.pk}
    topic.delete()
    author.delete()
    assert host.find("topic:commerce") == host.find("author:money") == set()
    assert host.find("grain") == {article.pk}


def test_imported_articles_are_found(host: Host, tmp_path: Path) -> None:
    host.indexer.step()
    path = tmp_path / "grain.md"
    path.write_text("# Grain from the north\n\nThe harvest was good, and the ships were late.\n")
    desk = Desk(clocks.now(), ZoneInfo("UTC"))
    import_items([item for item in read_markdown(path, "grain.md", desk) if isinstance(item, Item)], now=clocks.now())
    assert host.find("harvest ships") == set(Article.objects.values_list("pk", flat=True)) != set()


def test_what_changes_while_an_index_is_built_is_in_it_once(
    tmp_path: Path, make_article: MakeArticle, publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_flows, "BATCH", 1)
    articles = [make_article(headline=f"Grain {number}") for number in range(3)]
    host = Host(tmp_path / "search")

    def meanwhile(progress: Progress) -> None:
        if progress.done == 2:
            for article in articles:
                article.headline = article.headline.replace("Grain", "Steel")
                publish(article)
            articles.append(make_article(headline="Steel 3"))

    host.indexer = Indexer(host.folder, on_progress=meanwhile)
    assert host.indexer.step() == 4
    assert set(host.finder.find().search(asked("steel")).article_ids) == {article.pk for article in articles}
    assert host.finder.find().search(asked("grain")).total == 0
    if connection.vendor == "sqlite":  # PostgreSQL's lines of a transaction that is still open are looked at again and again
        assert host.indexer.step() == 0, "nothing is left to follow"


def test_a_topic_that_goes_while_an_index_is_built_is_followed(
    tmp_path: Path, make_article: MakeArticle, publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_flows, "BATCH", 1)
    topic = Topic.objects.create(name="Trade", slug="trade")
    for number in range(2):
        article = make_article(headline=f"Grain {number}")
        article.topics.add(topic)
        publish(article)
    host = Host(tmp_path / "search")
    host.indexer = Indexer(host.folder, on_progress=lambda progress: topic.delete() if topic.pk else None)
    host.indexer.step()
    assert host.find("grain topic:trade") == set() and len(host.find("grain")) == 2


def test_another_process_goes_on_where_the_last_one_stood(host: Host, make_article: MakeArticle) -> None:
    first = make_article(headline="Grain one")
    assert host.find("grain") == {first.pk}
    host.indexer.close()
    second = make_article(headline="Grain two")
    successor = Host(host.folder.root)
    before = host.folder.read_current()
    assert successor.find("grain") == {first.pk, second.pk}
    assert host.folder.read_current() == before


def test_each_host_follows_the_same_log_with_an_index_of_its_own(
    tmp_path: Path, make_article: MakeArticle, publish: Callable[..., None]
) -> None:
    topic = Topic.objects.create(name="Trade", slug="trade")
    here, there = Host(tmp_path / "here" / "search"), Host(tmp_path / "there" / "search")
    first = make_article(headline="Grain one", topics=[topic])
    assert here.find("grain") == there.find("grain") == {first.pk}
    second = make_article(headline="Grain two", topics=[topic])  # while the other host sleeps
    first.headline = "Steel one"
    publish(first)
    assert here.find("grain") == {second.pk}
    asleep = there.finder.find().search(asked("grain"))
    assert set(asleep.article_ids) == {first.pk}  # it answers what it knew
    here.folder.want_rebuild()
    here.indexer.step()
    topic.slug = "commerce"
    topic.save()
    for typed in ("grain", "steel", "topic:commerce", "topic:trade", "one"):
        assert here.find(typed) == there.find(typed)
        assert here.finder.find().search(asked(typed)) == there.finder.find().search(asked(typed))
    assert there.find("topic:commerce") == {first.pk, second.pk}
    assert (here.folder.read_current().folder, there.folder.read_current().folder) == ("2", "1")  # type: ignore[union-attr]


def test_what_was_not_committed_is_taken_in_again(host: Host, make_article: MakeArticle, monkeypatch: pytest.MonkeyPatch) -> None:
    host.indexer.step()
    host.indexer.step()
    article = make_article(headline="Grain")

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("broadsheet.library.search.tantivy_engine.TantivyWriter.commit", die)
        with pytest.raises(KeyboardInterrupt):
            host.indexer.step()
    host.indexer.close()
    assert Host(host.folder.root).find("grain") == {article.pk}


def test_no_change_is_lost_while_the_database_does_not_answer(
    host: Host, make_article: MakeArticle, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.indexer.step()
    host.indexer.step()
    article = make_article(headline="Grain")

    def refuse(*arguments: object, **named: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr("broadsheet.library.search.index_store.load_indexed", refuse)
        with pytest.raises(DatabaseError):
            host.indexer.step()
    assert host.find("grain") == {article.pk}


def test_index_that_cannot_be_written_twice_is_built_anew(
    host: Host, make_article: MakeArticle, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.indexer.step()
    before = host.folder.read_current()
    article = make_article(headline="Grain")

    def refuse(*arguments: object) -> None:
        raise ValueError("a segment cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr("broadsheet.library.search.tantivy_engine.TantivyWriter.commit", refuse)
        for _ in range(2):
            with pytest.raises(ValueError, match="segment"):
                host.indexer.step()
    assert host.find("grain") == {article.pk}
    assert host.folder.read_current() != before
    assert not host.folder.is_rebuild_wanted()


def test_whoever_asks_too_early_asks_for_no_second_index(host: Host) -> None:
    with pytest.raises(EngineAway):
        host.finder.find()
    assert not host.folder.is_rebuild_wanted()


def test_index_that_goes_between_two_looks_is_no_damage(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.indexer.step()
    real = host.folder.read_current()
    assert real is not None
    answers = iter([replace(real, folder="99"), real])
    monkeypatch.setattr(host.folder, "read_current", lambda: next(answers))
    assert host.finder.find().search(asked("grain")).total == 0
    assert not host.folder.is_rebuild_wanted()


def test_what_a_killed_process_left_is_taken_away(host: Host) -> None:
    (host.folder.make_next() / "half.term").write_bytes(b"x")
    host.folder.write_progress(Progress(1, 2))
    (host.folder.root / "current.json.7.new").write_text("{")
    host.indexer.step()
    assert {path.name for path in host.folder.root.iterdir()} == {"1", "current.json"}
    assert not (host.folder.root / "1" / "half.term").exists()


def test_everything_deleted_under_a_process_that_asks(host: Host, make_article: MakeArticle) -> None:
    article = make_article(headline="Grain")
    assert host.find("grain") == {article.pk}
    host.indexer.close()
    shutil.rmtree(host.folder.root)
    with pytest.raises(EngineAway):
        host.finder.find()
    assert host.find("grain") == {article.pk}


def test_everything_deleted_under_the_process_that_follows(host: Host, make_article: MakeArticle) -> None:
    article = make_article(headline="Grain")
    assert host.find("grain") == {article.pk}
    shutil.rmtree(host.folder.root)
    assert host.find("grain") == {article.pk}


@pytest.mark.parametrize("damage", ["delete", "empty", "garble", "cut", "flip", "half"])
def test_damaged_index_heals(host: Host, make_article: MakeArticle, damage: str) -> None:
    articles = {make_article(headline=f"Grain {number}").pk for number in range(3)}
    assert host.find("grain") == articles
    host.indexer.close()
    current = host.folder.read_current()
    assert current is not None
    harm(host.folder.path_of(current), damage)
    damaged = Host(host.folder.root)
    with pytest.raises(EngineAway):
        search(damaged.finder.find(), "grain")
    assert damaged.find("grain") == articles


def harm(index: Path, damage: str) -> None:
    if damage == "delete":
        for path in index.iterdir():
            path.unlink()
    elif damage == "empty":
        (index / "meta.json").write_text("")
    elif damage == "garble":
        (index / "meta.json").write_bytes(os.urandom(500))
    elif damage == "flip":
        path = next(index.glob("*.idx"))
        content = path.read_bytes()
        path.write_bytes(content[:20] + bytes([content[20] ^ 4]) + content[21:])
    elif damage == "half":
        for suffix in ("pos", "term", "fast"):
            next(index.glob(f"*.{suffix}")).unlink()
    else:
        for path in index.glob("*.term"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_log_that_was_trimmed_meanwhile_means_a_new_index(host: Host, make_article: MakeArticle, clock: object) -> None:
    first = make_article(headline="Grain one")
    assert host.find("grain") == {first.pk}
    host.indexer.close()
    second = make_article(headline="Grain two")
    clock.advance(timedelta(days=3))  # type: ignore[attr-defined]
    trim_change_log(now=clocks.now())
    assert Host(host.folder.root).find("grain") == {first.pk, second.pk}


def test_other_language_means_a_new_index(host: Host, make_article: MakeArticle) -> None:
    make_article(headline="Die Verhandlungen")
    assert host.find("Verhandlung") == set()
    row = Publication.objects.first() or Publication.objects.create()
    row.language = "de-DE"
    row.save()
    assert len(host.find("Verhandlung")) == 1


def test_full_disk_leaves_the_index_that_is_asked(host: Host, make_article: MakeArticle, monkeypatch: pytest.MonkeyPatch) -> None:
    article = make_article(headline="Grain")
    assert host.find("grain") == {article.pk}
    host.folder.want_rebuild()

    def refuse(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("broadsheet.library.search.tantivy_engine.TantivyWriter.commit", refuse)
        with pytest.raises(OSError, match="No space"):
            host.indexer.step()
    assert set(host.finder.find().search(asked("grain")).article_ids) == {article.pk}
    assert host.folder.read_progress() is None
    assert host.find("grain") == {article.pk}


def test_one_process_writes_at_a_time(host: Host) -> None:
    with host.folder.alone() as first, SearchFolder(host.folder.root).alone() as second:
        assert (first, second) == (True, False)
    with host.folder.alone() as again:
        assert again
