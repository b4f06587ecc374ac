"""Whatever is cut off or changed in the files of an index, it answers rightly or says that it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.core.change_cursor import Mark, Reading
from broadsheet.core.clock import now
from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.finder import Finder
from broadsheet.library.search.folder import Current, Followed, SearchFolder, read_followed, write_followed
from broadsheet.library.search.tantivy_engine import LAYOUT, TantivyEngine, TantivyWriter
from tests.library.search.articles import article, engine_over, search

pytestmark = pytest.mark.pure

QUERIES = ("grain", "corridor grain", '"grain 17"', "author:economy -corridor", "zebra", "year:2024")
FOLLOWED = Followed(Reading((), 7, Mark(9, None), 3), now())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, with articles that are replaced and deleted, and the files about it."""
    root = tmp_path_factory.mktemp("whole")
    folder = SearchFolder(root)
    path = folder.make_next()
    engine_over(path, [article(number, f"Grain {number}", rest="corridor " * number) for number in range(60)])
    writer = TantivyWriter(path, language="en-GB")
    writer.replace([3, 4], [article(99, "Grain anew")])
    writer.commit()
    writer.close()
    write_followed(path, FOLLOWED)
    folder.switch(Current(path.name, LAYOUT, "en-GB"))
    return root


def ask(root: Path) -> list[object]:
    with Finder(SearchFolder(root)).asking() as engine:
        return [*(search(engine, typed) for typed in QUERIES), engine.complete("gra", limit=3), engine.find_similar_word("graim")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_noticed_or_harmless(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    right = ask(whole)
    root = tmp_path_factory.mktemp("damaged") / "search"
    shutil.copytree(whole, root)
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.stat().st_size)
    path = root / data.draw(st.sampled_from(names))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    how = data.draw(st.sampled_from(["cut", "change", "lose", "empty"]))
    if how == "cut":
        path.write_bytes(content[:place])
    elif how == "change":
        content[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
    elif how == "lose":
        path.unlink()
    else:
        path.write_bytes(b"")
    try:
        assert ask(root) == right
    except EngineAway:
        folder = SearchFolder(root)
        current = folder.read_current()
        assert folder.is_rebuild_wanted() or current is None or current.layout != LAYOUT
    current = SearchFolder(root).read_current()
    assert current is None or read_followed(SearchFolder(root).path_of(current)) in (FOLLOWED, None)


def test_what_a_later_commit_did_without_is_no_damage(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "1", tmp_path / "1")
    engine = TantivyEngine(tmp_path / "1", language="en-GB")
    writer = TantivyWriter(tmp_path / "1", language="en-GB")
    for number in range(200, 212):
        writer.replace([number - 100], [article(number, "Grain more")])
        writer.commit()
        engine.reload()
    writer.close()
    engine.reload()
    assert search(engine, "grain").total == 71
