"""Stripe's own client as we use it: one version, short waits, our errors, keys that let a request count once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe

from broadsheet.billing.provider import ProviderAway, ProviderError, Refused

# The form of Stripe's objects that `stripe_reading` reads; an account's own default does not matter.
API_VERSION = "2026-10-28.endive"
TIMEOUT_S = (3.05, 10.0)  # to connect, to answer: a reader is waiting
RETRIES = 2  # by the client, with the same idempotency key
PAGE = 100  # the most that Stripe gives at once

logger = logging.getLogger(__name__)

stripe.enable_telemetry = False


def make_client(secret_key: str, api_base: str | None = None) -> Any:
    """The client for one account; `api_base` is another address of the API, for tests."""
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base} if api_base else None,
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    ).v1


def list_all(service: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that one of the client's services lists, as plain dicts."""
    return [thing.to_dict() for thing in service.list({**params, "limit": PAGE}).auto_paging_iter()]


def once(*parts: object) -> dict[str, str]:
    """Options with which the same request made twice is done once."""
    text = json.dumps(parts, sort_keys=True)
    return {"idempotency_key": f"broadsheet-{parts[0]}-{hashlib.sha256(text.encode()).hexdigest()[:40]}"}


@contextmanager
def translated(ref: str = "") -> Iterator[None]:
    """Turn the client's errors into ours; `ref` is what was asked about."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        logger.warning("Stripe does not answer: %s, status %s", type(error).__name__, error.http_status)
        raise ProviderAway("Stripe does not answer. Nothing is known to have happened; try again in a minute.") from error
    except stripe.CardError as error:
        raise Refused(error.user_message or "The card was declined. Try another one, or ask your bank.") from error
    except stripe.IdempotencyError as error:
        raise Refused("This was begun before with other terms. Begin again.") from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise Refused(f"Stripe knows nothing of the number {ref}.") from error
        logger.error("Stripe refused request %s: %s, %s, %s", error.request_id, error.code, error.param, error.user_message)
        raise Refused("Stripe did not accept this. Nothing was changed; write to us, and we will look into it.") from error
    except stripe.StripeError as error:
        raise ProviderError(f"Stripe refuses our key ({type(error).__name__}); look at BROADSHEET_STRIPE_SECRET_KEY.") from error
