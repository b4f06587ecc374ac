"""Readers and editors through the whole front door: nginx, edge, Django, each in processes of their own."""

from __future__ import annotations

import http.client
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from random import Random

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from broadsheet.accounts.models import User
from broadsheet.conf.nginx_site import NginxSite
from broadsheet.core import clock as core_clock
from broadsheet.library.models import Photo
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Institution
from tests.front_door import FrontDoor, Seen, Visitor, moved_to, running_front_door, settle, stop_group
from tests.journeys.leak_crawl import Publication, Reader, crawl, extra_paths, find_bodies, find_leaks, make_publication
from tests.library.test_renditions import jpeg
from tests.nginx import ask_on, make_site, running_nginx

pytestmark = pytest.mark.django_db(transaction=True)

SEEN_WITHIN_S = 5.0
LISTS = ("/", "/topics/straits/", "/library/", "/feed.xml")
ROUNDS = 6
KINDS = ("stranger", "left an address", "registered", "spent", "subscriber")


@pytest.fixture(autouse=True)
def clock() -> Iterator[core_clock.StoppedClock]:
    """The house's clock, stopped at the moment the test begins: other processes have the machine's."""
    stopped = core_clock.StoppedClock(core_clock.SystemClock().now())
    replaced = core_clock.use(stopped)
    yield stopped
    core_clock.use(replaced)


@pytest.fixture
def edge_apart() -> None:
    """Asked for by tests that need processes for pages alone; each start costs seconds."""


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> NginxSite:
    made = settle(tmp_path, edge_apart="edge_apart" in request.fixturenames)
    settings.BROADSHEET = moved_to(made)
    settings.MEDIA_ROOT = made.data_dir / "media"
    return made


@pytest.fixture
def publication(
    site: NginxSite, make_article: Callable[..., object], make_reader: Callable[..., User], clock: core_clock.StoppedClock
) -> Publication:
    return make_publication(make_article, make_reader, clock.now())


@pytest.fixture
def door(site: NginxSite, publication: Publication) -> Iterator[FrontDoor]:
    with running_front_door(site) as running:
        yield running


def visitor_as(door: FrontDoor, reader: Reader) -> Visitor:
    """A browser with the cookies of one kind of reader."""
    return Visitor(door.nginx, {name: morsel.value for name, morsel in reader.client.cookies.items()})


def in_threads(work: Callable[[str], None], names: tuple[str, ...]) -> None:
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(work, names))


def wait_until(is_so: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + SEEN_WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)  # other processes have to notice


# -- No reader gets another's page -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("edge_apart")
def test_five_readers_at_once_crawl_the_site_and_none_is_sent_what_they_may_not_read(
    door: FrontDoor, publication: Publication
) -> None:
    pages: dict[str, list[tuple[str, str, str]]] = {}
    gated = {name: publication.articles[name] for name in ("metered", "subscribers")}
    every = [article.get_absolute_url() for article in publication.articles.values()]
    paths = list(dict.fromkeys([*LISTS, "/feed.json", "/sitemap.xml", *every, *extra_paths(gated)]))

    def crawl_as(kind: str) -> None:
        reader = publication.readers[kind]
        crawled = Reader(kind, replace(visitor_as(door, reader), takes_gzip=True), reader.may_read, reader.seen)  # type: ignore[arg-type]
        pages[kind] = list(crawl(crawled, paths, limit=len(paths) + 10))

    in_threads(crawl_as, KINDS)
    assert sorted(pages) == sorted(KINDS)
    for kind, crawled in pages.items():
        assert not find_leaks(publication, publication.readers[kind], crawled), kind
        assert len(crawled) > 2 * len(paths)
    assert find_bodies(publication, pages["subscriber"]) == {"free", "metered", "chosen", "instant", "subscribers"}


