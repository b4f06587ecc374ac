"""A real browser for tests marked `browser`: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

CHROMIUM = Path("/usr/bin/chromium")
HTML_CHECKER = Path(__file__).parents[1] / ".tools/node_modules/vnu-jar/build/dist/vnu.jar"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def require_tool(path: Path) -> None:
    """Skip the test where a tool is missing; where CI is set, fail it."""
    if not path.exists():
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(f"{path} is missing; run scripts/test_tools.sh")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    require_tool(CHROMIUM)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_browser(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser of somebody else's, with cookies of its own: `open_browser(viewport=PHONE, java_script_enabled=False)`.

    A page that reaches for another host, or a script that fails, fails the test.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []
    own_host = urlsplit(live_server.url).netloc

    def note_request(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own_host:
            problems.append(f"request to another host: {request.url}")

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", DESKTOP)
        options.setdefault("base_url", live_server.url)
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        context.on("request", note_request)
        context.on("weberror", lambda error: problems.append(f"script error: {error.error}"))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def page(open_browser: Callable[..., BrowserContext]) -> Page:
    """A fresh page of a fresh browser of desktop size."""
    return open_browser().new_page()


@pytest.fixture
def find_accessibility_problems() -> Callable[[Page], list[str]]:
    """Run axe over what a page shows now: `rule: what is wrong (element)` for each problem."""

    def find(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{rule['id']}: {rule['help']} ({node['target'][0]})" for rule in found for node in rule["nodes"]]

    return find


@pytest.fixture
def find_html_errors(tmp_path: Path) -> Callable[[dict[str, str]], list[str]]:
    """Run the Nu HTML checker once over several pages, given as {name: HTML}: `name:line: error` for each error."""
    require_tool(HTML_CHECKER)

    def find(pages: dict[str, str]) -> list[str]:
        paths = {tmp_path / f"{number}.html": name for number, name in enumerate(pages)}
        for path, name in paths.items():
            path.write_text(pages[name], "utf-8")
        command = ["java", "-jar", HTML_CHECKER, "--format", "json", "--stdout", "--exit-zero-always", *paths]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        errors = [message for message in json.loads(ran.stdout)["messages"] if message["type"] == "error"]
        names = {path.as_uri().replace("file://", "file:"): name for path, name in paths.items()}
        return [f"{names[error['url']]}:{error.get('lastLine', 0)}: {error['message']}" for error in errors]

    return find
