"""`broadsheet import` as a whole: nothing doubled, nothing dropped unseen, nothing lost when it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.core import clock
from broadsheet.library.importing.items import Desk, Item, LeftOut, Refusal
from broadsheet.library.importing.sources import read_paths
from broadsheet.library.models import Article, ArticleRest, ArticleText, OldAddress, SourceRecord
from tests.subprocesses import child_environment

Run = Callable[..., tuple[int, dict[str, Any]]]


def line(number: int, **fields: Any) -> str:
    body = "".join(f"<p>Sentence {number} of paragraph {n} says something about harbours and treaties.</p>" for n in range(8))
    return json.dumps({"id": f"doc-{number}", "headline": f"Document {number}", "date": "2001-05-06", "body": body, **fields})


@pytest.fixture
def run() -> Run:
    """Run the command with `--json`; gives exit status and report."""

    def run_import(*arguments: str) -> tuple[int, dict[str, Any]]:
        out = StringIO()
        try:
            call_command("import", *arguments, "--json", stdout=out)
        except SystemExit as stop:
            return int(stop.code or 0), json.loads(out.getvalue())
        return 0, json.loads(out.getvalue())

    return run_import


def counts(report: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return tuple(report[name] for name in ("read", "imported", "changed", "unchanged", "refused"))  # type: ignore[return-value]


@pytest.mark.django_db(transaction=True)
class TestRunAgain:
    def test_second_import_changes_only_what_changed(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        file.write_text("\n".join(line(n) for n in range(5)))
        assert counts(run(str(file))[1]) == (5, 5, 0, 0, 0)
        assert counts(run(str(file))[1]) == (5, 0, 0, 5, 0)
        file.write_text("\n".join(line(n, headline="New words") if n == 3 else line(n) for n in range(6)))
        assert counts(run(str(file))[1]) == (6, 1, 1, 4, 0)
        assert Article.objects.count() == 6
        assert Article.objects.filter(headline="New words").count() == 1

    def test_dry_run_writes_nothing_and_says_the_same(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        file.write_text("\n".join(line(n) for n in range(5)))
        assert counts(run(str(file), "--dry-run")[1]) == (5, 5, 0, 0, 0)
        assert not Article.objects.exists()
        assert not SourceRecord.objects.exists()

    def test_article_an_editor_changed_is_kept_and_named(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        file.write_text(line(1))
        run(str(file))
        article = Article.objects.get()
        article.headline = "As the editor wants it"
        article.save_revision().publish()
        file.write_text(line(1, headline="As the source has it"))
        status, report = run(str(file))
        assert (status, report["refused"]) == (1, 1)
        assert Article.objects.get().headline == "As the editor wants it"
        assert counts(run(str(file), "--overwrite")[1]) == (1, 0, 1, 0, 0)

    def test_bad_item_stops_nothing_and_is_named_with_its_line(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        file.write_text("\n".join([line(1), "{not json", line(2), line(3, body=""), line(4, headline=""), line(5)]))
        status, report = run(str(file))
        assert status == 1
        assert counts(report) == (6, 3, 0, 0, 3)
        assert sorted(refusal["line"] for refusal in report["refusals"]) == [2, 4, 5]
        assert all(refusal["reason"] for refusal in report["refusals"])

    def test_dates_and_old_addresses_are_kept(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        file.write_text(line(1, url="https://old.example/2001/treaty.html"))
        run(str(file))
        article = Article.objects.get()
        assert article.live
        assert f"{article.published_at:%Y-%m-%d}" in ("2001-05-05", "2001-05-06")  # midnight in the publication's zone
        assert OldAddress.objects.get().article_id == article.pk

    def test_nothing_active_is_stored(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.jsonl"
        body = (
            "<p onclick='x()'>Text <a href='javascript:x()'>here</a></p><script>x()</script><iframe src='https://a.example'></iframe>"
            + "<p>More text.</p>" * 5
        )
        file.write_text(line(1, body=body))
        run(str(file))
        stored = ArticleRest.objects.get().html + str(Article.objects.get().body.raw_data)
        assert not any(bad in stored.casefold() for bad in ("onclick", "javascript:", "<script", "<iframe"))


@pytest.mark.django_db(transaction=True)
def test_import_killed_at_any_moment_goes_on_and_doubles_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "library.jsonl"
    total = 1500
    file.write_text("\n".join(line(n) for n in range(total)))
    command = [sys.executable, "-m", "broadsheet.conf.command", "import", str(file), "--json"]
    kills = 0
    for _ in range(4):
        before = Article.objects.count()
        child = subprocess.Popen(command, env=child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and Article.objects.count() == before:
            time.sleep(0.01)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.wait()
        assert Article.objects.count() == SourceRecord.objects.count() == ArticleText.objects.count()
    assert kills > 0
    status, report = run(str(file))
    assert status == 0
    assert report["imported"] + report["unchanged"] == report["read"] == total
    assert report["unchanged"] > 0
    assert Article.objects.count() == SourceRecord.objects.count() == ArticleText.objects.count() == total
    assert len(set(Article.objects.values_list("headline", flat=True))) == total


NAMES = st.sampled_from(["a.jsonl", "a.md", "a.html", "a.txt", "a.xml", "a.mhtml", "a.bin"])
PIECES = st.sampled_from(
    [
        b"---\n",
        b"headline: x\n",
        b"date: 2020-13-45\n",
        b"<rss><channel>",
        b"<item>",
        b"<wp:post_type>post</wp:post_type>",
        b'{"id": 1, "headline": "h", "body": "<p>b</p>"}\n',
        b"<html><body><article><h1>T</h1><p>Text.</p>",
        b"[caption]",
        b"]]>",
        b"\xff\xfe",
        b"\x00",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"[^1]: note\n",
        b"<table><tr><td>",
        b"{" * 60,
        b"&#x110000;",
        b"# Head\n",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=NAMES,
    content=st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=12).map(b"".join), st.text(max_size=200).map(str.encode)),
)
def test_any_bytes_give_items_or_refusals_and_never_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for reading in read_paths([path], Desk(clock.now(), ZoneInfo("Europe/Berlin"))):
        assert isinstance(reading, Item | Refusal | LeftOut)
        if isinstance(reading, Refusal):
            assert reading.reason
