"""The last part of an article's address."""

from __future__ import annotations

import pytest
from django.urls import URLPattern

from broadsheet.library.slugs import LONGEST, TAKEN, make_slug
from broadsheet.web.urls import urlpatterns

BELOW = "articles/<int:article_id>/"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("The Strait", "the-strait"),
        ("Unlock!", "unlock-article"),
        ("Place", "place"),  # articles were called so before readers had places
        ("keep reading", "keep-reading-article"),
        ("Keep reading the treaty", "keep-reading-the-treaty"),
        ("…", "article"),
        ("a" * 119 + " strait", "a" * 119),
        ("a" * 200, "a" * LONGEST),
    ],
)
def test_slug_is_one_that_an_article_can_have(text: str, slug: str) -> None:
    assert make_slug(text) == slug


def test_every_address_below_an_articles_own_is_taken() -> None:
    routes = [str(found.pattern) for found in urlpatterns if isinstance(found, URLPattern)]
    words = {route.removeprefix(BELOW).rstrip("/") for route in routes if route.startswith(BELOW)}
    assert {word for word in words if word.replace("-", "").isalpha()} == TAKEN
