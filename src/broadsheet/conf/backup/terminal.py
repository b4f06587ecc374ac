"""What both commands do at the terminal: options for keys, and a line of progress."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from broadsheet.conf.backup.encryption import Keys
from broadsheet.conf.backup.exceptions import Refused
from broadsheet.conf.backup.inventory import Tell


def add_key_options(parser: ArgumentParser) -> None:
    """The options that name keys."""
    parser.add_argument("--identity-file", type=Path, metavar="FILE", help="the secret key of an encrypted backup, from age-keygen")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="a file whose first line is the passphrase")


def read_keys(options: dict[str, Any]) -> Keys:
    """The keys that the options name."""
    return Keys(options["identity_file"], read_passphrase(options["passphrase_file"]))


def read_passphrase(path: Path | None) -> str:
    """The first line of a file, without its end; empty without a file.

    Raises:
        Refused: it cannot be read, or says nothing.
    """
    if path is None:
        return ""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {error}.") from error
    if not lines or not lines[0]:
        raise Refused(f"{path} holds no passphrase in its first line.")
    return lines[0]


@contextmanager
def showing_progress(*, shown: bool) -> Iterator[Tell]:
    """A line on standard error for the step that runs, where a person watches."""
    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield lambda step, done, total: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=None)
            progress.update(tasks[step], completed=done, total=total or None)

        yield tell
