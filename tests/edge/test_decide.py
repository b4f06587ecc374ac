"""The edge decides as the resolver does: one truth table over both, and whatever else anybody may hold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from broadsheet.edge.decide import decide_variant, list_kind
from broadsheet.library.access import Access
from broadsheet.membership.entitlement import STRANGER, Entitlement
from broadsheet.pages.variants import Variant, page_audience_of, variant_of
from broadsheet.paywall.passes import Pass, SigningKey, make_pass, read_pass, sign_pass
from broadsheet.paywall.resolver import Asked, Outcome, decide
from tests.paywall.holders import ALLOWANCE, HOLDERS, IN_FORCE, NOW, OVER, ROWS, THIS, articles, entitlements

KEY = SigningKey("k1", b"a secret of this installation")


def carried(entitlement: Entitlement) -> Pass | None:
    """The pass of what somebody holds, as their browser sends it back; None for a stranger, and for staff."""
    if entitlement == STRANGER:
        return None
    made = make_pass(entitlement, holder="s0", version=0, month="2026-02", now=NOW)
    return None if made is None else read_pass(sign_pass(made, KEY), {"k1": KEY})


def by_resolver(entitlement: Entitlement, asked: Asked, allowance: int = ALLOWANCE) -> Variant | None:
    decision = decide(entitlement, asked, allowance=allowance, now=NOW)
    return None if decision.outcome is Outcome.HIDDEN else variant_of(decision, entitlement, NOW)


def by_edge(entitlement: Entitlement, asked: Asked, allowance: int = ALLOWANCE) -> Variant | None:
    return decide_variant(carried(entitlement), asked, entitlement.institution, allowance=allowance, now=NOW)


def answer(variant: Variant | None) -> str:
    return "hidden embargo" if variant is None else f"{variant.outcome} {variant.reason}"


@pytest.mark.parametrize("embargo", [*OVER, *IN_FORCE], ids=str)
@pytest.mark.parametrize(("name", "access", "expected"), ROWS)
def test_edge_and_resolver_give_what_the_table_says(name: str, access: Access, expected: str, embargo: datetime | None) -> None:
    held, asked = HOLDERS[name], Asked(THIS, access, embargo)
    if held.is_staff:
        assert carried(held) is None, "the edge must not decide for staff"
        return
    if held.friend is not None:
        return  # shown by the address, not by a pass; the edge leaves every address with a question mark to Django
    assert by_edge(held, asked) == by_resolver(held, asked)
    assert answer(by_edge(held, asked)) == ("hidden embargo" if embargo in IN_FORCE else expected)


@given(entitlements, articles, st.integers(0, 5))
def test_edge_gives_what_the_resolver_gives(entitlement: Entitlement, asked: Asked, allowance: int) -> None:
    assume(not entitlement.is_staff and entitlement.friend is None)
    assert by_edge(entitlement, asked, allowance) == by_resolver(entitlement, asked, allowance)


@given(entitlements)
def test_list_is_made_for_whoever_asks(entitlement: Entitlement) -> None:
    assume(not entitlement.is_staff)
    assert list_kind(carried(entitlement), entitlement.institution, now=NOW) == page_audience_of(entitlement, NOW)


@given(entitlements, articles, st.timedeltas(-timedelta(minutes=1), timedelta(days=1)))
def test_edge_gives_what_the_resolver_gives_while_a_pass_ages(entitlement: Entitlement, asked: Asked, age: timedelta) -> None:
    shown, then = carried(entitlement), NOW + age
    assume(shown is not None)
    assert shown is not None
    decision = decide(shown.entitlement, asked, allowance=ALLOWANCE, now=then)
    expected = None if decision.outcome is Outcome.HIDDEN else variant_of(decision, shown.entitlement, then)
    assert decide_variant(shown, asked, None, allowance=ALLOWANCE, now=then) == expected
