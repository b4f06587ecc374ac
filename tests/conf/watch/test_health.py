"""/healthz: ready or not within a second, details for trusted networks, with the database or without."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from broadsheet.conf.doctor.findings import fail, ok, warn
from broadsheet.conf.watch import figures, health, process
from broadsheet.conf.watch.asking import Question
from broadsheet.conf.watch.health import Health
from broadsheet.core.clock import SystemClock
from broadsheet.core.heartbeat_flows import Pulse
from broadsheet.mail.hold_flows import hold_mail
from broadsheet.mail.models import OutboxLetter

OUTSIDE = {"REMOTE_ADDR": "203.0.113.9"}


PATIENCE_S = 10.0  # a busy machine's; how long readers of /healthz wait is tested by itself


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that an earlier test was told is kept."""
    for module, name in ((health, "QUICKLY"), (figures, "TOLD")):
        monkeypatch.setattr(module, name, Question(getattr(module, name)._ask, patience_s=PATIENCE_S, keep_for_s=0))


def wrong(client: Client) -> dict[str, str]:
    """What /healthz says is wrong, and how wrong; the disk of the machine that runs the tests is its own affair."""
    found = {found["check"]: found["level"] for found in client.get("/healthz").json()["wrong"]}
    return {check: level for check, level in found.items() if check != "disk"}


def beat() -> None:
    """A worker that lives."""
    Pulse("worker", now=SystemClock().now()).beat(SystemClock().now())


@pytest.mark.django_db(transaction=True)
def test_well_site_is_ready_and_nothing_is_wrong(client: Client) -> None:
    beat()
    assert wrong(client) == {}
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.django_db(transaction=True)
def test_stranger_learns_ready_or_not_and_no_more(client: Client) -> None:
    assert client.get("/healthz", **OUTSIDE).json() == {"live": True, "ready": True}
    assert client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"}).json() == {"live": True, "ready": True}
    assert "worker" in wrong(client)


@pytest.mark.django_db(transaction=True)
def test_what_keeps_nobody_from_reading_is_told_and_stays_ready(client: Client) -> None:
    now = SystemClock().now()
    hold_mail(copied_at=now)
    assert wrong(client) == {"worker": "fail", "mail held": "warn"}
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_late_letters_are_told(client: Client, clock: Any) -> None:
    beat()
    due = clock.now() - timedelta(hours=1)
    OutboxLetter.objects.create(kind="code", to_address="a@example.org", message_id="<1@x>", created_at=due, due_at=due)
    assert wrong(client) == {"letters": "fail"}


@pytest.mark.django_db(transaction=True)
def test_missing_migration_is_not_ready(client: Client) -> None:
    beat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name = '0003_heartbeat'")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["wrong"][0]["what"] == "Not applied: core.0003_heartbeat."


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("gauges", "status", "told"),
    [
        ({"is_away": False, "looked_ago_s": 0.05}, 200, {}),
        ({"is_away": False, "looked_ago_s": 30.0}, 503, {"change log": "fail"}),
        ({"is_away": True, "looked_ago_s": 30.0}, 503, {"database": "fail"}),
    ],
)
def test_edge_that_does_not_follow_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch, gauges: dict[str, float], status: int, told: dict[str, str]
) -> None:
    beat()
    monkeypatch.setattr(process, "_gauges", lambda: gauges)
    assert wrong(client) == told
    assert client.get("/healthz").status_code == status


@pytest.fixture
def refusing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be connected to, for whoever connects from now on."""
    monkeypatch.setitem(connection.settings_dict, "NAME" if connection.vendor == "sqlite" else "HOST", str(tmp_path))


@pytest.mark.django_db(transaction=True)
def test_database_that_refuses_is_not_ready_and_the_process_still_lives(client: Client, refusing: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert wrong(client) == {"database": "fail"}
    assert client.get("/healthz", **OUTSIDE).json() == {"live": True, "ready": False}
    assert client.get("/healthz/live").json() == {"live": True}
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert b"broadsheet_database_up 0.0" in metrics.content
    assert b"broadsheet_letters{" not in metrics.content


@pytest.mark.django_db(transaction=True)
def test_database_that_says_nothing_is_given_up_within_a_second(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a file is there or not")
    monkeypatch.setattr(health, "QUICKLY", Question(health.QUICKLY._ask, patience_s=health.PATIENCE_S, keep_for_s=0))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
        started = time.monotonic()
        answers = [client.get("/healthz") for _ in range(3)]
        took_s = time.monotonic() - started
    assert [answer.status_code for answer in answers] == [503] * 3
    assert took_s < 3 * (health.PATIENCE_S + 0.2) + 1
    assert answers[0].json()["wrong"][-1]["what"] == "The database does not answer: no answer within 0.8 s"


def test_readiness_hangs_on_few_checks() -> None:
    assert Health([ok("database", ""), fail("worker", "", ""), warn("letters", "", "")]).is_ready
    for check in ("database", "migrations", "change log"):
        assert not Health([fail(check, "", "")]).is_ready
        assert Health([warn(check, "", "")]).is_ready


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/healthz", "/healthz/live", "/metrics"])
def test_watchers_ask_by_any_name_and_only_read(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "10.0.0.1:8000"}).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_metrics_are_for_trusted_networks(client: Client) -> None:
    assert client.get("/metrics", **OUTSIDE).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    beat()
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain")
    assert b"broadsheet_database_up 1.0" in answer.content
    assert b'broadsheet_heartbeat_age_seconds{host="' in answer.content
