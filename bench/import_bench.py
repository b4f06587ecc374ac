"""Importing a library: CPU of `broadsheet import` against the least that such an import must do.

The yardstick parses each line (JSON, then its HTML with lxml), cleans the HTML once with nh3, and inserts the very rows
that the import wrote with `sqlite3.executemany`, in batches of the same size, into an empty database of the same schema.
Slice by slice the two take turns in one process.

The texts are the 10,542 transcripts of `../shared/data/pm-transcripts` where that folder lies beside the checkout; else
as many made of random words.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from itertools import islice
from pathlib import Path
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.run import Result

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "data" / "pm-transcripts" / "transcripts-1983-2008.tar.xz"
DOCUMENTS = int(os.environ.get("BENCH_IMPORT_DOCUMENTS", "10542"))
SLICE = 3600
BATCH = 200
BAR = 3.0
TABLES = (
    "library_article library_byline library_article_topics library_articleteaser library_articlerest library_articletext"
    " library_sourcerecord library_oldaddress core_change"
).split()
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=268435456; PRAGMA cache_size=-32000;"


def measure_import() -> list[Result]:
    """CPU of the import against the yardstick's, and how much memory grew from the first to the last slice."""
    from bench.run import Result

    measured = run()
    note = f"{measured['documents']:,} documents ({measured['corpus']})"
    ours, yardstick = measured["import_cpu_s"], measured["yardstick_cpu_s"]
    return [
        Result("import: CPU against parse, clean, insert", "s CPU", ours, BAR, yardstick, at_most=True, note=note),
        Result(
            "import: memory at the end over that after the first third",
            "ratio",
            measured["memory_growth"],
            1.5,
            at_most=True,
            note=note,
        ),
    ]


def run() -> dict[str, Any]:
    """Measure in a process of its own, with a database made for it."""
    with tempfile.TemporaryDirectory(prefix="broadsheet-import-bench-") as folder:
        environment = {**os.environ, "BROADSHEET_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
        environment.pop("BROADSHEET_DATABASE_URL", None)
        ran = subprocess.run([sys.executable, __file__, "inside"], env=environment, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Print the measurement as JSON; `inside` measures in this process, into BROADSHEET_DATA_DIR."""
    print(json.dumps(compare() if sys.argv[1:] == ["inside"] else run()))


def compare() -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    folder = Path(os.environ["BROADSHEET_DATA_DIR"])
    yardstick = _Yardstick(folder / "broadsheet.sqlite3", folder / "yardstick.sqlite3")
    ours, memory = [], []
    for number, lines in enumerate(_slices(_lines())):
        path = folder / f"slice-{number}.jsonl"
        path.write_text("".join(lines), "utf-8")
        ours.append(_import(path))
        yardstick.measure(lines)
        memory.append(_resident_mb())
    return {
        "documents": sum(count for count, _ in ours),
        "corpus": "transcripts" if CORPUS.exists() else "random words",
        "import_cpu_s": round(sum(cpu for _, cpu in ours), 2),
        "yardstick_cpu_s": round(yardstick.cpu_s, 2),
        "ratio": round(sum(cpu for _, cpu in ours) / yardstick.cpu_s, 2),
        "yardstick_parts_cpu_s": {name: round(cpu, 2) for name, cpu in yardstick.parts.items()},
        "memory_mb": memory,
        "memory_growth": round(memory[-1] / memory[0], 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _import(path: Path) -> tuple[int, float]:
    """Run the command on one slice; returns how many documents it read, and the CPU seconds."""
    from django.core.management import call_command

    told = StringIO()
    start = process_time()
    with suppress(SystemExit):
        call_command("import", str(path), "--json", stdout=told)
    return int(json.loads(told.getvalue())["read"]), process_time() - start


class _Yardstick:
    """Parses, cleans and inserts what the import has just imported."""

    def __init__(self, ours: Path, its_own: Path) -> None:
        self.parts = {"parse": 0.0, "clean": 0.0, "insert": 0.0}
        self._ours = sqlite3.connect(ours)
        self._own = sqlite3.connect(its_own, isolation_level=None)
        self._own.executescript(PRAGMAS)
        kinds = "type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name IN ({})".format(",".join("?" * len(TABLES)))
        for (sql,) in self._ours.execute(f"SELECT sql FROM sqlite_master WHERE {kinds} ORDER BY type DESC", TABLES):  # nosec B608 (names of our own tables)
            self._own.execute(sql)
        self._after = dict.fromkeys(TABLES, 0)

    @property
    def cpu_s(self) -> float:
        return sum(self.parts.values())

    def measure(self, lines: list[str]) -> None:
        self._parse_and_clean(lines)
        for table in TABLES:
            self._copy(table)

    def _parse_and_clean(self, lines: list[str]) -> None:
        import nh3
        from lxml import html

        for line in lines:
            start = process_time()
            body = json.loads(line).get("body_html") or ""
            if body.strip():
                html.fragment_fromstring(body, create_parent="div").text_content()
            parsed = process_time()
            nh3.clean(body)
            self.parts["parse"] += parsed - start
            self.parts["clean"] += process_time() - parsed

    def _copy(self, table: str) -> None:
        """Insert the rows that the import added to one table since the last slice."""
        rows = self._ours.execute(f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid", (self._after[table],))  # nosec B608 (names of our own tables)
        while batch := rows.fetchmany(BATCH):
            self._after[table] = batch[-1][0]
            values = [row[1:] for row in batch]
            start = process_time()
            self._own.execute("BEGIN IMMEDIATE")
            self._own.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(values[0]))})", values)  # nosec B608 (names of our own tables)
            self._own.execute("COMMIT")
            self.parts["insert"] += process_time() - start


def _slices(lines: Iterator[str]) -> Iterator[list[str]]:
    lines = islice(lines, DOCUMENTS)
    while taken := list(islice(lines, SLICE)):
        yield taken


def _lines() -> Iterator[str]:
    if CORPUS.exists():
        script = ROOT / "scripts" / "corpora" / "pm_transcripts.py"
        with subprocess.Popen([sys.executable, script, CORPUS], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from process.stdout
        return
    random = Random(5)
    words = ["".join(random.choices("aeioulnrst", k=random.randint(2, 11))) for _ in range(20_000)]
    for number in range(DOCUMENTS):
        body = "".join(f"<p>{' '.join(random.choices(words, k=60))}.</p>" for _ in range(random.randint(5, 50)))
        headline = " ".join(random.choices(words, k=7))
        yield (
            json.dumps({"id": str(number), "headline": headline, "date": "2001-02-03", "authors": ["Desk"], "body_html": body})
            + "\n"
        )


def _resident_mb() -> int:
    """Memory of this process that is its own: what the database maps from its file is left out."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
