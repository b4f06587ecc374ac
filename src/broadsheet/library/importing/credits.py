"""What stands under a picture: its caption, and who made it."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

_CREDIT_CLASS = re.compile(r"credit|copyright|photographer|byline|image-source|attribution", re.IGNORECASE)
_CREDIT_TEXT = re.compile(
    r"(?:^|(?<=[.!?…”’\"')|])\s*|\s*[|•]\s*)[(\[]?((?:photo(?:graph)?s?|image|picture|map|chart|graphic|credit|source|foto|illustration)"
    r"(?:\s*(?:credit|by|courtesy(?: of)?))?\s*[:/]\s*.{2,160}?|©\s*.{2,160}?|photo(?:graph)? by .{2,120}?)[)\]]?$",
    re.IGNORECASE,
)


def find_caption(figure: HtmlElement) -> tuple[str, str]:
    """The words under a figure: its caption, and who made the picture."""
    element = next((c for c in figure.iter("figcaption") if next(c.iterancestors("figure")) is figure), None)
    named = [
        part for part in figure.iter("span", "small", "cite", "div", "p", "em") if _CREDIT_CLASS.search(part.get("class") or "")
    ]
    credit = next((text for part in named if (text := plain_text(part))), "")
    caption = plain_text(element)
    if credit:
        return caption.replace(credit, "").strip(" |•–-"), credit
    return split_credit(caption)


def split_credit(caption: str) -> tuple[str, str]:
    """A caption that ends in a credit (`… | Photo: Name`), as caption and credit."""
    match = _CREDIT_TEXT.search(caption)
    if match is None or not match.group(1):
        return caption, ""
    return caption[: match.start()].strip(" |•"), match.group(1).strip()


def plain_text(element: HtmlElement | None) -> str:
    """The text of an element on one line."""
    return re.sub(r"\s+", " ", element.text_content()).strip() if element is not None else ""
