"""Outside players: which may be shown in a frame, and that the policy knows the same hosts."""

from __future__ import annotations

import pytest

from broadsheet.conf.headers import content_security_policy
from broadsheet.pages.embeds import FRAME_HOSTS, frame_of


@pytest.mark.parametrize(
    ("url", "frame"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk?autoplay=1"),
        ("https://www.youtube.com/watch?t=4&amp;v=abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk?autoplay=1"),
        ("https://youtu.be/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk?autoplay=1"),
        ("https://vimeo.com/123456", "https://player.vimeo.com/video/123456"),
        ("https://archive.org/details/speech_1963", "https://archive.org/embed/speech_1963"),
    ],
)
def test_a_known_player_is_framed_without_its_cookies(url: str, frame: str) -> None:
    known = frame_of(url)
    assert known is not None
    assert known.url == frame


@pytest.mark.parametrize(
    "url",
    [
        "https://video.example/1",
        "https://youtube.com.evil.example/watch?v=abcdefghijk",
        "https://vimeo.com/about",
        "javascript:alert(1)",
    ],
)
def test_any_other_address_stays_a_link(url: str) -> None:
    assert frame_of(url) is None


def test_the_policy_lets_exactly_the_known_players_in() -> None:
    policy = content_security_policy("/articles/1/x/", media_url="/media/")
    allowed = next(part for part in policy.split("; ") if part.startswith("frame-src"))
    assert allowed == "frame-src 'self' " + " ".join(FRAME_HOSTS)
