"""The drill as an operator does it: a site that is read, backed up meanwhile, and brought back on another machine."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import F
from django.test import Client
from django_tasks_db.models import DBTaskResult

from broadsheet.accounts.models import User
from broadsheet.core.clock import SystemClock
from broadsheet.demo.load import load_demo
from broadsheet.library.models import Article, Photo
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.pages.models import Epoch, Variant
from tests.conf.backup.sites import fingerprint
from tests.conf.serving import Load, Serving, broadsheet, serving, wait_for
from tests.mail.servers import free_port
from tests.subprocesses import child_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]

PASSPHRASE = "seven words that nobody else has put together"


@pytest.fixture
def kept_key() -> Iterator[None]:
    """The installation's secret key lies in its data directory, as it does where nobody sets one."""
    path = django_settings.BROADSHEET.data_dir / "secret.key"
    path.write_text(django_settings.BROADSHEET.secret_key)
    yield
    path.unlink()


@pytest.fixture
def new_machine(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment of a machine with an empty disk and an empty database."""
    here = child_environment()
    left_out = {"BROADSHEET_SECRET_KEY", "BROADSHEET_DATABASE_URL"}
    environment = {name: value for name, value in here.items() if name not in left_out}
    environment["BROADSHEET_DATA_DIR"] = str(tmp_path / "new-data")
    if connection.vendor == "sqlite":
        yield environment
        return
    server = here["BROADSHEET_DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
        link.execute("DROP DATABASE IF EXISTS drill")
        link.execute("CREATE ROLE drill LOGIN")  # with no right but to its own database
        link.execute("CREATE DATABASE drill OWNER drill")
        yield {**environment, "BROADSHEET_DATABASE_URL": f"{server}/drill".replace("://broadsheet@", "://drill@")}
        link.execute("DROP DATABASE drill WITH (FORCE)")
        link.execute("DROP ROLE drill")


def get(server: Serving, path: str, port: int, cookie: str) -> bytes:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as link:
        link.request("GET", path, headers={"Host": "localhost", "Cookie": cookie})
        answer = link.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, server.printed)
        return body


def read_all(server: Serving, cookies: Mapping[str, str], paths: list[str]) -> dict[tuple[str, str, str], bytes]:
    """What each visitor is shown at each address, by Django's processes and by the edge's."""
    ports = {"django": server.port, "edge": server.edge_port}
    return {
        (visitor, path, name): get(server, path, port, cookie)
        for visitor, cookie in cookies.items()
        for path in paths
        for name, port in ports.items()
    }


def cookie_of(email: str) -> str:
    """The cookie of a browser that signed in before the backup."""
    client = Client()
    client.force_login(User.objects.get(email=email))
    return f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"


def run(*arguments: str, environment: Mapping[str, str]) -> str:
    ran = broadsheet(*arguments, environment=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_backup_wipe_restore_the_same_site(tmp_path: Path, kept_key: None, new_machine: Mapping[str, str]) -> None:
    now = SystemClock().now()
    load_demo(now=now)
    letter = {"new_address": "n@example.org", "help_link": "x"}
    queue_letter(LetterKind.ADDRESS_CHANGED, "reader@example.org", letter, now=now)
    here = {name: value for name, value in child_environment().items() if name != "BROADSHEET_SECRET_KEY"}
    run("mail", "hold", environment=here)  # so that the letter waits when the backup is made
    cookies = {"stranger": ""} | {who: cookie_of(f"{who}@example.org") for who in ("reader", "spent", "subscriber")}
    paths = ["/", "/library/", "/feed.xml", "/sitemap.xml"]
    paths += [article.get_absolute_url() for article in Article.objects.filter(live=True)]
    paths += [photo.file.url for photo in Photo.objects.all()]
    phrase = tmp_path / "phrase"
    phrase.write_text(PASSPHRASE)
    with serving(here, tmp_path / "log", port=free_port(), edge_port=free_port()) as server:
        server.wait_until_ready()
        wait_for(lambda: not DBTaskResult.objects.filter(finished_at=None).exists(), "every size of each photo is made")
        Variant.objects.all().delete()  # those that were made while some sizes were missing
        Epoch.objects.update(value=F("value") + 1)
        shown = read_all(server, cookies, paths)
        assert read_all(server, cookies, paths) == shown
        with Load(server.edge_port, "/", shown["stranger", "/", "edge"]).running(2) as load:
            told = run("backup", "--to", f"{tmp_path}/", "--passphrase-file", str(phrase), environment=here)
            load.wait_for_right(20)
        assert load.counts["wrong"] + load.counts["half"] == 0, load.oddities
    before = fingerprint()
    path = told.split(" ", 1)[0]
    assert "is whole" in run("backup", "--verify", path, "--passphrase-file", str(phrase), environment=here)

    environment = dict(new_machine)
    into = environment.pop("BROADSHEET_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.sqlite3")
    said = run("restore", path, "--passphrase-file", str(phrase), "--into-database", into, environment=environment)
    assert "Letters are held (1 wait)." in said
    environment["BROADSHEET_DATABASE_URL"] = into
    # Style sheets are in no backup; the new machine would collect the same ones, which takes ten seconds of work.
    shutil.copytree(django_settings.BROADSHEET.data_dir / "static", tmp_path / "new-data" / "static")
    with serving(environment, tmp_path / "new-log", port=free_port(), edge_port=free_port()) as server:
        server.wait_until_ready()
        assert "Letters are held" in server.printed
        assert read_all(server, cookies, paths) == shown
        for who, cookie in cookies.items():
            if cookie:
                assert f"{who}@example.org".encode() in get(server, "/account/", server.port, cookie)
        sent = tmp_path / "new-data" / "mail"
        assert not sent.exists(), "a restored copy sent a letter"
        run("mail", "release", "--send-queued", environment=environment)
        wait_for(lambda: list(sent.glob("*.eml")), "the letter is sent")
    check_same(before, environment)


def check_same(before: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """The new machine's tables and files have the hashes of the old one's, but for what serving has written since."""
    written_by_serving = {"core_event", "core_tally", "mail_outboxletter", "django_session"}
    own, root, url = connection.settings_dict["NAME"], django_settings.MEDIA_ROOT, environment["BROADSHEET_DATABASE_URL"]
    connection.close()
    connection.settings_dict["NAME"] = url.removeprefix("sqlite:///") if connection.vendor == "sqlite" else "drill"
    django_settings.MEDIA_ROOT = Path(environment["BROADSHEET_DATA_DIR"]) / "media"
    try:
        after = fingerprint()
    finally:
        connection.close()
        connection.settings_dict["NAME"], django_settings.MEDIA_ROOT = own, root
    assert {name for name in {*before, *after} if before.get(name) != after.get(name)} <= written_by_serving
