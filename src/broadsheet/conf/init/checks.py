"""What can be said against an installation before anything is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from broadsheet.conf.init.answers import Answers
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import find_account, find_nginx

# What lies in a data directory of ours; a folder with other things in it is somebody else's.
OURS = {"secret.key", "broadsheet.sqlite3", "static", "media", "mail"}


def find_problems(answers: Answers, layout: Layout, known: Mapping[str, str], *, force: bool = False) -> Iterator[str]:
    """What stands in the way, a sentence each; `force` is for who means to begin anew in another database."""
    if layout.is_machine and os.geteuid() != 0:
        yield "This writes to /etc and makes an account: run it with sudo, or try it out below a folder with --root DIR."
    if layout.is_machine and answers.nginx and find_nginx() is None:
        yield "nginx is not installed: run `apt install nginx`, or give --no-nginx if another proxy ends TLS."
    account = find_account(answers.user) if layout.is_machine else None
    if account is not None and account.uid == 0:
        yield f"The account {answers.user} is root's own; give another --user."
    yield from _find_data_problems(answers, layout, known)
    if not force and _database(known.get("database_url", answers.database_url)) != _database(answers.database_url):
        yield "The publication lies in another database and would begin empty in this one. init moves nothing; --force begins anew."


def find_place_problems(paths: Iterable[Path]) -> Iterator[str]:
    """Places that cannot be written to."""
    for path in paths:
        if path.is_dir():
            yield f"{path} is a folder, where a file is to be written; move it away."
            continue
        above = next(parent for parent in path.parents if os.path.lexists(parent))
        if not above.is_dir():
            yield f"{path} cannot be written: {above} is no folder."
        elif not os.access(above, os.W_OK | os.X_OK):
            yield f"{path} cannot be written: this account may not write to {above}."


def find_warnings(answers: Answers) -> Iterator[str]:
    """What works, but perhaps not as somebody thinks."""
    url = answers.database_url
    if url.startswith("sqlite:") and answers.data_dir not in Path(unquote(urlsplit(url).path)[1:]).parents:
        yield f"The database lies outside {answers.data_dir}: systemd lets the service write there only if you add ReadWritePaths."
    if answers.mail_url.startswith("file:"):
        yield "Letters go into files, so no reader gets one; set BROADSHEET_MAIL_URL before readers come."


def _find_data_problems(answers: Answers, layout: Layout, known: Mapping[str, str]) -> Iterator[str]:
    folder, earlier = answers.data_dir, Path(known.get("data_dir", answers.data_dir))
    if earlier != folder and (earlier / "secret.key").exists():
        yield f"The data lies in {earlier}. To move it: stop the service, `mv {earlier} {folder}`, then run this again."
    if layout.is_machine and answers.systemd and re.match(r"/(?:home|root|run/user|tmp|var/tmp)(?:/|$)", str(folder)):
        yield f"The service may not see {folder}; give a --data-dir such as /var/lib/broadsheet or /srv/broadsheet."
    if folder.exists() and not folder.is_dir():
        yield f"{folder} is no folder; give another --data-dir."
    elif folder.is_dir() and os.access(folder, os.R_OK) and any(folder.iterdir()):
        found = {path.name for path in folder.iterdir()}
        if not found & OURS:
            yield f"{folder} holds {sorted(found)[0]} and nothing of Broadsheet's; give an empty or new --data-dir."


def _database(url: str) -> tuple[str, ...]:
    """Which database an address means, whoever signs in to it and how."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return (parts.scheme.removesuffix("ql"), host, str(parts.port or 5432), parts.path) if url not in ("", "sqlite") else ()
