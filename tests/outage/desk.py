"""An editor at another machine: a process of its own on the same database, told what to do line by line.

`python -m tests.outage.desk` reads one JSON list a line, `[name, argument, …]`, and answers each with another, `[trouble, answer]`.
It is a process of its own so that what it publishes reaches the web servers by the change log alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[2]


class Refused(Exception):
    """The database did not do what the desk asked of it; the message is its own."""


class Desk:
    """The test's end of the line."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._turn = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.outage.desk"],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have one of the functions below done, and give its answer.

        Raises:
            Refused: the database is away.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, f"the desk ended at {name}; its last words stand in the output of the test"
        trouble, given = json.loads(answer)
        if trouble:
            raise Refused(trouble)
        return given

    def close(self) -> None:
        """Send the editor home."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def main() -> None:
    """Do what each line asks for."""
    import django

    django.setup()
    from django.db import DatabaseError, close_old_connections

    answers = sys.stdout
    sys.stdout = sys.stderr  # what commands print is no answer
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        close_old_connections()
        try:
            answer = ["", _ACTS[name](*arguments)]
        except DatabaseError as error:
            answer = [str(error), None]
        print(json.dumps(answer), file=answers, flush=True)


def prepare() -> None:
    """Migrations, the cache table and the static files, as `broadsheet serve` makes them."""
    from broadsheet.conf.management.commands import serve

    serve.prepare()


def collect() -> None:
    """The static files alone."""
    from broadsheet.conf.management.commands import serve

    serve.collect_static()


def found(name: str) -> None:
    """Give the publication its name."""
    from broadsheet.publication.models import Publication

    Publication.objects.create(name=name)


def write(headlines: list[str], access: str = "metered") -> list[str]:
    """Publish articles; their addresses."""
    from broadsheet.library.models import Article

    paths = []
    for number, headline in enumerate(headlines):
        text = "".join(f"<p>Paragraph {at} of {headline}: {'the convoy waits at the strait. ' * 12}</p>" for at in range(12))
        article = Article(live=False, headline=headline, dek=f"What happened, part {number}.", access=access)
        article.body = [("text", text)]
        article.save()
        article.save_revision().publish()
        article.refresh_from_db()
        paths.append(article.get_absolute_url())
    return paths


def edit(article_id: int, headline: str) -> float:
    """Publish an article under another headline, its slug as it was; when that was committed, by the machine's steady clock."""
    from broadsheet.library.models import Article

    article = Article.objects.get(pk=article_id)
    article.headline = headline
    article.save_revision().publish()
    return time.monotonic()


def unpublish(article_id: int) -> float:
    """Take an article back; when that was committed."""
    from broadsheet.library.models import Article

    Article.objects.get(pk=article_id).unpublish()
    return time.monotonic()


def enroll(email: str, password: str, is_subscriber: bool) -> int:
    """Make a reader with a confirmed address."""
    from broadsheet.accounts.models import User
    from broadsheet.core import clock
    from broadsheet.membership.flows import give_grant
    from broadsheet.membership.models import Grant

    now = clock.now()
    reader = User.objects.create_user(email, password=password, confirmed_at=now)
    if is_subscriber:
        give_grant(reader.pk, Grant.Source.SUBSCRIPTION, reason="subscribed in a test", ends_at=None, now=now)
    return int(reader.pk)


def unlocks(reader_id: int) -> list[int]:
    """The articles that a reader has opened."""
    from broadsheet.paywall.models import Unlock

    return [pk for pk in Unlock.objects.filter(reader_id=reader_id).values_list("article_id", flat=True) if pk is not None]


def wall_views(article_ids: list[int]) -> int:
    """How often the event log says that walls of these articles were shown."""
    from django.db.models import Sum

    from broadsheet.core.models import Event

    shown = Event.objects.filter(kind="wall_shown", article_id__in=article_ids)
    return int(shown.aggregate(total=Sum("count"))["total"] or 0)


def letters(address: str) -> int:
    """How many letters to an address are in the outbox or have left it."""
    from broadsheet.mail.models import OutboxLetter

    return OutboxLetter.objects.filter(to_address=address).count()


def age_pass(text: str, hours: float) -> str:
    """The pass that a browser would hold if it had got its own so many hours earlier."""
    from dataclasses import replace

    from broadsheet.core.models import SigningKey as KeyRow
    from broadsheet.paywall.passes import SigningKey, read_pass, sign_pass

    keys = {row.key_id: SigningKey(row.key_id, row.secret.encode()) for row in KeyRow.objects.all()}
    shown = read_pass(text, keys)
    assert shown is not None
    return sign_pass(replace(shown, issued_at=shown.issued_at - int(hours * 3600)), keys[text.partition(".")[0]])


def trim_everything() -> int:
    """Trim the change log as if two days had passed; how many lines went."""
    from datetime import timedelta

    from broadsheet.core import clock
    from broadsheet.core.flows import CHANGES_KEPT, trim_change_log

    return trim_change_log(now=clock.now() + CHANGES_KEPT + timedelta(seconds=1))


def store(name: str, text: str) -> str:
    """Keep a file among the photos; its address."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    return str(default_storage.url(default_storage.save(name, ContentFile(text.encode()))))


def command(*arguments: str) -> None:
    """Run one of the house's commands."""
    from django.core.management import call_command

    call_command(*arguments)


_ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        prepare,
        collect,
        found,
        write,
        edit,
        unpublish,
        enroll,
        unlocks,
        wall_views,
        letters,
        age_pass,
        trim_everything,
        store,
        command,
    )
}

if __name__ == "__main__":
    main()
