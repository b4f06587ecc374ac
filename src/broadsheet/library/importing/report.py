"""What an import did, counted so that the numbers add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from broadsheet.library.importing.items import Refusal


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome: `read` is always `imported + changed + unchanged + len(refusals)`."""

    read: int
    imported: int
    changed: int
    unchanged: int
    refusals: tuple[Refusal, ...]
    warnings: tuple[Refusal, ...]
    left_out: dict[str, int]
    photos: int
    dry_run: bool = False

    @property
    def refused(self) -> int:
        return len(self.refusals)

    def as_json(self) -> dict[str, Any]:
        """The report as a program reads it."""
        return {
            "read": self.read,
            "imported": self.imported,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "dry_run": self.dry_run,
            "photos": self.photos,
            "left_out": self.left_out,
            "refusals": [_as_json(refusal) for refusal in self.refusals],
            "warnings": [_as_json(warning) for warning in self.warnings],
        }


@dataclass(slots=True)
class Tally:
    """A report while it is being made."""

    imported: int = 0
    changed: int = 0
    unchanged: int = 0
    photos: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[Refusal] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        return self.imported + self.changed + self.unchanged + len(self.refusals)

    def close(self, *, dry_run: bool) -> Report:
        return Report(
            read=self.read,
            imported=self.imported,
            changed=self.changed,
            unchanged=self.unchanged,
            refusals=tuple(self.refusals),
            warnings=tuple(self.warnings),
            left_out=dict(sorted(self.left_out.items())),
            photos=self.photos,
            dry_run=dry_run,
        )


def _as_json(refusal: Refusal) -> dict[str, Any]:
    return {"source": refusal.source, "line": refusal.line, "reason": refusal.reason}
