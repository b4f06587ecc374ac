"""The publication's own accent, as a small style sheet with an address that changes with its content. Pure."""

from __future__ import annotations

from hashlib import blake2b

# The accents that stand in css/site.css; with them no second style sheet is needed.
HOUSE_ACCENTS = ("#0d5c63", "#67c3c0")


def theme_path(light: str, dark: str) -> str:
    """Where the style sheet of these accents lies; empty where the house's own do."""
    if (light.lower(), dark.lower()) == HOUSE_ACCENTS:
        return ""
    return f"/theme.css?v={blake2b(theme_css(light, dark).encode(), digest_size=6).hexdigest()}"


def theme_css(light: str, dark: str) -> str:
    """The style sheet: the accent in both themes, for browsers with and without `light-dark()`."""
    return (
        f"@layer tokens{{:root{{--accent:{light}}}"
        f"@supports (color:light-dark(#000,#fff)){{:root{{--accent:light-dark({light},{dark})}}}}}}"
    )
