"""The recipe: a name for everything outside the database that finished pages are made with."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.contrib.staticfiles.storage import staticfiles_storage

_PACKAGE = Path(__file__).parent
STYLES = ("css/fonts.css", "css/site.css", "js/wall.js")


@cache
def current_recipe() -> str:
    """A hash of the templates, the code that fills them and the addresses of the style sheets; fixed for one process."""
    digest = blake2b(digest_size=12)
    for path in sorted(
        [*_PACKAGE.rglob("*.html"), *_PACKAGE.rglob("*.xml"), *_PACKAGE.glob("*.py"), *_PACKAGE.glob("templatetags/*.py")]
    ):
        digest.update(path.read_bytes())
    for name in STYLES:
        digest.update(staticfiles_storage.url(name).encode())
    return digest.hexdigest()
