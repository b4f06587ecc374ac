"""The Content-Security-Policy of every answer: strict for readers, with inline scripts for Wagtail's desk."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from broadsheet.pages.embeds import FRAME_HOSTS

Answer = Callable[[HttpRequest], HttpResponse]

DESK_PATH = "/desk/"
DOCUMENTS_PATH = "/documents/"


def content_security_policy(path: str, *, media_url: str) -> str:
    """The policy for the answer at `path`.

    Args:
        path: the request's path.
        media_url: where uploaded files lie: a path of this site, or another host whose pictures are let in.
    """
    if media_url.startswith("/") and path.startswith(media_url):
        # An uploaded drawing that is opened by itself is a document: it runs nothing and belongs to nobody.
        return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    if path.startswith(DOCUMENTS_PATH):
        # Without `sandbox`, which would keep browsers from showing a PDF.
        return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    pictures = " ".join(["'self'", *_origin(media_url), "data:"])
    common = "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    if path.startswith(DESK_PATH):
        inline = "'self' 'unsafe-inline'"
        return f"default-src 'self'; img-src {pictures} blob:; style-src {inline}; script-src {inline}; frame-src 'self'; {common}"
    players = " ".join(FRAME_HOSTS)
    return f"default-src 'self'; img-src {pictures}; style-src 'self'; script-src 'self'; frame-src 'self' {players}; {common}"


def _origin(media_url: str) -> list[str]:
    parts = urlsplit(media_url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []


class SecurityPolicyMiddleware:
    """Puts the policy on every answer that has none of its own."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", content_security_policy(request.path, media_url=settings.MEDIA_URL))
        return response
