"""Which of a finished page's encodings a browser gets."""

from __future__ import annotations

import gzip

from broadsheet.pages.variants import FinishedPage


def choose_encoding(accept: str) -> str:
    """`br`, `gzip` or nothing, by an Accept-Encoding header (RFC 9110, 12.5.3); brotli first, being smaller."""
    accepted = {}
    for part in accept.split(","):
        name, _, parameters = part.strip().partition(";")
        accepted[name.strip().lower()] = "q=0" not in parameters.replace(" ", "") or "q=0." in parameters.replace(" ", "")
    return next((name for name in ("br", "gzip") if accepted.get(name)), "")


def body_in(page: FinishedPage, encoding: str) -> bytes:
    """The page's bytes in one encoding."""
    if encoding == "br":
        return page.body_brotli
    return page.body_gzip if encoding == "gzip" else gzip.decompress(page.body_gzip)
