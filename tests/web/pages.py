"""Reading a page as machines do."""

from __future__ import annotations

import re

from django.http import HttpResponse


def state(response: HttpResponse) -> str:
    """`open instant`, `wall meter 2`: what `<html data-…>` says."""
    tag = re.search(r"<html[^>]*>", response.content.decode())
    found = re.findall(r'data-(?:access|reason|remaining)="([^"]*)"', tag[0] if tag else "")
    return " ".join(found)


def problem(response: HttpResponse) -> str:
    """The first thing a form says was wrong."""
    found = re.search(r'<p class="problem"[^>]*>([^<]*)', response.content.decode())
    return found[1] if found else ""
