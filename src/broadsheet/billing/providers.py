"""The payment providers of this installation, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings

from broadsheet.billing.offline_flows import OfflineProvider
from broadsheet.billing.provider import Provider, ProviderError


def find(name: str) -> Provider:
    """The provider of that name."""
    found = load_providers().get(name)
    if found is None:
        raise ProviderError(f"There is no payment provider {name!r} here; set it up, see docs/publisher.md.")
    return found


# What BROADSHEET_PAYMENTS may name, and what the demo has on top.
BUILDERS: Mapping[str, Callable[[], Provider]] = {
    OfflineProvider.name: OfflineProvider,
}


@cache
def load_providers() -> dict[str, Provider]:
    """Those that are set up, in the order in which readers are offered them; in the demo the offline one comes first."""
    names = (*((OfflineProvider.name,) if settings.BROADSHEET.demo else ()), *settings.BROADSHEET.payments)
    return {name: BUILDERS[name]() for name in names if name in BUILDERS}