@pytest.mark.usefixtures("edge_apart")
def test_one_address_asked_by_turns_gives_each_reader_their_own_page_with_the_edge_and_without(
    door: FrontDoor, publication: Publication
) -> None:
    """Each answer through nginx is what the process behind it gave that reader directly."""
    articles = [publication.articles[name].get_absolute_url() for name in ("metered", "chosen", "instant", "subscribers")]
    paths = (*LISTS, *articles)
    expected = {(kind, path): ask_process(door, publication.readers[kind], path) for kind in KINDS for path in paths}
    assert len({expected[kind, articles[0]] for kind in KINDS}) > 3, "the readers have to differ, or nothing can be mixed up"
    assert not read_by_turns(door, publication, expected)
    kept = b"".join(path.read_bytes() for path in door.nginx.site.cache_dir.rglob("*") if path.is_file())
    assert b"About metered" in kept, "lists for strangers are kept"
    assert b"canary" not in kept, "what only some may read lies in the cache"
    assert door.edge is not None
    stop_group(door.edge, signal.SIGKILL)
    assert not read_by_turns(door, publication, expected)


def read_by_turns(
    door: FrontDoor, publication: Publication, expected: Mapping[tuple[str, str], bytes]
) -> list[tuple[str, str, int]]:
    """Have each reader ask for every page again and again, all at once, with browsers that keep their passes; what was wrong."""
    paths = sorted({path for _, path in expected})
    wrong: list[tuple[str, str, int]] = []

    def read_as(kind: str) -> None:
        visitor, random = visitor_as(door, publication.readers[kind]), Random(kind)
        for _ in range(ROUNDS):
            for path in random.sample(paths, len(paths)):
                answer = visitor.get(path)
                if answer.content != expected[kind, path]:
                    wrong.append((kind, path, answer.status_code))

    in_threads(read_as, (*KINDS, *KINDS))
    return wrong


def ask_process(door: FrontDoor, reader: Reader, path: str) -> bytes:
    """What the process behind nginx answers one reader who asks it directly."""
    cookies = visitor_as(door, reader).cookie_header
    with closing(http.client.HTTPConnection("127.0.0.1", door.nginx.site.django_port, timeout=30)) as link:
        answer = ask_on(link, path, headers={"Host": door.nginx.site.public_host, **({"Cookie": cookies} if cookies else {})})
    assert answer.status == 200
    return answer.body


# -- What is taken back is gone --------------------------------------------------------------------------------------


def test_an_unpublished_article_is_gone_from_every_page_within_seconds(door: FrontDoor, publication: Publication) -> None:
    article = publication.articles["metered"]
    path = article.get_absolute_url()
    stranger, subscriber = (visitor_as(door, publication.readers[kind]) for kind in ("stranger", "subscriber"))
    pages = [(visitor, place) for visitor in (stranger, subscriber) for place in (*LISTS, path)]
    assert all(b"About metered" in visitor.get(place).content for visitor, place in pages)
    article.unpublish()
    wait_until(
        lambda: not any(b"About metered" in visitor.get(place).content for visitor, place in pages),
        "an article that is no longer published is still shown",
    )
    assert [visitor.get(path).status_code for visitor in (stranger, subscriber)] == [410, 410]


# -- Who asks --------------------------------------------------------------------------------------------------------


def test_an_address_in_a_header_opens_nothing_unless_a_trusted_proxy_wrote_it(
    door: FrontDoor, publication: Publication, clock: core_clock.StoppedClock, tmp_path: Path
) -> None:
    """An institution's readers are known by their address alone, so the address must not be theirs to choose."""
    college = Institution.objects.create(name="A college", starts_at=clock.now())
    college.networks.create(network="192.0.2.0/24")
    path = publication.articles["metered"].get_absolute_url()
    forged = {"X-Forwarded-For": "192.0.2.9", "X-Real-IP": "192.0.2.9", "Forwarded": "for=192.0.2.9"}
    (tmp_path / "cdn").mkdir()
    before_it = make_site(
        tmp_path / "cdn",
        data_dir=door.nginx.site.data_dir,
        edge_port=door.nginx.site.edge_port,
        django_port=door.nginx.site.django_port,
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )
    with running_nginx(before_it) as trusting:
        wait_until(lambda: is_open(Visitor(trusting).get(path, forged)), "the institution's reader is not known by their address")
        for _ in range(3):
            assert not is_open(Visitor(door.nginx).get(path, forged))
            assert not is_open(Visitor(trusting).get(path, {"X-Forwarded-For": "192.0.2.9, 198.51.100.1"}))
            assert is_open(Visitor(trusting).get(path, forged))


