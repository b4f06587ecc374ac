"""The age format with a passphrase, as a stream. Pure but for its two primitives.

pyrage does this in memory only, and with a work factor that takes 1 GiB on a fast machine; a server that backs itself up
each night has neither. Source: C2SP age.md (version 1), sections Header, Payload and scrypt recipient.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64decode, b64encode
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from broadsheet.conf.backup.exceptions import Damaged, Locked

# 2**17 rounds of 1 KiB: 128 MiB for about half a second. Source: OWASP Password Storage Cheat Sheet, scrypt, 2024.
WORK_FACTOR = 17
_MAX_WORK_FACTOR = 20  # what `age -p` and rage choose on fast machines; 1 GiB
_CHUNK, _TAG, _FILE_KEY = 64 * 1024, 16, 16
_INTRO = b"age-encryption.org/v1\n"
_HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n"
)
_LONGEST_HEADER = 160


class Sink(Protocol):
    """Anything that takes bytes."""

    def write(self, piece: bytes, /) -> Any: ...


class PassphraseWriter:
    """Encrypts what is written to it into `sink`; only `close` makes it whole, and leaves the sink open."""

    def __init__(self, sink: Sink, passphrase: str, *, work_factor: int = WORK_FACTOR) -> None:
        self._sink = sink
        file_key, salt, nonce = secrets.token_bytes(_FILE_KEY), os.urandom(16), os.urandom(16)
        wrapped = ChaCha20Poly1305(_wrap_key(passphrase, salt, work_factor)).encrypt(bytes(12), file_key, None)
        head = _INTRO + b"-> scrypt %b %d\n%b\n---" % (_encode(salt), work_factor, _encode(wrapped))
        sink.write(head + b" " + _encode(_mac(file_key, head)) + b"\n" + nonce)
        self._cipher = _Chunks(file_key, nonce)
        self._waiting = bytearray()

    def write(self, piece: bytes, /) -> int:
        self._waiting += piece
        while len(self._waiting) > _CHUNK:  # the last chunk is marked, so one is always kept back
            self._sink.write(self._cipher.encrypt(bytes(self._waiting[:_CHUNK]), is_last=False))
            del self._waiting[:_CHUNK]
        return len(piece)

    def close(self) -> None:
        self._sink.write(self._cipher.encrypt(bytes(self._waiting), is_last=True))


class PassphraseReader:
    """Decrypts `source`; every piece it gives is authenticated, and the end is told from a file cut short."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        file_key = _read_header(source, passphrase)
        self._cipher = _Chunks(file_key, source.read(16))
        self._ahead = source.read(_CHUNK + _TAG)
        self._plain = b""
        if len(self._ahead) < _TAG:
            raise Damaged("The backup is cut short: nothing follows its age header.")

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; all that is left if it is negative."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        if not self._plain and self._ahead:
            self._plain = self._next_chunk()
        piece, self._plain = self._plain[:size], self._plain[size:]
        return piece

    def _next_chunk(self) -> bytes:
        chunk, self._ahead = self._ahead, self._source.read(_CHUNK + _TAG)
        return self._cipher.decrypt(chunk, is_last=not self._ahead)


class _Chunks:
    """The payload's chunks, each under a nonce made of its number and of whether it is the last."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._aead = ChaCha20Poly1305(HKDF(SHA256(), 32, nonce, b"payload").derive(file_key))
        self._number = 0

    def encrypt(self, chunk: bytes, *, is_last: bool) -> bytes:
        return self._aead.encrypt(self._nonce(is_last), chunk, None)

    def decrypt(self, chunk: bytes, *, is_last: bool) -> bytes:
        try:
            return self._aead.decrypt(self._nonce(is_last), chunk, None)
        except InvalidTag:
            raise Damaged("The backup is damaged or cut short: it does not decrypt to its end.") from None

    def _nonce(self, is_last: bool) -> bytes:
        nonce = self._number.to_bytes(11, "big") + bytes([is_last])
        self._number += 1
        return nonce


def needs_passphrase(start: bytes) -> bool:
    """Whether an age file that begins with `start` is encrypted with a passphrase."""
    return start.startswith(_INTRO + b"-> scrypt ")


def _read_header(source: BinaryIO, passphrase: str) -> bytes:
    """The file key, from the header; the source then stands behind it."""
    head = b""
    while b"\n---" not in head or not head.endswith(b"\n"):
        piece = source.read(1)
        head += piece
        if not piece or len(head) > _LONGEST_HEADER:
            raise Damaged("The backup is damaged: its age header cannot be read.")
    found = _HEADER.fullmatch(head)
    if found is None:
        raise Damaged("The backup is damaged: its age header cannot be read.")
    salt, wrapped, mac = (_decode(found[number]) for number in (1, 3, 4))
    if int(found[2]) > _MAX_WORK_FACTOR:
        raise Damaged(f"The backup asks for a work factor of {int(found[2])}, more than any age tool chooses.")
    try:
        file_key = ChaCha20Poly1305(_wrap_key(passphrase, salt, int(found[2]))).decrypt(bytes(12), wrapped, None)
    except InvalidTag:
        raise Locked("The passphrase does not open this backup.") from None
    if not hmac.compare_digest(mac, _mac(file_key, head[: head.index(b"\n---") + 4])):
        raise Damaged("The backup is damaged: its age header was changed.")
    return file_key


def _wrap_key(passphrase: str, salt: bytes, work_factor: int) -> bytes:
    rounds = 2**work_factor
    salt = b"age-encryption.org/v1/scrypt" + salt
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=rounds, r=8, p=1, maxmem=rounds * 1024 + 1024 * 1024, dklen=32)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(HKDF(SHA256(), 32, b"", b"header").derive(file_key), head, "sha256")


def _encode(value: bytes) -> bytes:
    return b64encode(value).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    value = b64decode(text + b"=" * (-len(text) % 4))
    if _encode(value) != text:  # two spellings of one header would be two files with one content
        raise Damaged("The backup is damaged: its age header cannot be read.")
    return value
