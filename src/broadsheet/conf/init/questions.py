"""The questions of `broadsheet init`: each is a flag; those that matter are asked where somebody sits at a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from broadsheet.conf.init import answers
from broadsheet.conf.init.answers import Answers, BadAnswer, Reader, Tls, find_contradictions
from broadsheet.conf.init.exceptions import Refused
from broadsheet.conf.init.layout import Layout

Known = Mapping[str, str]
MOST_EDGE_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know: the flag that answers it, how it is asked, and what it is if nobody answers.

    `ask` is empty for what is never asked; `default` gives None where there is none, so that an answer is needed. `after` names
    the question that the default follows from.
    """

    name: str
    help: str
    read: Reader
    ask: str = ""
    default: Callable[[Known], str | None] = lambda known: None
    is_secret: bool = False
    after: str = ""

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Terminal:
    """Somebody to ask: `ask` shows a prompt and gives what was typed, `say` shows a line."""

    ask: Callable[[str], str]
    say: Callable[[str], object]


def questions(layout: Layout) -> tuple[Question, ...]:
    """All of them, in the order in which they are asked."""
    return (
        Question("name", "name of the publication", answers.read_name, "Name of the publication"),
        Question("address", "https:// and the host that readers type", answers.read_site_address, "Address (https://…)"),
        Question(
            "time_zone",
            "the publication's time zone, an IANA name",
            answers.read_time_zone,
            "Time zone of the publication",
            lambda known: machine_zone(),
        ),
        Question(
            "mail_url",
            "mail server: smtp://user:password@host, smtps://…; see docs/settings.md",
            answers.read_mail_url,
            "Mail server (smtp://user:password@host or smtps://…)",
            lambda known: "smtp://localhost",
            is_secret=True,
        ),
        Question(
            "mail_from",
            "sender of letters",
            answers.read_mailbox,
            "Sender of letters",
            lambda known: _sender_of(known.get("address", "")),
            after="address",
        ),
        Question(
            "database_url",
            "postgres://user:password@host/name; sqlite (the default) for a file in the data directory",
            answers.read_database_url,
            "Database (sqlite, or postgres://user:password@host/name)",
            lambda known: "sqlite",
            is_secret=True,
        ),
        Question("publisher", "email address of the first publisher", answers.read_mailbox, "Email address of the first publisher"),
        Question(
            "tls",
            "certificate: self-signed (the default), files, or certbot (self-signed until certbot has one)",
            answers.read_tls,
            "TLS certificate (self-signed, files, certbot)",
            lambda known: Tls.SELF_SIGNED,
        ),
        Question("certificate", "with --tls files: the certificate and its issuers, PEM", answers.read_path),
        Question("key", "with --tls files: its private key, PEM", answers.read_path),
        Question(
            "data_dir",
            "where everything is kept (default: /var/lib/broadsheet)",
            answers.read_path,
            default=lambda known: str(layout.data_dir),
        ),
        Question(
            "user", "system account that runs it (default: broadsheet)", answers.read_user, default=lambda known: "broadsheet"
        ),
        Question("port", "port on 127.0.0.1 of the web server (default: 8000)", answers.read_port, default=lambda known: "8000"),
        Question(
            "edge_port",
            "port on 127.0.0.1 of the processes for readers' pages (default: 8001)",
            answers.read_port,
            default=lambda known: "8001",
        ),
        Question(
            "edge_workers",
            "processes for readers' pages; 0 for none of their own (default: one less than there are cores)",
            answers.read_workers,
            default=lambda known: str(spare_cores()),
        ),
        Question("http_port", "nginx's port for plain HTTP (default: 80)", answers.read_port, default=lambda known: "80"),
    )


# Left open, these two are asked for only where the certificate comes from files.
OPTIONAL = ("certificate", "key")
SWITCHES = {"nginx": "the nginx site", "systemd": "the systemd units"}


def gather(flags: Mapping[str, Any], known: Known, layout: Layout, *, terminal: Terminal | None) -> Answers:
    """The answers from flags, from somebody at a terminal if a flag that is needed is missing, and from the last time.

    Args:
        flags: what the command line said, None where it said nothing.
        known: what was answered the last time.

    Raises:
        Refused: an answer is missing or cannot be used; all of them are named.
    """
    asks = terminal is not None and _lacks_an_answer(flags, known, layout)
    found: dict[str, object] = {}
    said = dict(known)
    problems: list[str] = []
    missing: set[str] = set()
    for question in questions(layout):
        flag = flags.get(question.name)
        try:
            if flag is not None:
                found[question.name] = question.read(str(flag))
            elif terminal is not None and asks and _is_asked(question, found):
                found[question.name] = _ask(question, said, terminal)
            else:
                found[question.name] = _fall_back(question, said, found)
        except BadAnswer as error:
            if flag is not None or question.after not in missing:
                problems.append(f"{question.flag}: {error}")
            missing.add(question.name)
            continue
        if found[question.name] is not None:
            said[question.name] = str(found[question.name])
    for switch in SWITCHES:
        found[switch] = flags[switch] if flags.get(switch) is not None else known.get(switch, "True") == "True"
    answered = Answers(**found) if not problems else None  # type: ignore[arg-type]
    problems = problems if answered is None else find_contradictions(answered)
    if answered is None or problems:
        raise Refused("\n".join([*problems, "Nothing was written."]))
    return answered


def machine_zone() -> str:
    """The machine's time zone, as far as it says so."""
    match = re.search(r"zoneinfo/(.+)$", os.path.realpath("/etc/localtime"))
    zone = match[1] if match else "UTC"
    try:
        return answers.read_time_zone(zone)
    except BadAnswer:
        return "UTC"


def spare_cores() -> int:
    """How many processes for readers' pages a machine has room for: the desk keeps a core, where there are two."""
    return min(MOST_EDGE_WORKERS, max(1, (os.cpu_count() or 1) - 1))


def _lacks_an_answer(flags: Mapping[str, Any], known: Known, layout: Layout) -> bool:
    """Whether a question has neither an answer nor a default."""
    given = {**known, **{name: str(value) for name, value in flags.items() if value is not None}}
    needed = [question for question in questions(layout) if question.name not in OPTIONAL]
    return any(question.name not in given and question.default(given) is None for question in needed)


def _sender_of(address: str) -> str | None:
    host = urlsplit(address if "://" in address else f"https://{address}").hostname or ""
    return f"letters@{host}" if "." in host and not host.replace(".", "").isdigit() else None


def _is_asked(question: Question, found: Mapping[str, object]) -> bool:
    return bool(question.ask) or (question.name in OPTIONAL and found.get("tls") is Tls.FILES)


def _fall_back(question: Question, said: Known, found: Mapping[str, object]) -> object:
    if question.name in OPTIONAL and found.get("tls") is not Tls.FILES:
        return None
    text = said.get(question.name, question.default(said))
    if text is None and question.name in OPTIONAL:
        return None
    if text is None:
        raise BadAnswer(f"it is needed ({question.help}); give it, or run this at a terminal to be asked.")
    return question.read(text)


def _ask(question: Question, said: Known, terminal: Terminal) -> object:
    default = said.get(question.name, question.default(said))
    shown = "as it is" if question.is_secret and question.name in said else default
    prompt = (question.ask or question.help) + (f" [{shown}]: " if default is not None else ": ")
    while True:
        typed = terminal.ask(prompt).strip() or default
        if typed is None:
            continue
        try:
            return question.read(typed)
        except BadAnswer as error:
            terminal.say(f"  {error}")
