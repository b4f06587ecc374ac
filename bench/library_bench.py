"""A library of 50,000 articles from nothing: imported, indexed, asked by eight at once, and what each page and command costs.

BROADSHEET_TRANSCRIPTS names the archive of transcripts, which `scripts/corpora/pm_articles.py` makes articles of. All is done
by the commands that an operator types, each in a process of its own.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench.needs import Missing
from bench.servers import free_port, installation_environment

if TYPE_CHECKING:
    from bench.run import Result

ROOT = Path(__file__).parents[1]
ARTICLES = int(os.environ.get("BENCH_LIBRARY_ARTICLES", "50000"))
CLIENTS, SEARCHES_EACH = 8, 30
EDITS = 20
START_WITHIN_S, FOUND_WITHIN_S = 600, 60
PAGE_BAR_MS, COMMAND_BAR_MB = 300.0, 600.0
ASKED = ("tariffs", "east timor", "interest rates", "medicare", "uranium", "kyoto protocol", "native title", "drought relief")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command took. `peak_mb` counts the pages of the database that it had before it, too."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure_library() -> list[Result]:
    """Made, indexed, asked."""
    archive = os.environ.get("BROADSHEET_TRANSCRIPTS")
    if not archive:
        raise Missing("the library needs texts: BROADSHEET_TRANSCRIPTS names the archive of transcripts.")
    with tempfile.TemporaryDirectory(prefix="broadsheet-library-bench-") as name:
        folder = Path(name)
        site, articles = folder / "site", folder / "articles.jsonl"
        make_articles(archive, articles)
        return [*find_making(site, articles), *find_service(site), *find_commands(site, articles), *find_pages(site)]


def make_articles(archive: str, into: Path) -> None:
    script = ROOT / "scripts" / "corpora" / "pm_articles.py"
    with into.open("wb") as file:
        subprocess.run([sys.executable, str(script), archive, "--articles", str(ARTICLES)], stdout=file, check=True)


def find_making(site: Path, articles: Path) -> list[Result]:
    """Import and index, one after the other, and what they leave on the disk."""
    from bench.run import Result

    run(site, "migrate", "-v", "0")
    imported, indexed = run(site, "import", str(articles), "--json"), run(site, "reindex")
    note = f"{ARTICLES:,} articles of {articles.stat().st_size / 1e6:.0f} MB"
    megabytes = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    return [
        Result("library: import and index, wall", "s", imported.wall_s + indexed.wall_s, 300, at_most=True, note=note),
        Result("library: import", "s CPU", imported.cpu_s, None, note=note),
        Result("library: index, as in a rebuild", "s CPU", indexed.cpu_s, None, note=note),
        Result("library: index, as in a rebuild, wall", "s", indexed.wall_s, None, note=note),
        Result("library: database and index on the disk", "MB", megabytes, 600, at_most=True, note=note),
        Result("library: most memory of import and index", "MB", max(imported.peak_mb, indexed.peak_mb), 600, at_most=True),
    ]


def find_service(site: Path) -> list[Result]:
    """Searches of eight clients at once, and how long it takes until a new headline is found."""
    from bench.run import Result

    with serving(site) as port:
        for typed in ASKED:
            ask(port, typed)
        with ThreadPoolExecutor(CLIENTS) as pool:
            spent = [ms for each in pool.map(lambda first: ask_all(port, first), range(CLIENTS)) for ms in each]
        lags = sorted(find_lags(site, port))
    note = f"{CLIENTS} clients, {len(spent)} searches, one web process; load {os.getloadavg()[0]:.1f}"
    at = quantiles(spent, n=100)
    return [
        Result("library: a page of results, median", "ms", at[49], None, note=note),
        Result("library: a page of results, 99 of 100 within", "ms", at[98], None, note=note),
        Result("library: a new headline is found after, median", "ms", median(lags), None, note=f"{len(lags)} edits"),
        Result("library: a new headline is found after, longest", "ms", lags[-1], None, note=f"{len(lags)} edits"),
    ]


def find_commands(site: Path, articles: Path) -> list[Result]:
    """CPU and memory of the commands that look at all of the library."""
    from bench.run import Result

    commands = {
        "doctor": ("doctor", "--offline"),
        "backup": ("backup", "--to", str(site.parent / "backup")),
        "import of the same again": ("import", str(articles), "--json"),
    }
    results = []
    for name, command in commands.items():
        ran = run(site, *command, may_fail=name == "doctor")
        results.append(Result(f"library: {name}", "s CPU", ran.cpu_s, None))
        results.append(Result(f"library: {name}, most memory", "MB", ran.peak_mb, COMMAND_BAR_MB, at_most=True))
    return results


def find_pages(site: Path) -> list[Result]:
    """The dearest page of each sort; `library_site.py` prints all of them."""
    from bench.run import Result

    command = [sys.executable, str(ROOT / "bench" / "library_site.py"), "--json"]
    printed = subprocess.run(command, env=installation_environment(site), stdout=subprocess.PIPE, check=True, text=True).stdout
    costs = json.loads(printed.splitlines()[-1])
    sorts: dict[str, Callable[[dict[str, str]], bool]] = {
        "readers' lists": lambda cost: cost["asker"] != "editor" and "?q=" not in cost["address"],
        "readers' searches": lambda cost: cost["asker"] != "editor" and "?q=" in cost["address"],
        "desk": lambda cost: cost["asker"] == "editor",
    }
    results = []
    for name, is_of_it in sorts.items():
        some = [cost for cost in costs if is_of_it(cost)]
        made, held = max(some, key=lambda cost: cost["first_ms"]), max(some, key=lambda cost: cost["ms"])
        note = f"{len(some)} addresses; {made['address']}, {made['first_queries']} queries"
        results.append(Result(f"library: {name}, dearest when made anew", "ms CPU", made["first_ms"], None, note=note))
        note = f"{held['address']}, {held['queries']} queries"
        results.append(Result(f"library: {name}, dearest then", "ms CPU", held["ms"], PAGE_BAR_MS, at_most=True, note=note))
    return results


def run(site: Path, *command: str, may_fail: bool = False) -> Ran:
    """One command of `broadsheet` on the installation."""
    began = time.monotonic()
    process = subprocess.Popen(broadsheet(*command), env=installation_environment(site), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not may_fail:
        raise RuntimeError(f"broadsheet {' '.join(command)} ended with {process.returncode}")
    return Ran(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3)


def broadsheet(*command: str) -> list[str]:
    return [sys.executable, "-m", "broadsheet.conf.command", *command]


@contextmanager
def serving(site: Path) -> Iterator[int]:
    """The port of the whole installation."""
    port = free_port()
    with (site.parent / "serve.log").open("wb") as log:
        command = broadsheet("serve", "--port", str(port))
        with subprocess.Popen(command, env=installation_environment(site), stdout=log, stderr=log) as process:
            try:
                wait_for(lambda: "kind=" in ask(port, ASKED[0]), within_s=START_WITHIN_S)  # counts come from the index alone
                yield port
            finally:
                process.terminate()


def ask_all(port: int, first: int) -> list[float]:
    """Milliseconds of each search of one client."""
    spent = []
    for number in range(SEARCHES_EACH):
        began = time.perf_counter()
        ask(port, ASKED[(first + number) % len(ASKED)])
        spent.append((time.perf_counter() - began) * 1e3)
    return spent


def find_lags(site: Path, port: int) -> Iterator[float]:
    """Milliseconds from the commit of a new headline until a search finds it."""
    command = [sys.executable, str(ROOT / "bench" / "editor.py")]
    environment = installation_environment(site)
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as editor:
        assert editor.stdin is not None
        assert editor.stdout is not None
        editor.stdout.readline()
        for number in range(900_001, 900_001 + EDITS):
            print(json.dumps(["publish", 1, number]), file=editor.stdin, flush=True)
            committed = json.loads(editor.stdout.readline())["committed"]
            wait_for(partial(is_found, port, str(number)), within_s=FOUND_WITHIN_S)
            yield (time.monotonic() - committed) * 1e3
        editor.stdin.close()


def is_found(port: int, word: str) -> bool:
    """Whether an article has the word, which stands in no other."""
    return "/articles/" in ask(port, word)


def ask(port: int, typed: str) -> str:
    """A page of results; nothing while nobody listens."""
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    try:
        connection.request("GET", f"/library/?q={quote(typed)}")
        return connection.getresponse().read().decode()
    except ConnectionRefusedError:
        return ""
    finally:
        connection.close()


def wait_for(is_so: Callable[[], object], *, within_s: float) -> None:
    ends = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError(f"it took longer than {within_s} s")
        time.sleep(0.01)
