"""What this package keeps of people: those whom the publication names, and the staff at work."""

from __future__ import annotations

from broadsheet.core.personal import REGISTER
from broadsheet.library.models import Article, Author, CountryNote, Photo, Region, Topic

STAFF = "A member of the staff at work."


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.not_personal(Author, "A byline that the publication prints.", "name")
    REGISTER.not_personal(Topic, "Names a subject.", "name")
    REGISTER.not_personal(Region, "Names a part of the world.", "name")
    REGISTER.not_personal(CountryNote, "What an editor says of a country.", "name", "note")
    REGISTER.not_personal(Photo, STAFF, "uploaded_by_user")
    REGISTER.not_personal(Article, STAFF, "locked_by")
