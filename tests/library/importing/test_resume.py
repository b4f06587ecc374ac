"""An import that is killed at any moment goes on where it was: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.db import connection

from broadsheet.library.models import Article, ArticleText, OldAddress, SourceRecord
from tests.conftest import write_paragraph

ARTICLES = 3000
TRIES = 4


def write_export(path: Path) -> None:
    random = Random(3)
    with path.open("w") as file:
        for number in range(ARTICLES):
            body = "".join(f"<p>{write_paragraph(random)}</p>" for _ in range(12))
            fields = {
                "id": number,
                "headline": f"Article {number}",
                "date": "2020-01-02",
                "url": f"/old/{number}/",
                "body_html": body,
            }
            file.write(json.dumps({**fields, "authors": [f"Desk {number % 7}"], "topics": [f"topic-{number % 5}"]}) + "\n")


def start_import(path: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
    if connection.vendor == "sqlite":
        environment["BROADSHEET_DATABASE_URL"] = f"sqlite:///{settings.DATABASES['default']['NAME']}"
    command = "from broadsheet.conf.command import main; main()"
    return subprocess.Popen([sys.executable, "-c", command, "import", str(path), "--json"], env=environment, stdout=subprocess.PIPE)


def wait_for_articles(more_than: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the import has stored some more."""
    end = time.monotonic() + 60
    while Article.objects.count() <= more_than and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)  # another process works; there is nothing to be told by


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the other process opens the test's own database file")
def test_a_killed_import_goes_on_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    write_export(path)
    stored = 0
    for _ in range(TRIES):
        process = start_import(path)
        wait_for_articles(stored, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        stored = Article.objects.count()
        # What is there is whole: each article with its texts, its source and its old address.
        assert stored == ArticleText.objects.count() == SourceRecord.objects.count() == OldAddress.objects.count()
    assert 0 < stored < ARTICLES
    process = start_import(path)
    output, _ = process.communicate(timeout=120)
    report = json.loads(output)
    assert (report["read"], report["unchanged"], report["imported"], report["refused"]) == (ARTICLES, stored, ARTICLES - stored, 0)
    assert set(Article.objects.values_list("headline", flat=True)) == {f"Article {number}" for number in range(ARTICLES)}
    assert Article.objects.count() == ARTICLES
    with sqlite3.connect(settings.DATABASES["default"]["NAME"]) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