def is_open(answer: Seen) -> bool:
    assert answer.status_code == 200
    return b'data-access="open"' in answer.content


# -- A photo ---------------------------------------------------------------------------------------------------------


def test_a_photo_of_twenty_megabytes_comes_in_at_the_desk_only_and_leaves_with_its_licence(
    door: FrontDoor, make_reader: Callable[..., User], sign_in: Callable[..., None], clock: core_clock.StoppedClock
) -> None:
    editor = make_reader(is_staff=True, is_superuser=True)
    client = Client()
    sign_in(client, editor, second_factor=True)
    visitor = Visitor(door.nginx, {name: morsel.value for name, morsel in client.cookies.items()})
    form = visitor.get("/desk/images/add/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None, form[:500]
    photo = jpeg(900, 600) + bytes(20_000_000)
    fields = {"csrfmiddlewaretoken": token[1], "title": "A harbour", "alt": "A quay", "tags": "", "collection": "1"}
    body, kind = multipart(fields, photo)
    headers = {"Content-Type": kind, "Origin": door.nginx.url, "Sec-Fetch-Site": "same-origin"}
    silent = visitor.ask(
        "/desk/images/add/", method="POST", body=multipart(fields, jpeg(90, 60))[0], headers={"Content-Type": kind}
    )
    assert silent.status_code == 403, "over TLS a form has to say which page it comes from"
    answer = visitor.ask("/desk/images/add/", method="POST", body=body, headers=headers)
    assert answer.status_code == 302, answer.content[:2000]
    assert visitor.ask("/account/", method="POST", body=body[:2_000_000], headers=headers).status_code == 413
    uploaded = Photo.objects.get()
    reader = Visitor(door.nginx)
    shown = [reader.get(uploaded.file.url) for _ in range(3)]
    assert all((answer.status_code, answer.content) == (200, photo) for answer in shown)
    assert "sandbox" in shown[0].headers["Content-Security-Policy"], "an uploaded file is no page of the site"
    uploaded.expires_on = clock.now().date() - timedelta(days=2)
    uploaded.save()
    wait_until(lambda: reader.get(uploaded.file.url).status_code == 404, "a photo is shown whose licence has run out")


def multipart(fields: Mapping[str, str], photo: bytes) -> tuple[bytes, str]:
    """A form with one file, as a browser sends it."""
    boundary = "broadsheet-test-boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="harbour.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body = "".join([*parts, file]).encode() + photo + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


# -- A browser -------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_reader_signs_in_over_tls_and_opens_an_article(door: FrontDoor, publication: Publication, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, base_url=door.nginx.url)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto("/login/?next=/account/")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    page.get_by_label("Email address").fill("reader@nginx.example")
    page.get_by_role("button", name="Continue").click()
    code = page.get_by_label("Code from the letter")
    expect(code).to_be_visible()
    found = re.search(r"\b(\d{6})\b", OutboxLetter.objects.get(to_address="reader@nginx.example").text)
    assert found is not None
    code.fill(found[1])
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.goto(publication.articles["metered"].get_absolute_url())
    page.get_by_role("button", name="Read this article").click()
    expect(page.locator('html[data-access="open"][data-reason="unlock"]')).to_be_attached()
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert "broadsheet_session" in cookies
    assert all(cookie["secure"] and cookie["httpOnly"] for cookie in cookies.values())
    context.close()
