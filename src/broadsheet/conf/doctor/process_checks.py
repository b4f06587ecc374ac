"""Processes: worker, job worker, web servers, search, and the keys that web servers sign with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from broadsheet.conf.doctor.findings import Finding, fail, in_words, ok, warn
from broadsheet.conf.watch.queues import Jobs
from broadsheet.conf.watch.snapshots import Snapshot
from broadsheet.core.models import SigningKey
from broadsheet.core.signing_key_flows import LIVE_KEYS
from broadsheet.core.store import HeldHeartbeat
from broadsheet.library.search.state import IndexState

# The worker says so every ten seconds, and may be busy sending letters for sixty.
STALE_S = 120.0
JOBS_LATE, JOBS_TOO_LATE = timedelta(minutes=5), timedelta(minutes=30)
# An edge that has not looked at the change log for two seconds hands everything to Django (edge.holdings).
LOOK_S = 2.0
# A change is searchable within a second; while a large import is taken in it may take minutes.
SEARCH_LATE_S, SEARCH_TOO_LATE_S = 60.0, 600.0
OLD_KEY = timedelta(days=365)


def check_worker(heartbeats: Sequence[HeldHeartbeat]) -> Finding:
    """A worker lives, and none has fallen silent."""
    check, workers = "worker", [beat for beat in heartbeats if beat.name == "worker"]
    living = [beat for beat in workers if beat.age_s <= STALE_S]
    silent = [beat for beat in workers if beat.age_s > STALE_S]
    if not living:
        last = f"the last was heard of {in_words(min(beat.age_s for beat in silent))} ago" if silent else "none was ever heard of"
        return fail(
            check,
            f"No worker runs, {last}: letters wait, and nothing that is scheduled appears.",
            "Start broadsheet serve, or broadsheet work alone; see the log for why it ended.",
        )
    if silent:
        names = ", ".join(f"{beat.host} ({in_words(beat.age_s)} ago)" for beat in silent)
        return warn(
            check, f"No more heard of: {names}.", "Start it again there; a host that is gone for good is forgotten in a week."
        )
    return ok(check, ", ".join(f"{beat.host}, {in_words(beat.age_s)} ago" for beat in living))


def check_jobs(jobs: Jobs, *, now: datetime) -> Finding:
    """Jobs are taken up, and end well."""
    check, late = "jobs", now - jobs.waiting_since if jobs.waiting_since is not None else timedelta(0)
    if late > JOBS_LATE:
        judge = fail if late > JOBS_TOO_LATE else warn
        return judge(
            check,
            f"{jobs.waiting} jobs wait, the oldest for {in_words(late.total_seconds())}.",
            "See that the job worker runs (broadsheet db_worker --backend jobs, or broadsheet serve).",
        )
    if jobs.failed:
        return warn(check, f"{jobs.failed} jobs failed in the last day.", "The log has their tracebacks.")
    return ok(check, f"{jobs.waiting} waiting")


def check_web(snapshots: Sequence[Snapshot], *, now_s: float) -> Finding:
    """This host's web servers follow the change log."""
    check = "web server"
    serving = [snapshot for snapshot in snapshots if snapshot.role == "web" and snapshot.is_live(now_s)]
    if not serving:
        return warn(check, "No web server runs on this host.", "Start broadsheet serve, unless this host has other business.")
    away = [snapshot for snapshot in serving if snapshot.gauges.get("is_away")]
    if away:
        return fail(
            check,
            f"{len(away)} of {len(serving)} processes do not reach the database and serve what they hold.",
            "Start the database; nothing else has to be started again.",
        )
    behind = max(snapshot.gauges.get("looked_ago_s", 0.0) for snapshot in serving)
    if behind > LOOK_S:
        return fail(
            check,
            f"A process last looked at the change log {in_words(behind)} ago: its readers wait for Django.",
            "See the log for why; systemctl restart broadsheet helps meanwhile.",
        )
    return ok(check, f"{len(serving)} processes; the change log was looked at {behind:.2f} s ago")


def check_search(state: IndexState) -> Finding:
    """This host's search index can be read, and a process keeps it true."""
    check, ways = "search", "Start broadsheet serve, or broadsheet reindex --follow alone; see the log for why it ended."
    if not state.is_followed:
        seen = "No process keeps the search index on this host"
        if state.articles is None:
            return warn(check, f"{seen}, and there is none: searches look at headlines only.", ways)
        return warn(check, f"{seen}: it misses what was published since, and holds what was withdrawn.", ways)
    if state.progress is not None and state.articles is None:
        return warn(check, f"The index is being built, {state.progress.done} of {state.progress.total} articles.", "Wait for it.")
    if state.articles is None:
        return fail(check, "There is no index that can be read: searches look at headlines only.", "See the log for why.")
    if state.behind_s > SEARCH_LATE_S:
        judge = fail if state.behind_s > SEARCH_TOO_LATE_S else warn
        return judge(check, f"The index is {in_words(state.behind_s)} behind the change log.", "See the log for why.")
    return ok(check, f"{state.articles} articles, {state.behind_s:.1f} s behind the change log")


def check_countries(unfiled: int) -> Finding:
    """Articles stand on the pages of the countries that they name."""
    if unfiled:
        seen = f"{unfiled} articles wait to be filed under the countries that they name: those countries’ pages miss them."
        return warn("countries", seen, "Wait while a worker runs, which does it by itself; or run: broadsheet countries")
    return ok("countries", "all articles are filed")


def check_plain_pages(hidden: Sequence[str]) -> Finding:
    """The publisher's pages are seen at their addresses."""
    if hidden:
        seen = f"Broadsheet itself answers at the address of {len(hidden)} plain pages, so nobody sees them: {', '.join(hidden)}."
        return warn("plain pages", seen, "Give them other addresses in the desk.")
    return ok("plain pages", "each is seen at its address")


def check_signing_keys(created_at: Sequence[datetime], *, now: datetime) -> Finding:
    """The keys of readers' passes: one or two, and not for ever the same."""
    check = "signing keys"
    if not created_at:
        return ok(check, "none yet; the first sign-in makes one")
    age = now - max(created_at)
    if len(created_at) > LIVE_KEYS:
        return warn(check, f"{len(created_at)} keys count, {LIVE_KEYS} should.", "Run: broadsheet keys rotate")
    if age > OLD_KEY:
        return warn(
            check, f"The newest key is {in_words(age.total_seconds())} old.", "Run: broadsheet keys rotate; nobody is signed out."
        )
    return ok(check, f"{len(created_at)}, the newest {in_words(max(0.0, age.total_seconds()))} old")


def load_key_dates() -> list[datetime]:
    """When each signing key was made."""
    return list(SigningKey.objects.values_list("created_at", flat=True))
