"""Backup, wipe, restore: the same site. On SQLite and on PostgreSQL alike."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.conf.backup import compatibility, flows
from broadsheet.conf.backup.archive import Label
from broadsheet.conf.backup.encryption import Keys, Protection
from broadsheet.conf.backup.exceptions import BackupError, Damaged, Locked, Refused
from broadsheet.conf.backup.flows import Made, Wish, make_backup, verify_backup
from broadsheet.conf.backup.postgresql import find_client, run_tool
from broadsheet.conf.backup.restore_flows import Consent, Restored
from broadsheet.core.change_cursor import ChangeCursor
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import Change, TrimmedLog
from broadsheet.core.signing_key_flows import load_signing_key
from broadsheet.edge.database import Database
from broadsheet.library.models import Article, Photo
from broadsheet.library.search.index_flows import search_folder
from broadsheet.mail.flows import queue_letter, send_due_letters
from broadsheet.mail.models import OutboxLetter
from broadsheet.mail.store import is_mail_held
from broadsheet.mail.wordings import LetterKind
from broadsheet.pages.models import Variant
from broadsheet.pages.store import read_epoch
from broadsheet.paywall.flows import unlock_article
from tests import template_database
from tests.conf.backup.sites import Site, clear_files, fingerprint, is_signed_in, make_photo, say_nothing, wipe
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

REPLACE = Consent(replace=True)


# -- The same site -------------------------------------------------------------------------------------------------


def test_restored_site_is_the_same(site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored]) -> None:
    shown, before = site.read(), fingerprint()
    assert len(before) > 80 and "library_article" in before and any(name.endswith(".png") for name in before)
    made = back_up()
    wipe()
    restored = bring_back(made.path)
    assert fingerprint() == before
    assert restored.manifest == made.manifest
    assert site.read() == shown
    assert is_signed_in(site.subscriber, User.objects.get(email="subscriber@example.org"))


def test_what_happened_after_the_backup_is_gone(
    site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored], make_article: Callable[..., Article]
) -> None:
    before, made = fingerprint(), back_up()
    make_article()
    make_photo("later.png", "crimson")
    site.articles[0].unpublish()
    bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before


def test_restored_site_can_be_backed_up_and_restored_again(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], clock: StoppedClock
) -> None:
    before = fingerprint()
    bring_back(back_up().path, consent=REPLACE)
    clock.advance(timedelta(hours=1))
    again = back_up()
    assert again.manifest.missing == ()
    wipe()
    bring_back(again.path)
    assert fingerprint() == before


def test_site_goes_on_after_a_restore(
    photo: Photo,
    back_up: Callable[..., Made],
    bring_back: Callable[..., Restored],
    make_article: Callable[..., Article],
    make_reader: Any,
    clock: StoppedClock,
) -> None:
    made = back_up()
    wipe()
    bring_back(made.path)
    article, reader = make_article(), make_reader("new@example.org")
    assert unlock_article(reader.pk, article.pk, now=clock.now()).remaining == 2
    assert make_photo().file.name != photo.file.name
    assert Client().get(article.get_absolute_url()).status_code == 200


# -- The file ------------------------------------------------------------------------------------------------------


def test_backup_is_one_file_for_its_owner_only(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    made = back_up()
    assert [path.name for path in tmp_path.iterdir()] == [made.path.name] == ["broadsheet-localhost-20260217T093000Z.tar"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    told = json.loads((django_settings.BROADSHEET.data_dir / "last-backup.json").read_text())
    assert told == {"at": "2026-02-17T09:30:00+00:00", "path": str(made.path), "bytes": made.path.stat().st_size, "lost": 0}


def test_backups_go_into_the_data_directory_unless_told_otherwise(photo: Photo, clock: StoppedClock) -> None:
    made = make_backup(Wish(), now=clock.now(), tell=say_nothing)
    folder = django_settings.BROADSHEET.data_dir / "backups"
    assert made.path.parent == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_manifest_says_what_is_in_it(site: Site, back_up: Callable[..., Made]) -> None:
    label = back_up().manifest.label
    assert label.database == connection.vendor
    assert label.rows["library_article"] == 3
    assert ["library", "0001_initial"] in label.migrations
    assert label.site_url == django_settings.BROADSHEET.site_url
    assert set(label.rows).isdisjoint({"pages_variant", "core_cache", "mail_sending", "core_heartbeat"})


def test_any_tar_unpacks_it(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    with tarfile.open(back_up().path) as tar:
        tar.extractall(tmp_path / "by-hand", filter="data")
    assert (tmp_path / "by-hand" / "media" / photo.file.name).read_bytes() == Path(photo.file.path).read_bytes()


def test_nothing_deleted_and_nothing_derived_is_carried_along(
    site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored], make_reader: Any
) -> None:
    site.read()
    assert Variant.objects.exists()
    make_reader("erased-long-ago@example.org").delete()
    search_folder().make_next()
    search_folder().want_rebuild()
    made = back_up()
    with tarfile.open(made.path) as tar:
        assert not [name for name in tar.getnames() if "search" in name], "a search index is built anew from the database"
    wipe()
    bring_back(made.path)
    assert not Variant.objects.exists()
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        assert b"erased-long-ago" not in path.read_bytes()
        assert path.stat().st_size < made.manifest.label.database_bytes + 100_000
        with tarfile.open(made.path) as tar, closing(sqlite3.connect(":memory:")) as copy:
            packed = tar.extractfile("database.sqlite3.gz")
            assert packed is not None
            copy.deserialize(gzip.decompress(packed.read()))
            assert copy.execute("PRAGMA freelist_count").fetchone() == (0,), "it carries pages that hold nothing any more"


def test_file_that_is_there_already_is_not_written_over(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    path = tmp_path / "mine.tar"
    path.write_text("precious")
    with pytest.raises(Refused, match="is there already"):
        back_up(str(path))
    assert path.read_text() == "precious"


def test_folder_that_is_missing_is_not_taken_for_a_file(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    for to in (f"{tmp_path}/unmounted/", f"{tmp_path}/unmounted/b.tar"):
        with pytest.raises(Refused, match="is no folder"):
            back_up(to)


def test_keep_deletes_older_ones_of_its_kind_only(
    photo: Photo, back_up: Callable[..., Made], tmp_path: Path, clock: StoppedClock
) -> None:
    others = ["broadsheet-localhost-20260101T000000Z.tar.age", "broadsheet-other.org-20260101T000000Z.tar", "notes.tar"]
    for name in others:
        (tmp_path / name).touch()
    made = []
    for _ in range(4):
        clock.advance(timedelta(days=1))
        made.append(back_up(keep=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, made[2].path.name, made[3].path.name])
    assert made[3].pruned == (made[1].path,)


def test_failed_backup_deletes_no_older_one(
    photo: Photo, back_up: Callable[..., Made], clock: StoppedClock, tmp_path: Path
) -> None:
    older = back_up()
    clock.advance(timedelta(days=1))

    def fail(step: str, done: int, total: int) -> None:
        raise Refused("the disk was pulled out")

    with pytest.raises(Refused, match="pulled out"):
        make_backup(Wish(str(tmp_path), keep=1), now=clock.now(), tell=fail)
    assert list(tmp_path.iterdir()) == [older.path]


# -- Files that come and go ----------------------------------------------------------------------------------------


def test_photo_deleted_meanwhile_is_noted_and_the_backup_is_whole(
    photo: Photo, clock: StoppedClock, tmp_path: Path, bring_back: Callable[..., Restored]
) -> None:
    gone = make_photo("gone.png", "crimson")

    def delete(step: str, done: int, total: int) -> None:
        if step == "files" and Path(gone.file.path).exists():
            gone.delete()
            Path(gone.file.path).unlink(missing_ok=True)

    make_photo("aaa-first.png")
    made = make_backup(Wish(str(tmp_path)), now=clock.now(), tell=delete)
    assert made.manifest.missing == (gone.file.name,)
    assert made.lost == ()
    bring_back(made.path, consent=REPLACE)


def test_photo_uploaded_meanwhile_does_no_harm(photo: Photo, clock: StoppedClock, tmp_path: Path) -> None:
    uploaded = []

    def upload(step: str, done: int, total: int) -> None:
        if not uploaded:
            uploaded.append(1)
            with ThreadPoolExecutor(1) as pool:  # with a connection of its own, as another process would have
                pool.submit(make_photo, "new.png", "green").result()
                pool.submit(connections.close_all).result()

    made = make_backup(Wish(str(tmp_path)), now=clock.now(), tell=upload)
    assert made.manifest.missing == ()
    assert verify_backup(made.path, Keys(), tell=say_nothing) == made.manifest


def test_photo_uploaded_just_before_the_snapshot_is_in_the_backup(
    photo: Photo, back_up: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = flows.take_snapshot

    def upload_first(*args: Any, **kwargs: Any) -> Any:
        make_photo("new.png", "green")
        return honest(*args, **kwargs)

    monkeypatch.setattr(flows, "take_snapshot", upload_first)
    made = back_up()
    assert made.manifest.missing == ()
    assert "media/original_images/new.png" in made.manifest.members


def test_link_among_uploaded_files_is_not_followed(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "private.txt").write_text("private")
    root = Path(django_settings.MEDIA_ROOT)
    (root / "link.txt").symlink_to(tmp_path / "outside" / "private.txt")
    (root / "folder").symlink_to(tmp_path / "outside")
    made = back_up()
    assert [name for name in made.manifest.members if name.startswith("media/")] == [f"media/{photo.file.name}"]


def test_file_that_nobody_has_is_lost_and_said_so(photo: Photo, tmp_path: Path) -> None:
    Path(photo.file.path).unlink()
    said = run("backup", "--to", str(tmp_path))
    assert f"Warning: 1 files that the database names are not on the disk, nor in the backup: {photo.file.name}" in said


# -- Encryption ----------------------------------------------------------------------------------------------------


def test_backup_to_a_key_comes_back_with_it(
    site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored], tmp_path: Path
) -> None:
    identity, before = pyrage.x25519.Identity.generate(), fingerprint()
    key = tmp_path / "key.txt"
    key.write_text(str(identity))
    made = back_up(protection=Protection((str(identity.to_public()),)))
    assert made.path.name.endswith(".tar.age")
    assert b"library_article" not in made.path.read_bytes()
    wipe()
    for keys in (Keys(), Keys(passphrase="x")):
        with pytest.raises(Locked):
            bring_back(made.path, keys)
    bring_back(made.path, Keys(key))
    assert fingerprint() == before


def test_backup_with_a_passphrase_comes_back_with_it(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    before, made = fingerprint(), back_up(protection=Protection(passphrase="seven words"))
    wipe()
    with pytest.raises(Locked, match="does not open"):
        bring_back(made.path, Keys(passphrase="eight words"))
    bring_back(made.path, Keys(passphrase="seven words"))
    assert fingerprint() == before


# -- Into what -----------------------------------------------------------------------------------------------------


def test_installation_that_holds_data_is_refused_and_left_alone(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    made, before = back_up(), fingerprint()
    with pytest.raises(Refused, match=r"holds data already, in its table \w+.*--replace"):
        bring_back(made.path)
    assert fingerprint() == before


def test_uploaded_files_alone_are_data_too(photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]) -> None:
    made = back_up()
    wipe()
    kept = Path(django_settings.MEDIA_ROOT) / "kept.png"
    kept.parent.mkdir()
    kept.touch()
    with pytest.raises(Refused, match=r"holds data already, in .*media"):
        bring_back(made.path)
    assert kept.exists()


def test_replaced_installation_moves_aside(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], make_reader: Any
) -> None:
    made = back_up()
    make_reader("later@example.org")
    later = make_photo("later.png", "crimson").file.name
    restored = bring_back(made.path, consent=REPLACE)
    assert restored.aside is not None
    assert (restored.aside / "media" / later).exists()
    if connection.vendor == "sqlite":
        old = restored.aside / Path(str(connection.settings_dict["NAME"])).name
        assert b"later@example.org" in old.read_bytes()
    else:
        with connection.cursor() as cursor:
            table = f'"{restored.aside_schema}".accounts_user'
            cursor.execute(f"SELECT count(*) FROM {table} WHERE email = 'later@example.org'")  # noqa: S608
            assert cursor.fetchone() == (1,)
    assert not User.objects.filter(email="later@example.org").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_restores_belongs_to_the_owner_of_the_data_directory(
    photo: Photo, bring_back: Callable[..., Restored], clock: StoppedClock, kept_key: Path
) -> None:
    data_dir = django_settings.BROADSHEET.data_dir
    os.chown(data_dir, 4321, 4321)
    try:
        made = make_backup(Wish(), now=clock.now(), tell=say_nothing)
        restored = bring_back(made.path, consent=REPLACE)
        places = [made.path.parent, made.path, Path(photo.file.path), restored.aside]
        if connection.vendor == "sqlite":
            places.append(Path(str(connection.settings_dict["NAME"])))
        assert {path.stat().st_uid for path in places if path is not None} == {4321}
    finally:
        os.chown(data_dir, 0, 0)


def test_migrated_but_unused_installation_counts_as_empty(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    before, made = fingerprint(), back_up()
    clear_files()
    template_database.restore()
    bring_back(made.path)
    assert fingerprint() == before


def test_sqlite_database_that_somebody_has_open_is_not_moved(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL moves tables under open connections")
    made, before = back_up(), fingerprint()
    reader = sqlite3.connect(str(connection.settings_dict["NAME"]))
    reader.execute("SELECT COUNT(*) FROM core_change").fetchone()
    try:
        with pytest.raises(Refused, match="systemctl stop broadsheet"):
            bring_back(made.path, consent=REPLACE)
    finally:
        reader.close()
    assert fingerprint() == before
    bring_back(made.path, consent=REPLACE)


def test_log_of_changes_that_was_left_beside_the_name_is_not_played_into_the_new_database(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its own")
    made, before = back_up(), fingerprint()
    path = Path(str(connection.settings_dict["NAME"]))
    with closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM accounts_user")
        other.commit()
        log = path.with_name(f"{path.name}-wal").read_bytes()
    wipe()
    path.with_name(f"{path.name}-wal").write_bytes(log)
    restored = bring_back(made.path)
    assert fingerprint() == before
    assert restored.aside is not None
    assert (restored.aside / f"{path.name}-wal").read_bytes() == log


def test_database_that_unpacks_into_more_than_it_says_is_stopped(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("pg_restore unpacks by itself")
    honest = flows.take_snapshot
    monkeypatch.setattr(flows, "take_snapshot", lambda *args, **kwargs: replace(honest(*args, **kwargs), size=100_000))
    made, before = back_up(), fingerprint()
    with pytest.raises(Damaged, match="more than it says"):
        bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before


def test_installation_without_a_database_is_said_so(photo: Photo, back_up: Callable[..., Made], tmp_path: Path) -> None:
    wipe()
    with pytest.raises((Refused, DatabaseError)):
        back_up()
    assert list(tmp_path.iterdir()) == []


def other_label(**fields: Any) -> Label:
    label = Label(
        format=1,
        version="0.1.0",
        made_at="2026-02-17T09:30:00+00:00",
        database=connection.vendor,
        database_version="15.1",
        site_url="https://example.org",
        time_zone="UTC",
        is_demo=False,
        secret_key=compatibility.recognise(django_settings.BROADSHEET.secret_key),
        has_secret_key=False,
        database_bytes=1,
        media_bytes=1,
    )
    return replace(label, **fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"version": "99.0"}, r"made by Broadsheet 99\.0, which is newer"),
        ({"migrations": [["library", "9999_from_the_future"]]}, "newer"),
        ({"is_demo": True}, "of a demo"),
        ({"secret_key": "another"}, "BROADSHEET_SECRET_KEY.*--new-secret-key"),
    ],
)
def test_unsuitable_backup_is_refused_with_what_to_do(fields: dict[str, Any], says: str) -> None:
    compatibility.require_suitable(other_label(), new_secret_key=False)
    with pytest.raises(Refused, match=says):
        compatibility.require_suitable(other_label(**fields), new_secret_key=False)


def test_backup_of_the_other_kind_of_database_is_refused_with_what_to_do() -> None:
    other = "postgresql" if connection.vendor == "sqlite" else "sqlite"
    with pytest.raises(Refused, match=r"does not turn one into the other.*BROADSHEET_DATABASE_URL.*--into-database"):
        compatibility.require_suitable(other_label(database=other), new_secret_key=False)


def test_older_version_whose_migrations_have_other_names_is_taken() -> None:
    older = other_label(version="0.0.9", migrations=[["wagtailcore", "0001_gone_since"]])
    compatibility.require_suitable(older, new_secret_key=False)


def test_newer_backup_touches_nothing(photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('library', '9999_future', '2030-01-01')")
    made, before = back_up(), fingerprint()
    with pytest.raises(Refused, match="newer"):
        bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before


# -- Damage --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["cut", "database", "photo"])
def test_damaged_backup_touches_nothing(
    change: str, photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    made, before = back_up(), fingerprint()
    content = made.path.read_bytes()
    picture = Path(photo.file.path).read_bytes()
    places = {"database": len(content) // 2, "photo": content.index(picture) + 30}
    if change == "cut":
        made.path.write_bytes(content[: len(content) - 15_000])
    else:
        place = places[change]
        made.path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    for look in (lambda: verify_backup(made.path, Keys(), tell=say_nothing), lambda: bring_back(made.path, consent=REPLACE)):
        with pytest.raises(Damaged):
            look()
    assert fingerprint() == before
    assert not list(django_settings.BROADSHEET.data_dir.glob("replaced-*"))
    assert not list(django_settings.BROADSHEET.data_dir.glob(".broadsheet-*"))


def test_database_that_cannot_be_put_in_place_leaves_the_old_one(
    site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are not what the label says stop it when the database is already unpacked, or restored."""
    honest = flows.take_snapshot

    def lie(*args: Any, **kwargs: Any) -> Any:
        snapshot = honest(*args, **kwargs)
        rows = {**snapshot.contents.rows, "library_article": 99}
        return replace(snapshot, contents=replace(snapshot.contents, rows=rows))

    monkeypatch.setattr(flows, "take_snapshot", lie)
    made, before = back_up(), fingerprint()
    with pytest.raises(Damaged, match="rows"):
        bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced_%'")
            assert [name.endswith("_failed") for (name,) in cursor.fetchall()] == [True], "what failed lies aside"


