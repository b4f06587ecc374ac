"""The folder of uploaded files: listing it, and opening its files while others come and go."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def list_files(root: Path) -> Iterator[tuple[str, int]]:
    """Each plain file below `root` as (relative name, bytes), in no order. Links are not followed."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield path.relative_to(root).as_posix(), status.st_size


def open_file(root: Path, name: str) -> BinaryIO | None:
    """One file, or None if it was deleted meanwhile."""
    try:
        return os.fdopen(os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except FileNotFoundError:
        return None
