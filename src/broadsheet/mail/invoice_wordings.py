# ruff: noqa: E501
"""The words of letters about invoices, by the kind's name; `wordings.py` says how they are written. Pure."""

from __future__ import annotations

from collections.abc import Mapping

_PAPER = frozenset({"plan", "number", "amount", "due_on", "left", "invoice_number", "account_link", "help_link"})
PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "invoice": _PAPER | {"access_line", "price_line"},
    "invoice-reminder": _PAPER,
    "invoice-last-reminder": _PAPER,
    "invoice-paid": _PAPER | {"paid", "paid_on", "left_line", "access_line"},
    "invoice-unpaid": _PAPER,
    "credit-note": _PAPER,
    "invoice-declined": frozenset({"plan", "word", "subscribe_link", "help_link"}),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "invoice": (
        "Invoice {number} from {name}: {amount}",
        """Here is invoice {number} over {amount} for {plan}. It comes with this letter as a PDF, and stands in your account.

Please pay by {due_on} and name the number {number}, so that we know the payment is yours.

{access_line}

{price_line}

Your account: {account_link}

Something on it is wrong, such as the address? Answer this letter, and we write it anew.""",
    ),
    "invoice-reminder": (
        "Not paid yet: invoice {number} from {name}",
        """We have not seen a payment for invoice {number}, which was payable by {due_on}. {left} are open.

If you have paid in these days, there is nothing to do. If the invoice got lost: it comes with this letter once more.

Your account: {account_link}""",
    ),
    "invoice-last-reminder": (
        "Last reminder: invoice {number} from {name}",
        """Invoice {number} was payable by {due_on}, and {left} are still open. This is our last reminder.

Please pay in the next days, or tell us what stands in the way. Without a payment we cannot go on with {plan}.

Write to us: {help_link}""",
    ),
    "invoice-paid": (
        "Received: {paid} for invoice {number} from {name}",
        """We have received {paid} on {paid_on} for invoice {number}, {plan}. Thank you.

{left_line}

{access_line}

Your account: {account_link}""",
    ),
    "invoice-unpaid": (
        "Your subscription to {name} has ended: invoice {number} is unpaid",
        """Invoice {number} for {plan} is still unpaid, so your subscription has ended. {left} are open.

A payment opens everything again: the period then begins on the day on which we note it. You would rather stop? Tell us, and we cancel the invoice.

Write to us: {help_link}""",
    ),
    "credit-note": (
        "Credit note {number} from {name}",
        """Here is credit note {number} over {amount}. It belongs to invoice {invoice_number}, {plan}, and comes with this letter as a PDF for your books.

What of that invoice was credited you need not pay; what you have paid of it already, we pay back.

Write to us: {help_link}""",
    ),
    "invoice-declined": (
        "Your request at {name}: {plan}",
        """Thank you for asking for {plan} by invoice. We cannot offer it to you this way.

{word}

The other ways to subscribe: {subscribe_link}

Write to us: {help_link}""",
    ),
}
