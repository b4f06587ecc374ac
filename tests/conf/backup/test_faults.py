"""Backup and restore when something goes wrong: killed, out of room, or while others write. On both databases."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from broadsheet.accounts.models import User
from broadsheet.conf.backup import folder
from broadsheet.conf.backup.encryption import Keys
from broadsheet.conf.backup.exceptions import BackupError, NoRoom
from broadsheet.conf.backup.flows import Made, Wish, make_backup, verify_backup
from broadsheet.conf.backup.restore_flows import Consent, Restored
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.library.models import Article, ArticleText, Photo
from broadsheet.paywall.models import Unlock
from tests.conf.backup.sites import Site, fingerprint, hash_tables, make_photo, say_nothing, wipe
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[3]
REPLACE = Consent(replace=True)


# -- Killed --------------------------------------------------------------------------------------------------------

BACK_UP = """
import sys, time
from datetime import datetime
import django
django.setup()
from broadsheet.conf.backup import flows

where = sys.argv[3]

def stop(*args, **kwargs):
    print("there", flush=True)
    time.sleep(60)

def tell(step, done, total):
    if step == where:
        stop()

if where == "whole":
    flows.finish = stop
if where == "named":
    flows.prune = stop
flows.make_backup(flows.Wish(sys.argv[1], keep=1), now=datetime.fromisoformat(sys.argv[2]), tell=tell)
"""

RESTORE = """
import sys, time
from datetime import datetime
from pathlib import Path
import django
django.setup()
from broadsheet.conf.backup import postgresql, restore_flows
from broadsheet.conf.backup.encryption import Keys

where = sys.argv[3]

def stop(*args, **kwargs):
    print("there", flush=True)
    time.sleep(60)

def tell(step, done, total):
    if step == where:
        stop()

if where == "unpacked":
    restore_flows._install_database = stop
if where == "moved":
    postgresql.run_tool = stop
if where == "prepared":
    restore_flows.leave_past_behind = stop
if where == "database":
    restore_flows._install_files = stop
