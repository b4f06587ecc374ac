"""Running parts of the house as the service's own account, so that all they make is that account's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from broadsheet.conf.init.exceptions import Undone
from broadsheet.conf.init.files import Owner

UMASK = 0o027  # as in the units


def ask_child(owner: Owner | None, module: str, text: str) -> str:
    """Run one of our modules with `text` as its standard input; what it printed.

    Raises:
        Undone: it could not run.
    """
    child = _start(owner, ["-m", module], {})
    printed, _ = child.communicate(text)
    if child.returncode:
        raise Undone(f"The service's account cannot run {sys.executable}: {printed.strip()[-500:]}")
    return printed.strip()


def follow_child(
    owner: Owner | None, module: str, text: str, environment: Mapping[str, str], hear: Callable[[str, Any], object]
) -> None:
    """Run one of our modules that answers in JSON lines of one key; `hear` is told each at once.

    Raises:
        Undone: it failed; its `problem`, or else the last that it printed.
    """
    child = _start(owner, ["-m", module], environment)
    assert child.stdin is not None  # noqa: S101 (both are pipes)
    assert child.stdout is not None  # noqa: S101
    child.stdin.write(text)
    child.stdin.close()
    problem, others = "", []
    with child.stdout:
        for line in child.stdout:
            for kind, what in _read_line(line).items():
                problem = what if kind == "problem" else problem
                hear(kind, what)
            if not line.startswith("{"):
                others.append(line)
    if child.wait():
        raise Undone(problem or "".join(others[-20:]).strip() or f"{module} ended with status {child.returncode}.")


def run_command(owner: Owner | None, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `broadsheet …`; its exit status and what it printed."""
    child = _start(owner, ["-m", "broadsheet.conf.command", *arguments], environment)
    printed, _ = child.communicate("")
    return child.returncode, printed.strip()


def _read_line(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line)) if line.startswith("{") else {}
    except ValueError:
        return {}


def _start(owner: Owner | None, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    # Settings of whoever runs this would count more than the file that was just written.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    account: dict[str, Any] = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner is not None else {}
    try:
        return subprocess.Popen(  # noqa: S603 (this interpreter, our own modules)
            [sys.executable, *arguments],
            env={**kept, **environment},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=UMASK,
            **account,
        )
    except PermissionError:
        raise Undone(
            f"The service's account may not run {sys.executable}; install Broadsheet where every account may read, such as /opt."
        ) from None
