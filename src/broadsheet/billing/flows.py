"""Asking to subscribe by invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from broadsheet.billing.models import InvoiceRequest
from broadsheet.billing.store import PlanOffer
from broadsheet.core.flows import EventKind, record_event
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.store import load_publication


@dataclass(frozen=True, slots=True)
class InvoiceWish:
    """What somebody who wants an invoice has filled in."""

    name: str
    email: str
    organisation: str
    postal_address: str
    message: str


def request_invoice(offer: PlanOffer, wish: InvoiceWish, *, reader_id: int | None, now: datetime) -> int:
    """Keep the request, tell the publisher, and send the asker a receipt; returns the request's number."""
    site_url = settings.BROADSHEET.site_url
    plan = {"plan": offer.name, "price": offer.price_words}
    with transaction.atomic():
        row = InvoiceRequest.objects.create(
            plan_id=offer.plan_id,
            reader_id=reader_id,
            name=wish.name,
            email=wish.email,
            organisation=wish.organisation,
            postal_address=wish.postal_address,
            message=wish.message,
            created_at=now,
        )
        values = {
            **plan,
            "person": wish.name,
            "organisation": wish.organisation or "none",
            "email": wish.email,
            "postal_address": wish.postal_address,
            "message": wish.message,
            "link": f"{site_url}/desk/",
        }
        publisher = load_publication().help_address or settings.BROADSHEET.support_address
        queue_letter(LetterKind.INVOICE_REQUEST, publisher, values, now=now, reply_to=wish.email)
        queue_letter(LetterKind.INVOICE_RECEIPT, wish.email, {**plan, "help_link": f"{site_url}/help/"}, now=now)
        record_event(EventKind.INVOICE_REQUESTED, now=now, reader_id=reader_id, source=offer.slug)
    return row.pk
