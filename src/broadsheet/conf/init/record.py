"""What `broadsheet init` remembers for its next run: answers that are no setting, and what it wrote where. No secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from broadsheet.conf.env_file import read_env_file
from broadsheet.conf.init.answers import Answers
from broadsheet.conf.init.exceptions import Refused

# Answers that stand in the settings file, which an operator may change by hand: it counts.
IN_SETTINGS = {
    "address": "BROADSHEET_SITE_URL",
    "time_zone": "BROADSHEET_TIME_ZONE",
    "mail_url": "BROADSHEET_MAIL_URL",
    "mail_from": "BROADSHEET_MAIL_FROM",
    "database_url": "BROADSHEET_DATABASE_URL",
    "data_dir": "BROADSHEET_DATA_DIR",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What the last run answered, and the hash of each file that it wrote."""

    answers: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)


def read_record(path: Path) -> Record:
    """The last run's record; an empty one if there was none.

    Raises:
        Refused: the file is there and cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}; run this as root.") from None
    try:
        found = json.loads(text)
        # The record is ours whatever it says.
        return Record(dict(found["answers"]), {**found["written"], str(path): content_hash(text.encode())})
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{path} is not as `broadsheet init` wrote it; move it away and give all flags again.") from None


def known_answers(record: Record, env_file: Path) -> dict[str, str]:
    """What need not be asked again: the record's answers, and the settings file's values."""
    known = dict(record.answers)
    if env_file.exists():
        values = read_env_file(env_file)
        known |= {name: values[variable] for name, variable in IN_SETTINGS.items() if variable in values}
        if "BROADSHEET_DATABASE_URL" not in values:
            known["database_url"] = "sqlite"
    return known


def write_record(answers: Answers, written: Mapping[str, str]) -> bytes:
    """The text of the next record; `written` are the hashes of the files by their paths."""
    kept = {
        name: str(getattr(answers, name))
        for name in ("name", "publisher", "tls", "certificate", "key", "user", "port", "edge_port", "edge_workers", "http_port")
        if getattr(answers, name) is not None
    }
    switches = {"nginx": str(answers.nginx), "systemd": str(answers.systemd)}
    found = {"answers": {**kept, **switches}, "written": dict(sorted(written.items()))}
    return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()


def content_hash(content: bytes) -> str:
    """By what a file is known as ours."""
    return sha256(content).hexdigest()
