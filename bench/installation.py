"""An installation made for one measurement, its cookies, and how to ask it for a page."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.edge_site import Made, MadeArticle, MadeReader, Wanted
from bench.needs import need_two_cores
from bench.servers import Server, event_loop, free_port, granian, installation_environment, running
from broadsheet.paywall.passes import Pass, SigningKey, holder_name, sign_pass

EDGE = "broadsheet.conf.wsgi:application"
GRANIAN, EVENT_LOOP = "granian", "event loop"
PLAIN = "bench.plain_wsgi:application"
HERE = Path(__file__).resolve().parent


@dataclass
class Site:
    """One installation in a folder of its own."""

    folder: Path
    made: Made
    server_core: int
    client_core: int
    environment: dict[str, str]
    key: SigningKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = SigningKey(self.made.key_id, self.made.key.encode())

    def articles(self, size: str) -> list[MadeArticle]:
        """The articles of one size."""
        return [article for article in self.made.articles if article.size == size]

    def readers_of(self, size: str) -> list[tuple[MadeReader, MadeArticle]]:
        """The readers whose opened article is of one size, each with it."""
        by_id = {article.article_id: article for article in self.articles(size)}
        return [(reader, by_id[reader.article_id]) for reader in self.made.readers if reader.article_id in by_id]

    @contextmanager
    def serve(self, name: str, application: str = EDGE) -> Iterator[Server]:
        """An application under granian, or the edge on its own event loop if that is the name."""
        port = free_port()
        with running(
            name,
            event_loop(port) if name == EVENT_LOOP else granian(application, port),
            port=port,
            core=self.server_core,
            environment=self.environment,
            log=self.folder / f"{name}.log",
        ) as server:
            yield server

    def metered_cookie(self, reader: MadeReader, *, age_s: int = 0) -> str:
        """The cookies of a reader who has opened one article and has two left, with a pass of that age."""
        shown = replace(self._pass(reader), spent=1, open_articles=(("u", reader.article_id, reader.until),))
        return self._cookie(reader, replace(shown, issued_at=shown.issued_at - age_s))

    def subscriber_cookie(self, reader: MadeReader) -> str:
        """The cookies of the same reader, had they subscribed yesterday."""
        return self._cookie(reader, replace(self._pass(reader), subscribed=(int(time.time()) - 86_400, None)))

    def _pass(self, reader: MadeReader) -> Pass:
        now = int(time.time())
        return Pass(
            holder=holder_name("session", reader.session),
            reader_id=reader.reader_id,
            issued_at=now,
            month=datetime.fromtimestamp(now, UTC).strftime("%Y-%m"),
            spent=0,
            version=0,
            subscribed=None,
            open_articles=(),
        )

    def _cookie(self, reader: MadeReader, shown: Pass) -> str:
        return f"broadsheet_session={reader.session}; broadsheet_pass={sign_pass(shown, self.key)}"


@contextmanager
def make_site(wanted: Wanted, database_url: str | None = None) -> Iterator[Site]:
    """An installation that holds what is wanted, on SQLite or in an empty PostgreSQL; deleted afterwards."""
    server_core, client_core = need_two_cores()
    with tempfile.TemporaryDirectory(prefix="broadsheet-bench-") as folder:
        environment = installation_environment(Path(folder) / "data", database_url)
        command = [sys.executable, str(HERE / "edge_site.py"), json.dumps(asdict(wanted))]
        ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(ran.stdout.splitlines()[-1])
        made = Made(
            told["key_id"],
            told["key"],
            [MadeArticle(**article) for article in told["articles"]],
            [MadeReader(**reader) for reader in told["readers"]],
        )
        yield Site(Path(folder), made, server_core, client_core, environment)


@dataclass(frozen=True, slots=True)
class Fetched:
    headers: list[tuple[str, str]]
    body: bytes


def fetch(server: Server, path: str, cookie: str = "") -> Fetched:
    """One answer, compressed with gzip; asked for until it is a finished page (a server that has just started asks Django)."""
    headers = {"Accept-Encoding": "gzip", "Host": "localhost", **({"Cookie": cookie} if cookie else {})}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200 or answer.headers["Content-Encoding"] != "gzip":
        raise RuntimeError(f"{server.name} answers {path} with {answer.status}, {answer.headers['Content-Encoding']}")
    return Fetched(answer.getheaders(), body)


def fetch_tag(server: Server, path: str) -> str:
    """The ETag of one answer."""
    return next(value for name, value in fetch(server, path).headers if name.lower() == "etag")
