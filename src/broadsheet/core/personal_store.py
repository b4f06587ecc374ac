"""What this package keeps of people."""

from __future__ import annotations

from broadsheet.core.models import Change, Event, Heartbeat, Tally
from broadsheet.core.personal import REGISTER, PersonalTable, blank, move


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            Event,
            fields="reader_id",
            find=lambda person: Event.objects.filter(reader_id=person.reader_id),
            erase=blank(reader_id=None),
            why_kept="The publication's figures: what happened when, without saying to whom.",
            name="events",
            exported="kind at article_id source",
            merge=move(Event),
        )
    )
    REGISTER.not_personal(Heartbeat, "Names a kind of process.", "name")
    REGISTER.not_personal(Change, "The number of what has changed; the log is trimmed after days.", "subject")
    REGISTER.not_personal(Tally, "A keyed hash that nobody can read back, deleted with its window.", "subject")
