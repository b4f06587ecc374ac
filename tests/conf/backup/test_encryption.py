"""Encrypted backups: the standard tool opens them, the wrong key does not, and nothing cut or changed passes."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import subprocess
import termios
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.conf.backup.archive import ArchiveWriter, Label, read_archive
from broadsheet.conf.backup.encryption import Keys, Protection, decrypting, encrypting, load_identities
from broadsheet.conf.backup.exceptions import Damaged, Locked, NoRoom, Refused
from broadsheet.conf.backup.passphrase import PassphraseReader, PassphraseWriter

PASSPHRASE = "seven words that nobody else has put together"
CHUNK = 64 * 1024
LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3_000_000]
LABEL = Label(
    *(1, "0.1.0", "2026-02-17T09:30:00+00:00", "postgresql", "15.1", "https://example.org", "UTC"),
    *(False, "00", False, 0, 0),  # type: ignore[arg-type]
)
QUICK = 4  # work factor: a test need not be slow to guess


@pytest.fixture(scope="module")
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def identity_file(tmp_path: Path, identity: pyrage.x25519.Identity) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    return path


def content_of(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def encrypt(content: bytes, protection: Protection) -> bytes:
    sink = io.BytesIO()
    with encrypting(sink, protection) as writer:
        for start in range(0, len(content), 100_000):
            writer.write(content[start : start + 100_000])
    return sink.getvalue()


def decrypt(encrypted: bytes, keys: Keys) -> bytes:
    with decrypting(io.BytesIO(encrypted), keys) as stream:
        return b"".join(iter(lambda: stream.read(70_000), b""))


def lock(content: bytes) -> bytes:
    sink = io.BytesIO()
    writer = PassphraseWriter(sink, PASSPHRASE, work_factor=QUICK)
    writer.write(content)
    writer.close()
    return sink.getvalue()


def unlock(encrypted: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return PassphraseReader(io.BytesIO(encrypted), passphrase).read()


@pytest.mark.parametrize("length", LENGTHS)
def test_key_opens_what_was_encrypted_to_it(length: int, identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    encrypted = encrypt(content_of(length), Protection((str(identity.to_public()),)))
    assert decrypt(encrypted, Keys(identity_file)) == content_of(length)


@pytest.mark.parametrize("length", LENGTHS)
def test_passphrase_opens_what_it_locked(length: int) -> None:
    assert unlock(lock(content_of(length))) == content_of(length)


def test_each_of_two_recipients_opens_it(tmp_path: Path, identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    other = pyrage.x25519.Identity.generate()
    (tmp_path / "other.txt").write_text(str(other))
    encrypted = encrypt(b"both", Protection((str(identity.to_public()), str(other.to_public()))))
    assert [decrypt(encrypted, Keys(path)) for path in (identity_file, tmp_path / "other.txt")] == [b"both", b"both"]


def test_ssh_key_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    encrypted = encrypt(b"by ssh", Protection((path.with_suffix(".pub").read_text().strip(),)))
    assert decrypt(encrypted, Keys(path)) == b"by ssh"


def test_plain_backup_needs_no_key() -> None:
    assert encrypt(b"plain", Protection()) == b"plain"
    assert decrypt(b"plain", Keys()) == b"plain"


# -- The standard tool ---------------------------------------------------------------------------------------------


def type_passphrase(command: list[str], times: int) -> None:
    """Run a program that asks for a passphrase at its terminal, and answer."""
    ours, theirs = pty.openpty()
    take_terminal = partial(fcntl.ioctl, theirs, termios.TIOCSCTTY, 0)
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=take_terminal
    )
    os.close(theirs)
    for _ in range(times):
        asked = b""
        while b"passphrase" not in asked.lower():
            asked += os.read(ours, 1000)
        os.write(ours, PASSPHRASE.encode() + b"\n")
    with contextlib.suppress(OSError):  # Linux says so when the other end is closed
        while os.read(ours, 1000):
            pass
    os.close(ours)
    assert process.wait(60) == 0


def test_age_decrypts_with_the_identity_file(tmp_path: Path, identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    (tmp_path / "b.age").write_bytes(encrypt(content_of(200_000), Protection((str(identity.to_public()),))))
    plain = subprocess.run(["age", "--decrypt", "--identity", identity_file, tmp_path / "b.age"], check=True, capture_output=True)
    assert plain.stdout == content_of(200_000)


def test_age_decrypts_with_the_passphrase(tmp_path: Path) -> None:
    (tmp_path / "b.age").write_bytes(lock(content_of(200_000)))
    type_passphrase(["age", "--decrypt", "--output", str(tmp_path / "b"), str(tmp_path / "b.age")], times=1)
    assert (tmp_path / "b").read_bytes() == content_of(200_000)


@pytest.mark.soak
def test_we_decrypt_what_age_locked_with_a_passphrase(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(content_of(200_000))
    type_passphrase(["age", "--passphrase", "--output", str(tmp_path / "b.age"), str(tmp_path / "b")], times=2)
    assert decrypt((tmp_path / "b.age").read_bytes(), Keys(passphrase=PASSPHRASE)) == content_of(200_000)


def test_identity_file_may_itself_be_locked(tmp_path: Path, identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    locked = tmp_path / "key.age"
    locked.write_bytes(lock(identity_file.read_bytes()))
    encrypted = encrypt(b"twice", Protection((str(identity.to_public()),)))
    assert decrypt(encrypted, Keys(locked, PASSPHRASE)) == b"twice"
    with pytest.raises(Locked, match="--passphrase-file"):
        decrypt(encrypted, Keys(locked))


# -- Refusals ------------------------------------------------------------------------------------------------------


def test_missing_and_wrong_keys_are_told_apart(tmp_path: Path, identity: pyrage.x25519.Identity) -> None:
    stranger = tmp_path / "stranger.txt"
    stranger.write_text(str(pyrage.x25519.Identity.generate()))
    to_key, by_words = encrypt(b"x", Protection((str(identity.to_public()),))), lock(b"x")
    for encrypted, keys, says in (
        (to_key, Keys(), "--identity-file"),
        (to_key, Keys(passphrase="x"), "--identity-file"),
        (to_key, Keys(stranger), "encrypted to another"),
        (by_words, Keys(), "--passphrase-file"),
        (by_words, Keys(stranger), "--passphrase-file"),
        (by_words, Keys(passphrase="seven other words"), "passphrase does not open"),
    ):
        with pytest.raises(Locked, match=says):
            decrypt(encrypted, keys)


@pytest.mark.parametrize("text", ["", "# nothing\n", "AGE-SECRET-KEY-1NONSENSE", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "\udcff"])
def test_file_without_a_usable_key_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Locked, match=r"key\.txt"):
        load_identities(path)


@pytest.mark.parametrize("text", ["", "age1nonsense", "ssh-ed25519 nonsense", "somebody@example.org"])
def test_recipient_that_is_none_is_refused_before_anything_is_written(text: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(Refused, match="age-keygen"), encrypting(sink, Protection((text,))):
        pass
    assert sink.getvalue() == b""


LOCKED = lock(content_of(2 * CHUNK))


@given(st.integers(0, len(LOCKED) - 1))
def test_locked_file_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises((Damaged, Locked)):
        unlock(LOCKED[:length])


@given(st.integers(0, len(LOCKED) - 1), st.integers(1, 255))
def test_locked_file_changed_anywhere_is_refused(place: int, difference: int) -> None:
    changed = bytearray(LOCKED)
    changed[place] ^= difference
    with pytest.raises((Damaged, Locked)):
        unlock(bytes(changed))


def test_locked_header_changed_anywhere_is_refused() -> None:
    for place in range(LOCKED.index(b"\n---") + 48):
        for difference in (1, 2, 32):
            changed = bytearray(LOCKED)
            changed[place] ^= difference
            with pytest.raises((Damaged, Locked)):
                unlock(bytes(changed))


def test_locked_file_cut_between_two_chunks_is_refused() -> None:
    assert len(unlock(LOCKED)) == 2 * CHUNK
    with pytest.raises(Damaged):
        unlock(LOCKED[: -CHUNK - 16])


@pytest.mark.parametrize("kind", ["key", "passphrase"])
def test_backup_cut_behind_its_manifest_is_refused_too(kind: str, identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    """Where the padding that ends a tar file begins in one chunk and ends in the next, which is cut."""
    plain = next(archive for size in range(0, 200_000, 512) if _ends_in_next_chunk(archive := write_archive(size)))
    encrypted = encrypt(plain, Protection((str(identity.to_public()),))) if kind == "key" else lock(plain)
    keys = Keys(identity_file, PASSPHRASE)
    with decrypting(io.BytesIO(encrypted), keys) as stream:
        read_archive(stream, on_label=lambda label: None)
    with pytest.raises(Damaged), decrypting(io.BytesIO(encrypted[:-5]), keys) as stream:
        read_archive(stream, on_label=lambda label: None)


def write_archive(size: int) -> bytes:
    sink = io.BytesIO()
    archive = ArchiveWriter(sink, LABEL)
    archive.add("database.pgdump", io.BytesIO(bytes(size)), size, modified_at=0)
    archive.close(())
    return sink.getvalue()


def _ends_in_next_chunk(archive: bytes) -> bool:
    end_of_manifest = len(archive.rstrip(b"\0")) + 1536
    return end_of_manifest // CHUNK < (len(archive) - 1) // CHUNK


def test_locked_file_that_goes_on_is_refused() -> None:
    with pytest.raises(Damaged):
        unlock(LOCKED + b"more")


def test_work_factor_that_would_eat_the_machine_is_refused() -> None:
    with pytest.raises(Damaged, match="work factor"):
        unlock(LOCKED.replace(b" 4\n", b" 30\n", 1))


@pytest.mark.parametrize("change", [lambda all: all[:-10], lambda all: all[:-50_000] + bytes(50_000), lambda all: all + b"more"])
def test_file_to_a_key_that_was_cut_or_changed_is_refused(
    change: Callable[[bytes], bytes], identity: pyrage.x25519.Identity, identity_file: Path
) -> None:
    encrypted = encrypt(content_of(3_000_000), Protection((str(identity.to_public()),)))
    with pytest.raises(Damaged):
        decrypt(change(encrypted), Keys(identity_file))


class Full:
    """A disk that takes a little."""

    def __init__(self) -> None:
        self.left = 300_000

    def write(self, piece: bytes, /) -> int:
        self.left -= len(piece)
        if self.left < 0:
            raise NoRoom("full")
        return len(piece)


@pytest.mark.parametrize("kind", ["key", "passphrase"])
def test_full_disk_is_said_as_such_through_the_encryption(kind: str, identity: pyrage.x25519.Identity) -> None:
    protection = Protection((str(identity.to_public()),)) if kind == "key" else Protection(passphrase=PASSPHRASE)
    with pytest.raises(NoRoom), encrypting(Full(), protection) as writer:
        for _ in range(50):
            writer.write(bytes(100_000))


def test_reader_who_stops_early_leaves_no_thread_waiting(identity: pyrage.x25519.Identity, identity_file: Path) -> None:
    encrypted = encrypt(content_of(3_000_000), Protection((str(identity.to_public()),)))
    with decrypting(io.BytesIO(encrypted), Keys(identity_file)) as stream:
        assert stream.read(10) == content_of(10)
