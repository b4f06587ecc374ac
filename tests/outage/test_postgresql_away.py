"""PostgreSQL stops, is killed or stands still while readers read."""

from __future__ import annotations

import pytest

from tests.outage import story
from tests.outage.conftest import Site, article_id


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
