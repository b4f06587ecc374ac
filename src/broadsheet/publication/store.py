"""The publication's settings as code reads them."""

from __future__ import annotations

from broadsheet.publication.models import Publication


def load_publication() -> Publication:
    """The one row of settings; unsaved defaults while nobody has saved any."""
    return Publication.objects.first() or Publication()


def load_allowance() -> int:
    """How many articles a registered reader may open a month."""
    found = Publication.objects.values_list("articles_per_month", flat=True).first()
    return found if found is not None else Publication().articles_per_month
