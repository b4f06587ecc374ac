"""One run of `broadsheet init`, from the flags to the last word."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from broadsheet.conf.init.afterwards import next_steps, start, try_mail
from broadsheet.conf.init.answers import Answers
from broadsheet.conf.init.exceptions import Refused
from broadsheet.conf.init.files import PlannedFile, State
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import find_account
from broadsheet.conf.init.questions import Terminal, gather
from broadsheet.conf.init.record import known_answers, read_record
from broadsheet.conf.init.sign_in import Request, make_password, show_sign_in
from broadsheet.conf.init.steps import Plan, carry_out, make_plan
from broadsheet.core import clock

Say = Callable[[str], object]
_PASSWORD = re.compile(r"(://[^/:@\s]*:)[^@\s]*(@)")


@dataclass(frozen=True, slots=True)
class Switches:
    """What the command line says beside the answers."""

    password_file: Path | None = None
    renews_sign_in: bool = False
    checks_mail: bool = True
    force: bool = False
    dry_run: bool = False


def run_init(flags: Mapping[str, Any], switches: Switches, layout: Layout, *, say: Say, terminal: Terminal | None) -> None:
    """Ask, judge, write, make, start; and say all of it.

    Raises:
        InitError: nothing was written, or all of it was taken back.
        SettingsError: the settings file that is there cannot be read.
    """
    record = read_record(layout.record)
    known = known_answers(record, layout.env_file)
    answers = gather(flags, known, layout, terminal=terminal)
    password = _read_password(switches.password_file, answers)
    plan = make_plan(answers, layout, record, known, force=switches.force, now=clock.now())
    for line in describe(plan):
        say(line)
    if switches.dry_run:
        say("This was a dry run: nothing was written.")
        return
    renames = flags.get("name") is not None
    request = Request(answers.name, renames, answers.publisher, password or make_password(), switches.renews_sign_in)
    sign_in = carry_out(plan, request, say=say)
    # From here on nothing fails any more, so that the sign-in, which nobody can show again, is certainly shown.
    for warning in plan.warnings:
        say(f"Warning: {warning}")
    owner = find_account(answers.user) if layout.is_machine else None
    if switches.checks_mail:
        try_mail(layout, owner, answers.publisher if sign_in is not None else "", say=say)
    started = start(answers, layout, say=say)
    if sign_in is not None:
        say(show_sign_in(sign_in, site=answers.address, password_is_told=not password, draws=_can_draw()))
    say("What is left:")
    for line in next_steps(answers, layout, started):
        say(f"  {line}")


def describe(plan: Plan) -> Iterator[str]:
    """What is going to be written, and how that differs from what is there; passwords and keys are not shown."""
    answers, layout = plan.answers, plan.layout
    yield f"{answers.name}, {answers.address}; data in {answers.data_dir}."
    for planned in plan.planned():
        yield f"  {planned.file.path}: {planned.state}"
        if planned.state is not State.SAME and planned.file.path not in (layout.record, *_certificate_paths(plan)):
            yield from (f"      {line}" for line in _difference(planned))


def _certificate_paths(plan: Plan) -> tuple[Path, ...]:
    return tuple(file.path for file in plan.certificate.files)


def _difference(planned: PlannedFile) -> list[str]:
    """The lines that go and come; nothing for a file that is new, unless it holds the settings."""
    wanted = planned.file.content.decode().splitlines()
    if planned.state is State.NEW:
        return [f"+ {_mask(line)}" for line in wanted if not line.startswith("#")] if planned.file.keeps_edits else []
    present = planned.file.path.read_text("utf-8", "replace").splitlines()
    lines = list(difflib.unified_diff(present, wanted, n=0, lineterm=""))[2:]
    return [f"{line[0]} {_mask(line[1:])}" for line in lines if not line.startswith("@@")]


def _mask(line: str) -> str:
    if line.startswith("BROADSHEET_SECRET_KEY="):
        return "BROADSHEET_SECRET_KEY=…"
    return _PASSWORD.sub(r"\1…\2", line)


def _read_password(path: Path | None, answers: Answers) -> str:
    """The password from a file; empty without one."""
    if path is None:
        return ""
    try:
        password = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"--password-file {path}: {error}\nNothing was written.") from None
    try:
        validate_password(password)
    except ValidationError as error:
        raise Refused(f"The password in {path} will not do: {' '.join(error.messages)}\nNothing was written.") from None
    return password


def _can_draw() -> bool:
    try:
        "█▀▄".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
