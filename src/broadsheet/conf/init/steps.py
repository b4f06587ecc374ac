"""`broadsheet init` from answers to the first sign-in: judge, write, make; what fails on the way is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from broadsheet.conf.env_file import parse_env_file
from broadsheet.conf.init.answers import Answers
from broadsheet.conf.init.checks import find_place_problems, find_problems, find_warnings
from broadsheet.conf.init.children import ask_child, follow_child
from broadsheet.conf.init.exceptions import Refused, Undone
from broadsheet.conf.init.files import (
    Owner,
    PlannedFile,
    State,
    WantedFile,
    WantedFolder,
    make_folder,
    make_link,
    make_parents,
    plan_file,
    write_files,
)
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import find_account, find_nginx, make_account, run_tool, web_group
from broadsheet.conf.init.plan import Certificate, find_certificate, nginx_file, settings_file, unit_files
from broadsheet.conf.init.record import Record, content_hash, write_record
from broadsheet.conf.init.sign_in import Request, SignIn

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to be there, compared with what is."""

    answers: Answers
    layout: Layout
    record: Record
    certificate: Certificate
    files: tuple[WantedFile, ...]
    warnings: tuple[str, ...]
    force: bool
    now: datetime

    def planned(self, owner: Owner | None = None) -> list[PlannedFile]:
        """The files with what they mean for their places; `owner` is the service's account, once it is there."""
        files = [
            replace(file, owner=Owner(0, owner.gid), mode=0o640) if owner and self._is_shared(file) else file for file in self.files
        ]
        return [plan_file(file, self.record.written, force=self.force) for file in files]

    def _is_shared(self, file: WantedFile) -> bool:
        return file.path in (self.layout.env_file, self.layout.record)


def make_plan(answers: Answers, layout: Layout, record: Record, known: Mapping[str, str], *, force: bool, now: datetime) -> Plan:
    """What there is to do; writes nothing.

    Raises:
        Refused: something stands in the way; all of it is named.
    """
    problems = list(find_problems(answers, layout, known, force=force))
    if problems:
        raise Refused("\n".join([*problems, "Nothing was written."]))
    certificate = find_certificate(answers, layout, now=now)
    settings = settings_file(answers, layout, None)
    values = parse_env_file(settings.content.decode(), str(layout.env_file))
    files = [settings, *certificate.files, *unit_files(answers, layout, values), *nginx_file(answers, layout, certificate, values)]
    places = [*(file.path for file in files), layout.record, answers.data_dir / "x"]
    problems = list(find_place_problems([*places, *([layout.backup_dir / "x"] if answers.systemd else [])]))
    if problems:
        raise Refused("\n".join([*problems, "Nothing was written."]))
    hashes = _hashes([plan_file(file, record.written, force=force) for file in files], record, layout)
    files.append(WantedFile(layout.record, write_record(answers, hashes), 0o600))
    warnings = (*find_warnings(answers), *certificate.warnings)
    return Plan(answers, layout, record, certificate, tuple(files), warnings, force, now)


def _hashes(planned: list[PlannedFile], record: Record, layout: Layout) -> dict[str, str]:
    """How each file will be known as ours. Settings and keys are not: a hash of a short secret gives it away."""
    found = {}
    for each in planned:
        path = str(each.file.path)
        if layout.settings_dir in each.file.path.parents:
            continue
        if each.state is not State.EDITED:
            found[path] = content_hash(each.file.content)
        elif path in record.written:
            found[path] = record.written[path]
    return found


def carry_out(plan: Plan, request: Request, *, say: Say) -> SignIn | None:
    """Write everything and make the site; the publisher's sign-in, if it is a new one.

    Raises:
        Undone: a step failed; the files and accounts of the steps before it are as they were.
    """
    with ExitStack() as undo:
        try:
            sign_in = _carry_out(plan, request, undo, say)
        except OSError as error:
            raise Undone(
                f"{error.filename or 'The system'}: {error.strerror or error}. What had been written was taken back."
            ) from error
        except Undone as error:
            raise Undone(f"{error}\nWhat had been written was taken back.") from None
        undo.pop_all()
    return sign_in


def _carry_out(plan: Plan, request: Request, undo: ExitStack, say: Say) -> SignIn | None:
    answers, layout = plan.answers, plan.layout
    owner = None
    if layout.is_machine:
        owner = find_account(answers.user)
        if owner is None:
            owner = make_account(answers.user, answers.data_dir, undo)
            say(f"Account: {answers.user}, which nobody can sign in to, is new.")
    nginx_was_well = answers.nginx and layout.is_machine and _is_nginx_well()
    _make_folders(plan, owner, undo)
    _try_database(answers, owner)
    for saved in write_files(plan.planned(owner), undo, stamp=f"{plan.now:%Y%m%d-%H%M%S}"):
        say(f"The older version is kept as {saved}.")
    if answers.nginx and layout.nginx_link is not None:
        make_link(layout.nginx_link, f"../sites-available/{layout.nginx_site.name}", undo)
    if nginx_was_well:
        run_tool(str(find_nginx()), "-t")
    return _make_site(plan, request, owner, say)


def _make_folders(plan: Plan, owner: Owner | None, undo: ExitStack) -> None:
    """The data directory, open to the web server's group only as far as static files go; folders that nginx wants."""
    answers, layout = plan.answers, plan.layout
    group = web_group() if owner is not None and answers.nginx else None
    shared = Owner(owner.uid, group) if owner is not None and group is not None else owner
    make_folder(WantedFolder(answers.data_dir, 0o750, shared), undo)
    # What is collected there later gets the folder's group too.
    make_folder(WantedFolder(answers.data_dir / "static", 0o2750 if group is not None else 0o750, shared), undo)
    if answers.systemd:
        make_folder(WantedFolder(layout.backup_dir, 0o700, owner), undo)
    if answers.nginx:
        for folder in (layout.acme_dir, layout.nginx_cache.parent, layout.nginx_logs):
            make_parents(folder / "x", undo)
    make_parents(layout.key("x"), undo)


def _try_database(answers: Answers, owner: Owner | None) -> None:
    url = answers.database_url or f"sqlite:///{answers.data_dir}/broadsheet.sqlite3"
    problem = ask_child(owner, "broadsheet.conf.init.trial", url)
    if problem:
        raise Undone(problem)


def _make_site(plan: Plan, request: Request, owner: Owner | None, say: Say) -> SignIn | None:
    found: list[SignIn] = []

    def hear(kind: str, what: Any) -> None:
        if kind == "say":
            say(what)
        elif kind == "sign_in":
            found.append(SignIn(**{**what, "recovery_codes": tuple(what["recovery_codes"])}))

    environment = {"BROADSHEET_ENV_FILE": str(plan.layout.env_file)}
    follow_child(owner, "broadsheet.conf.init.inside", json.dumps(asdict(request)), environment, hear)
    return found[0] if found else None


def _is_nginx_well() -> bool:
    """Whether nginx accepts what is there already; if not, its complaint is not about us."""
    try:
        run_tool(str(find_nginx()), "-t")
    except Undone:
        return False
    return True
