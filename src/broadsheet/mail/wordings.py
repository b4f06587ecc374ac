# ruff: noqa: E501
"""The kinds of letters, what each can be told, and the words that come with Broadsheet. Pure.

A wording is a subject and a body in plain text with `{placeholders}`. Paragraphs are parted by an empty line;
one that is left empty by its placeholders falls away. Two forms are special: a paragraph `Words: {link}` is a
button in the HTML part, and the paragraph `{code}` is set large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from broadsheet.mail import account_wordings, gift_wordings, invoice_wordings, money_wordings


class LetterKind(StrEnum):
    """What a letter is for. Each kind has its own wording, which the desk may change."""

    CONFIRM = "confirm"
    SIGN_IN = "sign-in"
    CHANGE_OLD = "change-old"
    CHANGE_NEW = "change-new"
    ADDRESS_CHANGED = "address-changed"
    ERASED = "erased"
    INVOICE_REQUEST = "invoice-request"
    INVOICE_RECEIPT = "invoice-receipt"
    INVOICE_DECLINED = "invoice-declined"
    INVOICE = "invoice"
    INVOICE_REMINDER = "invoice-reminder"
    INVOICE_LAST_REMINDER = "invoice-last-reminder"
    INVOICE_PAID = "invoice-paid"
    INVOICE_UNPAID = "invoice-unpaid"
    CREDIT_NOTE = "credit-note"
    HELP = "help"
    WELCOME = "welcome"
    RECEIPT = "receipt"
    PAYMENT_FAILED = "payment-failed"
    PAYMENT_FAILED_AGAIN = "payment-failed-again"
    PAYMENT_FAILED_LAST = "payment-failed-last"
    UNPAID = "unpaid"
    RENEWS_SOON = "renews-soon"
    PRICE_CHANGES = "price-changes"
    CARD_EXPIRES = "card-expires"
    YEARLY_REMINDER = "yearly-reminder"
    CANCELLED = "cancelled"
    GOES_ON = "goes-on"
    ENDED = "ended"
    PAUSED = "paused"
    PAUSE_ENDS = "pause-ends"
    STILL_STUDENT = "still-student"
    REFUNDED = "refunded"
    MONEY_ALERT = "money-alert"
    GIFT_BOUGHT = "gift-bought"
    GIFT = "gift"
    GIFT_REMINDER = "gift-reminder"
    GIFT_OPENED = "gift-opened"
    GIFT_ENDED = "gift-ended"
    GROUP_BEGUN = "group-begun"
    SEAT_INVITED = "seat-invited"
    SEAT_TAKEN = "seat-taken"
    SEAT_ENDED = "seat-ended"
    GROUP_OFFERED = "group-offered"
    GROUP_HANDED_OVER = "group-handed-over"
    WITHDRAWAL_RECEIVED = "withdrawal-received"
    CANCELLATION_RECEIVED = "cancellation-received"
    MERGE_AGREE = "merge-agree"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one kind of letter, placeholders unfilled."""

    subject: str
    body: str


_BY_MATTER = (money_wordings, invoice_wordings, gift_wordings, account_wordings)
_HOUSE = frozenset({"name", "site"})
PLACEHOLDERS: Mapping[LetterKind, frozenset[str]] = {
    LetterKind.CONFIRM: _HOUSE | {"code", "link", "code_minutes", "link_hours", "allowance", "article_line", "newsletter_line"},
    LetterKind.SIGN_IN: _HOUSE | {"code", "link", "code_minutes", "link_hours", "article_line"},
    LetterKind.CHANGE_OLD: _HOUSE | {"code", "link", "code_minutes", "link_hours", "new_address"},
    LetterKind.CHANGE_NEW: _HOUSE | {"code", "link", "code_minutes", "link_hours", "old_address"},
    LetterKind.ADDRESS_CHANGED: _HOUSE | {"new_address", "help_link"},
    LetterKind.ERASED: _HOUSE,
    LetterKind.INVOICE_REQUEST: _HOUSE | {"plan", "price", "person", "organisation", "email", "postal_address", "message", "link"},
    # Nothing in it was typed by whoever asked: a stranger may have given somebody else's address.
    LetterKind.INVOICE_RECEIPT: _HOUSE | {"plan", "price", "help_link"},
    LetterKind.HELP: _HOUSE | {"email", "page", "message"},
    **{LetterKind(kind): _HOUSE | names for matter in _BY_MATTER for kind, names in matter.PLACEHOLDERS.items()},
}

