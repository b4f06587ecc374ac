"""The publication's mark in a browser's tab. Pure."""

from __future__ import annotations

from html import escape


def favicon_svg(name: str, accent: str) -> str:
    """The first letter of `name`, on a square of the accent."""
    letter = escape(name.strip()[:1].upper() or "B")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="3" fill="{escape(accent, quote=True)}"/>'
        '<text x="16" y="23.5" text-anchor="middle" font-family="Georgia, serif" font-weight="700" font-size="22" fill="#fff">'
        f"{letter}</text></svg>"
    )
