"""Where a form leads back to: only ever a page of our own. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_LENGTH = 500  # as AddressProof keeps it


def own_path(text: str) -> str:
    """`text` if it is an absolute path on this site, with query and fragment perhaps; otherwise nothing.

    Browsers drop tabs and line ends, read `\\` as `/`, and take what follows `//` for a host.
    """
    if not text.startswith("/") or text.startswith("//") or len(text) > MAX_LENGTH:
        return ""
    if "\\" in text or any(ord(sign) <= 32 or ord(sign) == 127 for sign in text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc else text
