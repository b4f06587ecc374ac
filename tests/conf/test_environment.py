"""Settings that an operator makes in the environment."""

from __future__ import annotations

import pytest

from broadsheet.conf.environment import SettingsError, read_installation

KEY = {"BROADSHEET_SECRET_KEY": "only for tests"}


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (None, ("invoice",)),
        ("", ()),
        ("stripe", ("stripe",)),
        ("stripe, invoice", ("stripe", "invoice")),
        ("invoice,stripe,invoice,", ("invoice", "stripe")),
    ],
)
def test_ways_to_pay_are_offered_in_their_order(listed: str | None, names: tuple[str, ...]) -> None:
    environ = KEY if listed is None else {**KEY, "BROADSHEET_PAYMENTS": listed}
    assert read_installation({**environ, "BROADSHEET_STRIPE_SECRET_KEY": "sk_test_1"}).payments == names


@pytest.mark.parametrize("listed", ["paypal", "Stripe", "offline", "invoice stripe"])
def test_way_to_pay_that_is_not_known_stops_the_start(listed: str) -> None:
    with pytest.raises(SettingsError, match=r"BROADSHEET_PAYMENTS names .*; give some of invoice, stripe, separated by commas"):
        read_installation({**KEY, "BROADSHEET_PAYMENTS": listed})
