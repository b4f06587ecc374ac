"""The last part of an article's address."""

from __future__ import annotations

from django.utils.text import slugify

LONGEST = 120
TAKEN = frozenset({"keep-reading", "share", "unlock"})  # addresses below an article's own, where its buttons lead


def make_slug(text: str) -> str:
    """A slug of these words that an article can have."""
    slug = slugify(text)[:LONGEST].strip("-") or "article"
    return f"{slug}-article" if slug in TAKEN else slug
