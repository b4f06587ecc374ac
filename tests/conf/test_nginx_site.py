"""The nginx site: a real nginx from it, before two upstreams that note what reaches them and answer as they are told."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from broadsheet.conf.nginx_site import NginxSite, NginxSiteError, parse_nginx_version, render_nginx_site
from broadsheet.edge.routes import find_route
from tests.nginx import Answer, RunningNginx, ask_on, free_ports, make_site, running_nginx, trusting, write_configuration

PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"
MANY = 120  # forms sent at once; twice what the widest limit lets through from one address
ARTICLE = "/articles/12/a-treaty/"
READERS = {"stranger": "", "subscriber": "broadsheet_session=aaaa; broadsheet_pass=xx.yy", "metered": "broadsheet_session=bbbb"}


@dataclass(frozen=True)
class Asked:
    """One request as it reached an upstream."""

    method: str
    path: str
    headers: dict[str, str]
    length: int
    connection: tuple[str, int]


@dataclass
class Upstream:
    """A server on one port. `answers` and `thinks_s` say with which headers a path is answered, and after how long;
    the body names server and cookie.
    """

    name: str
    port: int
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    thinks_s: dict[str, float] = field(default_factory=dict)
    _server: ThreadingHTTPServer | None = None
    _links: list[socket.socket] = field(default_factory=list)

    def start(self) -> None:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                headers = {name.casefold(): value for name, value in self.headers.items()}
                upstream.asked.append(Asked(self.command, self.path, headers, length, self.client_address))
                body = f"{upstream.name} for {headers.get('cookie', 'nobody')}, turn {len(upstream.asked)}".encode()
                threading.Event().wait(upstream.thinks_s.get(self.path, 0))
                self.send_response(200)
                given = {"Content-Type": "text/html; charset=utf-8", **upstream.answers.get(self.path, {})}
                for name, value in {**given, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def process_request(self, request: Any, client_address: Any) -> None:
                upstream._links.append(request)
                super().process_request(request, client_address)

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        for link in self._links:
            with suppress(OSError):  # nginx may have closed it already
                link.shutdown(socket.SHUT_RDWR)
        self._links.clear()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens on the port as long as the block lasts."""
        self.stop()
        yield
        self.start()

    def last(self, path: str) -> Asked:
        return next(asked for asked in reversed(self.asked) if asked.path == path)

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)


@dataclass
class Front:
    """nginx with what stands behind it."""

    nginx: RunningNginx
    edge: Upstream
    django: Upstream

    def name_answered(self, answer: Answer) -> str:
        return answer.body.decode().partition(" ")[0]

    @contextmanager
    def edge_away(self) -> Iterator[None]:
        """No edge as long as the block lasts; it ends when nginx has found the edge again."""
        with self.edge.away():
            yield
        deadline = time.monotonic() + 10
        while self.name_answered(self.nginx.ask("/topics/back/", headers={"Cookie": "a=b"})) != "edge":
            assert time.monotonic() < deadline, "the edge is back, and nginx does not ask it"
            time.sleep(0.05)  # nginx tries again after two seconds of its own clock


@contextmanager
def running_front(directory: Path, **fields: Any) -> Iterator[Front]:
    edge_port, django_port = free_ports(2)
    edge, django = Upstream("edge", edge_port), Upstream("django", django_port)
    edge.start()
    django.start()
    with running_nginx(make_site(directory, django_port=django_port, edge_port=edge_port, **fields)) as nginx:
        yield Front(nginx, edge, django)
    edge.stop()
    django.stop()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    directory = tmp_path_factory.mktemp("nginx")
    write_static(directory / "data" / "static")
    (directory / "acme/.well-known/acme-challenge").mkdir(parents=True)
    (directory / "acme/.well-known/acme-challenge/token").write_text("proof")
    with running_front(directory) as running:
        yield running


