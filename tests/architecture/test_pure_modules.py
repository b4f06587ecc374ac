"""What decides imports with Django and Wagtail absent; only the shell around it may know them.

A module is shell by its name, by its place, or because it stands in DRIVERS with the reason. Everything else is pure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.architecture.sources import ROOT, modules

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
SHELL_PLACES = {"conf", "web", "desk", "management", "templatetags"}  # packages, or folders within one
DRIVERS = {
    "broadsheet.accounts.second_factor": "asks allauth what a session has shown",
    "broadsheet.library.blocks": "the desk's form of an article's body, made of Wagtail's blocks",
    "broadsheet.demo.load": "stores the demo's articles and readers",
    "broadsheet.library.importing.lead": "stores lead photos of imported articles",
    "broadsheet.library.importing.photos": "stores pictures of imported articles",
    "broadsheet.library.importing.plain_pages": "stores imported plain pages",
    "broadsheet.library.importing.rows": "writes the rows of imported articles in bulk",
    "broadsheet.library.importing.subjects": "finds or stores authors, topics and regions",
    "broadsheet.library.importing.writer": "stores imported items, batch by batch",
    "broadsheet.library.renditions": "the job that makes the sizes of a photo",
    "broadsheet.mail.render": "calls Django's templates",
    "broadsheet.mail.staff_backend": "takes the letters that Django writes",
    "broadsheet.pages.articles": "loads what an article's page shows",
    "broadsheet.pages.lists": "loads what list pages show",
    "broadsheet.pages.pictures": "loads the files of photos",
    "broadsheet.pages.preview": "answers the desk's request for a preview",
    "broadsheet.pages.recipe": "reads templates and static files",
    "broadsheet.pages.render": "calls Django's templates",
    "broadsheet.pages.site": "loads what every page says of the publication",
    "broadsheet.pages.structured": "escapes JSON with Django's own function",
    "broadsheet.paywall.explanation": "loads what support asks for",
}

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


def import_without_django(names: list[str]) -> dict[str, str]:
    """Import each of `names` where Django is absent; what was refused, and why."""
    script = f"BLOCKED, NAMES = {BLOCKED!r}, {names!r}\n{IMPORT_ALL}"
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ran = subprocess.run([sys.executable, "-c", script], env=environ, stdout=subprocess.PIPE, text=True, check=False)
    ran.check_returncode()
    refused: dict[str, str] = json.loads(ran.stdout)
    return refused


def test_pure_modules_import_without_django() -> None:
    names = [module.name for module in modules() if not is_shell(module.name) and module.name not in DRIVERS]
    assert "broadsheet.library.body" in names
    assert import_without_django(names) == {}, "move the shell part to store.py, flows.py …, or name the module in DRIVERS"


def test_each_driver_is_there_and_needs_django() -> None:
    existing = {module.name for module in modules()}
    assert set(DRIVERS) <= existing
    assert set(import_without_django(list(DRIVERS))) == set(DRIVERS), "a driver that needs no Django is pure; take it off the list"
