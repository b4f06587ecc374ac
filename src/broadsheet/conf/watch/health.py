"""Whether this process can do its work, and what is wrong; answered within a second, with a database or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError

from broadsheet.conf.doctor.examination import examine_quickly
from broadsheet.conf.doctor.file_checks import check_disk
from broadsheet.conf.doctor.findings import Finding, Level, fail, ok
from broadsheet.conf.doctor.process_checks import LOOK_S
from broadsheet.conf.watch.asking import NoAnswer, Question
from broadsheet.conf.watch.process import own_gauges

PATIENCE_S = 0.8
KEEP_FOR_S = 1.0
# What keeps this process from its work. The rest is told, but another web server would do no better.
NEEDED = frozenset({"database", "migrations", "change log"})


@dataclass(frozen=True, slots=True)
class Health:
    """What the checks found."""

    findings: Sequence[Finding]

    @property
    def is_ready(self) -> bool:
        """Whether requests should be sent here."""
        return not any(finding.level is Level.FAIL and finding.check in NEEDED for finding in self.findings)

    def summary(self) -> dict[str, object]:
        """What anybody may know."""
        return {"live": True, "ready": self.is_ready}

    def details(self) -> dict[str, object]:
        """What is wrong, too."""
        wrong = [finding for finding in self.findings if finding.level is not Level.OK]
        told = [{"check": found.check, "level": found.level, "what": found.what, "todo": found.todo} for found in wrong]
        return {**self.summary(), "wrong": told}


QUICKLY: Question[list[Finding]] = Question(lambda: list(examine_quickly()), patience_s=PATIENCE_S, keep_for_s=KEEP_FOR_S)


def read_health() -> Health:
    """The health of this process now, at most a second old as far as the database is asked."""
    return Health([check_change_log(), check_disk(settings.BROADSHEET), *_ask_database()])


def check_change_log() -> Finding:
    """This process's edge follows the change log; when the database is away that is told elsewhere."""
    check, gauges = "change log", own_gauges()
    if not gauges or gauges.get("is_away"):
        return ok(check, "not to be followed")
    behind = gauges["looked_ago_s"]
    if behind <= LOOK_S:
        return ok(check, f"looked at {behind:.2f} s ago")
    return fail(check, f"This process last looked at the change log {behind:.0f} s ago.", "See the log for why; start it again.")


def _ask_database() -> list[Finding]:
    if own_gauges().get("is_away"):
        return [fail("database", "The database does not answer; pages in memory are served.", "Start it.")]
    try:
        return QUICKLY.answer()
    except (NoAnswer, DatabaseError) as error:
        return [fail("database", f"The database does not answer: {str(error).strip()}", "Start it.")]
