"""Two hosts on one PostgreSQL: data directories of their own, photos in one folder, clocks that differ."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.outage.answers import Answer, Facts
from tests.outage.browsing import Browsing
from tests.outage.conftest import Site, article_id
from tests.outage.site import Host

SEEN_WITHIN_S = 8.0
SLEEPS_FOR_S = 2.5  # longer than a process trusts what it holds
CLOCK_AHEAD_S = 20.0


@dataclass(frozen=True)
class Before:
    """What happened before the second host was started: an edit, an article taken back, a reader who signed out."""

    edited: str
    taken_back: str
    left: dict[str, str]


@dataclass(frozen=True)
class Second:
    """The second host."""

    host: Host
    before: Before


@pytest.fixture(scope="module")
def second(postgresql_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """The second host, started late, with a clock that is not right."""
    first = postgresql_site.host.environment
    host = Host(
        tmp_path_factory.mktemp("second") / "data",
        first["BROADSHEET_DATABASE_URL"],
        site_url=first["BROADSHEET_SITE_URL"],
        media_dir=Path(first["BROADSHEET_MEDIA_DIR"]),
    )
    before = change_much(postgresql_site)
    try:
        host.start(clock_ahead_s=CLOCK_AHEAD_S)
        yield Second(host, before)
    finally:
        host.stop()


@pytest.fixture
def other(second: Second) -> Host:
    """The second host."""
    return second.host


def change_much(site: Site) -> Before:
    """Let things happen that a host must know of although it was not there."""
    edited, taken_back = site.write(2)
    _, email = site.enroll(is_subscriber=True)
    reader = site.browse(email)
    left = dict(reader.cookies)
    assert reader.get(edited).facts.access == "open"
    site.desk.ask("edit", article_id(edited), "Before it started")
    site.desk.ask("unpublish", article_id(taken_back))
    assert reader.post("/logout/").status == 303
    return Before(edited, taken_back, left)


def seen(ask: Callable[[], Answer], is_so: Callable[[Answer], bool], *, since: float) -> Answer:
    """The answer, once it is as it should be, which has to be within a second."""
    while not is_so(answer := ask()):
        assert time.monotonic() < since + SEEN_WITHIN_S, f"not seen: {answer.status} {answer.facts}"
        time.sleep(0.01)
    return answer


def test_what_is_published_and_taken_back_is_seen_on_both_hosts_within_a_second(postgresql_site: Site, other: Host) -> None:
    [path] = postgresql_site.write(1)
    readers = [postgresql_site.browse(), postgresql_site.browse(host=other)]
    for reader in readers:
        assert reader.get(path).status == 200 and reader.get("/").status == 200
    edited = postgresql_site.desk.ask("edit", article_id(path), "Seen on both hosts")
    for reader in readers:
        seen(lambda: reader.get(path), lambda answer: answer.facts.heading == "Seen on both hosts", since=edited)  # noqa: B023
        assert "Seen on both hosts" in reader.get("/").text
    gone = postgresql_site.desk.ask("unpublish", article_id(path))
    for reader in readers:
        seen(lambda: reader.get(path), lambda answer: answer.status == 410, since=gone)  # noqa: B023
        assert "Seen on both hosts" not in reader.get("/").text


def test_reader_is_the_same_on_both_hosts_until_they_sign_out(postgresql_site: Site, other: Host) -> None:
    paths = postgresql_site.write(2)
    reader_id, email = postgresql_site.enroll()
    here = postgresql_site.browse(email)
    there = Browsing(other, here.cookies)
    assert there.get("/account/").status == 200
    assert (there.get(paths[0]).facts.reason, there.get(paths[0]).facts.remaining) == ("meter", "3")
    assert here.post(f"/articles/{article_id(paths[0])}/unlock/").status == 303
    opened = time.monotonic()
    facts = seen(lambda: there.get(paths[0]), lambda answer: answer.facts.access == "open", since=opened).facts
    assert (facts.reason, facts.remaining) == ("unlock", "2")
    assert there.post(f"/articles/{article_id(paths[1])}/unlock/").status == 303
    opened = time.monotonic()
    assert seen(lambda: here.get(paths[1]), lambda answer: answer.facts.access == "open", since=opened).facts.remaining == "1"
    assert sorted(postgresql_site.desk.ask("unlocks", reader_id)) == sorted(map(article_id, paths))
    left = dict(there.cookies)
    assert here.post("/logout/").status == 303
    out = time.monotonic()
    seen(lambda: Browsing(other, left).get(paths[0]), lambda answer: answer.facts.reason == "stranger", since=out)
    assert there.get("/account/").status in (302, 303)


def test_new_signing_key_signs_nobody_out_on_either_host(postgresql_site: Site, other: Host) -> None:
    [path] = postgresql_site.write(1, "subscribers")
    _, email = postgresql_site.enroll(is_subscriber=True)
    here = postgresql_site.browse(email)
    there = Browsing(other, here.cookies)
    before = here.cookies["broadsheet_pass"]
    postgresql_site.desk.ask("command", "keys", "rotate")
    rotated = time.monotonic()
    for reader in (here, there):
        assert reader.get(path).facts.access == "open"
    newcomer = postgresql_site.browse(email)
    assert newcomer.cookies["broadsheet_pass"].partition(".")[0] != before.partition(".")[0]
    moved = Browsing(other, newcomer.cookies)
    seen(lambda: moved.get(path), lambda answer: answer.facts.access == "open", since=rotated)
    kept = Browsing(other, {**here.cookies, "broadsheet_pass": before})
    assert kept.get(path).facts.access == "open"


def test_host_that_slept_while_the_log_was_trimmed_wakes_up_in_the_right_state(postgresql_site: Site, other: Host) -> None:
    paths = postgresql_site.write(2)
    _, email = postgresql_site.enroll(is_subscriber=True)
    here = postgresql_site.browse(email)
    left = dict(here.cookies)
    for path in paths:
        assert postgresql_site.browse(host=other).get(path).status == 200
        assert Browsing(other, left).get(path).facts.access == "open"
    other.signal(signal.SIGSTOP)
    try:
        postgresql_site.desk.ask("edit", article_id(paths[0]), "While it slept")
        postgresql_site.desk.ask("unpublish", article_id(paths[1]))
        assert here.post("/logout/").status == 303
        assert postgresql_site.desk.ask("trim_everything") > 0
        time.sleep(SLEEPS_FOR_S)
    finally:
        other.signal(signal.SIGCONT)
    woken = time.monotonic()
    reader = postgresql_site.browse(host=other)
    seen(lambda: reader.get(paths[0]), lambda answer: answer.facts.heading == "While it slept", since=woken)
    seen(lambda: reader.get(paths[1]), lambda answer: answer.status == 410, since=woken)
    seen(lambda: Browsing(other, left).get(paths[0]), lambda answer: answer.facts.access == "wall", since=woken)


def test_host_that_is_started_late_begins_in_the_right_state(second: Second) -> None:
    host, before = second.host, second.before
    assert Browsing(host, before.left).get(before.edited).facts == Facts("wall", "stranger", "", "Before it started")
    assert Browsing(host).get(before.taken_back).status == 410


def test_photos_lie_in_one_folder_and_everything_else_apart(postgresql_site: Site, other: Host) -> None:
    address = postgresql_site.desk.ask("store", "strait.txt", "a photo of the strait")
    for host in (postgresql_site.host, other):
        assert postgresql_site.browse(host=host).get(address).text == "a photo of the strait"
    assert postgresql_site.host.data_dir != other.data_dir
    assert not (other.data_dir / "media").exists() and not (other.data_dir / "secret.key").exists()
