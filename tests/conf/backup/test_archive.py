"""The file of a backup: what goes in comes out, and what was cut, changed or made by somebody else is refused."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.conf.backup.archive import (
    FORMAT,
    ArchiveWriter,
    Label,
    Manifest,
    Stream,
    is_member_name,
    media_member,
    read_archive,
)
from broadsheet.conf.backup.exceptions import Damaged

DATABASE = "database.sqlite3.gz"
MEMBERS = {DATABASE: b"rows" * 700, "media/images/fähre.jpg": bytes(range(256)) * 9, "media/leer.txt": b""}
FIELDS: dict[str, Any] = {
    "format": FORMAT,
    "version": "0.1.0",
    "made_at": "2026-02-17T09:30:00+00:00",
    "database": "sqlite",
    "database_version": "3.40.1",
    "site_url": "https://example.org",
    "time_zone": "UTC",
    "is_demo": False,
    "secret_key": "00",
    "has_secret_key": False,
    "database_bytes": 2800,
    "media_bytes": 2304,
    "migrations": [["library", "0001_initial"]],
    "rows": {"accounts_user": 2},
}
TEXTS = {"version", "database_version", "site_url", "time_zone", "secret_key"}
LABEL = Label(**FIELDS)


def write_archive(members: dict[str, bytes], label: Label = LABEL, missing: tuple[str, ...] = ()) -> bytes:
    sink = io.BytesIO()
    archive = ArchiveWriter(sink, label)
    for name, content in members.items():
        archive.add(name, io.BytesIO(content), len(content), modified_at=0)
    archive.close(missing)
    return sink.getvalue()


def read(archive: bytes) -> tuple[Manifest, dict[str, bytes]]:
    taken: dict[str, bytes] = {}

    def take(name: str, stream: Stream) -> None:
        taken[name] = stream.read(2_000_000)

    return read_archive(io.BytesIO(archive), on_label=lambda label: None, take=take), taken


WHOLE = write_archive(MEMBERS, missing=("gone.jpg",))


def test_what_goes_in_comes_out() -> None:
    manifest, taken = read(WHOLE)
    assert taken == MEMBERS
    assert manifest.label == LABEL
    assert manifest.missing == ("gone.jpg",)
    assert manifest.members[DATABASE] == (hashlib.sha256(MEMBERS[DATABASE]).hexdigest(), 2800)


def test_any_tar_opens_it_and_nobody_else_may_read_what_it_unpacks() -> None:
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as tar:
        assert tar.getnames() == ["backup.json", *MEMBERS, "manifest.json"]
        assert {info.mode for info in tar} == {0o600}


def test_member_that_nobody_takes_is_compared_all_the_same() -> None:
    assert read_archive(io.BytesIO(WHOLE), on_label=lambda label: None) == read(WHOLE)[0]
    broken = WHOLE.replace(b"rowsrows", b"rowsROWS", 1)
    with pytest.raises(Damaged, match=DATABASE):
        read_archive(io.BytesIO(broken), on_label=lambda label: None)


@given(st.integers(0, len(WHOLE.rstrip(b"\0")) - 1))
def test_file_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(Damaged):
        read(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_changed_byte_is_refused_or_changes_nothing(place: int, difference: int) -> None:
    changed = bytearray(WHOLE)
    changed[place] ^= difference
    try:
        outcome = read(bytes(changed))
    except Damaged:
        return
    assert outcome == read(WHOLE)  # padding, or a field of the tar header that nobody reads


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Damaged):
        read(content)


@pytest.mark.parametrize("name", ["media/a.jpg", "media/original_images/b c.png", "media/..a/…", DATABASE, "secret.key"])
def test_names_of_ours_are_taken(name: str) -> None:
    assert is_member_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "media/../../.ssh/authorized_keys",
        "media/../secret.key",
        "media//etc/passwd",
        "media/",
        "media",
        "media/.",
        "media/a\0b",
        "settings.py",
        "secret.key/a",
        "",
    ],
)
def test_names_that_climb_or_that_nobody_knows_are_refused(name: str) -> None:
    assert not is_member_name(name)


def hostile(info: tarfile.TarInfo, content: bytes = b"") -> bytes:
    """A whole backup with one more member, whose manifest vouches for it."""
    sink = io.BytesIO()
    archive = ArchiveWriter(sink, LABEL)
    archive.add(DATABASE, io.BytesIO(b"rows"), 4, modified_at=0)
    info.size = len(content)
    archive._tar.addfile(info, io.BytesIO(content))
    archive._members[info.name] = (hashlib.sha256(content).hexdigest(), len(content))
    archive.close(())
    return sink.getvalue()


def member(name: str, **fields: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        member("../../outside"),
        member("/tmp/outside"),
        member("media/../../outside"),
        member("media/link", type=tarfile.SYMTYPE, linkname="/etc"),
        member("media/link", type=tarfile.LNKTYPE, linkname="secret.key"),
        member("media/folder", type=tarfile.DIRTYPE),
        member("media/device", type=tarfile.CHRTYPE),
        member("media/pipe", type=tarfile.FIFOTYPE),
        member("media/sparse", type=tarfile.GNUTYPE_SPARSE),
        member(DATABASE),
        member("backup.json"),
    ],
    ids=lambda info: f"{info.name} {info.type!r}",
)
def test_hostile_member_is_refused_before_anybody_takes_it(info: tarfile.TarInfo) -> None:
    taken = []
    with pytest.raises(Damaged):
        read_archive(io.BytesIO(hostile(info)), on_label=lambda label: None, take=lambda name, stream: taken.append(name))
    assert taken == [DATABASE]


def test_member_that_the_manifest_does_not_name_is_refused() -> None:
    sink = io.BytesIO()
    archive = ArchiveWriter(sink, LABEL)
    archive.add(DATABASE, io.BytesIO(b"rows"), 4, modified_at=0)
    archive._tar.addfile(tarfile.TarInfo("media/more.jpg"), io.BytesIO())
    archive.close(())
    with pytest.raises(Damaged, match=r"media/more\.jpg"):
        read(sink.getvalue())


def test_backup_without_a_database_is_refused() -> None:
    with pytest.raises(Damaged, match=DATABASE):
        read(write_archive({"media/a.jpg": b"a"}))


def test_newer_format_is_refused_by_name_of_its_version() -> None:
    with pytest.raises(Damaged, match=r"made by Broadsheet 9\.0"):
        read(write_archive(MEMBERS, Label(**{**FIELDS, "format": FORMAT + 1, "version": "9.0"})))


NONSENSE = [None, [], {}, -1, "\0", [[1]], {"a": "b"}]
MEANT = {("rows", "{}"), ("migrations", "[]"), *((field, repr("\0")) for field in TEXTS)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in FIELDS
        if not field.startswith(("is_", "has_"))
        for value in NONSENSE
        if (field, repr(value)) not in MEANT
    ],
)
def test_label_that_says_nonsense_is_refused(field: str, value: Any) -> None:
    text = json.dumps({**FIELDS, field: value}).encode()
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        info = tarfile.TarInfo("backup.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    with pytest.raises(Damaged, match=r"backup\.json is not what Broadsheet writes"):
        read(sink.getvalue())


def test_refusal_at_the_label_reads_no_further() -> None:
    class Unwanted(Exception):
        pass

    def refuse(label: Label) -> None:
        raise Unwanted

    taken: list[str] = []
    with pytest.raises(Unwanted):
        read_archive(io.BytesIO(WHOLE), on_label=refuse, take=lambda name, stream: taken.append(name))
    assert taken == []


def test_file_that_shrinks_while_it_is_copied_stops_the_backup() -> None:
    archive = ArchiveWriter(io.BytesIO(), LABEL)
    with pytest.raises(Damaged, match=r"media/a\.jpg became shorter"):
        archive.add(media_member("a.jpg"), io.BytesIO(b"short"), 100, modified_at=0)


def test_file_that_grows_while_it_is_copied_is_taken_as_it_was() -> None:
    sink = io.BytesIO()
    archive = ArchiveWriter(sink, LABEL)
    archive.add(DATABASE, io.BytesIO(b"rows and more"), 4, modified_at=0)
    archive.close(())
    assert read(sink.getvalue())[1] == {DATABASE: b"rows"}
