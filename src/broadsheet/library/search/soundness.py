"""Whether the files of an index are as they were written. Pure.

tantivy ends each file with a checksum, which it reads only on demand: a flipped bit would give wrong answers, and nobody
would know. Files never change once a commit names them, so each is looked at once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MAGIC = 1337
_LONGEST_FOOT = 10_000
_CHUNK = 1 << 20
_SUFFIXES = ("idx", "pos", "term", "store", "fast", "fieldnorm")


class Unsound(ValueError):
    """A file is cut, changed or gone."""


def check_files(folder: Path, sound: set[str]) -> None:
    """Look at the files that the last commit names, but for those in `sound`, where it adds them.

    Raises:
        Unsound: one of them is not as it was written.
        OSError: one of them cannot be read.
    """
    while missing := _check_named(folder, sound):
        if missing in _named(folder):
            raise Unsound(f"{missing} is gone.")  # and not because a later commit did without it


def _check_named(folder: Path, sound: set[str]) -> str:
    """Check what is named now; the first file that is not there, or nothing."""
    for name in _named(folder):
        if name not in sound:
            try:
                _check_file(folder / name)
            except FileNotFoundError:
                return name
            sound.add(name)
    return ""


def _named(folder: Path) -> Iterator[str]:
    try:
        segments = json.loads((folder / "meta.json").read_text("utf-8"))["segments"]
        for segment in segments:
            yield from _named_by(segment)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unsound(f"meta.json: {error}") from error


def _named_by(segment: dict[str, Any]) -> Iterator[str]:
    stem = segment["segment_id"].replace("-", "")
    yield from (f"{stem}.{suffix}" for suffix in _SUFFIXES)
    if segment["deletes"] is not None:  # the key is always there: without it, what was deleted would be back
        yield f"{stem}.{segment['deletes']['opstamp']}.del"


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - _LONGEST_FOOT))
            end = file.read()
            foot, magic = int.from_bytes(end[-8:-4], "little"), int.from_bytes(end[-4:], "little")
            wanted = json.loads(end[-8 - foot : -8])["crc"]
            file.seek(0)
            left, crc = size - 8 - foot, 0
            while left > 0 and (chunk := file.read(min(left, _CHUNK))):
                crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    except (ValueError, KeyError, TypeError) as error:
        raise Unsound(f"{path.name}: {error}") from error
    if magic != _MAGIC or crc != wanted or left:
        raise Unsound(f"{path.name} is not as it was written.")
