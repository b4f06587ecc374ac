"""Errors of `broadsheet init`.

InitError
├── Refused   something asked for will not do; nothing was written
└── Undone    something failed on the way; what had been written was taken back
"""

from __future__ import annotations


class InitError(Exception):
    """Base of the errors; the message says what failed and what to do."""


class Refused(InitError):
    """What was asked for will not do. Nothing was written."""


class Undone(InitError):
    """A step failed. What the steps before it had written was taken back."""
