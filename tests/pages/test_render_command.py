"""`broadsheet render` as an operator runs it: in a process of its own, in several, broken off, twice at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from broadsheet.library.models import Article, ArticleTeaser
from broadsheet.pages.models import Variant
from tests.subprocesses import child_environment

PATIENCE_S = 120
ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "broadsheet.conf.command", "render", *arguments]


@pytest.fixture
def environment(transactional_db: None) -> dict[str, str]:
    """Of a child process; it takes style sheets from the sources, so that none have to be collected."""
    return {**child_environment(), "DJANGO_SETTINGS_MODULE": "tests.child_settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


@pytest.mark.django_db(transaction=True)
def test_several_processes_make_every_page_and_report_it(make_article: Callable[..., Article], environment: dict[str, str]) -> None:
    for _ in range(12):
        make_article()
    forms = Variant.objects.filter(path__startswith="/articles/").count()
    Variant.objects.all().delete()
    ran = subprocess.run(command("--processes", "2", "--json"), env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert (report["failed"], report["failures"]) == (0, [])
    assert Variant.objects.filter(path__startswith="/articles/", recipe=report["recipe"]).count() == forms
    assert report["made"] == Variant.objects.values("path").distinct().count()
    again = subprocess.run(command("--json"), env=environment, capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["present"] == report["made"]


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_where_it_was(make_article: Callable[..., Article], environment: dict[str, str]) -> None:
    for _ in range(12):
        make_article()
    forms = Variant.objects.filter(path__startswith="/articles/").count()
    Variant.objects.all().delete()
    running = subprocess.Popen(command("--json"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE_S
    while Variant.objects.filter(path__startswith="/articles/").count() < 20:
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    kept = set(Variant.objects.values_list("pk", flat=True))
    assert len(kept) < forms
    ran = subprocess.run(command("--json"), env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["present"] > 0
    assert kept <= set(Variant.objects.values_list("pk", flat=True))
    assert Variant.objects.filter(path__startswith="/articles/").count() == forms


@pytest.mark.django_db
def test_a_page_that_fails_is_named_and_decides_the_exit_status(
    make_article: Callable[..., Article], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = make_article(), make_article()
    Variant.objects.all().delete()
    ArticleTeaser.objects.filter(article=bad).delete()
    with pytest.raises(SystemExit) as ended:
        call_command("render")
    told = capsys.readouterr().out
    assert ended.value.code == 1
    assert "1 failed" in told and f"/articles/{bad.pk}/" in told and f"/articles/{good.pk}/" not in told
