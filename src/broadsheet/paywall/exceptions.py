"""The paywall's errors.

PaywallError
└── NoSuchArticle   the article is not published, or not metered, or under embargo
"""

from __future__ import annotations


class PaywallError(Exception):
    """Base of the paywall's errors."""


class NoSuchArticle(PaywallError):
    """There is no published article with that id that this could open."""
