"""Imports go down, never up, never sideways; the contract stands in pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import PACKAGE, ROOT, modules


def test_imports_go_down_only() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    linted = subprocess.run([command, "--no-cache"], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_package_docstring_is_all_that_an_init_holds() -> None:
    for module in modules():
        if module.path.name == "__init__.py" and module.path.parent.parent == PACKAGE:
            assert len(module.tree.body) == 1, f"{module.path} holds more than a docstring"
