"""Worker, jobs, web servers and keys: alive and young, or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django_tasks_db.models import DBTaskResult, get_date_max

from broadsheet.conf.doctor import process_checks as checks
from broadsheet.conf.doctor.findings import Level
from broadsheet.conf.watch.queues import Jobs, load_jobs
from broadsheet.conf.watch.snapshots import Snapshot, Totals
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.core.store import HeldHeartbeat
from broadsheet.library.search.folder import Progress
from broadsheet.library.search.state import IndexState
from broadsheet.publication.models import PlainPage
from broadsheet.publication.store import list_hidden_pages
from tests.conftest import START

BEAT = HeldHeartbeat("worker", "one", 5.0, 0.0, START, None, None)
SILENT = replace(BEAT, host="two", age_s=500.0)
WEB = Snapshot("web", 1, 1000.0, Totals(), {"is_away": False, "looked_ago_s": 0.05})
MINUTE = timedelta(minutes=1)
AT_ONCE = get_date_max()  # how a job that may run at once is kept


@pytest.mark.parametrize(
    ("heartbeats", "level", "told"),
    [
        ([BEAT], Level.OK, "one, 5 s ago"),
        ([BEAT, SILENT], Level.WARN, "two (8 min ago)"),
        ([SILENT], Level.FAIL, "the last was heard of 8 min ago"),
        ([], Level.FAIL, "none was ever heard of"),
        ([replace(BEAT, name="other")], Level.FAIL, "none was ever heard of"),
    ],
)
def test_worker_is_heard_of(heartbeats: list[HeldHeartbeat], level: Level, told: str) -> None:
    found = checks.check_worker(heartbeats)
    assert found.level is level
    assert told in found.what


@pytest.mark.parametrize(
    ("jobs", "level"),
    [
        (Jobs(0, None, 0), Level.OK),
        (Jobs(3, START - MINUTE, 0), Level.OK),
        (Jobs(3, START - 10 * MINUTE, 0), Level.WARN),
        (Jobs(3, START - 60 * MINUTE, 0), Level.FAIL),
        (Jobs(0, None, 2), Level.WARN),
    ],
)
def test_jobs_are_taken_up(jobs: Jobs, level: Level) -> None:
    assert checks.check_jobs(jobs, now=START).level is level


@pytest.mark.django_db
def test_jobs_are_read_from_their_table() -> None:
    def put(status: str, enqueued: timedelta, run_after: timedelta | None = None, finished: timedelta | None = None) -> None:
        fields = {
            "args_kwargs": {"args": [], "kwargs": {}},
            "task_path": "x",
            "backend_name": "jobs",
            "exception_class_path": "",
            "traceback": "",
        }
        later = {"run_after": START + run_after} if run_after is not None else {"run_after": AT_ONCE}
        row = DBTaskResult.objects.create(**fields, **later, status=status, finished_at=START + finished if finished else None)
        DBTaskResult.objects.filter(pk=row.pk).update(enqueued_at=START + enqueued)

    put("READY", -5 * MINUTE)
    put("READY", -60 * MINUTE, run_after=-7 * MINUTE)
    put("READY", -90 * MINUTE, run_after=timedelta(days=36500))
    put("SUCCESSFUL", -90 * MINUTE, finished=-80 * MINUTE)
    put("FAILED", -90 * MINUTE, finished=-80 * MINUTE)
    put("FAILED", timedelta(days=-3), finished=timedelta(days=-3))
    assert load_jobs(now=START) == Jobs(2, START - 7 * MINUTE, 1)


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (IndexState(True, 9, 0.1), Level.OK),
        (IndexState(True, 9, 0.1, Progress(1, 9)), Level.OK),
        (IndexState(True, 9, 90.0), Level.WARN),
        (IndexState(True, 9, 900.0), Level.FAIL),
        (IndexState(True, None, 0.0, Progress(1, 9)), Level.WARN),
        (IndexState(True), Level.FAIL),
        (IndexState(False, 9), Level.WARN),
        (IndexState(False), Level.WARN),
    ],
)
def test_search_is_kept_true(state: IndexState, level: Level) -> None:
    assert checks.check_search(state).level is level


def test_articles_that_no_country_has_yet_are_told_with_what_to_do() -> None:
    assert checks.check_countries(0).level is Level.OK
    found = checks.check_countries(7)
    assert found.level is Level.WARN
    assert "7 articles" in found.what and "broadsheet countries" in found.todo


@pytest.mark.django_db
def test_plain_pages_at_which_the_site_answers_itself_are_told() -> None:
    for slug in ("about", "help", "series"):
        PlainPage.objects.create(title=slug, slug=slug, body="<p>Words.</p>")
    assert list_hidden_pages() == ["/series/"]
    found = checks.check_plain_pages(list_hidden_pages())
    assert found.level is Level.WARN and "/series/" in found.what
    assert checks.check_plain_pages([]).level is Level.OK


@pytest.mark.parametrize(
    ("snapshots", "level"),
    [
        ([WEB, WEB], Level.OK),
        ([], Level.WARN),
        ([replace(WEB, role="worker")], Level.WARN),
        ([replace(WEB, written_at_s=900.0)], Level.WARN),
        ([WEB, replace(WEB, gauges={"is_away": True, "looked_ago_s": 9.0})], Level.FAIL),
        ([WEB, replace(WEB, gauges={"is_away": False, "looked_ago_s": 9.0})], Level.FAIL),
    ],
)
def test_web_servers_follow_the_change_log(snapshots: list[Snapshot], level: Level) -> None:
    assert checks.check_web(snapshots, now_s=1001.0).level is level


@pytest.mark.django_db
def test_keys_are_few_and_not_for_ever() -> None:
    def check() -> Level:
        return checks.check_signing_keys(checks.load_key_dates(), now=START).level

    assert check() is Level.OK
    rotate_signing_keys(now=START - timedelta(days=400))
    assert check() is Level.WARN
    rotate_signing_keys(now=START - timedelta(days=10))
    assert check() is Level.OK
    assert checks.check_signing_keys([START] * 3, now=START).level is Level.WARN