@pytest.fixture(scope="module")
def front_behind_a_cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """nginx that believes this machine, and 203.0.113.0/24, about who asks."""
    trusted = (ip_network("127.0.0.0/8"), ip_network("203.0.113.0/24"))
    with running_front(tmp_path_factory.mktemp("nginx"), trusted_proxies=trusted) as running:
        yield running


def write_static(folder: Path) -> None:
    (folder / "css").mkdir(parents=True)
    for name in ("site.0123456789ab.css", "plain.css"):
        (folder / "css" / name).write_text("body { color: black }")
        (folder / "css" / f"{name}.gz").write_bytes(gzip.compress(b"body { color: black }"))
    (folder / ".collected").write_text("a stamp")


@pytest.fixture
def path(request: pytest.FixtureRequest) -> str:
    """The address of a list that no other test asks for."""
    return f"/topics/{re.sub(r'[^a-z]', '-', request.node.name.casefold())}/"


# -- The text --------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> NginxSite:
    return make_site(tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"edge_port": 8001},
        {"trusted_proxies": (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))},
        {"refuses_other_hosts": False},
        {"django_port": 12345},
    ],
    ids=lambda fields: ",".join(fields) or "plain",
)
def test_nginx_takes_the_site_without_a_warning(site: NginxSite, fields: dict[str, Any]) -> None:
    command = [*write_configuration(replace(site, **fields)), "-t"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr


def test_http2_is_switched_on_as_each_nginx_wants_it(site: NginxSite) -> None:
    old, new = (render_nginx_site(replace(site, nginx_version=version)) for version in ((1, 22, 1), (1, 26, 3)))
    assert "ssl http2" in old and "http2 on;" not in old
    assert "ssl http2" not in new and new.count("http2 on;") == 2


def test_the_version_is_read_from_what_nginx_prints() -> None:
    assert parse_nginx_version("nginx version: nginx/1.26.3 (Ubuntu)\n") == (1, 26, 3)
    with pytest.raises(NginxSiteError, match="run `nginx -v`"):
        parse_nginx_version("command not found")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "a.org; return 200"),
        ("host", ""),
        ("key", Path("/etc/a b.pem")),
        ("data_dir", Path('/srv/"x')),
        ("log_dir", Path("logs")),
    ],
)
def test_a_value_that_would_break_the_configuration_is_refused(site: NginxSite, name: str, value: object) -> None:
    with pytest.raises(NginxSiteError):
        replace(site, **{name: value})  # type: ignore[arg-type]


# -- Names and doors -------------------------------------------------------------------------------------------------


def test_plain_http_leads_to_tls(front: Front) -> None:
    answer = front.nginx.ask_plainly("/articles/1/x/?a=b")
    assert (answer.status, answer.get("Location")) == (301, f"{front.nginx.url}/articles/1/x/?a=b")


def test_a_certificate_authority_finds_its_proof_without_tls(front: Front) -> None:
    answer = front.nginx.ask_plainly("/.well-known/acme-challenge/token")
    assert (answer.status, answer.body) == (200, b"proof")


def test_another_host_is_not_answered(front: Front) -> None:
    with pytest.raises(ConnectionError):
        front.nginx.ask_plainly("/", host="other.example")
    with pytest.raises(ConnectionError):
        front.nginx.ask("/", headers={"Host": "other.example"})


@pytest.mark.parametrize("name", ["other.example", None])
def test_another_name_gets_no_certificate(front: Front, name: str | None) -> None:
    with (
        socket.create_connection(("127.0.0.1", front.nginx.site.https_port)) as link,
        pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"),
    ):
        trusting().wrap_socket(link, server_hostname=name)


