"""The documents say what the code does: settings, commands, pages, signals; and their links lead somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.contrib.admindocs.views import simplify_regex
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from tests.architecture.sources import DOCS, PACKAGE, ROOT, modules, tracked_files

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def first_cells(text: str) -> dict[str, str]:
    """The tables' rows as {first cell: second cell}, for rows whose first cell is code."""
    rows = re.findall(r"^\| `([^`|]+)` \| ([^|]*) \|", text, re.MULTILINE)
    return {name: second.strip() for name, second in rows}


def section(text: str, heading: str) -> str:
    """The part of a document under one `## heading`."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading!r}"
    return found.group(1)


# -- Settings --------------------------------------------------------------------------------------------------------


def write_default(node: ast.expr | None) -> str:
    """A default as docs/settings.md writes it: names of other values in capitals, empty where the code makes one up."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = [ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else write_default(part) for part in node.values]
        return "".join(part.split(".")[-1].upper() if i % 2 else part for i, part in enumerate(_even(node, parts)))
    return ""


def _even(node: ast.JoinedStr, parts: list[str]) -> Iterator[str]:
    """Text and value by turns, so that every second part is a value."""
    expect_value = False
    for piece, part in zip(node.values, parts, strict=True):
        if isinstance(piece, ast.FormattedValue) and not expect_value:
            yield ""
        yield part
        expect_value = not isinstance(piece, ast.FormattedValue)


def read_variables() -> dict[str, str]:
    """Every variable that conf/environment.py reads, with its default."""
    tree = next(module.tree for module in modules() if module.name == "broadsheet.conf.environment")
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = str(node.args[0].value)
            if re.fullmatch(r"BROADSHEET_[A-Z_]+", name):
                found[name] = write_default(node.args[1] if len(node.args) > 1 else None)
    return found


def test_settings_page_lists_every_variable_with_its_default() -> None:
    documented = first_cells((DOCS / "settings.md").read_text("utf-8"))
    read = read_variables()
    assert set(documented) == set(read)
    for name, default in read.items():
        assert not default or documented[name] == f"`{default}`", name


def test_variables_are_read_in_one_place() -> None:
    read = read_variables()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"BROADSHEET_[A-Z_]+", node.value):
                assert node.value in read, f"{module.place(node)} names {node.value}, which conf/environment.py does not read"


# -- Commands --------------------------------------------------------------------------------------------------------


def own_commands() -> set[str]:
    """The commands of ours, those of the demo too."""
    paths = PACKAGE.glob("*/management/commands/*.py")
    return {path.stem.replace("_", "-") for path in paths if path.stem[0] != "_"}


def test_commands_page_lists_every_command() -> None:
    documented = set(re.findall(r"^## `broadsheet ([\w-]+)", (DOCS / "commands.md").read_text("utf-8"), re.MULTILINE))
    assert documented == own_commands()


def test_help_of_each_command_holds_an_example() -> None:
    for name, app in get_commands().items():
        if isinstance(app, str) and app.startswith("broadsheet."):
            parser = load_command_class(app, name).create_parser("broadsheet", name)
            text = " ".join(parser.format_help().replace(parser.format_usage(), "").replace("_", "-").split())
            assert f"broadsheet {name.replace('_', '-')}" in text, f"`broadsheet {name} --help` shows no example"


# -- Pages -----------------------------------------------------------------------------------------------------------


def own_patterns(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Every address that a view of ours answers, with converters left out: `/articles/<article_id>/`."""
    for entry in resolver.url_patterns:
        route = (
            str(entry.pattern)
            if isinstance(entry.pattern, RoutePattern)
            else simplify_regex(str(entry.pattern)).lstrip("/").replace("\\", "")
        )
        path = prefix + re.sub(r"<\w+:", "<", route)
        if isinstance(entry, URLResolver):
            yield from own_patterns(entry, path)
        elif isinstance(entry, URLPattern) and (getattr(entry.callback, "__module__", "") or "").startswith("broadsheet."):
            yield path


def test_pages_page_lists_every_address_of_ours() -> None:
    documented = set(first_cells(section((DOCS / "pages.md").read_text("utf-8"), "Addresses")))
    served = {path for path in own_patterns(get_resolver()) if not path.startswith("/desk/")}  # the desk's are Wagtail's affair
    assert served - documented == set(), "docs/pages.md misses addresses"
    assert {path for path in documented - served if not path.startswith("/demo/")} == set(), (
        "docs/pages.md lists addresses nobody serves"
    )


# -- Signals ---------------------------------------------------------------------------------------------------------


def test_architecture_page_lists_every_signal() -> None:
    defined = set()
    for module in modules():
        for node in module.tree.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] == "Signal":
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target  # type: ignore[union-attr]
                defined.add(f"{module.name.removeprefix('broadsheet.')}.{ast.unparse(target)}")
    assert "library.signals.article_published" in defined
    assert set(first_cells(section((DOCS / "architecture.md").read_text("utf-8"), "Signals"))) == defined


# -- The documents themselves ----------------------------------------------------------------------------------------


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    text = FENCE.sub("", path.read_text("utf-8"))
    lines = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def test_relative_links_lead_somewhere() -> None:
    dead = []
    for path in tracked_files():
        if path.suffix != ".md" or "content" in path.parts:
            continue
        for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            aim = (path.parent / name).resolve() if name else path
            if not aim.exists() or (anchor and aim.suffix == ".md" and anchor not in headings(aim)):
                dead.append(f"{path.relative_to(ROOT)}: {target}")
    assert dead == []


def test_each_package_has_a_short_readme() -> None:
    for init in PACKAGE.glob("*/__init__.py"):
        readme = init.with_name("README.md")
        assert readme.exists(), f"{readme.relative_to(ROOT)} is missing"
        assert len(readme.read_text("utf-8").splitlines()) <= 25, f"{readme.relative_to(ROOT)} is longer than 25 lines"


def test_decisions_have_their_four_parts_and_numbers_in_order() -> None:
    decisions = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        parts = re.findall(r"^## (\w+)", path.read_text("utf-8"), re.MULTILINE)
        assert parts == ["Context", "Decision", "Status", "Consequences"], path.name
