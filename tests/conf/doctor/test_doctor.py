"""`broadsheet doctor`: all checks, for a person and for a program, with an exit status."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from broadsheet.conf.doctor.examination import Options, examine, examine_database
from broadsheet.conf.doctor.findings import Finding, Level, fail, gravest, in_words, ok, warn
from broadsheet.conf.management.commands.doctor import EXIT_STATUS
from broadsheet.conf.processes import broadsheet_command
from tests.architecture.sources import DOCS
from tests.architecture.test_docs import first_cells, section
from tests.subprocesses import child_environment


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, on the test's database."""
    command = broadsheet_command("doctor", *arguments)
    return subprocess.run(command, env={**child_environment(), **environment}, capture_output=True, text=True)


@pytest.mark.django_db(transaction=True)
def test_json_holds_each_check_with_what_to_do() -> None:
    ran = run("--json", "--offline", "--integrity")
    told = json.loads(ran.stdout)
    levels = {found["check"]: found["level"] for found in told["checks"]}
    assert levels["worker"] == "fail"
    assert levels["database"] == levels["migrations"] == levels["clock"] == "ok"
    assert told["level"] == "fail"
    assert ran.returncode == 2
    assert all(found["todo"] for found in told["checks"] if found["level"] != "ok")
    assert not any(found["todo"] for found in told["checks"] if found["level"] == "ok")


@pytest.mark.django_db(transaction=True)
def test_table_names_each_check_and_no_secret() -> None:
    secret = "a secret key that nobody may see, of sixty letters or so"
    ran = run("--offline", BROADSHEET_SECRET_KEY=secret, BROADSHEET_MAIL_URL="smtp://user:hidden-word@localhost", COLUMNS="200")
    assert ran.returncode == 2
    assert "No worker runs" in ran.stdout
    assert "Start broadsheet serve" in ran.stdout
    for hidden in (secret, "hidden-word"):
        assert hidden not in ran.stdout + ran.stderr


@pytest.mark.django_db
def test_odd_port_is_refused() -> None:
    for odd in ("443", "localhost:https"):
        with pytest.raises(CommandError, match="write HOST:PORT"):
            call_command("doctor", "--tls", odd)


@pytest.mark.django_db(transaction=True)
def test_every_check_is_documented() -> None:
    documented = set(first_cells(section((DOCS / "operator" / "watch.md").read_text("utf-8"), "`broadsheet doctor`")))
    found = {one.check for one in examine(Options(integrity=True, tls_port=1))}
    assert documented - found == {"settings file"}, "there is none here"
    assert found - documented == set()


@pytest.mark.django_db(transaction=True)
def test_without_a_database_only_that_is_told_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME" if connection.vendor == "sqlite" else "HOST", str(tmp_path))
    (found,) = examine_database(integrity=True)
    assert (found.check, found.level) == ("database", Level.FAIL)


@pytest.mark.parametrize(
    ("found", "status"), [([], 0), ([ok("a", "")], 0), ([ok("a", ""), warn("b", "", "")], 1), ([fail("c", "", ""), ok("a", "")], 2)]
)
def test_exit_status_is_that_of_the_gravest(found: list[Finding], status: int) -> None:
    assert EXIT_STATUS[gravest(found)] == status


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (3 * 86400, "3 days")])
def test_spans_are_told_as_a_person_would(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