def shake_hands(front: Front, context: ssl.SSLContext) -> ssl.SSLSocket:
    link = socket.create_connection(("127.0.0.1", front.nginx.site.https_port))
    return context.wrap_socket(link, server_hostname="localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_is_spoken(front: Front, version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = context.maximum_version = version
    with shake_hands(front, context) as link:
        assert str(link.version()).replace(".", "_") == version.name


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(front: Front) -> None:
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        shake_hands(front, context)


def test_http2_is_spoken(front: Front) -> None:
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with shake_hands(front, context) as link:
        assert link.selected_alpn_protocol() == "h2"
        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        assert link.recv(9)[3] == 4, "the first frame must be SETTINGS (RFC 9113, section 3.4)"


def test_answers_name_neither_version_nor_hide_their_age(front: Front) -> None:
    answer = front.nginx.ask("/help/")
    assert answer.get("Server") == "nginx"
    assert answer.get("Strict-Transport-Security") == "max-age=31536000"


# -- Who answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ARTICLE,
        "/",
        "/topics/",
        "/topics/straits/",
        "/regions/europe/",
        "/authors/a-desk/",
        "/library/",
        "/feed.xml",
        "/topics/straits/feed.json",
        "/sitemap.xml",
        "/news-sitemap.xml",
        "/sitemaps/2026-02.xml",
    ],
)
def test_reading_goes_to_the_edge_and_all_else_to_django(front: Front, path: str) -> None:
    assert find_route(path) is not None
    for method in ("GET", "HEAD"):
        front.nginx.ask(path, method=method, headers={"Cookie": "a=b"})
        assert method == front.edge.last(path).method or (method == "HEAD" and path != ARTICLE), (
            "nginx asks for GET where it may keep"
        )
    count = front.edge.count(path)
    assert front.name_answered(front.nginx.ask(path, method="POST", body=b"a=b")) == "django"
    assert front.name_answered(front.nginx.ask(path + "?q=1", headers={"Cookie": "a=b"})) == "django"
    assert front.edge.count(path) == count


@pytest.mark.parametrize(
    "path", ["/login/", "/account/", "/articles/12/", "/articles/12/card.png", "/desk/", "/media/x.jpg", "/help/"]
)
def test_what_the_edge_does_not_hold_goes_to_django(front: Front, path: str) -> None:
    assert find_route(path) is None
    assert front.name_answered(front.nginx.ask(path)) == "django"


@pytest.mark.parametrize("path", [ARTICLE, "/topics/away/"])
def test_django_answers_for_an_edge_that_is_gone(front: Front, path: str) -> None:
    reader = {"Cookie": READERS["metered"]}
    with front.edge_away():
        answers = [front.nginx.ask(path, headers=reader) for _ in range(5)]
    assert [(answer.status, front.name_answered(answer)) for answer in answers] == [(200, "django")] * 5


def test_a_form_is_sent_once_even_if_the_connection_breaks(front: Front) -> None:
    forms: list[bytes] = []
    with front.django.away(), socket.create_server(("127.0.0.1", front.django.port)) as listener:
        listener.settimeout(2)
        thread = threading.Thread(target=break_at_forms, args=(listener, forms))
        thread.start()
        assert front.nginx.ask("/account/").status == 200  # leaves a connection open, on which the form is sent
        answer = front.nginx.ask("/articles/12/unlock/", method="POST", body=b"a=b")
        thread.join()
    assert answer.status == 503
    assert len(forms) == 1


def break_at_forms(listener: socket.socket, forms: list[bytes]) -> None:
    """Answer reading and keep the connection; hang up on a form without a word. Ends when nobody comes for two seconds."""
    with suppress(TimeoutError):
        while True:
            link, _ = listener.accept()
            with link:
                while request := link.recv(65536):
                    if request.startswith(b"POST"):
                        forms.append(request)
                        break
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_site_that_is_gone_answers_with_a_page_and_when_to_come_back(front: Front) -> None:
    with front.django.away():
        answer = front.nginx.ask("/account/")
    assert (answer.status, answer.get("Retry-After"), answer.get("Cache-Control")) == (503, "10", PRIVATE)
    assert b"Please try again in a moment" in answer.body
    assert answer.get("Content-Type") == "text/html; charset=utf-8"


def test_connections_to_the_processes_are_kept(front: Front) -> None:
    for _ in range(20):
        front.nginx.ask("/help/kept/")
    connections = {asked.connection for asked in front.django.asked if asked.path == "/help/kept/"}
    assert len(connections) < 20


