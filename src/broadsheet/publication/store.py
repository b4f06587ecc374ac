"""The publication's settings as code reads them."""

from __future__ import annotations

from broadsheet.publication.addresses import is_taken
from broadsheet.publication.models import PlainPage, Publication


def load_publication() -> Publication:
    """The one row of settings; unsaved defaults while nobody has saved any."""
    return Publication.objects.first() or Publication()


def load_allowance() -> int:
    """How many articles a registered reader may open a month."""
    found = Publication.objects.values_list("articles_per_month", flat=True).first()
    return found if found is not None else Publication().articles_per_month


def list_hidden_pages() -> list[str]:
    """The addresses of plain pages that nobody sees, for the site has come to answer there itself."""
    return [page.get_absolute_url() for page in PlainPage.objects.only("slug") if is_taken(page.slug)]