# -- What a copy must not do ---------------------------------------------------------------------------------------


def test_restored_copy_sends_no_letter_until_it_is_told_to(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], clock: StoppedClock
) -> None:
    made = back_up()
    wipe()
    bring_back(made.path)
    queue_letter(LetterKind.ERASED, "new@example.org", {"help_link": "x"}, now=clock.now())
    clock.advance(timedelta(days=3))
    assert is_mail_held()
    assert send_due_letters(now=clock.now()) == {}
    call_command("mail", "release", "--discard-queued", stdout=StringIO())
    assert sum(send_due_letters(now=clock.now()).values()) == 1
    assert list(OutboxLetter.objects.filter(state="sent").values_list("to_address", flat=True)) == ["new@example.org"]


def test_copy_restored_by_hand_sends_no_letter_either(
    photo: Photo, back_up: Callable[..., Made], tmp_path: Path, clock: StoppedClock
) -> None:
    """Without our command: gunzip, or pg_restore, as an operator in need might."""
    made = back_up()
    wipe()
    with tarfile.open(made.path) as tar:
        tar.extractall(tmp_path / "by-hand", filter="data")
    if connection.vendor == "sqlite":
        packed = (tmp_path / "by-hand" / "database.sqlite3.gz").read_bytes()
        Path(str(connection.settings_dict["NAME"])).write_bytes(gzip.decompress(packed))
    else:
        url = child_environment()["BROADSHEET_DATABASE_URL"]
        tool = find_client("pg_restore", connection.pg_version // 10000)  # type: ignore[attr-defined]
        subprocess.run([tool, "--no-owner", f"--dbname={url}", tmp_path / "by-hand" / "database.pgdump"], check=True)
    assert OutboxLetter.objects.filter(state="waiting").exists()
    assert send_due_letters(now=clock.now()) == {}


def test_processes_that_run_or_start_late_forget_what_they_hold(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], clock: StoppedClock
) -> None:
    Change.objects.update(place=10**15)  # numbers of transactions that the next server is far from
    made = back_up()
    for number in range(50):
        record_change(ChangeKind.ARTICLE, str(number), now=clock.now())
    key, epoch = load_signing_key(now=clock.now()), read_epoch()
    with closing(Database(child_environment()["BROADSHEET_DATABASE_URL"])) as database:
        for _ in range(10):  # often enough for the connection to have prepared its statements
            ahead = ChangeCursor(database.read_changes(None))
        if connection.vendor == "sqlite":
            database.close()  # its processes have to be stopped; those of PostgreSQL may go on
        bring_back(made.path, consent=REPLACE)
        assert ahead.take(database.read_changes(ahead.place, ahead.known_id)).must_forget_all
        fresh = ChangeCursor(database.read_changes(None))
        line = record_change(ChangeKind.ARTICLE, "7", now=clock.now())
        assert [news.id for news in fresh.take(database.read_changes(fresh.place, fresh.known_id)).lines] == [line.pk]
    assert line.pk > TrimmedLog.objects.get().up_to > 10**12
    assert read_epoch() > epoch + 50
    assert load_signing_key(now=clock.now()).key_id != key.key_id
    assert not Change.objects.filter(place__gte=10**15).exists()


