"""Encrypting a backup while it is written, and decrypting it while it is read, in the age format.

Anybody can decrypt such a file with the standard tool: `age --decrypt --identity key.txt backup.tar.age | tar x`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyrage

from broadsheet.conf.backup.archive import CHUNK, Stream
from broadsheet.conf.backup.exceptions import Damaged, Locked, Refused
from broadsheet.conf.backup.passphrase import PassphraseReader, PassphraseWriter, Sink, needs_passphrase

_INTRO = b"age-encryption.org/v1\n"
_SSH = ("ssh-ed25519 ", "ssh-rsa ")


@dataclass(frozen=True, slots=True)
class Protection:
    """How a backup is encrypted: to the holders of keys, with a passphrase, or, with neither, not at all."""

    recipients: tuple[str, ...] = ()
    passphrase: str = field(default="", repr=False)

    @property
    def is_none(self) -> bool:
        """Whether the backup can be read by anybody who has the file."""
        return not self.recipients and not self.passphrase


NO_PROTECTION = Protection()


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens a backup: the text of an age identity file (or an OpenSSH private key), a passphrase, or neither."""

    identity_file: Path | None = None
    passphrase: str = field(default="", repr=False)


def parse_recipients(texts: Sequence[str]) -> list[Any]:
    """The recipients that an operator named: `age1…`, or the line of an SSH public key.

    Raises:
        Refused: one of them is neither.
    """
    recipients = []
    for text in texts:
        kind = pyrage.ssh.Recipient if text.startswith(_SSH) else pyrage.x25519.Recipient
        try:
            recipients.append(kind.from_str(text))
        except pyrage.RecipientError as error:
            raise Refused(f"{text!r} is no recipient: give an age1… key as age-keygen prints it, or an SSH public key.") from error
    return recipients


@contextlib.contextmanager
def encrypting(sink: Sink, protection: Protection) -> Iterator[Sink]:
    """Where to write a backup so that it arrives in `sink` encrypted; whole only when the block ends without error."""
    if protection.is_none:
        yield sink
    elif protection.passphrase:
        writer = PassphraseWriter(sink, protection.passphrase)
        yield writer
        writer.close()
    else:
        recipients, last = parse_recipients(protection.recipients), _Last(sink)
        try:
            with _Feeding(lambda source: pyrage.encrypt_io(source, last, recipients)) as feeding:
                yield feeding
        except pyrage.EncryptError as error:
            raise last.error or error from error


@contextlib.contextmanager
def decrypting(source: BinaryIO, keys: Keys) -> Iterator[Stream]:
    """The bytes of a backup, decrypted if they are encrypted; their end is only reached if nothing is missing.

    Raises:
        Locked: the key is missing, or another.
        Damaged: the file is cut short or was changed.
    """
    start = source.read(len(_INTRO) + 10)
    source.seek(0)
    if not start.startswith(_INTRO):
        yield source
    elif needs_passphrase(start):
        if not keys.passphrase:
            raise Locked("The backup is encrypted with a passphrase; name a file that holds it by --passphrase-file.")
        yield PassphraseReader(source, keys.passphrase)
    else:
        if keys.identity_file is None:
            raise Locked("The backup is encrypted to a key; name the file that holds its secret half by --identity-file.")
        identities = load_identities(keys.identity_file, keys.passphrase)
        with _Drawing(lambda sink: pyrage.decrypt_io(source, sink, identities)) as drawing:
            yield drawing


def load_identities(path: Path, passphrase: str = "") -> list[Any]:
    """The secret keys in a file as age-keygen writes it, itself encrypted with a passphrase or not, or of an SSH key.

    Raises:
        Locked: there are none that can be used.
    """
    with path.open("rb") as file:
        content = file.read(CHUNK)
        file.seek(0)
        if needs_passphrase(content):
            if not passphrase:
                raise Locked(f"{path} is itself encrypted with a passphrase; name a file that holds it by --passphrase-file.")
            content = PassphraseReader(file, passphrase).read()
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode().splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise Locked(f"{path} is no file of age identities: {error}.") from error
    if not found:
        raise Locked(f"{path} holds no secret key; age-keygen writes one as AGE-SECRET-KEY-1….")
    return found


class _Last:
    """A sink that keeps its error: pyrage makes a text of it."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.error: Exception | None = None

    def write(self, piece: bytes, /) -> int:
        try:
            self._sink.write(piece)
        except Exception as error:
            self.error = error
            raise
        return len(piece)

    def flush(self) -> None:
        """Nothing is kept back."""


class _InThread:
    """Runs one call in a thread beside a pipe: pyrage wants to read or write a file by itself until it ends."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)

    def _run(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # raised again in the thread that asked
            self._error = error

    def _join(self) -> None:
        self._thread.join()
        if self._error is not None:
            raise self._error


class _Feeding(_InThread):
    """A sink whose bytes a call in another thread reads."""

    def __init__(self, consume: Callable[[BinaryIO], None]) -> None:
        reading, writing = os.pipe()
        self._pipe = os.fdopen(writing, "wb", buffering=CHUNK)

        def run() -> None:
            with os.fdopen(reading, "rb") as source:
                consume(source)

        super().__init__(run)

    def write(self, piece: bytes, /) -> int:
        try:
            return self._pipe.write(piece)
        except BrokenPipeError:
            self._join()
            raise

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        if error is None:
            self._join()
        self._thread.join()


class _Drawing(_InThread):
    """A stream whose bytes a call in another thread writes."""

    def __init__(self, produce: Callable[[Sink], None]) -> None:
        reading, writing = os.pipe()
        self._pipe = os.fdopen(reading, "rb", buffering=CHUNK)

        def run() -> None:
            with os.fdopen(writing, "wb", buffering=0) as sink:
                produce(sink)

        super().__init__(run)

    def read(self, size: int = -1, /) -> bytes:
        """As a file's; at the end it says if the call failed before its own."""
        piece = self._pipe.read(size)
        if size and not piece:
            self._say()
        return piece

    def _say(self) -> None:
        try:
            self._join()
        except pyrage.DecryptError as error:
            if "No matching keys" in str(error):
                raise Locked("The key does not open this backup; it was encrypted to another.") from error
            raise Damaged(f"The backup is damaged: {error}.") from error
        except OSError as error:
            raise Damaged("The backup is damaged or cut short: it does not decrypt to its end.") from error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pipe.close()
        self._thread.join()
