"""Reading a page as machines do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.http import HttpResponse
from django.test import Client


def state(response: HttpResponse) -> str:
    """`open instant`, `wall meter 2`: what `<html data-…>` says."""
    tag = re.search(r"<html[^>]*>", response.content.decode())
    found = re.findall(r'data-(?:access|reason|remaining)="([^"]*)"', tag[0] if tag else "")
    return " ".join(found)


def problem(response: HttpResponse) -> str:
    """The first thing a form says was wrong."""
    found = re.search(r'<p class="problem"[^>]*>([^<]*)', response.content.decode())
    return found[1] if found else ""


def agreed_of(page: HttpResponse) -> str:
    """What a form carries of the words beside its button; empty if there are none."""
    found = re.search(r'name="agreed" value="(\w*)"', page.content.decode())
    return found[1] if found else ""


def order(browser: Client, place: str, form: Mapping[str, str], *, seen: Mapping[str, str] | None = None) -> HttpResponse:
    """Look at a page, or send it a form first (`seen`), and press the button that orders, as a browser does."""
    page = browser.post(place, seen) if seen else browser.get(place)
    return browser.post(place, {**form, "agreed": agreed_of(page)})
