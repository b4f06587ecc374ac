"""The measurements of money in short: every order of events ends in the same books, and planted differences are found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench import money_bench
from broadsheet.billing import providers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_providers() -> Iterator[None]:
    """The measurements set their own."""
    ours = providers.load_providers
    yield
    providers.load_providers = ours


def test_events_late_doubled_or_shuffled_end_in_the_same_books_as_in_order() -> None:
    # Two of these fail twice, and pay in between.
    different = money_bench.compare_orders(15, first=60)["different"]
    in_order, late, shuffled = (money_bench.read_books(f"r{order}") for order in range(3))
    assert late == in_order
    assert shuffled == in_order
    assert different == 0


def test_all_planted_differences_are_found_and_no_other() -> None:
    money_bench.fill_books(30)
    assert money_bench.reconcile_all()["found"] == 3
