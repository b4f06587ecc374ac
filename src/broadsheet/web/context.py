"""What allauth's pages need of us: the publication and the masthead's audience, as lazily as they are used."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from broadsheet.core import clock
from broadsheet.pages.site import load_site
from broadsheet.pages.variants import audience_of
from broadsheet.web.asker import entitlement_of, read_asker

ALLAUTH_PATH = "/accounts/"


def allauth_pages(request: HttpRequest) -> dict[str, Any]:
    """`site` and `audience` for pages under /accounts/; our own views give theirs themselves."""
    if not request.path.startswith(ALLAUTH_PATH):
        return {}
    now = clock.now()
    return {
        "site": SimpleLazyObject(lambda: load_site(now=now)),
        "audience": SimpleLazyObject(lambda: audience_of(entitlement_of(read_asker(request), now=now), now)),
    }
