"""PostgreSQL stops, is killed or stands still while readers read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from broadsheet.conf.management.commands.serve import THREADS
from tests.outage import story
from tests.outage.browsing import Browsing, Reading
from tests.outage.conftest import Site, article_id
from tests.outage.site import Host


def test_readers_read_on_while_postgresql_is_killed(postgresql_site: Site) -> None:
    cluster = postgresql_site.cluster
    story.tell(postgresql_site, begin=cluster.kill, end=cluster.start)


def test_readers_read_on_while_postgresql_says_nothing(postgresql_site: Site) -> None:
    cluster, path = postgresql_site.cluster, postgresql_site.write(1)[0]

    def edit() -> None:
        postgresql_site.desk.ask("edit", article_id(path), "Published when it was back")

    story.tell(postgresql_site, begin=cluster.freeze, end=cluster.thaw, meanwhile=edit)
    assert postgresql_site.browse().get(path).facts.heading == "Published when it was back"


@pytest.mark.soak  # for readers the same as killed
def test_readers_read_on_while_postgresql_is_stopped(postgresql_site: Site) -> None:
    cluster = postgresql_site.cluster
    story.tell(postgresql_site, begin=cluster.stop, end=cluster.start)


def test_pages_leave_the_edge_at_once_while_all_its_threads_wait_for_postgresql(postgresql_site: Site, tmp_path: Path) -> None:
    [path, *unread] = postgresql_site.write(1 + 2 * THREADS)
    host = Host(tmp_path / "data", postgresql_site.host.environment["BROADSHEET_DATABASE_URL"])
    host.start_edge()
    try:
        reader = postgresql_site.browse(host=host)
        assert reader.get(path).status == 200
        with ThreadPoolExecutor(len(unread)) as others:
            postgresql_site.cluster.freeze()
            try:
                waiting = [others.submit(Browsing(host).get, other) for other in unread]
                reading = Reading(reader, [path])
                refused = [one.result() for one in waiting]
            finally:
                postgresql_site.cluster.thaw()
            reading.stop()
    finally:
        host.stop()
    assert {answer.status for answer in refused} == {503}
    assert {answer.status for answer in reading.answers} == {200} and len(reading.answers) > 20
    assert max(answer.seconds for answer in reading.answers) < story.READ_AT_ONCE_S
