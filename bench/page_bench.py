"""An article's page: what a stranger gets over the wire, and what a request costs against rendering it each time.

Weights are of bytes: the page as it is sent with brotli, style sheets and script compressed as WhiteNoise does when files
are collected, the two fonts that every page asks for. CPU is that of whole requests through Django's WSGI handler, ours and
a plain view's of the same article in turn, in one process. The plain view reads article, reader and publication from the
database, renders the same template and compresses it as Django does; it ranks no related articles but takes the newest, as
a plain site would. What the edge answers without Django is measured elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.run import Result

PACKAGE = Path(__file__).parents[1] / "src" / "broadsheet"
STORY = PACKAGE / "demo" / "content" / "articles" / "montreux-black-sea.md"
FIGURES = PACKAGE / "demo" / "content" / "figures"
ARTICLES = 40
ROUNDS = 15
REQUESTS = 20  # in each round, of each kind
WEIGHT_BAR_KB = 60.0
PICTURE_BAR_KB = 40.0
CPU_BAR = 5.0
BROTLI_BEST = 11  # WhiteNoise's quality when files are collected

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


def measure_article_page() -> list[Result]:
    """Weight, the heaviest drawing, and the two ratios of CPU."""
    from bench.run import Result

    with tempfile.TemporaryDirectory(prefix="broadsheet-page-bench-") as folder:
        environment = {**os.environ, "BROADSHEET_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
        environment.pop("BROADSHEET_DATABASE_URL", None)
        ran = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    weights = found["weights"]
    parts = ", ".join(f"{name} {size / 1024:.1f}" for name, size in weights.items())
    results = [
        Result("article page on the wire", "KB", sum(weights.values()) / 1024, WEIGHT_BAR_KB, at_most=True, note=parts),
        Result("heaviest drawing of the demo", "KB", found["picture"] / 1024, PICTURE_BAR_KB, at_most=True),
    ]
    for who, (ours, plain) in found["per_second"].items():
        note = f"median of {ROUNDS} rounds in turn; 1 request {1000 / ours:.2f} ms against {1000 / plain:.2f} ms"
        results.append(
            Result(f"article page, {who}, against a plain view", "requests a CPU second", ours, CPU_BAR, plain, note=note)
        )
    return results


def main() -> None:
    """Fill the database of BROADSHEET_DATA_DIR, measure, print JSON."""
    import django

    from broadsheet.conf import settings as module

    module.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    module.ROOT_URLCONF = __name__
    django.setup()
    install_plain_view()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    path, cookie = fill()
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    rates = {
        "stranger": compare(application, path, ""),
        "metered reader": compare(application, path, cookie),
    }
    picture = max(file.stat().st_size for file in FIGURES.glob("*.svg"))
    print(json.dumps({"weights": weigh(application, path), "picture": picture, "per_second": rates}))


def fill() -> tuple[str, str]:
    """Articles to choose related ones from; the path of one, and the cookies of a reader who has two left this month."""
    from django.test import Client

    from broadsheet.accounts.models import User
    from broadsheet.core import clock
    from broadsheet.library.models import Article, Topic
    from broadsheet.paywall.flows import unlock_article

    topic = Topic.objects.create(name="Sea lanes", slug="sea-lanes")
    articles = []
    for number in range(ARTICLES):
        article = Article(
            headline=f"The treaty that rations the Black Sea, part {number}", dek="Ninety years old, and still the law.", live=False
        )
        article.body = [("text", story_html())]
        article.save()
        article.topics = [topic]
        article.save()
        article.save_revision().publish()
        articles.append(article)
    now = clock.now()
    reader = User.objects.create_user("reader@example.org", confirmed_at=now - timedelta(days=3))
    unlock_article(reader.pk, articles[0].pk, now=now)
    client = Client(SERVER_NAME="localhost")
    client.force_login(reader)
    path = articles[-1].get_absolute_url()
    client.get(path)
    return path, "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def story_html(story: Path = STORY) -> str:
    """The paragraphs and headings of one of the demo's articles."""
    text = re.sub(r"\[\^\d\]", "", story.read_text("utf-8").split("---\n", 2)[2])
    blocks = [block.strip() for block in text.split("\n\n") if re.match(r"[A-Z#]", block.strip())]
    return "".join(f"<h2>{block[3:]}</h2>" if block.startswith("## ") else f"<p>{block}</p>" for block in blocks)