def test_monitoring_is_refused_from_outside(front: Front) -> None:
    for path in ("/metrics", "/metrics/", "//metrics", "/x/../metrics", "/%6detrics", "/metrics?x=y"):
        assert front.nginx.ask(path).status == 403, path
    assert front.name_answered(front.nginx.ask("/metrics-of-power/")) == "django"


@pytest.mark.parametrize("path", ["/.git/config", "/.env", "/static/.collected", "/media/.hidden", "/topics/.x/"])
def test_hidden_files_are_not_found(front: Front, path: str) -> None:
    before = len(front.django.asked)
    assert front.nginx.ask(path).status == 404
    assert len(front.django.asked) == before


def test_a_well_known_address_is_not_hidden(front: Front) -> None:
    assert front.name_answered(front.nginx.ask("/.well-known/change-password")) == "django"


# -- Who asks --------------------------------------------------------------------------------------------------------

FORGED = {
    "Host": "localhost:9999",
    "X-Forwarded-For": "198.51.100.7",
    "X-Real-IP": "198.51.100.7",
    "Forwarded": "for=198.51.100.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Request-ID": "forged",
    "X_Forwarded_For": "198.51.100.7",
    "X-Forwarded_Proto": "http",
}


@pytest.mark.parametrize("path", ["/help/forged/", ARTICLE, "/topics/forged/", "/desk/forged/"])
def test_what_a_client_says_of_itself_is_replaced(front: Front, path: str) -> None:
    answer = front.nginx.ask(path, headers=FORGED)
    asked = (front.edge if find_route(path) else front.django).last(path)
    assert asked.headers["x-forwarded-for"] == "127.0.0.1"
    assert asked.headers["x-forwarded-proto"] == "https"
    assert asked.headers["host"] == front.nginx.site.public_host
    assert not {"x-real-ip", "forwarded", "x-forwarded-host"} & asked.headers.keys()
    assert not [name for name in asked.headers if "_" in name]
    assert re.fullmatch(r"[0-9a-f]{32}", asked.headers["x-request-id"])
    assert answer.all("X-Request-ID") == [asked.headers["x-request-id"]]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.55", "192.0.2.55"),
        ("198.51.100.7, 192.0.2.55", "192.0.2.55"),
        ("198.51.100.7, 192.0.2.55, 203.0.113.9", "192.0.2.55"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_trusted_proxy_says_who_asks(front_behind_a_cdn: Front, forwarded: str, address: str) -> None:
    """The nearest hop that is no proxy of ours counts; what stands before it the client may have written itself."""
    front_behind_a_cdn.nginx.ask(ARTICLE, headers={"X-Forwarded-For": forwarded})
    assert front_behind_a_cdn.edge.last(ARTICLE).headers["x-forwarded-for"] == address


# -- Limits ----------------------------------------------------------------------------------------------------------


def flood(front: Front, path: str, *, method: str = "POST", addresses: Callable[[int], str]) -> list[Answer]:
    """MANY requests as fast as four connections carry them."""
    answers: list[Answer] = []

    def send(numbers: range) -> None:
        body = b"a=b" if method == "POST" else None
        with front.nginx.connect() as link:
            for number in numbers:
                headers = {"X-Forwarded-For": addresses(number)}
                answers.append(ask_on(link, path, method=method, body=body, headers=headers))

    threads = [threading.Thread(target=send, args=(range(start, MANY, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_flood_of_forms_is_refused_with_a_page_and_when_to_come_back(front_behind_a_cdn: Front) -> None:
    answers = flood(front_behind_a_cdn, "/login/", addresses=lambda _: "192.0.2.1")
    refused = [answer for answer in answers if answer.status == 429]
    assert MANY / 4 < len(refused) < MANY
    assert {(answer.get("Retry-After"), answer.get("Cache-Control")) for answer in refused} == {("30", PRIVATE)}
    assert b"Too many tries" in refused[0].body
    assert front_behind_a_cdn.nginx.ask("/login/", headers={"X-Forwarded-For": "192.0.2.1"}).status == 200, "reading goes on"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_is_never_limited(front_behind_a_cdn: Front, method: str) -> None:
    answers = flood(front_behind_a_cdn, "/login/", method=method, addresses=lambda _: "192.0.2.2")
    assert {answer.status for answer in answers} == {200}


def test_one_network_of_ipv6_counts_as_one_client(front_behind_a_cdn: Front) -> None:
    answers = flood(front_behind_a_cdn, "/login/", addresses=lambda number: f"2001:db8:0:1::{number:x}")
    assert any(answer.status == 429 for answer in answers)


@pytest.mark.parametrize("addresses", ["2001:db8:0:{:x}::1", "198.18.0.{}", "::ffff:198.19.0.{}"])
def test_different_networks_are_counted_apart(front_behind_a_cdn: Front, addresses: str) -> None:
    answers = flood(front_behind_a_cdn, "/login/", addresses=lambda number: addresses.format(number + 16))
    assert {answer.status for answer in answers} == {200}


def test_the_desk_may_send_more_than_readers_do(front_behind_a_cdn: Front) -> None:
    readers = flood(front_behind_a_cdn, "/login/", addresses=lambda _: "192.0.2.3")
    desk = flood(front_behind_a_cdn, "/desk/articles/", addresses=lambda _: "192.0.2.3")
    assert sum(answer.status == 200 for answer in desk) > 2 * sum(answer.status == 200 for answer in readers)


def test_a_payment_provider_may_send_a_great_deal_at_once(front_behind_a_cdn: Front) -> None:
    answers = flood(front_behind_a_cdn, "/payments/stripe/events/", addresses=lambda _: "192.0.2.4")
    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/desk/images/add/", 20_000_000, 200),
        ("/desk/images/add/", 40_000_000, 413),
        ("/account/", 2_000_000, 413),
        ("/articles/12/keep-reading/", 2_000_000, 413),
        ("/account/", 60_000, 200),
        ("/documents/1/x/", 2_000_000, 413),
    ],
)
def test_only_the_desk_takes_large_files(front: Front, path: str, size: int, status: int) -> None:
    answer = front.nginx.ask(path, method="POST", body=bytes(size))
    assert answer.status == status
    if status == 200:
        assert front.django.last(path).length == size
    else:
        assert b"That is too large" in answer.body


def test_three_full_cookies_fit_and_a_heap_of_them_does_not(front: Front) -> None:
    three = "; ".join(f"broadsheet_{n}={'x' * 4000}" for n in range(3))
    assert front.nginx.ask(ARTICLE, headers={"Cookie": three}).status == 200
    assert front.edge.last(ARTICLE).headers["cookie"] == three
    assert front.nginx.ask(ARTICLE, headers={"Cookie": "x" * 70_000}).status == 400


@pytest.mark.soak
def test_a_client_that_sends_its_headers_slowly_is_let_go(front: Front) -> None:
    with shake_hands(front, trusting()) as link:
        link.settimeout(30)
        started = time.monotonic()
        link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with suppress(ConnectionError):  # a reset, so that nothing is kept for a client that does not read
            assert link.recv(100) == b""
        assert time.monotonic() - started < 15


# -- Static files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cache_control"),
    [("site.0123456789ab.css", "public, max-age=31536000, immutable"), ("plain.css", "public, max-age=60")],
)
def test_static_files_are_sent_compressed_without_any_process(front: Front, name: str, cache_control: str) -> None:
    before = len(front.django.asked)
    answer = front.nginx.ask(f"/static/css/{name}", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.status, answer.all("Cache-Control")) == (200, [cache_control])
    assert answer.get("Content-Encoding") == "gzip" and gzip.decompress(answer.body) == b"body { color: black }"
    assert answer.get("Content-Type") == "text/css; charset=utf-8"
    assert "Accept-Encoding" in answer.get("Vary")
    assert answer.all("Strict-Transport-Security") == ["max-age=31536000"]
    assert answer.all("X-Content-Type-Options") == ["nosniff"]
    assert front.nginx.ask(f"/static/css/{name}").body == b"body { color: black }"
    assert len(front.django.asked) == before


def test_a_static_file_that_nginx_cannot_find_is_asked_of_django(front: Front) -> None:
    assert front.name_answered(front.nginx.ask("/static/css/none.css")) == "django"


def test_no_folder_above_the_static_files_can_be_reached(front: Front) -> None:
    (front.nginx.site.data_dir / "secret.key").write_text("a secret")
    for path in (
        "/static/../secret.key",
        "/static/%2e%2e/secret.key",
        "/static/..%2fsecret.key",
        "/static../secret.key",
        "/secret.key",
    ):
        assert b"a secret" not in front.nginx.ask(path).body


# -- The cache -------------------------------------------------------------------------------------------------------


def cache_status(front: Front, answer: Answer) -> str:
    return str(front.nginx.logged(answer.get("X-Request-ID"))["cache"])


def test_a_public_list_is_kept_for_two_seconds_and_no_longer(front: Front, path: str) -> None:
    front.edge.answers[path] = {"Cache-Control": PUBLIC, "Vary": "Cookie, Accept-Encoding"}
    started = time.monotonic()
    first = front.nginx.ask(path)
    again = front.nginx.ask(path)
    if time.monotonic() - started < 1:
        assert again.body == first.body and cache_status(front, again) == "HIT"
    while front.nginx.ask(path).body == first.body:
        assert time.monotonic() - started < 5, "the first answer is still shown"
        time.sleep(0.1)  # nginx's own clock decides


def test_a_kept_list_that_cannot_be_renewed_is_not_shown_any_longer(front: Front, path: str) -> None:
    front.edge.answers[path] = front.django.answers[path] = {"Cache-Control": PUBLIC, "Vary": "Cookie"}
    first = front.nginx.ask(path)
    with front.edge_away(), front.django.away():
        deadline = time.monotonic() + 5
        while (answer := front.nginx.ask(path)).status == 200:
            assert answer.body == first.body
            assert time.monotonic() < deadline, "a list is shown that nobody stands for"
            time.sleep(0.1)
        assert answer.status == 503


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": PRIVATE},
        {"Cache-Control": "private"},
        {"Cache-Control": PUBLIC, "Set-Cookie": "broadsheet_session=c; HttpOnly"},
        {"Cache-Control": "no-cache, max-age=60"},
        {},
        {"Cache-Control": PUBLIC, "Vary": "*"},
    ],
    ids=["no-store", "private", "sets a cookie", "no-cache", "says nothing", "varies by all"],
)
def test_what_is_not_public_is_not_kept(front: Front, path: str, headers: dict[str, str]) -> None:
    front.edge.answers[path] = headers
    bodies = [front.nginx.ask(path).body for _ in range(4)]
    assert len(set(bodies)) == len(bodies) == front.edge.count(path)


