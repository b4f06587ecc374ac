"""Stripe's keys: of the right kind, of the site's mode, and taken by Stripe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from broadsheet.billing import stripe_gateway
from broadsheet.billing.provider import ProviderAway
from broadsheet.conf.doctor.findings import Level
from broadsheet.conf.doctor.payment_checks import check_stripe_server, check_stripe_setting

PUBLIC = replace(
    settings.BROADSHEET,
    site_url="https://news.example.org",
    demo=False,
    payments=("stripe",),
    stripe_secret_key="rk_live_1",
    stripe_webhook_secrets=("whsec_1", "whsec_2"),
)


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, "live"),
        ({"payments": ("invoice",), "stripe_secret_key": ""}, Level.OK, "not used"),
        ({"stripe_secret_key": "pk_live_1"}, Level.FAIL, "SECRET_KEY"),
        ({"stripe_webhook_secrets": ()}, Level.FAIL, "WEBHOOK_SECRET"),
        ({"stripe_webhook_secrets": ("whsec_1", "sk_live_1")}, Level.FAIL, "WEBHOOK_SECRET"),
        ({"demo": True}, Level.FAIL, "real money"),
        ({"site_url": "http://localhost:8000"}, Level.FAIL, "real money"),
        ({"stripe_secret_key": "sk_test_1"}, Level.WARN, "pays nothing"),
        ({"stripe_secret_key": "sk_test_1", "site_url": "http://localhost:8000"}, Level.OK, "test mode"),
    ],
)
def test_keys_fit_the_site(changes: dict[str, Any], level: Level, words: str) -> None:
    found = check_stripe_setting(replace(PUBLIC, **changes))
    assert (found.level, words in found.what) == (level, True)
    assert "_1" not in found.what


def test_whether_stripe_takes_the_key_is_asked_only_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_stripe_server(replace(PUBLIC, payments=("invoice",))).what == "not used"

    def refuse(gateway: Any) -> None:
        raise ProviderAway("Stripe does not answer.")

    monkeypatch.setattr(stripe_gateway.StripeGateway, "prove", refuse)
    assert check_stripe_server(PUBLIC).level is Level.FAIL
    monkeypatch.setattr(stripe_gateway.StripeGateway, "prove", lambda gateway: None)
    assert check_stripe_server(PUBLIC).level is Level.OK


def test_no_key_is_ever_printed() -> None:
    assert "_1" not in repr(PUBLIC)
