"""A plan and its provider, as billing's tests have them."""

from __future__ import annotations

from tests.billing.conftest import offline, plan

__all__ = ["offline", "plan"]
