"""Payments by card: whether Stripe's keys fit this site, and whether Stripe takes them."""

from __future__ import annotations

from broadsheet.billing.provider import ProviderError
from broadsheet.conf.doctor.findings import Finding, fail, ok, warn
from broadsheet.conf.doctor.settings_checks import is_local
from broadsheet.core.installation import Installation

GUIDE = "docs/operator/stripe.md says where to find it."


def check_stripe_setting(installation: Installation) -> Finding:
    """Keys look like Stripe's, and are of the mode that the site is in."""
    check, key = "stripe", installation.stripe_secret_key
    if "stripe" not in installation.payments:
        return ok(check, "not used")
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        return fail(check, "BROADSHEET_STRIPE_SECRET_KEY is no secret key of Stripe's: those begin with sk_ or rk_.", GUIDE)
    secrets = installation.stripe_webhook_secrets
    if not secrets or not all(secret.startswith("whsec_") for secret in secrets):
        return fail(check, "BROADSHEET_STRIPE_WEBHOOK_SECRET has to begin with whsec_; without it no event is believed.", GUIDE)
    is_live = "_live_" in key
    if is_live and (installation.demo or is_local(installation)):
        return fail(
            check, "The live key is set on a trial site: a test would take real money.", "Set the key of Stripe's test mode."
        )
    if not is_live and not is_local(installation):
        return warn(
            check, "The key is of Stripe's test mode: whoever subscribes pays nothing.", "Set the live key before you open."
        )
    return ok(check, "live mode" if is_live else "test mode")


def check_stripe_server(installation: Installation) -> Finding:
    """Stripe answers, and takes the key; nothing is changed there."""
    check = "stripe server"
    if "stripe" not in installation.payments:
        return ok(check, "not used")
    from broadsheet.billing.stripe_gateway import StripeGateway  # loads Stripe's client, which others need not pay for

    try:
        StripeGateway(installation.stripe_secret_key, ()).prove()
    except ProviderError as error:
        return fail(check, str(error), "See that this machine may connect to api.stripe.com, and that the key was not taken back.")
    return ok(check, "reached, and the key is taken")