# -- The secret key ------------------------------------------------------------------------------------------------


@pytest.fixture
def kept_key(settings: Any) -> Iterator[Path]:
    """An installation whose secret key lies in its data directory."""
    path = settings.BROADSHEET.data_dir / "secret.key"
    path.write_text(settings.BROADSHEET.secret_key)
    yield path
    path.unlink()


def test_key_in_the_data_directory_is_in_the_backup_and_replaces_a_new_one(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], kept_key: Path, settings: Any
) -> None:
    made = back_up()
    assert made.manifest.label.has_secret_key
    own = settings.BROADSHEET.secret_key
    wipe()
    kept_key.write_text("made on the new machine")
    settings.BROADSHEET = replace(settings.BROADSHEET, secret_key="made on the new machine")
    restored = bring_back(made.path)
    assert kept_key.read_text() == own
    assert stat.S_IMODE(kept_key.stat().st_mode) == 0o600
    assert restored.aside is not None
    assert (restored.aside / "secret.key").read_text() == "made on the new machine"


def test_key_set_in_the_environment_is_not_in_the_backup_and_must_be_the_same(
    site: Site, back_up: Callable[..., Made], bring_back: Callable[..., Restored], settings: Any
) -> None:
    made = back_up()
    assert "secret.key" not in made.manifest.members
    wipe()
    settings.BROADSHEET = replace(settings.BROADSHEET, secret_key="another")
    with pytest.raises(Refused, match="another secret key"):
        bring_back(made.path)
    bring_back(made.path, consent=Consent(new_secret_key=True))
    assert Article.objects.count() == 3


