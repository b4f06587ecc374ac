"""`broadsheet import` as an operator meets it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, load_command_class
from django.db import connection

from broadsheet.library.models import Article

pytestmark = pytest.mark.django_db

GOOD = '{"id": %d, "headline": "H%d", "body_html": "<p>Words.</p>", "old_urls": ["/o/%d"]}\n'


def run(*arguments: object) -> tuple[int, str]:
    """The exit status and what is printed."""
    told = StringIO()
    try:
        call_command("import", *[str(one) for one in arguments], stdout=told)
    except SystemExit as end:
        return int(str(end.code)), told.getvalue()
    return 0, told.getvalue()


def report(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json")[1])
    return found


def test_all_good_is_status_zero(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD % (1, 1, 1) + GOOD % (2, 2, 2))
    status, told = run(path)
    assert (status, told) == (0, "2 read: 2 imported, 0 changed, 0 unchanged, 0 refused.\n")
    assert run(path)[1] == "2 read: 0 imported, 0 changed, 2 unchanged, 0 refused.\n"


def test_a_refusal_is_status_one_and_names_file_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD % (1, 1, 1) + "{bad\n")
    status, told = run(path)
    assert status == 1
    assert "2 read: 1 imported, 0 changed, 0 unchanged, 1 refused." in told
    assert "Refused: x.jsonl, line 2: it is not JSON" in told
    assert Article.objects.count() == 1


def test_the_report_as_json_adds_up(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(GOOD % (1, 1, 1) + "{bad\n")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    found = report(tmp_path)
    assert found["read"] == found["imported"] + found["changed"] + found["unchanged"] + found["refused"] == 3
    assert found["left_out"] == {"picture or other file beside the articles": 1}
    assert [(refusal["source"], refusal["line"]) for refusal in found["refusals"]] == [("a.zip", None), ("x.jsonl", 2)]


def test_a_dry_run_says_would(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD % (1, 1, 1))
    assert run(path, "--dry-run")[1] == "1 read: 1 would be imported, 0 would be changed, 0 unchanged, 0 refused.\n"
    assert Article.objects.count() == 0


def test_access_is_for_new_articles_whose_source_names_none(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD % (1, 1, 1) + '{"id": 2, "headline": "H2", "access": "free", "body_html": "<p>a</p>"}\n')
    run(path, "--access", "subscribers")
    assert dict(Article.objects.values_list("headline", "access")) == {"H1": "subscribers", "H2": "free"}


def test_help_has_an_example() -> None:
    text = load_command_class("broadsheet.library", "import").create_parser("broadsheet", "import").format_help()
    assert "broadsheet import export.jsonl --dry-run" in text


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's table of statistics")
def test_the_tables_are_counted_anew_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(GOOD % (number, number, number) for number in range(30)))
    run(path)
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'library_article'")
        assert cursor.fetchall()[0][0].startswith("30")
