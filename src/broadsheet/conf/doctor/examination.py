"""Runs the checks: all of them for `broadsheet doctor`, the quick ones for `/healthz`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from broadsheet.conf.doctor import (
    certificate_checks,
    clock_checks,
    database_checks,
    file_checks,
    mail_checks,
    payment_checks,
    process_checks,
    settings_checks,
)
from broadsheet.conf.doctor.findings import Finding, Level, fail
from broadsheet.conf.environment import find_env_file
from broadsheet.conf.watch.queues import load_queues
from broadsheet.conf.watch.snapshots import read_snapshots
from broadsheet.core import clock
from broadsheet.core.store import load_heartbeats
from broadsheet.library.country_store import count_unfiled
from broadsheet.library.search.index_flows import search_folder
from broadsheet.library.search.state import load_index_state
from broadsheet.publication.store import list_hidden_pages


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator may ask for: a reading of the whole database; where TLS ends; nothing that goes over the network."""

    integrity: bool = False
    tls_address: str = "127.0.0.1"
    tls_port: int = 443
    offline: bool = False


def examine(options: Options) -> Iterator[Finding]:
    """Every check, in the order in which one would mend things. Without a database those that ask it are left out."""
    installation, now = settings.BROADSHEET, clock.SystemClock().now()
    yield from settings_checks.check_settings(installation)
    yield payment_checks.check_stripe_setting(installation)
    yield file_checks.check_disk(installation)
    yield from file_checks.check_modes(installation, find_env_file())
    yield file_checks.check_static_files(Path(settings.STATIC_ROOT))
    yield file_checks.check_backup(installation, now=now)
    yield from examine_database(integrity=options.integrity)
    yield process_checks.check_web(read_snapshots(installation.data_dir / "metrics"), now_s=now.timestamp())
    if not options.offline:
        yield mail_checks.check_mail_server(installation)
        yield payment_checks.check_stripe_server(installation)
        yield certificate_checks.check_certificate(installation, options.tls_address, options.tls_port, now=now)


def examine_database(*, integrity: bool = False) -> Iterator[Finding]:
    """The database, and all that it tells of letters, jobs, clocks and keys."""
    found = database_checks.check_database()
    yield found
    if found.level is Level.FAIL:
        return
    if integrity:
        yield database_checks.check_integrity()
    try:
        yield from _examine_tables()
    except DatabaseError as error:
        seen = f"A question went wrong: {database_checks.first_line(error)}"
        yield fail("database", seen, "broadsheet doctor --integrity says whether it is damaged.")


def _examine_tables() -> Iterator[Finding]:
    yield database_checks.check_journal()
    yield database_checks.check_cache_table()
    yield database_checks.check_size()
    migrations = database_checks.check_migrations()
    yield migrations
    if migrations.level is Level.OK:
        yield from _examine_rows(clock.SystemClock().now())


def examine_quickly() -> Iterator[Finding]:
    """What a web server checks of itself while somebody waits: a few queries of a millisecond."""
    for check in (database_checks.check_database, database_checks.check_migrations):
        found = check()
        yield found
        if found.level is Level.FAIL:
            return
    yield process_checks.check_worker(load_heartbeats())
    yield from _examine_queues()


def _examine_rows(now: datetime) -> Iterator[Finding]:
    heartbeats = load_heartbeats()
    yield process_checks.check_worker(heartbeats)
    yield from _examine_queues()
    yield process_checks.check_search(load_index_state(search_folder(), now=now))
    yield process_checks.check_countries(count_unfiled())
    yield process_checks.check_plain_pages(list_hidden_pages())
    yield process_checks.check_signing_keys(process_checks.load_key_dates(), now=now)
    yield clock_checks.check_clock(clock_checks.measure_offset_s())
    yield clock_checks.check_hosts_clocks(heartbeats, now=now)
    yield clock_checks.check_future(clock_checks.find_newest_change(), now=clock.now())


def _examine_queues() -> Iterator[Finding]:
    now = clock.now()
    queues = load_queues(now=now)
    yield mail_checks.check_held(queues.is_mail_held)
    yield mail_checks.check_outbox(queues.outbox, now=now, is_held=queues.is_mail_held)
    yield process_checks.check_jobs(queues.jobs, now=now)