# -- The commands --------------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_commands_say_what_they_did(photo: Photo, tmp_path: Path) -> None:
    said = json.loads(run("backup", "--to", f"{tmp_path}/", "--json"))
    assert (said["bytes"], said["files"], said["missing"]) == (Path(said["path"]).stat().st_size, 1, [])
    assert f"{said['path']} is whole. Made 2026-02-17 09:30 UTC by Broadsheet" in run("backup", "--verify", said["path"])
    with pytest.raises(CommandError, match="--replace"):
        run("restore", said["path"])
    wipe()
    told = run("restore", said["path"])
    assert "Restored the site of http://localhost" in told
    assert "Letters are held (1 wait)." in told
    assert json.loads(run("restore", said["path"], "--replace", "--json"))["mail"] == "held"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--encrypt-to", "age1x", "--passphrase-file", "/dev/null"], "not both"),
        (["--encrypt-to", "nobody"], "is no recipient"),
        (["--passphrase-file", "/dev/null"], "holds no passphrase"),
        (["--passphrase-file", "/nowhere"], "cannot be read"),
        (["--identity-file", "/dev/null"], "--encrypt-to"),
        (["--keep", "-1"], "1 or more"),
        (["--keep", "2", "--to", "named.tar"], "name a folder"),
        (["--verify", "/nowhere"], "cannot be read"),
        (["--verify", "/dev/null"], "cut short"),
    ],
)
def test_command_refuses_what_makes_no_sense(arguments: list[str], says: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=says):
        run("backup", *arguments)
    assert list(tmp_path.iterdir()) == []


# -- PostgreSQL's tools --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("have", "says"), [([], "pg_dump is not here"), ([13, 14], "only pg_dump 14 is here")])
def test_missing_or_old_tools_are_named_with_their_package(
    have: list[int], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/nothing")
    for version in have:
        write_tool(tmp_path, version)
    with pytest.raises(Refused, match=f"{says}.*postgresql-client-15"):
        find_client("pg_dump", 15, debian=tmp_path)


def test_tool_that_suits_the_server_best_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/nothing")
    for version in (14, 15, 17):
        write_tool(tmp_path, version)
    assert find_client("pg_dump", 15, debian=tmp_path).parts[-3:] == ("15", "bin", "pg_dump")
    assert find_client("pg_dump", 16, debian=tmp_path).parts[-3:] == ("17", "bin", "pg_dump")


def write_tool(folder: Path, version: int) -> None:
    path = folder / str(version) / "bin" / "pg_dump"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.4 (Debian)'\n")
    path.chmod(0o755)


def test_failing_tool_is_said_in_its_own_words() -> None:
    with pytest.raises(BackupError, match=r"sh ended with status 3: pg_dump: error: query failed"):
        run_tool(["/bin/sh", "-c", "echo 'pg_dump: error: query failed' >&2; exit 3"], {})
