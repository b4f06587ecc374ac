"""What one check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave it is: nothing, something to look at, something that keeps readers or editors from their work or soon will."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer: what was seen, and unless all is well what to do. Holds no secret and no reader's address."""

    check: str
    level: Level
    what: str
    todo: str = ""


def ok(check: str, what: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, what)


def warn(check: str, what: str, todo: str) -> Finding:
    """Something to look at."""
    return Finding(check, Level.WARN, what, todo)


def fail(check: str, what: str, todo: str) -> Finding:
    """Something that does not work, or that nobody should leave as it is."""
    return Finding(check, Level.FAIL, what, todo)


def gravest(findings: Iterable[Finding]) -> Level:
    """The gravest level among findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)


def in_words(seconds: float) -> str:
    """A span of time as a person says it: `40 s`, `12 min`, `5 h`, `3 days`."""
    for unit, length_s in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
