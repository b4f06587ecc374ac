"""What must not lie in the tree, and what the lock file has to say."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.sources import ROOT, tracked_files

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
BENCH_LOCK = (ROOT / "bench" / "requirements.lock").read_text("utf-8")
# Written as patterns that do not match themselves.
FORBIDDEN = re.compile(
    r"(?<![\w.}])/(?:work|root|farm)[/]|/opt/(?:pypi|wheels)\b|pypi[.]org|python[h]osted|registry[.]npmjs|deb[.]debian[.]org"
)
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".sh",
    ".html",
    ".css",
    ".js",
    ".txt",
    ".lock",
    ".json",
    ".yaml",
    ".yml",
    ".svg",
    ".xml",
    "",
}


def normalise(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked_files():
        if path.suffix in TEXT_SUFFIXES:
            for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
                if FORBIDDEN.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_locks_hold_no_address() -> None:
    assert "://" not in LOCK + BENCH_LOCK


def test_locks_ask_for_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    for lock, asked in ((LOCK, [*project["project"]["dependencies"], *groups["dev"]]), (BENCH_LOCK, groups["bench"])):
        wanted = {normalise(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in asked}
        direct = set()
        for entry in re.split(r"\n(?=\S)", lock):
            if "broadsheet (pyproject.toml" in entry:
                direct.add(normalise(re.split(r"[\[=]", entry)[0]))
        assert direct == wanted, "run `make lock`"


def test_locks_pin_every_package_by_hash() -> None:
    for entry in re.split(r"\n(?=\S)", f"{LOCK.strip()}\n{BENCH_LOCK.strip()}"):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_nothing_but_makefile_and_project_files_lies_at_the_top() -> None:
    allowed = {
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "pyproject.toml",
        "requirements.lock",
        "SECURITY.md",
    }
    assert {path.name for path in tracked_files() if path.parent == ROOT} <= allowed
