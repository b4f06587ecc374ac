"""What the leak crawls share: a publication full of canaries, its readers, and the crawl itself.

Each gated body carries a canary in every paragraph that is not open, in its tables, notes, quotes and captions.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from random import Random
from typing import Any
from urllib.parse import unquote_plus, urljoin, urlsplit

from django.conf import settings
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.text import word_runs
from broadsheet.library.models import (
    Article,
    ArticleTeaser,
    Author,
    Byline,
    Correction,
    Region,
    Series,
    SeriesPart,
    StartEntry,
    StartSet,
    Topic,
)
from broadsheet.membership.models import Grant
from broadsheet.paywall.flows import open_instant, unlock_article
from broadsheet.publication.models import PlainPage
from broadsheet.web.asker import BROWSER_COOKIE, browser_key
from tests.conftest import write_paragraph

START = (
    "/",
    "/feed.xml",
    "/feed.json",
    "/sitemap.xml",
    "/news-sitemap.xml",
    "/robots.txt",
    "/library/",
    "/series/",
    "/start/",
    "/corrections/",
    "/countries/",
    "/topics/",
    "/regions/",
    "/login/",
)
ASSETS = re.compile(r"\.(?:css|js|woff2|png|ico|svg|webp|jpg)$")
LINK = re.compile(
    r"""(?:href|src|action|content)=["']([^"']+)["']|<(?:loc|link|id)>([^<]+)</|"(?:url|home_page_url|feed_url|next_url)":\s*"([^"]+)\""""
)
BROWSER_TOKEN = "a-browser-that-left-an-address"


@dataclass
class Reader:
    """One kind of reader: a client with its cookies, and the articles it may read."""

    name: str
    client: Client
    may_read: set[int]
    seen: dict[str, int] = field(default_factory=dict)


@dataclass
class Publication:
    articles: dict[str, Article]
    hidden: dict[str, set[tuple[str, ...]]]
    readers: dict[str, Reader]


def canary(name: str, place: str) -> str:
    return f"canary{name}{place}"


def gated_body(name: str) -> list[dict[str, Any]]:
    random = Random(name)
    open_part = "".join(f"<p>{write_paragraph(random)}</p>" for _ in range(3))
    closed = [write_paragraph(random) for _ in range(8)]
    return [
        {"type": "text", "value": open_part},
        {"type": "text", "value": "".join(f"<p>{canary(name, f'p{n}')} {text}[^n]</p>" for n, text in enumerate(closed))},
        {"type": "quote", "value": {"text": f"{canary(name, 'quote')} {write_paragraph(random, 20)}", "attribution": "An envoy"}},
        {"type": "table", "value": {"data": [["Year", "Ships"], [canary(name, "cell"), write_paragraph(random, 12)]]}},
        {"type": "embed", "value": {"url": f"https://video.example/{canary(name, 'embed')}", "title": canary(name, "embed")}},
        {"type": "footnote", "value": {"key": "n", "text": f"{canary(name, 'note')} {write_paragraph(random, 15)}"}},
    ]


def make_publication(make_article: Callable[..., Article], make_reader: Callable[..., User], now: datetime) -> Publication:
    """Articles of every access and fate, lists that name them, and five kinds of reader."""
    topic = Topic.objects.create(name="Straits", slug="straits")
    region = Region.objects.create(name="Europe", slug="europe")
    author = Author.objects.create(name="Europe desk", slug="europe-desk", biography="<p>Watches Europe.</p>")
    PlainPage.objects.create(title="Help", slug="help", body="<p>Write to us.</p>")
    articles = {}
    for name, fields in {
        "free": {"access": "free"},
        "metered": {"access": "metered"},
        "chosen": {"access": "metered"},
        "instant": {"access": "metered"},
        "subscribers": {"access": "subscribers"},
        "embargoed": {"access": "free", "embargo_until": now + timedelta(days=1)},
        "withdrawn": {"access": "metered"},
        "draft": {"access": "free", "published": False},
    }.items():
        article = make_article(headline=f"About {name}", dek="A sentence that is open to all.", body=gated_body(name), **fields)
        article.topics, article.regions = [topic], [region]
        article.bylines = [Byline(author=author)]
        article.corrections = [Correction(date=now.date(), text=f"It read: {' '.join(closed_words(name)[:12])}.")]
        article.save()
        if name != "draft":
            article.save_revision().publish()
        articles[name] = Article.objects.get(pk=article.pk)
    arrange(list(articles.values()), topic)
    articles["withdrawn"].unpublish()
    revised = articles["metered"]
    revised.body = [*revised.body.raw_data, {"type": "text", "value": f"<p>{canary('metered', 'unpublished')} not yet out.</p>"}]
    revised.save_revision()
    hidden = {name: closed_runs(name, article) for name, article in articles.items()}
    return Publication(articles, hidden, make_readers(articles, make_reader, now))


def arrange(articles: list[Article], topic: Topic) -> None:
    """A series of all of them, and sets to start with."""
    series = Series(title="One after another", slug="one-after-another")
    series.parts = [SeriesPart(article=article, sort_order=order) for order, article in enumerate(articles)]
    series.save()
    for subject in (topic, None):
        start = StartSet(title="Start here", topic=subject)
        start.entries = [StartEntry(article=article, sort_order=order) for order, article in enumerate(articles)]
        start.save()


def closed_runs(name: str, article: Article) -> set[tuple[str, ...]]:
    """Every run of eight words that stands only behind the wall."""
    teaser = ArticleTeaser.objects.filter(article=article).values_list("text", flat=True).first() or ""
    return word_runs(" ".join(closed_words(name))) - word_runs(teaser)


def closed_words(name: str) -> list[str]:
    """What stands behind the wall, in order."""
    texts = " ".join(text for block in gated_body(name)[1:] for text in texts_of(block["value"]))
    return re.sub(r"<[^>]+>|\[\^n\]", " ", texts).split()


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif value:
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_of(part)


def make_readers(articles: dict[str, Article], make_reader: Callable[..., User], now: datetime) -> dict[str, Reader]:
    registered, spent, subscriber = make_reader(), make_reader(), make_reader()
    unlock_article(registered.pk, articles["chosen"].pk, now=now)
    for name in ("chosen", "instant", "metered"):
        unlock_article(spent.pk, articles[name].pk, now=now)
    Grant.objects.create(reader=subscriber, source="complimentary", starts_at=now, reason="test", created_at=now)
    open_instant(articles["instant"].pk, browser_key=browser_key(BROWSER_TOKEN), network_address="192.0.2.1", now=now)
    free = {articles["free"].pk}
    published = {articles[name].pk for name in ("free", "metered", "chosen", "instant", "subscribers")}
    readers = {
        "stranger": Reader("stranger", new_client(), free),
        "left an address": Reader("left an address", new_client(), free | {articles["instant"].pk}),
        "registered": Reader("registered", new_client(registered), free | {articles["chosen"].pk}),
        "spent": Reader("spent", new_client(spent), free | {articles[name].pk for name in ("chosen", "instant", "metered")}),
        "subscriber": Reader("subscriber", new_client(subscriber), published),
    }
    readers["left an address"].client.cookies[BROWSER_COOKIE] = BROWSER_TOKEN
    return readers


def new_client(user: User | None = None) -> Client:
    client = Client(SERVER_NAME="localhost", SERVER_PORT=str(settings.LIVE_SERVER_PORT), raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


def crawl(reader: Reader, start: list[str], *, limit: int = 3000, alike: int = 40) -> Iterator[tuple[str, str, str]]:
    """Every page of the site that links lead to, with its text: (method, path, everything that was sent).

    Up to `limit` in all, and of pages below one folder, such as `/countries/`, up to `alike`.
    """
    waiting, known, folders = deque(start), set(start), Counter[str]()
    while waiting:
        path = waiting.popleft()
        for method in ("get", "head"):
            response = getattr(reader.client, method)(path)
            text = sent(response)
            yield method, path, text
            if method == "get":
                reader.seen[path] = response.status_code
                links = [*links_in(text), response.headers.get("Location", "")]
                etag = response.headers.get("ETag")
        if etag:
            yield "304", path, sent(reader.client.get(path, headers={"if-none-match": etag}))
        for link in links:
            found = own_path(link, path)
            folder = found.split("/", 2)[1] if found else ""
            if found and found not in known and len(known) < limit and folders[folder] < alike:
                known.add(found)
                folders[folder] += 1
                waiting.append(found)


def sent(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return str(response.headers) + body.decode("utf-8", "replace")


def links_in(text: str) -> Iterator[str]:
    for match in LINK.finditer(text):
        yield unescape(next(group for group in match.groups() if group))


def own_path(link: str, base: str) -> str:
    parts = urlsplit(urljoin(settings.BROADSHEET.site_url + base, link))
    if parts.path == "/library/" and "&" in parts.query:
        return ""  # every choice with every other would be thousands of pages alike; `extra_paths` has some
    if (
        f"{parts.scheme}://{parts.netloc}" != settings.BROADSHEET.site_url
        or ASSETS.search(parts.path)
        or parts.path.startswith(("/static/", "/desk/", "/accounts/"))
    ):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def extra_paths(articles: dict[str, Article]) -> list[str]:
    """Addresses that no link leads to, and that a curious person would try."""
    paths = []
    for name, article in articles.items():
        base = f"/articles/{article.pk}/"
        paths += [
            article.get_absolute_url(),
            base + "wrong-slug/",
            base + "unlock/",
            base + "keep-reading/",
            base + "card.png",
            *(f"{base}cite.{form}" for form in ("bib", "ris", "json", "txt")),
            base,
        ]
        paths += [article.get_absolute_url() + suffix for suffix in ("?preview=1", "?amp=1", "feed/", "?format=json", "?print=1")]
        paths += [f"/library/?q={canary(name, 'p0')}" for name in articles] + [f"/library/?q={article.headline.replace(' ', '+')}"]
        for form in ("feed.xml", "feed.json", "suggest/"):
            paths.append(f"/library/{form}?q={canary(name, 'p0')}")
        paths.append(f"/library/?q=%22{canary(name, 'p0')}+{closed_words(name)[1]}%22&topic=straits&sort=date")
    return [
        *paths,
        "/library/suggest/?q=abou",
        "/library/suggest/?q=about+cana",
        "/library/?q=-zebra&year=2026&author=europe-desk",
        "/no-such-page/",
        "/articles/999999/x/",
        "/topics/none/",
        "/library/?page=99999",
        "/library/?sort=oldest",
        "/account/",
        "/subscribe/",
    ]


def find_leaks(publication: Publication, reader: Reader, pages: Iterable[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    """What `reader` was sent and may not read, as (method, path, article)."""
    forbidden = {name for name, article in publication.articles.items() if article.pk not in reader.may_read}
    leaks: list[tuple[str, ...]] = []
    for method, path, text in pages:
        plain = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))
        runs = word_runs(plain) | word_runs(text)
        query = urlsplit(path).query.casefold()
        for name in forbidden:
            if publication.hidden[name] & runs:
                leaks.append((method, path, name))
            if re.search(rf"canary{name}(?:p\d|quote|cell|note|embed|unpublished)", text) and f"canary{name}" not in query:
                leaks.append((method, path, name, "canary"))
    return leaks


def find_names(pages: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Where something that nobody may know of is named, by itself and not in answer to its own name."""
    named = [f"About {name}" for name in ("embargoed", "withdrawn", "draft")]
    return [
        (method, path, name) for method, path, text in pages for name in named if name in text and name not in unquote_plus(path)
    ]


def find_bodies(publication: Publication, pages: Iterable[tuple[str, str, str]]) -> set[str]:
    """The articles of which something from behind the wall was sent."""
    found = set()
    for _, _, text in pages:
        runs = word_runs(re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text))))
        found |= {name for name in publication.hidden if publication.hidden[name] & runs}
    return found
