"""An installation to measure: articles, readers and finished pages put into the database of BROADSHEET_DATA_DIR at once.

Run in a process of its own with what is wanted as JSON; prints what was made as JSON. One article of each size is written
and published as the desk does it; the others are rows like it with the same bytes, because making 50,000 pages takes hours
and their bytes are all that the edge sees of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from broadsheet.library.models import Article
    from broadsheet.pages.store import NewPage

BATCH = 500
SIZES = {"15 KB": 15_000, "40 KB": 40_000}
# The forms of a page that are asked for: of a reader who has opened it and has two left, of readers who have not, of strangers.
KINDS = ("open-unlock-reader-2", "open-subscription-subscriber", "wall-meter-reader-2", "wall-stranger-stranger")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`articles` of each size; `readers` who have each opened one of the first `opened` articles (0: of all of them).

    `signed_in` of the readers have a session in the database.
    """

    articles: int
    readers: int
    signed_in: int = 0
    opened: int = 0
    sizes: tuple[str, ...] = ("15 KB",)
    kinds: tuple[str, ...] = KINDS


@dataclass(frozen=True, slots=True)
class MadeArticle:
    article_id: int
    slug: str
    size: str

    @property
    def path(self) -> str:
        return f"/articles/{self.article_id}/{self.slug}/"


@dataclass(frozen=True, slots=True)
class MadeReader:
    """A reader who is signed in and has opened `article_id` until `until` (seconds since 1970)."""

    reader_id: int
    session: str
    article_id: int
    until: int


@dataclass(frozen=True, slots=True)
class Made:
    """The installation, and the key that signs its passes."""

    key_id: str
    key: str
    articles: list[MadeArticle]
    readers: list[MadeReader]


def main() -> None:
    """Make what the first argument wants."""
    from django.core.management import call_command

    wanted = json.loads(sys.argv[1])
    set_up()
    call_command("createcachetable", verbosity=0)
    made = fill(Wanted(**{**wanted, "sizes": tuple(wanted["sizes"]), "kinds": tuple(wanted["kinds"])}))
    print(json.dumps(asdict(made)))


def set_up() -> None:
    """Django, the tables, and the static files, whose names are part of every page's recipe."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.conf.settings")
    django.setup()
    from broadsheet.conf.management.commands.serve import prepare

    prepare()


def fill(wanted: Wanted) -> Made:
    from broadsheet.core import clock
    from broadsheet.core.signing_key_flows import load_signing_key

    now = clock.now()
    articles = [article for size in wanted.sizes for article in make_articles(size, wanted, now)]
    key = load_signing_key(now=now)
    return Made(key.key_id, key.secret, articles, list(make_readers(wanted, articles, now)))


def make_articles(size: str, wanted: Wanted, now: datetime) -> Iterator[MadeArticle]:
    from django.db import transaction

    from broadsheet.library.access import Access
    from broadsheet.pages import store
    from broadsheet.pages.flows import compose_article
    from broadsheet.pages.recipe import current_recipe
    from broadsheet.pages.variants import usual_variants

    model = write_article(SIZES[size])
    variants = list(usual_variants(Access.METERED, 3))
    made = compose_article(model.pk, variants, epoch=store.read_epoch(), now=now)
    pages = [page for page in made if page.kind in wanted.kinds]
    yield MadeArticle(model.pk, model.slug, size)
    for start in range(1, wanted.articles, BATCH):
        with transaction.atomic():
            rows = copies(model, min(BATCH, wanted.articles - start))
            copied = [copy for row in rows for copy in pages_for(row.pk, pages)]
            assert store.save_pages(copied, recipe=current_recipe(), epoch=store.read_epoch(), now=now)
        yield from (MadeArticle(row.pk, row.slug, size) for row in rows)


def write_article(page_bytes: int) -> Article:
    """An article, published, whose open page is nearly `page_bytes` long."""
    from bench.page_bench import STORY, story_html

    article = publish_article("The treaty that rations the sea", "")
    room = page_bytes - open_page_length(article)
    prose = "".join(story_html(story) for story in sorted(STORY.parent.glob("*.md")))
    # Up to the end of a paragraph; the demo's articles are long enough for the largest page.
    article.body = [("text", prose[: prose.rindex("</p>", 0, room) + len("</p>")])]
    article.save_revision().publish()
    article.refresh_from_db()
    return article


def publish_article(headline: str, body: str) -> Article:
    from broadsheet.library.models import Article

    article = Article(headline=headline, dek="Ninety years old, and still the law.", live=False)
    article.body = [("text", body)]
    article.save()
    article.save_revision().publish()
    return article


def open_page_length(article: Article) -> int:
    import gzip

    from broadsheet.pages.models import Variant

    row = Variant.objects.get(path=f"/articles/{article.pk}/", kind__startswith=f"{KINDS[0]}@")
    return len(gzip.decompress(bytes(row.body_gzip)))


def copies(model: Article, count: int) -> list[Any]:
    """Rows like one article, without its text: nothing that is measured reads it."""
    from broadsheet.library.models import Article

    values = {
        field.attname: getattr(model, field.attname)
        for field in Article._meta.concrete_fields
        if field.attname not in ("id", "body", "latest_revision_id", "live_revision_id")
    }
    return list(Article.objects.bulk_create([Article(**values) for _ in range(count)]))


def pages_for(article_id: int, pages: list[NewPage]) -> Iterator[NewPage]:
    from broadsheet.pages.flows import article_path
    from broadsheet.pages.store import NewPage

    for page in pages:
        yield NewPage(article_path(article_id), page.kind, page.page, [article_id], page.valid_until)


def make_readers(wanted: Wanted, articles: list[MadeArticle], now: datetime) -> Iterator[MadeReader]:
    """Readers who have opened one article each, the first articles first, as often as it takes."""
    from django.conf import settings
    from django.contrib.sessions.models import Session
    from django.utils.crypto import get_random_string

    from broadsheet.accounts.models import User
    from broadsheet.core.months import month_key
    from broadsheet.paywall.meter import unlock_end
    from broadsheet.paywall.models import Unlock

    zone = settings.BROADSHEET.zone
    until = unlock_end(now, zone)
    for start in range(0, wanted.readers, BATCH):
        numbers = range(start, min(start + BATCH, wanted.readers))
        users = User.objects.bulk_create(
            [User(email=address, address_key=address, confirmed_at=now) for address in map(address_of, numbers)]
        )
        opened = [articles[number % (wanted.opened or len(articles))].article_id for number in numbers]
        Unlock.objects.bulk_create(
            Unlock(reader=user, month=month_key(now, zone), slot=1, article_id=article, allowance=3, opened_at=now, ends_at=until)
            for user, article in zip(users, opened, strict=True)
        )
        sessions = [get_random_string(32) for _ in numbers]
        signed_in = [(user, key) for number, user, key in zip(numbers, users, sessions, strict=True) if number < wanted.signed_in]
        Session.objects.bulk_create(session_of(user, key) for user, key in signed_in)
        for user, session, article in zip(users, sessions, opened, strict=True):
            yield MadeReader(user.pk, session, article, int(until.timestamp()))


def address_of(number: int) -> str:
    return f"reader{number}@example.org"


def session_of(user: Any, key: str) -> Any:
    """A row as `login` leaves it."""
    from datetime import timedelta

    from django.conf import settings
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    from broadsheet.core import clock

    said = {
        "_auth_user_id": str(user.pk),
        "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
        "_auth_user_hash": user.get_session_auth_hash(),
    }
    return Session(session_key=key, session_data=SessionStore().encode(said), expire_date=clock.now() + timedelta(days=1))


if __name__ == "__main__":
    main()