consent = restore_flows.Consent(replace=True)
restore_flows.restore_backup(Path(sys.argv[1]), Keys(), consent, now=datetime.fromisoformat(sys.argv[2]), tell=tell)
"""


def kill_there(script: str, *arguments: object) -> None:
    """Run a script until it says that it has come to the place, and kill it there."""
    command = [sys.executable, "-c", script, *(str(one) for one in arguments)]
    with subprocess.Popen(command, env=child_environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "there\n"
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    "where", [pytest.param("database", marks=pytest.mark.soak), "files", pytest.param("whole", marks=pytest.mark.soak)]
)
def test_killed_backup_leaves_nothing_that_looks_whole(
    where: str, photo: Photo, back_up: Callable[..., Made], tmp_path: Path, clock: StoppedClock
) -> None:
    before = fingerprint()
    kill_there(BACK_UP, tmp_path, clock.now().isoformat(), where)
    left = list(tmp_path.iterdir())
    assert len(left) == 1 and left[0].name.startswith(".") and left[0].name.endswith(".unfinished")
    assert not (django_settings.BROADSHEET.data_dir / "last-backup.json").exists()
    assert fingerprint() == before
    made = back_up()
    assert list(tmp_path.iterdir()) == [made.path], "the next backup clears what the killed one left"


@pytest.mark.soak
def test_backup_killed_after_it_got_its_name_is_whole(
    photo: Photo, back_up: Callable[..., Made], tmp_path: Path, clock: StoppedClock
) -> None:
    older = back_up().path
    clock.advance(timedelta(hours=1))
    kill_there(BACK_UP, tmp_path, clock.now().isoformat(), "named")
    names = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("."))
    assert len(names) == 2 and older.name in names
    for name in names:
        verify_backup(tmp_path / name, Keys(), tell=say_nothing)


@pytest.mark.parametrize("where", ["reading", pytest.param("unpacked", marks=pytest.mark.soak)])
def test_restore_killed_before_it_is_sure_touches_nothing(
    where: str, photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], clock: StoppedClock
) -> None:
    made = back_up()
    make_photo("later.png", "crimson")
    before, data_dir = fingerprint(), django_settings.BROADSHEET.data_dir
    connection.close()
    kill_there(RESTORE, made.path, clock.now().isoformat(), where)
    assert fingerprint() == before
    assert not list(data_dir.glob("replaced-*"))
    bring_back(made.path, consent=REPLACE)
    assert not list(data_dir.glob(".broadsheet-*")), "the next restore clears what the killed one left"


@pytest.mark.soak
@pytest.mark.parametrize("where", ["moved", "prepared", "database"])
def test_restore_killed_in_the_middle_loses_nothing_and_can_be_done_again(
    where: str, photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored], clock: StoppedClock
) -> None:
    if where == "moved" and connection.vendor == "sqlite":
        pytest.skip("SQLite's database moves by its name alone")
    before, made = fingerprint(), back_up()
    later = make_photo("later.png", "crimson").file.name
    connection.close()
    kill_there(RESTORE, made.path, clock.now().isoformat(), where)
    restored = bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before
    assert restored.aside is not None
    assert (restored.aside / "media" / later).exists()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced_%' ORDER BY 1")
            schemas = [row[0] for row in cursor.fetchall()]
            counts = []
            for schema in schemas:
                cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.library_photo"])
                if cursor.fetchone()[0]:
                    cursor.execute(f'SELECT count(*) FROM "{schema}".library_photo')  # noqa: S608
                    counts.append(cursor.fetchone()[0])
        assert max(counts) == 2, "the tables of before lie in a schema of their own"


# -- Out of room ---------------------------------------------------------------------------------------------------


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Every write beyond `size` fails in this process and in those it starts, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def make_noise(name: str, size: int) -> None:
    """An uploaded file that no compression makes smaller."""
    Photo(title=name, width=1, height=1).file.save(name, ContentFile(random.Random(1).randbytes(size)), save=False)


@pytest.mark.parametrize("size", [100_000, 4_000_000], ids=["at the database", "at the files"])
def test_backup_that_runs_out_of_room_leaves_nothing_and_harms_nobody(
    size: int, photo: Photo, back_up: Callable[..., Made], tmp_path: Path
) -> None:
    make_noise("noise.png", 5_000_000)
    before = fingerprint()
    with pytest.raises(BackupError), no_file_larger_than(size):
        back_up()
    assert list(tmp_path.iterdir()) == []
    assert fingerprint() == before
    assert back_up().manifest.missing == ()


@pytest.mark.parametrize("size", [100_000, 3_000_000], ids=["at the database", "at the files"])
def test_restore_that_runs_out_of_room_touches_nothing(
    size: int, photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    make_noise("noise.png", 5_000_000)
    made = back_up()
    make_photo("later.png", "crimson")
    before = fingerprint()
    with pytest.raises(NoRoom), no_file_larger_than(size):
        bring_back(made.path, consent=REPLACE)
    assert fingerprint() == before
    assert not list(django_settings.BROADSHEET.data_dir.glob("replaced-*"))
    assert not list(django_settings.BROADSHEET.data_dir.glob(".broadsheet-*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"only root may mount a disk: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_disk_that_is_too_small_is_refused_before_anything_is_written(
    photo: Photo, back_up: Callable[..., Made], small_disk: Path
) -> None:
    (small_disk / "others").write_bytes(bytes(66_000_000))
    with pytest.raises(
        NoRoom, match=r"has room for \d+ MiB, and up to \d+ MiB are needed: free some, or name another disk by --to"
    ):
        back_up(str(small_disk))
    assert [path.name for path in small_disk.iterdir()] == ["others"]


def test_disk_that_fills_up_meanwhile_is_left_as_it_was(photo: Photo, small_disk: Path, clock: StoppedClock) -> None:
    make_noise("noise.png", 5_000_000)

    def fill(step: str, done: int, total: int) -> None:
        if step == "files":
            with (small_disk / "others").open("ab") as file:
                file.truncate(0)
                try:
                    for _ in range(150):
                        file.write(bytes(500_000))
                        file.flush()
                except OSError:
                    return

    make_photo("aaa.png", "green")  # comes first, and then the disk is full
    before = fingerprint()
    with pytest.raises(NoRoom, match="No space left on device"):
        make_backup(Wish(str(small_disk)), now=clock.now(), tell=fill)
    assert [path.name for path in small_disk.iterdir()] == ["others"]
    assert fingerprint() == before


def test_file_that_grows_stops_before_the_sites_part_of_the_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "RESERVE", 40_000_000)
    room = folder.Room(small_disk, shared_with=small_disk)
    with pytest.raises(NoRoom, match="too full to go on"), folder.creating(small_disk / "growing", room) as file:
        for _ in range(64):
            file.write(bytes(1_000_000))
    assert 40_000_000 <= shutil.disk_usage(small_disk).free + folder.LOOK_EVERY < 60_000_000


def test_part_of_the_disk_stays_free_for_the_site(
    photo: Photo, back_up: Callable[..., Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "RESERVE", 2**60)
    with pytest.raises(NoRoom, match="stay free for the site itself"):
        back_up()
    assert list(tmp_path.iterdir()) == []


# -- While others write --------------------------------------------------------------------------------------------

# Each unlock and each publication is one transaction, and so must be whole in any copy.
WRITE = """
import os, sys, time
from datetime import datetime
import django
django.setup()
from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.library.models import Article
from broadsheet.paywall.flows import unlock_article

