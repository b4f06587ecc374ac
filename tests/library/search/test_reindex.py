"""`broadsheet reindex`, alone and beside the process that follows the change log; that process killed, or without room."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from signal import SIGKILL, SIGTERM

import pytest
from django.core.management import call_command

from broadsheet.conf.processes import broadsheet_command
from broadsheet.core import clock
from broadsheet.library.models import Article
from broadsheet.library.search.engine import Asked, Readable
from broadsheet.library.search.finder import Finder
from broadsheet.library.search.index_flows import Indexer, search_folder
from broadsheet.library.search.query import parse_query
from tests.conf.serving import wait_for
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

MakeArticle = Callable[..., Article]
# One step of the process that writes, with something amiss.
STEP = """
import os, resource, signal
import django
django.setup()
from broadsheet.library.search import index_flows
def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)
{amiss}
index_flows.Indexer(index_flows.search_folder()).step()
"""
DIES_BEFORE_COMMIT = "index_flows.TantivyWriter.commit = die"
DIES_AFTER_COMMIT = "index_flows.write_followed = die"
NO_ROOM = "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))"


@pytest.fixture(autouse=True)
def no_index() -> Iterator[None]:
    shutil.rmtree(search_folder().root, ignore_errors=True)
    yield
    shutil.rmtree(search_folder().root, ignore_errors=True)


def find(typed: str) -> set[int]:
    asked = Asked(parse_query(typed), Readable(), int(clock.now().timestamp()))
    return set(Finder(search_folder()).find().search(asked).article_ids)


def step(amiss: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", STEP.format(amiss=amiss)]
    return subprocess.run(command, env=child_environment(), capture_output=True, text=True)


def take_in() -> None:
    indexer = Indexer(search_folder())
    indexer.step()
    indexer.close()


def test_killed_process_loses_nothing(make_article: MakeArticle) -> None:
    first = make_article(headline="Grain one")
    assert step(DIES_BEFORE_COMMIT).returncode == -SIGKILL, "killed while it built the first index"
    take_in()
    assert find("grain") == {first.pk}
    before = search_folder().read_current()
    second = make_article(headline="Grain two")
    assert step(DIES_AFTER_COMMIT).returncode == -SIGKILL, "killed while it took a change in"
    take_in()
    assert find("grain") == {first.pk, second.pk}
    assert search_folder().read_current() == before, "nothing was amiss with the index"
    assert len([path for path in search_folder().root.iterdir() if path.is_dir()]) == 1, "what it left was taken away"


def test_without_room_the_index_that_is_asked_stays(make_article: MakeArticle) -> None:
    article = make_article(headline="Grain")
    take_in()
    before = search_folder().read_current()
    search_folder().want_rebuild()
    ended = step(NO_ROOM)
    assert ended.returncode == 1 and "File too large" in ended.stderr
    assert search_folder().read_current() == before
    assert find("grain") == {article.pk}
    call_command("reindex", stdout=StringIO())
    assert search_folder().read_current() != before
    assert find("grain") == {article.pk}


def test_command_alone_and_beside_the_process_that_follows(make_article: MakeArticle) -> None:
    first = make_article(headline="Grain one")
    said = StringIO()
    call_command("reindex", stdout=said)
    assert said.getvalue() == "The search index holds 1 articles.\n"
    built = search_folder().read_current()
    follower = subprocess.Popen(broadsheet_command("reindex", "--follow"), env=child_environment())
    try:
        wait_for(search_folder().is_followed, "a process that follows")
        second = make_article(headline="Grain two")
        wait_for(lambda: find("grain") == {first.pk, second.pk}, "the new article")
        said = StringIO()
        call_command("reindex", stdout=said)
        assert said.getvalue() == "The search index is built anew.\n"
        assert search_folder().read_current() != built
        assert find("grain") == {first.pk, second.pk}
    finally:
        follower.send_signal(SIGTERM)
        assert follower.wait(30) == 0
    assert not search_folder().is_followed()