DEFAULTS: Mapping[LetterKind, Wording] = {
    LetterKind.CONFIRM: Wording(
        "{code} is your code for {name}",
        """Somebody, most likely you, left this address at {name}.

{article_line}

To confirm the address, type this code in the browser in which you left it. It is good for {code_minutes} minutes.

{code}

Or confirm with this button, in any browser, within {link_hours} hours.

Confirm this address: {link}

Confirming opens your account: {allowance} articles of your choice each month, free. {newsletter_line}

It was not you? Then do nothing. Without your confirmation there is no account, and this letter is the last.""",
    ),
    LetterKind.SIGN_IN: Wording(
        "{code} is your code for {name}",
        """Here is the code that signs you in to {name}. Type it in the browser in which you asked for it. It is good for {code_minutes} minutes.

{code}

Or sign in with this button, in any browser, within {link_hours} hours.

Sign in: {link}

{article_line}

It was not you? Then do nothing: nobody gets into your account without this letter. Never give the code to anybody; we do not ask for it.""",
    ),
    LetterKind.CHANGE_OLD: Wording(
        "{code}: your address at {name} is to change",
        """Your account at {name} is to move from this address to {new_address}. Both mailboxes must agree.

If you asked for this, type this code on your account's page. It is good for {code_minutes} minutes.

{code}

Or agree with this button within {link_hours} hours.

Let the address change: {link}

You did not ask for this? Then do nothing and your address stays. Somebody may be using a browser in which you are signed in: choose “Sign out everywhere” on your account's page.""",
    ),
    LetterKind.CHANGE_NEW: Wording(
        "{code} confirms your new address at {name}",
        """An account at {name} is to move from {old_address} to this address. Both mailboxes must agree.

If you asked for this, type this code on your account's page. It is good for {code_minutes} minutes.

{code}

Or confirm with this button within {link_hours} hours.

Confirm the new address: {link}

You did not ask for this? Then do nothing; this letter is the last.""",
    ),
    LetterKind.ADDRESS_CHANGED: Wording(
        "Your address at {name} has changed",
        """Your account at {name} now belongs to {new_address}. Letters go there from now on, and nothing more comes here.

If that is a surprise, write to us at once.

Write to us: {help_link}""",
    ),
    LetterKind.ERASED: Wording(
        "Your account at {name} is erased",
        """Your account at {name} is erased, with everything that was kept under it: what you opened, what you agreed to, and this address, which is deleted from our list of letters within a day.

We keep one thing until the month is over: a scrambled mark, from which nobody can read your address, that says how many of this month's free articles were used.

Thank you for reading.""",
    ),
    LetterKind.INVOICE_REQUEST: Wording(
        "Invoice asked for: {plan}, {person}",
        """{person} would like to subscribe by invoice.

Plan: {plan}, {price}
Organisation: {organisation}
Address for letters: {email}

{postal_address}

{message}

See it in the desk: {link}""",
    ),
    LetterKind.INVOICE_RECEIPT: Wording(
        "Your request at {name}: {plan}",
        """Thank you. We have a request for {plan} ({price}) with this address, and will send the invoice to this mailbox. Access begins as soon as we have answered.

Something is wrong, or you did not ask for this? Tell us.

Write to us: {help_link}""",
    ),
    LetterKind.HELP: Wording(
        "A reader's question",
        """From: {email}
Page: {page}

{message}""",
    ),
    **{LetterKind(kind): Wording(*words) for matter in _BY_MATTER for kind, words in matter.WORDS.items()},
}
