"""Forms lead back to pages of our own only."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.web.next_path import own_path


@pytest.mark.parametrize("path", ["/", "/articles/1/the-strait/#continue", "/library/?q=strait&year=2026", "/%2F/x", "/a//b"])
def test_own_paths_are_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "text", ["", "x", "//e.example", "/\\e.example", "https://e.example", "/\t/e.example", "/a\r\nSet-Cookie: x", "/" * 501]
)
def test_others_are_not(text: str) -> None:
    assert own_path(text) == ""


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%&ehtps\t\n\r 0"), max_size=12).map(lambda end: "/" + end))
def test_whatever_is_kept_stays_on_the_site(text: str) -> None:
    kept = own_path(text)
    if kept:
        assert urlsplit(urljoin("https://review.example/login/", kept)).netloc == "review.example"
