"""What this package keeps of people: nothing."""

from __future__ import annotations

from broadsheet.core.personal import REGISTER
from broadsheet.publication.models import Publication


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.not_personal(Publication, "The publication's own name, address and words.")
