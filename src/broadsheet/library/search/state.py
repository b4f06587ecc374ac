"""How this host's index stands, for who watches over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.library.search import index_store
from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.folder import Progress, SearchFolder, read_followed
from broadsheet.library.search.tantivy_engine import LAYOUT, TantivyEngine


@dataclass(frozen=True, slots=True)
class IndexState:
    """One host's index at one moment.

    `articles` is how many it holds, None if it cannot be asked; `behind_s` is for how many seconds the oldest change has
    been waiting to be taken in; `progress` is how far a new one is, if one is being built.
    """

    is_followed: bool
    articles: int | None = None
    behind_s: float = 0.0
    progress: Progress | None = None


def load_index_state(folder: SearchFolder, *, now: datetime) -> IndexState:
    """How the index stands; changes nothing."""
    is_followed, progress, current = folder.is_followed(), folder.read_progress(), folder.read_current()
    articles = count_articles(folder)
    followed = read_followed(folder.path_of(current)) if current is not None and articles is not None else None
    if followed is None:
        return IndexState(is_followed, None, 0.0, progress)
    known = followed.reading.newest.id
    waiting = [line.at for line in index_store.read_changes(followed.reading.horizon, known).lines if line.id > known and line.at]
    return IndexState(is_followed, articles, max(0.0, (now - min(waiting, default=now)).total_seconds()), progress)


def count_articles(folder: SearchFolder) -> int | None:
    """How many articles the index that is asked holds; None if it cannot be asked."""
    current = folder.read_current()
    if current is None or current.layout != LAYOUT:
        return None
    try:
        return TantivyEngine(folder.path_of(current), language=current.language).count()
    except EngineAway:
        return None
