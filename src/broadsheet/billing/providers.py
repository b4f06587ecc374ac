"""The payment providers of this installation, by name."""

from __future__ import annotations

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


@cache
def load_providers() -> dict[str, Provider]:
    """Those that are set up: the offline one in the demo only."""
    found: list[Provider] = []
    if settings.BROADSHEET.demo:
        found.append(OfflineProvider())
    return {provider.name: provider for provider in found}
