"""Some questions are asked in one place only: who may read, and what time it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator

import pytest

from tests.architecture.sources import PACKAGE, Module, modules

COMPARE_ACCESS = {
    "broadsheet.paywall.resolver": "decides who may read",
    "broadsheet.pages.variants": "lists which forms a page can have, and gives none to anybody",
    "broadsheet.pages.preview": "shows staff, who may read everything, the form of their choice",
    "broadsheet.pages.structured": "repeats the article's label to search engines",
    "broadsheet.library.search.index_store": "lets everybody's search look through the whole of what everybody may read",
    "broadsheet.demo.load": "picks metered articles for its readers to have opened",
}
LABEL_ACCESS = {
    "pages/templates/pages/card.html": "labels an article as free",
    "pages/templates/pages/row.html": "the same on one line",
    "pages/templates/pages/steps.html": "the same in a series or set",
}
QUERY_METHODS = {"filter", "exclude", "get", "Q", "When"}
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}


def last_name(node: ast.AST) -> str:
    """The last word of a dotted expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_access(node: ast.AST) -> bool:
    """Whether an expression is an article's access, or a member of `Access`."""
    members = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(isinstance(one, ast.Attribute) and (one.attr == "access" or last_name(one.value) == "Access") for one in members)


def asks_access(call: ast.Call) -> bool:
    """Whether a query has a condition on the access."""
    return any((keyword.arg or "").split("__")[0] == "access" for keyword in call.keywords)


def find_access_comparisons(tree: ast.AST) -> Iterator[ast.AST]:
    """Comparisons, cases and queries that ask how freely an article is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(is_access(side) for side in (node.left, *node.comparators)):
            yield node
        elif isinstance(node, ast.MatchValue) and is_access(node.value):
            yield node.value
        elif isinstance(node, ast.Call) and last_name(node.func) in QUERY_METHODS and asks_access(node):
            yield node


def find_clock_reads(tree: ast.AST) -> Iterator[ast.AST]:
    """Expressions that ask the machine what time it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (last_name(node.value), node.attr) in CLOCK_READS:
            yield node


def places(find: Callable[[ast.AST], Iterator[ast.AST]], *, except_in: Collection[str]) -> list[str]:
    """Where `find` finds something, outside of the modules that may hold it."""
    return [module.place(node) for module in modules() if module.name not in except_in for node in find(module.tree)]


def test_access_is_compared_in_the_resolver_only() -> None:
    assert places(find_access_comparisons, except_in=COMPARE_ACCESS) == []


def test_no_template_compares_access() -> None:
    comparison = re.compile(r"\baccess\s*(?:==|!=|\bin\b|\|\s*yesno)|[\"']\s*==\s*[\w.]*\baccess\b")
    templates = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.html")}
    found = {name for name, text in templates.items() if comparison.search(text)}
    assert found - set(LABEL_ACCESS) == set()


def test_time_is_asked_in_the_clock_only() -> None:
    assert places(find_clock_reads, except_in={"broadsheet.core.clock"}) == []


@pytest.mark.parametrize(
    "source",
    [
        "if article.access == 'free': pass",
        "open = access is Access.FREE",
        "open = kind in (Access.FREE, Access.METERED)",
        "rows = Article.objects.filter(access='free')",
        "rows = Article.objects.exclude(Q(access__in=wanted))",
        "match access:\n    case Access.FREE: pass",
    ],
)
def test_finder_sees_a_comparison_of_access(source: str) -> None:
    assert list(find_access_comparisons(ast.parse(source)))


@pytest.mark.parametrize(
    "source", ["datetime.now(UTC)", "datetime.datetime.now()", "field(default=timezone.now)", "time.time()", "date.today()"]
)
def test_finder_sees_a_reading_of_the_clock(source: str) -> None:
    assert list(find_clock_reads(ast.parse(source)))


def test_one_place_is_where_it_is_said_to_be() -> None:
    clock = next(module for module in modules() if module.name == "broadsheet.core.clock")
    assert isinstance(clock, Module)
    assert list(find_clock_reads(clock.tree))
