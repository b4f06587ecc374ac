"""The errors of backup and restore; each message says what to do.

BackupError
├── Damaged   the file is cut short, was changed, or is no backup of ours
├── Locked    the file is encrypted, and the key is missing or another
├── NoRoom    the disk is full, or would be
└── Refused   something else has to be done first
"""

from __future__ import annotations


class BackupError(Exception):
    """Base of the errors of backup and restore."""


class Damaged(BackupError):
    """The file is cut short, was changed, or is no backup of ours."""


class Locked(BackupError):
    """The file is encrypted, and the key is missing or another."""


class NoRoom(BackupError):
    """The disk is full, or would be."""


class Refused(BackupError):
    """Something else has to be done first."""
