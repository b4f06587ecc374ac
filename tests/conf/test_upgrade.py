"""`broadsheet upgrade` from the first check to the last page, beside a version that serves. On both databases."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.conf.management.commands import upgrade as upgrade_command
from broadsheet.conf.static_storage import LastingStaticFilesStorage
from broadsheet.library.models import Article
from broadsheet.pages.models import Variant
from broadsheet.paywall.models import Unlock
from tests.conf.test_schema import ROOT, ask, command, describe_database, environment, harbours
from tests.conf.version_before import Browser, Readers, serving
from tests.mail.servers import free_port
from tests.subprocesses import child_environment

__all__ = ["harbours"]
pytestmark = pytest.mark.django_db(transaction=True)


def upgrade(migrations: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the version after."""
    ran = subprocess.run(command("upgrade", *arguments), env=environment(migrations), capture_output=True, text=True, check=False)
    connections.close_all()
    return ran


@pytest.fixture
def readers(make_article: Callable[..., Article], make_reader: Callable[..., User], tmp_path: Path) -> Iterator[Readers]:
    """The version before with articles and members, serving."""
    paths = [make_article().get_absolute_url() for _ in range(4)]
    port = free_port()
    own = {"DJANGO_SETTINGS_MODULE": "tests.child_settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "BROADSHEET_ENV_FILE": ""}
    with serving({**child_environment(), **own}, port, tmp_path / "log"):
        yield Readers(port, settings.BROADSHEET.site_url, paths, [sign_in(make_reader()) for _ in range(30)])


def sign_in(reader: User) -> Browser:
    client = Client()
    client.force_login(reader)
    name = settings.SESSION_COOKIE_NAME
    return Browser(f"{name}={client.cookies[name].value}")


# -- The version that serves goes on ---------------------------------------------------------------------------------


def test_the_version_before_serves_on_while_a_migration_fails_and_after(readers: Readers) -> None:
    before = describe_database()
    with readers.busy():
        ran = upgrade("failing", "--no-backup", "--no-render")
    assert ran.returncode != 0 and "Nothing was changed" in ran.stderr
    after = describe_database()
    assert after == before
    assert not readers.oddities, readers.oddities[:3]
    assert readers.counts["unlocked"] and readers.counts["read"]
    assert Unlock.objects.count() == readers.counts["unlocked"]
    assert readers.last_opens(readers.paths[3])


def test_the_version_before_serves_on_while_it_is_upgraded_and_after(readers: Readers) -> None:
    with readers.busy():
        ran = upgrade("sound", "--no-backup")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not readers.oddities, readers.oddities[:3]
    assert readers.counts["unlocked"] and readers.counts["read"]
    assert ask("SELECT depth_m FROM late_harbour ORDER BY id") == [(24,), (9,)]
    assert readers.last_opens(readers.paths[3])


# -- Step by step ----------------------------------------------------------------------------------------------------


def test_check_says_what_would_be_done_and_does_nothing() -> None:
    before = describe_database()
    ran = upgrade("sound", "--check")
    assert ran.returncode == 0
    assert "1 migrations to apply" in ran.stdout
    assert "late_app.0002_depths: Add field depth_m to harbour" in ran.stdout
    assert describe_database() == before


def test_the_backup_is_made_before_the_tables_change_and_the_pages_after(
    make_article: Callable[..., Article], tmp_path: Path
) -> None:
    make_article()
    Variant.objects.all().delete()
    ran = upgrade("sound", "--backup-to", str(tmp_path))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (archive,) = tmp_path.iterdir()
    verified = subprocess.run(
        command("backup", "--verify", str(archive)), env=environment("sound"), capture_output=True, text=True, check=True
    )
    assert "is whole" in verified.stdout
    steps = [ran.stdout.index(word) for word in ("database:", "Backup", "Tables", "Static files", "Pages", "All is ready")]
    assert steps == sorted(steps)
    assert Variant.objects.filter(path__startswith="/articles/").exists() and Variant.objects.filter(path="/").exists()


def test_without_a_backup_nothing_is_touched(tmp_path: Path) -> None:
    before = describe_database()
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("")
    ran = upgrade("sound", "--backup-to", str(in_the_way / "backups"))
    assert ran.returncode != 0
    assert "Nothing was changed" in ran.stderr and "Traceback" not in ran.stderr
    assert describe_database() == before


def test_without_a_database_it_stops_at_the_first_check() -> None:
    url = "sqlite:////nowhere/at/all.sqlite3"
    ran = subprocess.run(
        command("upgrade"),
        env={**environment("sound"), "BROADSHEET_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "There is no database at /nowhere/at/all.sqlite3" in ran.stderr and "Traceback" not in ran.stderr


def test_restart_is_refused_to_others_than_root_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_command.os, "geteuid", lambda: 1000)
    with pytest.raises(upgrade_command.CommandError, match="for root"):
        upgrade_command.Command().handle(restart=True, check=False)


def test_root_works_as_the_account_that_owns_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = settings.BROADSHEET.data_dir.stat().st_uid
    monkeypatch.setattr(upgrade_command.os, "geteuid", lambda: 0)
    found = upgrade_command.find_other_owner()
    assert (found is None) if owner == 0 else (found is not None and found.pw_uid == owner)
    monkeypatch.setattr(upgrade_command.os, "geteuid", lambda: 1000)
    assert upgrade_command.find_other_owner() is None


# -- Static files ----------------------------------------------------------------------------------------------------


def test_files_of_the_version_before_keep_their_names_until_they_are_gone(tmp_path: Path) -> None:
    def collect(**files: str) -> LastingStaticFilesStorage:
        storage = LastingStaticFilesStorage(location=str(tmp_path), base_url="/static/")
        for name, content in files.items():
            (tmp_path / f"{name}.css").write_text(content)
        list(storage.post_process({f"{name}.css": (storage, f"{name}.css") for name in files}))
        return LastingStaticFilesStorage(location=str(tmp_path), base_url="/static/")

    before = collect(site="a{}", wall="b{}")
    old_site, old_wall = before.url("site.css"), before.url("wall.css")
    after = collect(site="c{}")
    assert after.url("site.css") != old_site
    assert after.url("wall.css") == old_wall  # which a process of the version before may still ask for, started anew
    assert (tmp_path / old_site.removeprefix("/static/")).exists()
    (tmp_path / old_wall.removeprefix("/static/")).unlink()
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        collect(site="d{}").url("wall.css")
