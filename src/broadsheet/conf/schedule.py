"""What the worker does, and how often: a table of jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.management import call_command

from broadsheet.accounts.flows import forget_old_proofs
from broadsheet.billing.alert_flows import report_failed_payments
from broadsheet.billing.declaration_flows import forget_old_declarations
from broadsheet.billing.event_flows import ask_about_due, forget_old_events, settle_received_events
from broadsheet.billing.gift_flows import deliver_due_gifts, forget_recipients, remind_of_gifts, report_unredeemed_gifts
from broadsheet.billing.invoice_flows import follow_invoices, remind_of_invoices, write_renewal_invoices
from broadsheet.billing.letter_flows import (
    write_card_notices,
    write_failure_letters,
    write_pause_notices,
    write_price_letters,
    write_renewal_notices,
    write_student_letters,
    write_yearly_reminders,
)
from broadsheet.billing.price_change_flows import apply_price_changes
from broadsheet.core.flows import forget_old_tallies, trim_change_log
from broadsheet.core.signing_key_flows import rotate_old_signing_keys
from broadsheet.desk.bulk_flows import carry_on, forget_old_entries
from broadsheet.figures.flows import count_everything
from broadsheet.library.flows import file_by_country
from broadsheet.library.photo_flows import withdraw_expired_photos
from broadsheet.mail.flows import forget_old_letters, send_due_letters
from broadsheet.pages.render_flows import forget_unused_pages
from broadsheet.paywall.flows import forget_old_slots
from broadsheet.paywall.friend_flows import forget_old_links
from broadsheet.shelves.flows import forget_removed


@dataclass(frozen=True, slots=True)
class Job:
    """One thing the worker does again and again; `run` takes the time of the tick."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


def publish_scheduled(now: datetime) -> None:
    """Publish and unpublish what editors have scheduled."""
    call_command("publish_scheduled", verbosity=0)


JOBS: tuple[Job, ...] = (
    Job("letters", timedelta(seconds=1), lambda now: send_due_letters(now=now)),
    Job("scheduled articles", timedelta(seconds=2), publish_scheduled),
    Job("bulk changes", timedelta(0), lambda now: carry_on(now=now)),
    Job("articles by country", timedelta(seconds=2), lambda now: file_by_country(now=now)),
    Job("old bulk changes", timedelta(hours=1), lambda now: forget_old_entries(now=now)),
    Job("expired photos", timedelta(minutes=1), lambda now: withdraw_expired_photos(now=now)),
    Job("pages of old versions", timedelta(minutes=1), lambda now: forget_unused_pages(now=now)),
    Job("figures", timedelta(seconds=5), lambda now: count_everything()),
    Job("old signing keys", timedelta(hours=1), lambda now: rotate_old_signing_keys(now=now)),
    Job("payments", timedelta(seconds=1), lambda now: settle_received_events(now=now)),
    Job("due subscriptions", timedelta(minutes=1), lambda now: ask_about_due(now=now)),
    Job("failed payments", timedelta(minutes=1), lambda now: write_failure_letters(now=now)),
    Job("renewals", timedelta(hours=1), lambda now: write_renewal_notices(now=now)),
    Job("pauses", timedelta(hours=1), lambda now: write_pause_notices(now=now)),
    Job("cards that run out", timedelta(hours=1), lambda now: write_card_notices(now=now)),
    Job("new prices", timedelta(minutes=10), lambda now: write_price_letters(now=now)),
    Job("renewals at new prices", timedelta(hours=1), lambda now: apply_price_changes(now=now)),
    Job("invoices of next periods", timedelta(hours=1), lambda now: write_renewal_invoices(now=now)),
    Job("reminders of invoices", timedelta(hours=1), lambda now: remind_of_invoices(now=now)),
    Job("unpaid invoices", timedelta(minutes=10), lambda now: follow_invoices(now=now)),
    Job("day's failed payments", timedelta(hours=1), lambda now: report_failed_payments(now=now)),
    Job("yearly reminders", timedelta(hours=1), lambda now: write_yearly_reminders(now=now)),
    Job("students", timedelta(hours=1), lambda now: write_student_letters(now=now)),
    Job("gifts", timedelta(minutes=1), lambda now: deliver_due_gifts(now=now)),
    Job("gifts that wait", timedelta(hours=1), lambda now: remind_of_gifts(now=now)),
    Job("gifts nobody opened", timedelta(hours=6), lambda now: report_unredeemed_gifts(now=now)),
    Job("old gifts", timedelta(hours=6), lambda now: forget_recipients(now=now)),
    Job("old events of payments", timedelta(hours=1), lambda now: forget_old_events(now=now)),
    Job("old friends' links", timedelta(hours=1), lambda now: forget_old_links(now=now)),
    Job("what readers removed", timedelta(hours=1), lambda now: forget_removed(now=now)),
    Job("old declarations", timedelta(hours=1), lambda now: forget_old_declarations(now=now)),
    Job("old letters", timedelta(hours=1), lambda now: forget_old_letters(now=now)),
    Job("old codes and links", timedelta(hours=1), lambda now: forget_old_proofs(now=now)),
    Job("old changes", timedelta(hours=1), lambda now: trim_change_log(now=now)),
    Job("old tallies", timedelta(hours=1), lambda now: forget_old_tallies(now=now)),
    Job("erased accounts' slots", timedelta(hours=1), lambda now: forget_old_slots(now=now)),
)
