"""From the paths an operator names to items: which reader reads which file."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadsheet.library.importing.html import read_html, read_mhtml, read_plain_text
from broadsheet.library.importing.items import Desk, LeftOut, Readings, Refusal, Refused
from broadsheet.library.importing.jsonl import read_jsonl
from broadsheet.library.importing.markdown import read_markdown
from broadsheet.library.importing.pictures import SUFFIXES as PICTURE_SUFFIXES
from broadsheet.library.importing.textfile import find_binary_kind
from broadsheet.library.importing.wordpress import read_wordpress

Reader = Callable[[Path, str, Desk], Readings]

READERS: dict[str, Reader] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".mhtml": read_mhtml,
    ".mht": read_mhtml,
    ".txt": read_plain_text,
    ".xml": read_wordpress,
    ".wxr": read_wordpress,
}
_FURNITURE = PICTURE_SUFFIXES | frozenset({".css", ".js", ".ico", ".woff", ".woff2", ".ttf", ".mp3", ".mp4", ".webm", ".csv"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, and the name it goes by in reports: its path from the folder that the operator named."""

    path: Path
    name: str


def read_paths(paths: Iterable[Path], desk: Desk) -> Readings:
    """Every item of every file in `paths`; folders are read with all that is in them, in order of names."""
    for found in find_sources(paths):
        if isinstance(found, Source):
            yield from read_source(found, desk)
        else:
            yield found


def read_source(source: Source, desk: Desk) -> Readings:
    """The items of one file; a file that cannot be read is refused."""
    try:
        reader = READERS.get(source.path.suffix.lower())
        if reader is None:
            raise Refused(_describe_unknown(source.path))
        yield from reader(source.path, source.name, desk)
    except Refused as refused:
        yield Refusal(source.name, str(refused))
    except OSError as error:
        yield Refusal(source.name, f"it cannot be read: {error.strerror or error}")


def find_sources(paths: Iterable[Path]) -> Iterator[Source | Refusal | LeftOut]:
    """The files in `paths`, each once, and what in folders is no source of articles."""
    seen: set[tuple[int, int]] = set()
    left_out: Counter[str] = Counter()
    for path in paths:
        yield from _find(path, _shown(path.name or str(path)), seen, left_out, named=True)
    for kind, count in left_out.items():
        yield LeftOut(kind, count)


def _find(
    path: Path, name: str, seen: set[tuple[int, int]], left_out: Counter[str], *, named: bool
) -> Iterator[Source | Refusal | LeftOut]:
    if not named and (kind := _furniture_kind(path)):
        left_out[kind] += 1
        return
    try:
        status = path.stat()
    except OSError as error:
        yield Refusal(name, "it links in a circle" if _is_loop(path, error) else f"it cannot be read: {error.strerror or error}")
        return
    except ValueError as error:
        yield Refusal(name, f"it cannot be read: {error}")
        return
    key = (status.st_dev, status.st_ino)
    if key in seen:
        yield Refusal(name, "it links to a file or folder that was read already")
        return
    seen.add(key)
    if stat.S_ISDIR(status.st_mode):
        yield from _find_in(path, name, seen, left_out, named=named)
    elif stat.S_ISREG(status.st_mode):
        yield Source(path, name)
    else:
        yield Refusal(name, "it is neither a file nor a folder")


def _find_in(
    folder: Path, name: str, seen: set[tuple[int, int]], left_out: Counter[str], *, named: bool
) -> Iterator[Source | Refusal | LeftOut]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refusal(name, f"it cannot be read: {error.strerror or error}")
        return
    for entry in entries:
        inner = _shown(entry.name) if named else f"{name}/{_shown(entry.name)}"
        yield from _find(Path(entry.path), inner, seen, left_out, named=False)


def _shown(name: str) -> str:
    """A file's name as text, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "replace")


def _furniture_kind(path: Path) -> str:
    """What a file in a folder is, if it comes along with articles and is none."""
    if path.name.startswith("."):
        return "hidden file"
    if path.name.endswith(("_files", "-files", ".fld")) and path.is_dir():
        return "folder of a saved page"
    if path.suffix.lower() in _FURNITURE:
        return "picture or other file beside the articles"
    return ""


def _is_loop(path: Path, error: OSError) -> bool:
    return path.is_symlink() and "symbolic links" in (error.strerror or "")


def _describe_unknown(path: Path) -> str:
    with path.open("rb") as file:
        binary = find_binary_kind(file.read(4096))
    if binary:
        return f"it is {binary}"
    return f"files ending in “{path.suffix}” are not read; known are {', '.join(sorted(READERS))}"
