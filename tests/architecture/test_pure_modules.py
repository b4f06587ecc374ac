"""What decides imports with Django and Wagtail absent; only the shell around it may know them.

A module is shell by its name, by its place, or because its package's README names it as a driver, in a paragraph that
begins `Drivers:`. Everything else is pure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from tests.architecture.sources import PACKAGE, ROOT, modules

SHELL_NAMES = {
    "models",
    "store",
    "flows",
    "apps",
    "receivers",
    "signals",
    "checks",
    "views",
    "urls",
    "forms",
    "middleware",
    "wagtail_hooks",
}
SHELL_ENDINGS = ("_store", "_flows", "_views", "_receivers", "_forms", "_viewsets", "_panels")
SHELL_PLACES = {"conf", "web", "desk", "management", "models", "templatetags"}  # packages, or folders within one
BLOCKED = ("django", "wagtail", "allauth", "modelcluster", "taggit", "django_tasks", "django_tasks_db", "granian", "whitenoise")
IMPORT_ALL = """
import importlib, json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"imports {name}")

sys.meta_path.insert(0, Refuse())
refused = {}
for name in NAMES:
    try:
        importlib.import_module(name)
    except ImportError as error:
        refused[name] = str(error)
print(json.dumps(refused))
"""


def is_shell(name: str) -> bool:
    """Whether a module may know Django by its name or place."""
    parts = name.split(".")
    return parts[-1] in SHELL_NAMES or parts[-1].endswith(SHELL_ENDINGS) or not SHELL_PLACES.isdisjoint(parts)


def drivers() -> set[str]:
    """The modules that the packages' own READMEs name as drivers."""
    found = set()
    for readme in PACKAGE.glob("*/README.md"):
        for paragraph in re.findall(r"^Drivers:.*?(?=\n\n|\Z)", readme.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for path in re.findall(r"`([\w/]+)\.py`", paragraph):
                found.add(f"broadsheet.{readme.parent.name}.{path.replace('/', '.')}")
    return found


def import_without_django(names: list[str]) -> dict[str, str]:
    """Import each of `names` where Django is absent; what was refused, and why."""
    script = f"BLOCKED, NAMES = {BLOCKED!r}, {names!r}\n{IMPORT_ALL}"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run([sys.executable, "-c", script], env=environ, stdout=subprocess.PIPE, text=True, check=False)
    ran.check_returncode()
    refused: dict[str, str] = json.loads(ran.stdout)
    return refused


def test_pure_modules_import_without_django() -> None:
    names = [module.name for module in modules() if not is_shell(module.name) and module.name not in drivers()]
    assert "broadsheet.library.body" in names
    assert import_without_django(names) == {}, (
        "move the shell part to store.py, flows.py …, or name the module under Drivers in its package's README.md"
    )


def test_each_driver_is_there_and_needs_django() -> None:
    assert drivers() <= {module.name for module in modules()}
    assert set(import_without_django(sorted(drivers()))) == drivers(), "a driver that needs no Django is pure; take it off the list"
