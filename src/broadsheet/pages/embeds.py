"""Which outside players may be shown in a frame, and where. Pure.

The Content-Security-Policy lists the same hosts; any other address stays a link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FRAME_HOSTS = ("https://www.youtube-nocookie.com", "https://player.vimeo.com", "https://archive.org")
_PLAYERS = (
    (
        re.compile(r"https?://(?:www\.|m\.)?youtube\.com/watch\?(?:[^#]*&(?:amp;)?)?v=([\w-]{11})"),
        FRAME_HOSTS[0] + "/embed/{}?autoplay=1",
    ),
    (re.compile(r"https?://youtu\.be/([\w-]{11})"), FRAME_HOSTS[0] + "/embed/{}?autoplay=1"),
    (re.compile(r"https?://(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{11})"), FRAME_HOSTS[0] + "/embed/{}?autoplay=1"),
    (re.compile(r"https?://(?:www\.|player\.)?vimeo\.com/(?:video/)?(\d+)"), FRAME_HOSTS[1] + "/video/{}"),
    (re.compile(r"https?://archive\.org/(?:details|embed)/([\w.-]+)"), FRAME_HOSTS[2] + "/embed/{}"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a player's frame is, and the host that the reader will meet there."""

    url: str
    host: str


def frame_of(url: str) -> Frame | None:
    """The frame for the page of a known player; None for any other address."""
    for pattern, template in _PLAYERS:
        match = pattern.match(url)
        if match:
            frame = template.format(match.group(1))
            return Frame(frame, frame.split("/")[2])
    return None