now, article_ids = datetime.fromisoformat(sys.argv[1]), [int(text) for text in sys.argv[2:]]
clock.use(clock.StoppedClock(now))
article = Article.objects.get(pk=article_ids[0])
print("ready", flush=True)
number = 0
while True:
    number += 1
    reader = User.objects.create_user(f"writer{os.getpid()}-{number}@example.org", confirmed_at=now)
    for article_id in article_ids:
        unlock_article(reader.pk, article_id, now=now)
    article.headline = f"Version {number}"
    article.body = [("text", f"<p>This is version {number}.</p>")]
    article.save_revision().publish()
"""


@contextmanager
def writing(clock: StoppedClock, article_ids: list[int]) -> Iterator[None]:
    """Another process that opens and publishes without a pause, killed in the middle of it."""
    command = [sys.executable, "-c", WRITE, clock.now().isoformat(), *(str(one) for one in article_ids)]
    environment = {**child_environment(), "DJANGO_SETTINGS_MODULE": "tests.child_settings", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def require_consistency(article_id: int) -> int:
    """What holds after each transaction holds; how many articles had been opened."""
    connection.check_constraints()
    article, unlocks = Article.objects.get(pk=article_id), Unlock.objects.count()
    assert Event.objects.filter(kind="unlocked").count() == unlocks
    text = ArticleText.objects.get(article=article)
    if article.headline.startswith("Version"):
        assert text.body_text == f"This is {article.headline.lower()}."
        assert article.live_revision.object_str == article.headline
    return unlocks


def wait_for_writers(since: int) -> None:
    """Until the other process has opened something more."""
    deadline = time.monotonic() + 60
    while Unlock.objects.count() <= since:
        assert time.monotonic() < deadline, "the writers write nothing"
        time.sleep(0.01)


@dataclass
class Busy:
    """What a test of backups under writers needs."""

    article_ids: list[int]
    clock: StoppedClock
    folder: Path
    bring_back: Callable[..., Restored]

    def back_up_and_restore(self, *, backups: int, writers: int) -> None:
        """Make backups while others write, restore each, and look whether it is of one moment, and of its own time."""
        made, between = [], []
        with ExitStack() as stack:
            for _ in range(writers):
                stack.enter_context(writing(self.clock, self.article_ids))
            for _ in range(backups):
                wait_for_writers(Unlock.objects.count())
                self.clock.advance(timedelta(minutes=1))
                before = Unlock.objects.count()
                made.append(make_backup(Wish(str(self.folder)), now=self.clock.now(), tell=say_nothing))
                wait_for_writers(Unlock.objects.count())  # they were not held up
                between.append((before, Unlock.objects.count()))
        counts = []
        for one, (before, after) in zip(made, between, strict=True):
            assert verify_backup(one.path, Keys(), tell=say_nothing) == one.manifest
            self.bring_back(one.path, consent=REPLACE)
            counts.append(require_consistency(self.article_ids[0]))
            assert before <= counts[-1] <= after
        assert counts == sorted(set(counts))


@pytest.fixture
def busy(site: Site, clock: StoppedClock, tmp_path: Path, bring_back: Callable[..., Restored]) -> Busy:
    return Busy([article.pk for article in site.articles[:2]], clock, tmp_path, bring_back)


def test_backup_while_others_write_is_of_one_moment(busy: Busy) -> None:
    busy.back_up_and_restore(backups=2, writers=1)


@pytest.mark.soak
def test_many_backups_while_many_write_are_each_of_one_moment(busy: Busy) -> None:
    make_noise("noise.png", 20_000_000)
    busy.back_up_and_restore(backups=12, writers=3)


# -- Another version -----------------------------------------------------------------------------------------------


def test_older_backup_is_brought_up_to_this_version(
    photo: Photo, back_up: Callable[..., Made], bring_back: Callable[..., Restored]
) -> None:
    """As a database is that was made before the newest migration of `accounts`."""
    before = hash_tables()
    MigrationExecutor(connection).migrate([("accounts", "0002_reader_flows")])
    made = back_up()
    assert ["accounts", "0003_user_rights_version"] not in made.manifest.label.migrations
    wipe()
    bring_back(made.path)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert User.objects.get(email="reader@example.org").rights_version == 0
    after = hash_tables()
    assert {name for name in before if after[name] != before[name]} <= {"accounts_user", "django_migrations"}
