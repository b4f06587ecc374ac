"""The payment providers of this installation, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings

from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.offline_flows import OfflineProvider
from broadsheet.billing.provider import Provider, ProviderError


def find(name: str) -> Provider:
    """The provider of that name."""
    found = load_providers().get(name)
    if found is None:
        raise ProviderError(f"There is no payment provider {name!r} here; set it up, see docs/publisher.md.")
    return found


def _stripe() -> Provider:
    """Its client takes 8 MB and a quarter of a second, so that only those who use it pay for it."""
    from broadsheet.billing.stripe_gateway import StripeGateway

    installation = settings.BROADSHEET
    return StripeGateway(installation.stripe_secret_key, installation.stripe_webhook_secrets, tax=installation.stripe_tax)


# What BROADSHEET_PAYMENTS may name, and what the demo has on top.
BUILDERS: Mapping[str, Callable[[], Provider]] = {
    OfflineProvider.name: OfflineProvider,
    InvoiceProvider.name: InvoiceProvider,
    "stripe": _stripe,
}


@cache
def load_providers() -> dict[str, Provider]:
    """Those that are set up, in the order in which readers are offered them; in the demo the offline one comes first."""
    names = (*((OfflineProvider.name,) if settings.BROADSHEET.demo else ()), *settings.BROADSHEET.payments)
    return {name: BUILDERS[name]() for name in names if name in BUILDERS}
