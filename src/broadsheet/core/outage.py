"""Whether this process has noticed that the database does not answer.

In a web server the edge notices, within two seconds; then nobody else needs to find out by waiting. Everywhere else nobody
watches, and each waits for itself.
"""

from __future__ import annotations

from collections.abc import Callable

IsAway = Callable[[], bool]


def nobody_watches() -> bool:
    """The answer where nothing follows the database."""
    return False


_watcher: IsAway = nobody_watches


def watch(watcher: IsAway) -> IsAway:
    """Make `watcher` the one who is asked in this process, and return the one it replaces."""
    global _watcher
    replaced, _watcher = _watcher, watcher
    return replaced


def is_away() -> bool:
    """Whether the database was found not to answer, and has not answered since."""
    return _watcher()
