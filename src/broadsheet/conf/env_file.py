"""The settings file: lines `BROADSHEET_NAME=value`, read at start; what the real environment says counts more.

A value is the rest of its line as it stands, without escapes and without comments behind it. Quotes around the whole of it
fall away, so that a value may begin or end with a space. Lines that are empty or begin with `#` say nothing.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from broadsheet.conf.environment import VARIABLES, SettingsError, find_env_file

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX = "BROADSHEET_"


def load_env_file(environ: MutableMapping[str, str] = os.environ) -> Path | None:
    """Add the settings file's values to the environment where it does not set them itself; the file, if there is one.

    Raises:
        SettingsError: the file cannot be read, or a line of it cannot be understood.
    """
    path = find_env_file(environ)
    if path is None:
        return None
    for name, value in read_env_file(path).items():
        environ.setdefault(name, value)
    return path


def read_env_file(path: Path) -> dict[str, str]:
    """The values that a settings file holds.

    Raises:
        SettingsError: as `load_env_file`.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"BROADSHEET_ENV_FILE names {path}, where there is no file; `broadsheet init` writes one.") from None
    except PermissionError:
        raise SettingsError(
            f"{path} may not be read by this account; act as the service's own (sudo -u broadsheet …) "
            "or set BROADSHEET_ENV_FILE to nothing to do without the file."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    return parse_env_file(text, str(path))


def parse_env_file(text: str, name: str) -> dict[str, str]:
    """The values that the text of a settings file holds; `name` is what errors call it.

    Raises:
        SettingsError: a line cannot be understood, sets something twice, or sets what no setting is called.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            variable, value = _parse_line(stripped, f"{name}, line {number}")
            if variable in values:
                raise SettingsError(f"{name}, line {number}: {variable} was set further up; keep one of the two lines.")
            values[variable] = value
    return values


def change_env_file(text: str, values: Mapping[str, str | None]) -> str:
    """The text of a settings file with some values changed, the rest as it stands; None takes a line away."""
    missing = dict(values)
    lines = []
    for line in text.split("\n") if text else []:
        name = line.partition("=")[0].strip()
        if name in values:
            value = missing.pop(name)
            if value is None:
                continue
            line = f"{name}={_write(value)}" if _unquote(line.partition("=")[2].strip()) != value else line
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    lines += [f"{name}={_write(value)}" for name, value in missing.items() if value is not None]
    return "\n".join([*lines, ""])


def _parse_line(line: str, place: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not _NAME.fullmatch(name):
        without = " (without `export`)" if line.startswith("export ") else ""
        # Not the whole line: it may hold a password.
        raise SettingsError(f"{place}: {name[:40]!r} is no setting; write BROADSHEET_NAME=value{without}, or # before a remark.")
    if name.startswith(_PREFIX) and name not in VARIABLES:
        near = difflib.get_close_matches(name, VARIABLES, 1, cutoff=0.8)
        meant = f"did you mean {near[0]}?" if near else "docs/settings.md lists them."
        raise SettingsError(f"{place}: there is no setting {name}; {meant}")
    unquoted = _unquote(value)
    if unquoted is None:
        raise SettingsError(f"{place}: the value of {name} begins with a quote that nothing closes at the line's end.")
    return name, unquoted


def _unquote(value: str) -> str | None:
    if value[:1] not in ('"', "'"):
        return value
    return value[1:-1] if len(value) > 1 and value[-1] == value[0] else None


def _write(value: str) -> str:
    return f'"{value}"' if value != value.strip() or value[:1] in ('"', "'") else value
