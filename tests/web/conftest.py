"""Strangers with browsers, and the mailbox they open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client

from broadsheet.billing import offline_flows, providers
from broadsheet.mail.models import OutboxLetter


@dataclass(frozen=True)
class ReadLetter:
    """What somebody finds in a letter."""

    kind: str
    subject: str
    text: str
    html: str
    code: str
    link: str


@pytest.fixture
def visit(db: None) -> Callable[[], Client]:
    """A fresh browser that sends the site's own Origin with its forms; a server error becomes a response."""

    def open_browser() -> Client:
        return Client(headers={"origin": settings.BROADSHEET.site_url}, raise_request_exception=False)

    return open_browser


@pytest.fixture
def visitor(visit: Callable[[], Client]) -> Client:
    """One stranger's browser."""
    return visit()


@pytest.fixture
def open_letter(db: None) -> Callable[[str], ReadLetter]:
    """The newest letter in a mailbox."""

    def read(address: str) -> ReadLetter:
        row = OutboxLetter.objects.filter(to_address=address).latest("id")
        code = re.search(r"(?m)^ +(\d{6})$", row.text)
        link = re.search(rf"{re.escape(settings.BROADSHEET.site_url)}(/confirm/\S+)", row.text)
        return ReadLetter(row.kind, row.subject, row.text, row.html, code[1] if code else "", link[1] if link else "")

    return read


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> offline_flows.OfflineProvider:
    """The offline provider, as the demo has it."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return provider
