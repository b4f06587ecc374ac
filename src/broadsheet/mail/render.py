"""Letters to HTML: 600 pixels, system fonts, light and dark, every style inlined, nothing loaded from anywhere."""

from __future__ import annotations

import css_inline
from django.template.loader import render_to_string

from broadsheet.mail.letters import Letter
from broadsheet.publication.models import Publication

# The media query for dark mode has to stay in a style element: it cannot be inlined.
_INLINER = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def render_html(letter: Letter, publication: Publication) -> str:
    """The HTML part of a letter."""
    html = render_to_string(
        "mail/letter.html",
        {
            "letter": letter,
            "footer_lines": letter.footer.splitlines(),
            "name": publication.name,
            "language": publication.language,
            "accent_light": publication.accent_light,
            "accent_dark": publication.accent_dark,
        },
    )
    return str(_INLINER.inline(html))
