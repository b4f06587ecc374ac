"""The publication's settings as code reads them."""

from __future__ import annotations

from broadsheet.publication.models import Publication


def load_publication() -> Publication:
    """The one row of settings; unsaved defaults while nobody has saved any."""
    return Publication.objects.first() or Publication()
