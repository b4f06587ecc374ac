"""How Django connects to the database: commands and the worker wait as long as it takes, web servers do not."""

from __future__ import annotations

from typing import Any

import dj_database_url

# A writer on SQLite waits its turn; an import's transactions take up to a few seconds.
SQLITE_TIMEOUT_S = 20
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": SQLITE_TIMEOUT_S,
    # Pages of 8 KB, for a file that is yet to be made: a body of 2 KB fills half of a smaller one and leaves the rest empty
    # (50,047 articles: 465 MB instead of 576).
    "init_command": "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=268435456;"
    " PRAGMA cache_size=-32000;",
}
# A host that has vanished is noticed after a minute, rather than after the two hours that are Linux' default.
POSTGRESQL_OPTIONS: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

# -- In a web server, where a reader waits ---------------------------------------------------------------------------

WEB_SQLITE_TIMEOUT_S = 3
WEB_CONNECT_TIMEOUT_S = 2  # the least that PostgreSQL's library takes
WEB_LOCK_TIMEOUT_S = 3
WEB_STATEMENT_TIMEOUT_S = 10  # the desk's lists of a large library take a second
WEB_IDLE_TRANSACTION_S = 60  # a process that stopped in the middle lets go of its locks
WEB_ANSWER_WITHIN_S = WEB_STATEMENT_TIMEOUT_S + 2  # a server that says not even "too long" is not there


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings of the database at `url`."""
    settings: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    own = SQLITE_OPTIONS if settings["ENGINE"].endswith("sqlite3") else POSTGRESQL_OPTIONS
    return {**settings, "OPTIONS": {**own, **settings.get("OPTIONS", {})}}


def limit_waiting(settings: dict[str, Any]) -> dict[str, Any]:
    """The same database for a web server. What the address itself says of timeouts counts more."""
    given = settings["OPTIONS"]
    if settings["ENGINE"].endswith("sqlite3"):
        return {**settings, "OPTIONS": {**given, "timeout": WEB_SQLITE_TIMEOUT_S}}
    limits = {
        "statement_timeout": WEB_STATEMENT_TIMEOUT_S,
        "lock_timeout": WEB_LOCK_TIMEOUT_S,
        "idle_in_transaction_session_timeout": WEB_IDLE_TRANSACTION_S,
    }
    commanded = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    options = {
        "connect_timeout": WEB_CONNECT_TIMEOUT_S,
        "answer_within_s": WEB_ANSWER_WITHIN_S,
        **given,
        "options": f"{commanded} {given.get('options', '')}".strip(),
    }
    return {**settings, "ENGINE": "broadsheet.core.postgresql", "OPTIONS": options}