@pytest.mark.parametrize("path", ["/topics/swapped/", "/library/?page=2", ARTICLE, "/", "/media/photo.jpg", "/feed.xml"])
def test_swapped_cookies_never_show_another_readers_page(front: Front, path: str) -> None:
    """Even if the processes said by mistake that everything may be kept, and said nothing of cookies."""
    for upstream in (front.edge, front.django):
        upstream.answers[path] = {"Cache-Control": "public, s-maxage=60"}
    wrong: list[tuple[str, bytes]] = []

    def ask_as(names: list[str]) -> None:
        for name in names:
            headers = {"Cookie": READERS[name]} if READERS[name] else {}
            body = front.nginx.ask(path, headers=headers).body
            if f" for {READERS[name] or 'nobody'}," not in body.decode():
                wrong.append((name, body))

    orders = [["stranger", "subscriber", "metered"] * 6, ["metered", "stranger", "subscriber"] * 6, ["subscriber", "stranger"] * 9]
    threads = [threading.Thread(target=ask_as, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    for upstream in (front.edge, front.django):
        del upstream.answers[path]


@pytest.mark.parametrize("cookie", ["broadsheet_session=x", "other=y", "_ga=GA1.2.3"])
def test_a_request_with_any_cookie_neither_reads_nor_fills_the_cache(front: Front, path: str, cookie: str) -> None:
    front.edge.answers[path] = {"Cache-Control": "public, s-maxage=60"}
    with_cookie = front.nginx.ask(path, headers={"Cookie": cookie})
    stranger = front.nginx.ask(path)
    again = front.nginx.ask(path, headers={"Cookie": cookie})
    bodies = [answer.body.decode() for answer in (with_cookie, stranger, again)]
    assert [f" for {cookie}," in body for body in bodies] == [True, False, True]
    assert cache_status(front, again) == "BYPASS"
    assert front.edge.count(path) == 3


def test_articles_are_never_kept_because_a_network_may_open_them(front: Front) -> None:
    front.edge.answers[ARTICLE] = {"Cache-Control": PUBLIC, "Vary": "Cookie, Accept-Encoding"}
    bodies = [front.nginx.ask(ARTICLE).body for _ in range(4)]
    assert len(set(bodies)) == 4


def test_many_who_ask_at_once_cost_one_answer(front: Front, path: str) -> None:
    front.edge.answers[path], front.edge.thinks_s[path] = {"Cache-Control": "public, s-maxage=60"}, 0.1
    threads = [threading.Thread(target=front.nginx.ask, args=(path,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert front.edge.count(path) < 10


def test_a_form_is_neither_kept_nor_answered_from_the_cache(front: Front, path: str) -> None:
    for upstream in (front.edge, front.django):
        upstream.answers[path] = {"Cache-Control": "public, s-maxage=60"}
    front.nginx.ask(path)
    assert [front.name_answered(front.nginx.ask(path, method="POST", body=b"a=b")) for _ in range(2)] == ["django", "django"]
    assert front.name_answered(front.nginx.ask(path)) == "edge"


# -- What is noted ---------------------------------------------------------------------------------------------------


def test_the_log_names_the_request_and_neither_address_nor_secret(front_behind_a_cdn: Front) -> None:
    nginx = front_behind_a_cdn.nginx
    headers = {
        "X-Forwarded-For": "192.0.2.77",
        "Cookie": "broadsheet_session=hidden",
        "User-Agent": "Hidden/1",
        "Referer": "https://hidden.example/",
    }
    answer = nginx.ask("/library/?q=hidden&email=hidden@example.org", headers=headers)
    entry = nginx.logged(answer.get("X-Request-ID"))
    assert entry["path"] == "/library/" and entry["method"] == "GET" and entry["status"] == 200
    confirmed = nginx.ask("/confirm/hidden-token/", headers=headers)
    assert nginx.logged(confirmed.get("X-Request-ID"))["path"] == "/confirm/…"
    log = (nginx.site.log_dir / "broadsheet.access.log").read_text()
    assert "hidden" not in log.casefold() and "192.0.2" not in log


def test_a_path_of_any_signs_leaves_the_log_readable(front: Front) -> None:
    answer = front.nginx.ask("/help/%0a%22%7d%00%ff/")
    request_id = answer.get("X-Request-ID")
    if answer.status != 400:
        assert front.nginx.logged(request_id)["request"] == request_id
    for line in (front.nginx.site.log_dir / "broadsheet.access.log").read_bytes().splitlines():
        json.loads(line.decode("utf-8", "replace"))


def test_headers_of_django_come_once(front: Front) -> None:
    front.django.answers["/help/once/"] = {
        "Strict-Transport-Security": "max-age=5",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'self'",
        "X-Frame-Options": "SAMEORIGIN",
        "X-Request-ID": "of the process",
        "Cache-Control": PRIVATE,
    }
    answer = front.nginx.ask("/help/once/")
    for name in front.django.answers["/help/once/"]:
        assert len(answer.all(name)) == 1, name
    assert answer.get("Strict-Transport-Security") == "max-age=31536000"