def install_plain_view() -> None:
    """The yardstick at `/plain/<id>/`: the same page, made anew for each request."""
    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path
    from django.views.decorators.gzip import gzip_page

    from broadsheet.core import clock
    from broadsheet.library.store import find_article_access, published_articles
    from broadsheet.pages import articles
    from broadsheet.pages.related import RELATED_COUNT
    from broadsheet.pages.render import render_article
    from broadsheet.pages.variants import variant_of
    from broadsheet.paywall.flows import decide_row
    from broadsheet.web.asker import entitlement_of, read_asker

    def newest(article: Any, *, now: Any, teaser: Any = None) -> Any:
        ids = published_articles(now=now).exclude(pk=article.pk).order_by("-published_at", "-id").values_list("id", flat=True)
        return articles.load_cards(list(ids[:RELATED_COUNT]), now=now)

    def plain(request: HttpRequest, article_id: int) -> HttpResponse:
        now = clock.now()
        entitlement = entitlement_of(read_asker(request), now=now)
        row = find_article_access(article_id, now=now)
        assert row is not None
        variant = variant_of(decide_row(entitlement, row, now=now), entitlement, now)
        page = articles.load_article_page(article_id, whole=variant.is_open, now=now)
        return HttpResponse(render_article(page, variant, now=now))

    articles.load_related = newest
    globals()["urlpatterns"] = [path("plain/<int:article_id>/", gzip_page(plain)), path("", include("broadsheet.conf.urls"))]


def compare(application: Application, path: str, cookie: str) -> tuple[float, float]:
    """Requests per CPU second of our view and of the plain one, measured in turn."""
    plain = f"/plain/{path.split('/')[2]}/"
    for warm in (path, plain) * 3:
        request(application, warm, cookie)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(rate(application, path, cookie))
        theirs.append(rate(application, plain, cookie))
    return median(ours), median(theirs)


def rate(application: Application, path: str, cookie: str) -> float:
    start = process_time()
    for _ in range(REQUESTS):
        request(application, path, cookie)
    return REQUESTS / (process_time() - start)


def request(application: Application, path: str, cookie: str = "") -> tuple[bytes, dict[str, str]]:
    """One GET through WSGI as a browser sends it; body and headers."""
    answered: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answered["status"], answered["headers"] = status, dict(headers)

    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_ACCEPT_ENCODING": "gzip, br",
        "wsgi.url_scheme": "http", "wsgi.input": sys.stdin.buffer, "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        **({"HTTP_COOKIE": cookie} if cookie else {}),
    }  # fmt: skip
    response = application(environ, start_response)
    body = b"".join(response)
    response.close()
    assert answered["status"].startswith("200"), (path, answered)
    return body, answered["headers"]


def weigh(application: Application, path: str) -> dict[str, int]:
    """The bytes of an article's page as a stranger gets it, without its picture, by what they are."""
    import brotli

    body, headers = request(application, path)
    assert headers["Content-Encoding"] == "br"
    html = brotli.decompress(body).decode()
    linked = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|woff2))"', html))
    assert not re.search(r'(?:src|href)="https?://(?!localhost)[^"]+\.(?:js|css|woff2)', html)
    weights = {"page": len(body), "styles": 0, "scripts": 0, "fonts": 0}
    kinds = {".css": "styles", ".js": "scripts", ".woff2": "fonts"}
    for address in linked:
        data = (PACKAGE / "static" / address.removeprefix("/static/")).read_bytes()
        suffix = Path(address).suffix
        weights[kinds[suffix]] += len(data) if suffix == ".woff2" else len(brotli.compress(data, quality=BROTLI_BEST))
    return weights


if __name__ == "__main__":
    main()
