"""How an index stands, as who watches over it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.library.search.folder import SearchFolder
from broadsheet.library.search.index_flows import Indexer
from broadsheet.library.search.state import IndexState, load_index_state

pytestmark = pytest.mark.django_db


def test_state_of_an_index(tmp_path: Path, make_article: Callable[..., Article], clock: StoppedClock) -> None:
    folder = SearchFolder(tmp_path / "search")
    assert load_index_state(folder, now=clock.now()) == IndexState(False)
    assert not folder.root.exists(), "looking makes nothing"
    make_article()
    with folder.alone():
        indexer = Indexer(folder)
        indexer.step()
        assert load_index_state(folder, now=clock.now()) == IndexState(True, 1)
        make_article()
        clock.advance(timedelta(seconds=90))
        assert load_index_state(folder, now=clock.now()) == IndexState(True, 1, 90.0)
        indexer.step()
        indexer.close()
    assert load_index_state(folder, now=clock.now()) == IndexState(False, 2)
    current = folder.read_current()
    assert current is not None
    (folder.path_of(current) / "meta.json").write_text("{")
    assert load_index_state(folder, now=clock.now()) == IndexState(False)
