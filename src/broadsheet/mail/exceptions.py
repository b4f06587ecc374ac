"""The mail package's errors.

MailError
├── BadMailUrl      BROADSHEET_MAIL_URL cannot be read; the message says what to write
└── UnknownWording  a wording uses a placeholder that its kind of letter does not fill
"""

from __future__ import annotations


class MailError(Exception):
    """Base of the mail package's errors."""


class BadMailUrl(MailError):
    """BROADSHEET_MAIL_URL cannot be read."""


class UnknownWording(MailError):
    """A wording uses a placeholder that its kind of letter does not fill."""
