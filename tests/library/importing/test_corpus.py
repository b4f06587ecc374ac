"""The script that makes a library of transcripts: long ones are cut at the ends of paragraphs, nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from broadsheet.library.access import Access, Kind
from broadsheet.library.importing.items import Item
from broadsheet.library.importing.jsonl import read_jsonl
from tests.architecture.sources import ROOT
from tests.library.importing.reading import DESK

SCRIPT = ROOT / "scripts" / "corpora" / "pm_articles.py"
SPOKEN = [f"Paragraph {number} of the trade speech, with tariffs and exports to Japan and Tokyo." for number in range(13)]


def write_transcripts(folder: Path) -> None:
    for identity, sort, paragraphs in (
        ("7", "Speech", SPOKEN),
        ("8", "Media Release", ["One short release."]),
        ("9", "Speech", []),
    ):
        body = "".join(f"&lt;p&gt;{text}&lt;/p&gt;" for text in paragraphs)
        (folder / f"transcript-{identity}.xml").write_text(
            f"<transcripts><transcript><transcript-id>{identity}</transcript-id><title>Of  {identity}</title>"
            f"<prime-minister>Hawke, Robert</prime-minister><release-date>3/02/1988</release-date><release-type>{sort}</release-type>"
            f"<subjects/><content>{body}</content></transcript></transcripts>",
            "utf-8",
        )


def make(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), str(folder), *options], capture_output=True, text=True)


def test_long_transcripts_become_dated_parts_and_no_word_is_lost(tmp_path: Path) -> None:
    write_transcripts(tmp_path)
    made = make(tmp_path, "--articles", "5")
    assert made.returncode == 0 and make(tmp_path, "--articles", "5").stdout == made.stdout
    file = tmp_path / "made.jsonl"
    file.write_text(made.stdout, "utf-8")
    items = [item for item in read_jsonl(file, file.name, DESK) if isinstance(item, Item)]
    parts, (release,) = items[:-1], items[-1:]
    assert len(items) == len(made.stdout.splitlines()) == len({item.identity for item in items}) >= 5
    assert "".join(part.body_html for part in parts) == "".join(f"<p>{text}</p>" for text in SPOKEN)
    assert parts[1].headline == f"Of 7 (2 of {len(parts)})" and release.headline == "Of 8"
    dates = [part.published_at for part in parts if part.published_at]
    assert len(set(dates)) == len(parts) and {date.date().isoformat() for date in dates} == {"1988-02-03"}
    assert (parts[1].topics[0].name, parts[1].regions[0].name, parts[1].authors[0].name) == ("Trade", "East Asia", "Robert Hawke")
    assert (parts[0].kind, release.kind) == (Kind.IN_DEPTH, Kind.BRIEFING) and parts[0].access in Access


def test_too_little_text_is_refused(tmp_path: Path) -> None:
    write_transcripts(tmp_path)
    made = make(tmp_path, "--articles", "50")
    assert made.returncode == 1 and "There is not enough text for 50 articles." in made.stderr
