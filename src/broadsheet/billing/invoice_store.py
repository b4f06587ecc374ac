"""A reader's own invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.billing.models import Invoice
from broadsheet.core.money import price_text


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """One invoice or credit note in the list of a reader's."""

    pk: int
    kind: str
    number: str
    issued_at: datetime
    amount: str
    state: str


def has_invoices(reader_id: int) -> bool:
    """Whether anything was ever written for a reader."""
    return Invoice.objects.filter(agreement__reader_id=reader_id).exists()


def load_invoices(reader_id: int) -> tuple[OwnInvoice, ...]:
    """Everything that was written for a reader, the newest first."""
    rows = Invoice.objects.filter(agreement__reader_id=reader_id)
    return tuple(
        OwnInvoice(
            row.pk,
            row.get_kind_display(),
            row.number,
            row.issued_at,
            price_text(row.cents, row.currency),
            "" if row.kind == Invoice.Kind.CREDIT else row.get_state_display(),
        )
        for row in rows
    )


def find_invoice(reader_id: int, pk: int) -> Invoice | None:
    """One of a reader's own."""
    return Invoice.objects.select_related("agreement", "credits").filter(pk=pk, agreement__reader_id=reader_id).first()
