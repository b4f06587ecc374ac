"""Every kind of change shows in a held page after one look at the change log, and readers get just what Django gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from PIL import Image

from broadsheet.accounts.models import User
from broadsheet.billing.models import Plan
from broadsheet.core import clock as core_clock
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import ClockOffset
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.library.access import Access
from broadsheet.library.models import Article, Author, Byline, Correction, HomePage, HomePin, Photo, Region, Topic
from broadsheet.library.photo_flows import announce_photos, withdraw_expired_photos
from broadsheet.membership.flows import give_grant
from broadsheet.membership.models import Grant, Institution
from broadsheet.publication.models import MenuLink, PlainPage, Publication
from tests.edge.conftest import DJANGO, Process
from tests.edge.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

CAMPUS = "198.51.100.7"


@dataclass
class World:
    """A small publication whose pages one process holds."""

    process: Process
    clock: StoppedClock
    folder: Path
    earlier: Article
    article: Article
    topic: Topic
    photo: Photo
    reader: User
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def publish(self, article: Article, **fields: Any) -> None:
        """Change an article as the desk does."""
        for name, value in fields.items():
            setattr(article, name, value)
        article.save_revision().publish()

    def path(self, name: str) -> str:
        return getattr(self, name).get_absolute_url() if name in ("article", "earlier") else name


def make_photo() -> Photo:
    content = BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(content, "JPEG")
    return Photo.objects.create(
        title="A harbour", alt="A harbour", caption="The harbour at dusk", file=ContentFile(content.getvalue(), "harbour.jpg")
    )


@pytest.fixture
def world(
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
    tmp_path: Path,
) -> World:
    topic, photo, reader = Topic.objects.create(name="Trade", slug="trade"), make_photo(), make_reader()
    author = Author.objects.create(name="Ann Author", slug="ann")
    article = make_article(headline="What is looked at", topics=[topic], lead_photo=photo)
    article.bylines.add(Byline(author=author))
    article.save_revision().publish()
    earlier = make_article(headline="What names it", topics=[topic])
    world = World(process, clock, tmp_path, earlier, Article.objects.get(pk=article.pk), topic, photo, reader)
    world.visitors = {
        "stranger": process.visitor(),
        "reader": sign_in_to(process, reader),
        "campus": process.visitor(address=CAMPUS),
    }
    for visitor in world.visitors.values():
        visitor.get(article.get_absolute_url())
    process.look()
    return world


def embargo(world: World) -> None:
    world.publish(world.article, embargo_until=world.clock.now() + timedelta(days=1))


def correct(world: World) -> None:
    world.article.corrections.add(Correction(date=world.clock.now().date(), text="A name was misspelt."))
    world.article.save_revision().publish()


def expire(world: World) -> None:
    Article.objects.filter(pk=world.article.pk).update(expire_at=timezone.now() - timedelta(seconds=1))
    call_command("publish_scheduled", verbosity=0)


def expire_photo(world: World) -> None:
    world.photo.expires_on = world.clock.now().date() + timedelta(days=1)
    world.photo.save()
    world.clock.advance(timedelta(days=2))
    assert withdraw_expired_photos(now=world.clock.now()) == 1


def change_photo(world: World) -> None:
    Photo.objects.filter(pk=world.photo.pk).update(caption="The harbour at dawn")
    announce_photos([world.photo.pk], now=world.clock.now())


def import_more(world: World) -> None:
    items = [{"id": str(number), "headline": f"Imported {number}", "body_html": "<p>Words.</p>"} for number in range(3)]
    (world.folder / "more.jsonl").write_text("\n".join(json.dumps(item) for item in items))
    call_command("import", str(world.folder / "more.jsonl"), stdout=StringIO())


def pin(world: World) -> None:
    home = HomePage.objects.create()
    HomePin.objects.create(home=home, article=world.article, section="lead")


def give_campus(world: World) -> None:
    with transaction.atomic():
        institution = Institution.objects.create(name="A college", starts_at=world.clock.now())
        institution.networks.create(network="198.51.100.0/24")


def publish_another(world: World) -> None:
    another = Article(headline="Just in", dek="A new one.", live=False)
    another.body = [("text", "<p>" + "word " * 100 + "</p>")]
    another.save()
    another.topics.set([world.topic])
    another.save_revision().publish()


Change = Callable[[World], object]
LISTS = ("/", "/library/", "/topics/trade/", "/feed.xml", "/topics/trade/feed.json", "/sitemaps/2026-02.xml", "/news-sitemap.xml")
CHANGES: dict[str, tuple[Change, dict[str, tuple[str, ...]]]] = {
    "published": (publish_another, {"stranger": LISTS, "reader": ("/",)}),
    "updated": (
        lambda world: world.publish(world.article, headline="Another headline"),
        {
            "stranger": ("article", "earlier", "/", "/library/", "/feed.xml", "/feed.json", "/topics/trade/"),
            "reader": ("article", "/"),
        },
    ),
    "corrected": (correct, {"stranger": ("article",), "reader": ("article",)}),
    "unpublished": (lambda world: world.article.unpublish(), {"stranger": ("article", "earlier", *LISTS), "reader": ("article",)}),
    "deleted": (lambda world: world.article.delete(), {"stranger": ("article", "earlier", *LISTS)}),
    "expired by the clock": (expire, {"stranger": ("article", "earlier", "/")}),
    "given another slug": (
        lambda world: world.publish(world.article, slug="another-slug"),
        {"stranger": ("article", "earlier", "/", "/feed.xml")},
    ),
    "opened to all": (
        lambda world: world.publish(world.article, access=Access.FREE),
        {"stranger": ("article",), "reader": ("article",)},
    ),
    "kept for subscribers": (
        lambda world: world.publish(world.article, access=Access.SUBSCRIBERS),
        {"stranger": ("article",), "reader": ("article",)},
    ),
    "put under embargo": (embargo, {"stranger": ("article", "earlier", *LISTS), "reader": ("article",)}),
    "photo's licence over": (expire_photo, {"stranger": ("article",)}),
    "photo's caption changed": (change_photo, {"stranger": ("article",)}),
    "articles imported": (import_more, {"stranger": ("/", "/library/", "/feed.xml")}),
    "topic renamed": (lambda world: rename(world.topic, "Commerce"), {"stranger": ("article", "/topics/", "/topics/trade/")}),
    "topic added": (lambda world: Topic.objects.create(name="War", slug="war"), {"stranger": ("/topics/", "/library/")}),
    "region added": (lambda world: Region.objects.create(name="Asia", slug="asia"), {"stranger": ("/regions/",)}),
    "author renamed": (lambda world: rename(Author.objects.get(), "Ann Other"), {"stranger": ("article", "/authors/ann/")}),
    "pinned to the home page": (pin, {"stranger": ("/",)}),
    "publication renamed": (
        lambda world: Publication.objects.create(name="The Post"),
        {"stranger": ("article", "/", "/feed.xml"), "reader": ("article",)},
    ),
    "allowance changed": (
        lambda world: Publication.objects.create(articles_per_month=7),
        {"stranger": ("article",), "reader": ("article",)},
    ),
    "menu changed": (
        lambda world: MenuLink.objects.create(publication=Publication.objects.create(), label="Jobs", path="/jobs/"),
        {"stranger": ("article", "/")},
    ),
    "plain page added": (
        lambda world: PlainPage.objects.create(title="About", slug="about", body="<p>Us.</p>"),
        {"stranger": ("/sitemaps/pages.xml",)},
    ),
    "plan added": (
        lambda world: Plan.objects.create(name="Yearly", slug="yearly", price_cents=9900, period="year"),
        {"stranger": ("article",)},
    ),
    "institution added": (give_campus, {"campus": ("article",)}),
    "subscription given": (
        lambda world: give_grant(world.reader.pk, Grant.Source.COMPLIMENTARY, reason="a test", ends_at=None, now=world.clock.now()),
        {"reader": ("article", "/")},
    ),
}


def rename(row: Topic | Author, name: str) -> None:
    row.name = name
    row.save()


@pytest.mark.parametrize("change", CHANGES)
def test_change_shows_after_one_look(change: str, world: World) -> None:
    act, shown_to = CHANGES[change]
    pages = [(world.visitors[who], world.path(name)) for who, names in shown_to.items() for name in names]
    before = [hold(world.process, visitor, path) for visitor, path in pages]
    act(world)
    world.process.look()
    found = []
    for (visitor, path), held in zip(pages, before, strict=True):
        answer = visitor.get(path)
        alone = Visitor(DJANGO, address=visitor.address, cookies=visitor.cookies).get(path)
        if (answer.status, answer.text) == (200, held):
            found.append(f"{path} is as it was")
        if (answer.status, answer.text) != (alone.status, alone.text):
            found.append(f"{path} is not what Django gives: {answer.status} {answer.state} instead of {alone.status} {alone.state}")
    assert not found


def hold(process: Process, visitor: Visitor, path: str) -> str:
    """Let the process hold a page for a visitor; gives its text."""
    visitor.get(path)
    process.look()
    before = len(process.handed_over)
    text = visitor.get(path).text
    assert len(process.handed_over) == before, f"{path} is not held"
    return text


def test_end_of_an_embargo_shows_by_itself(world: World) -> None:
    embargo(world)
    process, visitor, path = world.process, world.visitors["stranger"], world.article.get_absolute_url()
    process.look()
    assert path not in hold(process, visitor, "/")
    assert path not in hold(process, visitor, "/feed.xml")
    assert visitor.get(path).status == 404
    world.clock.advance(timedelta(days=1))
    assert visitor.get(path).state == "wall stranger"
    assert path in visitor.get("/").text and path in visitor.get("/feed.xml").text
    before = len(process.handed_over)
    assert visitor.get(path).state == "wall stranger"
    assert path in visitor.get("/").text and path in visitor.get("/feed.xml").text
    assert len(process.handed_over) == before


def test_article_of_tomorrow_shows_tomorrow(world: World) -> None:
    world.publish(world.article, published_at=world.clock.now() + timedelta(days=1))
    process, visitor, path = world.process, world.visitors["stranger"], world.article.get_absolute_url()
    process.look()
    assert visitor.get(path).status == 404
    assert path not in hold(process, visitor, "/")
    assert visitor.get(path).status == 404
    world.clock.advance(timedelta(days=1))
    assert path in visitor.get("/").text
    hold(process, visitor, path)
    assert visitor.get(path).state == "wall stranger"
    world.clock.advance(timedelta(days=-1))
    assert visitor.get(path).status == 404, "the clock went back"


def test_institution_that_ends_or_loses_its_network_is_let_in_no_more(world: World) -> None:
    give_campus(world)
    process, visitor, path = world.process, world.visitors["campus"], world.article.get_absolute_url()
    process.look()
    hold(process, visitor, path)
    assert visitor.get(path).state == "open institution"
    institution = Institution.objects.get()
    institution.networks.all().delete()
    process.look()
    assert visitor.get(path).state == "wall stranger"
    institution.networks.create(network=CAMPUS)
    process.look()
    assert visitor.get(path).state == "open institution"
    institution.ends_at = world.clock.now() + timedelta(hours=1)
    institution.save()
    process.look()
    assert visitor.get(path).state == "open institution"
    world.clock.advance(timedelta(hours=1))
    assert visitor.get(path).state == "wall stranger"


def test_process_of_another_version_shows_none_of_this_ones_pages(world: World, start_process: Callable[..., Process]) -> None:
    hold(world.process, world.visitors["stranger"], world.article.get_absolute_url())
    other = start_process(recipe="f" * 24)
    visitor = other.visitor()
    for _ in range(2):
        assert visitor.get(world.article.get_absolute_url()).status == 200
    assert len(other.handed_over) == 2


def test_rotated_keys_are_known_at_once(world: World) -> None:
    rotate_signing_keys(now=world.clock.now())
    world.process.look()
    world.clock.advance(timedelta(minutes=5))
    hold(world.process, world.visitors["reader"], world.article.get_absolute_url())


@pytest.fixture
def running_clock() -> Iterator[None]:
    """The clock of a process that nobody stops, at the machine's own time."""
    replaced = core_clock.use(core_clock.SystemClock())
    yield
    core_clock.use(replaced)


@pytest.mark.usefixtures("running_clock")
def test_demos_clock_moves_with_the_log(start_process: Callable[..., Process]) -> None:
    process = start_process(has_movable_clock=True)
    before = core_clock.now()
    ClockOffset.objects.create(pk=1, seconds=int(timedelta(days=40).total_seconds()))
    record_change(ChangeKind.CLOCK, "40", now=before)
    process.look()
    assert timedelta(days=40) <= core_clock.now() - before < timedelta(days=41)


@pytest.mark.usefixtures("running_clock")
def test_clock_of_a_publication_stays_the_machines(start_process: Callable[..., Process]) -> None:
    before = core_clock.now()
    ClockOffset.objects.create(pk=1, seconds=int(timedelta(days=40).total_seconds()))
    record_change(ChangeKind.CLOCK, "40", now=before)
    start_process()
    assert core_clock.now() - before < timedelta(days=1)
