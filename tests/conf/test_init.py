"""`broadsheet init` from flags to the first sign-in, in processes of its own, on either database."""

from __future__ import annotations

import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
from django.db import connection

from tests import template_database
from tests.conf.installing import (
    PUBLISHER,
    Installation,
    Visitor,
    bare_environment,
    files_below,
    modes,
    new_installation,
    started,
    told,
)
from tests.conf.serving import wait_for


@pytest.fixture(params=[pytest.param("empty", marks=pytest.mark.soak), "migrated"])
def fresh(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An installation that is not made yet, on either database; `migrated` saves the half minute that its tables take."""
    is_migrated = request.param == "migrated"
    if connection.vendor == "sqlite":
        made = new_installation(tmp_path / "root")
        yield seed(made) if is_migrated else made
        return
    server, name = os.environ["BROADSHEET_DATABASE_URL"], f"init_{os.getpid()}"
    template = f"template_{template_database.FINGERPRINT}" if is_migrated else "template1"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        link.execute(f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY file_copy')
        yield new_installation(tmp_path / "root", f"{server.rpartition('/')[0]}/{name}")
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")


def read_sign_in(printed: str) -> tuple[str, str]:
    """Password and authenticator's secret, as they were printed once."""
    uri = urlsplit(told(printed, r"^  (otpauth://\S+)$"))
    assert unquote(uri.path) == f"/The Review:{PUBLISHER}"
    assert parse_qs(uri.query)["issuer"] == ["The Review"]
    return told(printed, r"^  Password +(\S+)$"), parse_qs(uri.query)["secret"][0]


@pytest.mark.django_db
def test_flags_lead_to_a_sign_in_over_tls(fresh: Installation, tmp_path: Path) -> None:
    installation = fresh
    ran = installation.init(*installation.flags)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    password, secret = read_sign_in(ran.stdout)
    assert len(re.findall(r"\b\d{8}\b", told(ran.stdout, r"Recovery codes.*\n((?: {4}\d.*\n)+)"))) == 10
    assert "█" in ran.stdout
    with started(installation, tmp_path / "log"):
        visitor = Visitor(installation)
        assert visitor.open("/desk/")[1].startswith(f"{installation.address}/login/")
        status, url, page = visitor.sign_in(PUBLISHER, password, secret)
        assert (status, url) == (200, f"{installation.address}/desk/")
        assert PUBLISHER in page
        assert visitor.status("/desk/articles/") == 200
        assert visitor.status("/desk/users/") == 200
        assert "The Review" in Visitor(installation).open("/")[2]
        assert "do not belong together" in Visitor(installation).sign_in(PUBLISHER, "another password", secret)[2]
        again = installation.init()
        assert again.returncode == 0, again.stdout + again.stderr
        assert "otpauth" not in again.stdout
        assert visitor.status("/desk/") == 200
    letters = list((installation.data_dir / "mail").glob("*.eml"))
    assert [PUBLISHER in letter.read_text() for letter in letters] == [True]


# -- What it wrote, and what a second run does ------------------------------------------------------------------------


def seed(installation: Installation) -> Installation:
    """Give it a database that is migrated already, which saves half a minute."""
    installation.data_dir.mkdir(parents=True)
    shutil.copyfile(template_database.sqlite_template(), installation.data_dir / "broadsheet.sqlite3")
    return installation


def init(installation: Installation, *flags: str) -> str:
    ran = installation.init("--no-mail-check", *flags)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> tuple[Installation, str, Path]:
    """An installation, what was printed when it was made, and a copy of it as it was then."""
    folder = tmp_path_factory.mktemp("made")
    installation = seed(new_installation(folder / "root"))
    printed = init(installation, *installation.flags)
    shutil.copytree(installation.root, folder / "copy", symlinks=True)
    return installation, printed, folder / "copy"


@pytest.fixture
def first_printed(made_once: tuple[Installation, str, Path]) -> str:
    """What was printed when the installation was made."""
    return made_once[1]


@pytest.fixture
def made(made_once: tuple[Installation, str, Path]) -> Iterator[Installation]:
    """That installation, put back as it was after the test."""
    installation, _, copy = made_once
    yield installation
    shutil.rmtree(installation.root)
    shutil.copytree(copy, installation.root, symlinks=True)


@pytest.fixture
def installation(tmp_path: Path, django_db_setup: None) -> Installation:
    """One that is not made yet, but for its database."""
    return seed(new_installation(tmp_path / "root"))


def test_files_are_open_to_nobody_who_need_not_read_them(made: Installation) -> None:
    names = {
        "etc/broadsheet": "755",
        "etc/broadsheet/broadsheet.env": "600",
        "etc/broadsheet/init.json": "600",
        "etc/broadsheet/tls/localhost.key": "600",
        "etc/broadsheet/tls/localhost.crt": "644",
        "etc/systemd/system/broadsheet.service": "644",
        "var/lib/broadsheet": "750",
        "var/lib/broadsheet/secret.key": "600",
        "var/lib/broadsheet/static": "750",
        "var/backups/broadsheet": "700",
    }
    assert modes(made.root, list(names)) == names
    record = (made.root / "etc/broadsheet/init.json").read_text()
    assert "mail_url" not in record and "database_url" not in record


def test_second_run_changes_nothing_and_keeps_keys_and_publisher(made: Installation) -> None:
    before = files_below(made.root)
    for flags in ([], made.flags):
        again = init(made, *flags)
        assert files_below(made.root) == before
        states = re.findall(r"^  /\S+: (.+)$", again, re.MULTILINE)
        assert len(states) == 6
        assert set(states) == {"as it was"}
        assert f"{PUBLISHER} keeps password and second factor" in again
    assert before["var/lib/broadsheet/secret.key"][1] != b""


def test_changed_answer_changes_its_place_alone_and_is_shown_without_passwords(made: Installation) -> None:
    with made.env_file.open("a") as file:
        file.write(
            "# a remark of the operator's\nBROADSHEET_SUPPORT_ADDRESS=desk@review.example\nBROADSHEET_MEDIA_DIR=/mnt/photos\n"
        )
    printed = init(made, "--mail-url", "smtp://ann:secret-word@relay.example", "--time-zone", "Asia/Tokyo")
    assert "      - BROADSHEET_TIME_ZONE=Europe/Berlin\n" in printed
    assert "      + BROADSHEET_TIME_ZONE=Asia/Tokyo\n" in printed
    assert "smtp://ann:…@relay.example" in printed and "secret-word" not in printed
    text = made.env_file.read_text()
    assert "BROADSHEET_MAIL_URL=smtp://ann:secret-word@relay.example\n" in text
    assert text.endswith(
        "# a remark of the operator's\nBROADSHEET_SUPPORT_ADDRESS=desk@review.example\nBROADSHEET_MEDIA_DIR=/mnt/photos\n"
    )
    assert " -/mnt/photos\n" in (made.root / "etc/systemd/system/broadsheet.service").read_text()
    saved = list(made.env_file.parent.glob("broadsheet.env.*.old"))
    assert len(saved) == 1
    assert "Europe/Berlin" in saved[0].read_text()
    assert saved[0].stat().st_mode & 0o777 == 0o600


def test_file_changed_by_hand_is_left_alone_until_forced_and_then_saved(made: Installation) -> None:
    unit = made.root / "etc/systemd/system/broadsheet.service"
    own = unit.read_text() + "# own line\n"
    unit.write_text(own)
    printed = init(made, "--edge-workers", "7")
    assert unit.read_text() == own
    assert f"{unit}: changed by hand, so left alone (--force replaces it)" in printed
    assert "--edge-workers 7" in printed
    init(made, "--force")
    assert "--edge-workers 7" in unit.read_text() and "# own line" not in unit.read_text()
    saved = list(unit.parent.glob("broadsheet.service.*.old"))
    assert [path.read_text() for path in saved] == [own]
    assert "as it was" in init(made)
    assert list(unit.parent.glob("*.old")) == saved


def test_new_sign_in_can_be_asked_for(made: Installation, first_printed: str) -> None:
    first = read_sign_in(first_printed)
    second = read_sign_in(init(made, "--renew-sign-in"))
    assert first[0] != second[0] and first[1] != second[1]


def test_dry_run_says_everything_and_writes_nothing(installation: Installation) -> None:
    before = files_below(installation.root)
    printed = init(installation, *installation.flags, "--dry-run")
    assert files_below(installation.root) == before
    assert f"{installation.env_file}: new" in printed
    assert f"+ BROADSHEET_SITE_URL={installation.address}" in printed


def test_own_password_and_no_nginx_and_no_systemd(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")
    printed = init(installation, *installation.flags, "--no-nginx", "--no-systemd", "--password-file", str(file))
    assert "correct horse" not in printed
    assert "Password         the one you gave" in printed
    assert not (installation.root / "etc/nginx").exists()
    assert not (installation.root / "etc/systemd").exists()
    assert not (installation.root / "etc/broadsheet/tls/localhost.key").exists()
    assert "BROADSHEET_TRUSTED_PROXIES" not in installation.env_file.read_text()
    assert "Let your proxy end TLS for localhost" in printed
    assert init(installation).count(": as it was") == 2  # settings and record: what was not wanted stays away


# -- Failures --------------------------------------------------------------------------------------------------------


def test_failure_on_the_way_leaves_nothing_behind(installation: Installation) -> None:
    """A table that stands in a migration's way: by then folders, settings, keys, units and site had been written."""
    shutil.rmtree(installation.root)
    installation.data_dir.mkdir(parents=True)
    with sqlite3.connect(installation.data_dir / "broadsheet.sqlite3") as link:
        link.execute("CREATE TABLE core_change (id integer)")
    before = files_below(installation.root)
    ran = installation.init(*installation.flags)
    assert ran.returncode == 1
    assert "core_change" in ran.stderr and "already exists" in ran.stderr
    assert "What had been written was taken back." in ran.stderr
    assert "Traceback" not in ran.stderr
    left = files_below(installation.root)
    left.pop("var/lib/broadsheet/secret.key", None)  # the database was there, so its key belongs to it
    assert {name: value for name, value in left.items() if name not in before} == {}
    assert "otpauth" not in ran.stdout


def test_failure_of_a_second_run_puts_back_what_was_there(made: Installation) -> None:
    before = files_below(made.root)
    with sqlite3.connect(made.data_dir / "broadsheet.sqlite3") as link:
        link.execute("DELETE FROM django_migrations WHERE app = 'core'")
    ran = made.init("--time-zone", "Asia/Tokyo", "--edge-workers", "7")
    assert ran.returncode == 1
    assert files_below(made.root) == before


def test_place_that_cannot_be_written_is_seen_beforehand(installation: Installation) -> None:
    (installation.root / "etc").mkdir()
    (installation.root / "etc/systemd").write_text("a file where a folder is wanted")
    before = files_below(installation.root)
    ran = installation.init(*installation.flags)
    assert ran.returncode == 1
    assert f"{installation.root}/etc/systemd is no folder" in ran.stderr
    assert "Nothing was written." in ran.stderr
    assert files_below(installation.root) == before


def test_every_bad_flag_is_named_at_once(installation: Installation) -> None:
    flags = ["--address", "http://localhost", "--time-zone", "Mars/Base", "--publisher", "ann", "--edge-workers", "many"]
    ran = installation.init(*flags, "--database-url", "mysql://localhost/x")
    assert ran.returncode == 1
    for words in (
        "--name: it is needed",
        "--address: The address is 'http://localhost'; give https://",
        "--time-zone: The time zone is 'Mars/Base'",
        "--publisher: 'ann' is no email address",
        "--edge-workers: The number of edge processes is 'many'",
        "--database-url: The database cannot be read",
    ):
        assert words in ran.stderr
    assert not (installation.root / "etc").exists()


def test_database_that_cannot_be_reached_is_said_before_anything_stays(installation: Installation) -> None:
    shutil.rmtree(installation.root)
    ran = installation.init(*installation.flags, "--database-url", "postgres://ann:secret-word@127.0.0.1:1/review")
    assert ran.returncode == 1
    assert "PostgreSQL cannot be reached" in ran.stderr
    assert "secret-word" not in ran.stdout + ran.stderr
    assert files_below(installation.root) == {}


# -- At a terminal ---------------------------------------------------------------------------------------------------


def test_at_a_terminal_it_asks_and_asks_again(installation: Installation) -> None:
    ports = (
        "--port",
        str(installation.port),
        "--edge-port",
        str(installation.edge_port),
        "--http-port",
        str(installation.http_port),
    )
    command = [sys.executable, "-m", "broadsheet.conf.command", "init", "--root", str(installation.root), "--no-mail-check", *ports]
    typed = ["The Review", "ftp://x", installation.address, "", "", "letters@review.example", "", PUBLISHER, ""]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=bare_environment())
    os.close(theirs)
    os.write(ours, "".join(f"{line}\n" for line in typed).encode())
    printed = b""
    try:
        while chunk := os.read(ours, 65536):
            printed += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    text = printed.decode().replace("\r\n", "\n")
    wait_for(lambda: process.poll() is not None, "it ends")
    assert process.returncode == 0, text
    assert "Name of the publication: " in text
    assert "The address is 'ftp://x'; give https://" in text
    assert "Mail server (smtp://user:password@host or smtps://…) [smtp://localhost]: " in text
    settings = installation.env_file.read_text()
    assert f"BROADSHEET_SITE_URL={installation.address}\n" in settings
    assert "BROADSHEET_MAIL_URL=smtp://localhost\n" in settings
    assert "otpauth://" in text
