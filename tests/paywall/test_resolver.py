"""The truth table of the resolver: what each entitlement opens, article by article, date by date."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.access import Access
from broadsheet.membership.entitlement import Entitlement, HeldGrant
from broadsheet.paywall.resolver import RULES, Asked, Outcome, Reason, decide
from tests.paywall.holders import (
    ALLOWANCE,
    DAY,
    HOLDERS,
    IN_FORCE,
    NOW,
    OVER,
    ROWS,
    TABLE,
    THIS,
    articles,
    entitlements,
    grant,
    grants,
    reader,
)


def answer(entitlement: Entitlement, access: Access, embargo: datetime | None = None) -> str:
    decision = decide(entitlement, Asked(THIS, access, embargo), allowance=ALLOWANCE, now=NOW)
    return f"{decision.outcome} {decision.reason}"


def test_every_holder_stands_in_the_table() -> None:
    assert {line.split("|")[0].strip() for line in TABLE.strip().splitlines()} == set(HOLDERS)


@pytest.mark.parametrize(("name", "access", "expected"), ROWS)
def test_holder_gets(name: str, access: Access, expected: str) -> None:
    assert {answer(HOLDERS[name], access, embargo) for embargo in OVER} == {expected}


@pytest.mark.parametrize(("name", "access", "expected"), ROWS)
def test_embargo_hides_the_article_from_all_but_staff(name: str, access: Access, expected: str) -> None:
    hidden = expected if HOLDERS[name].is_staff else "hidden embargo"
    assert {answer(HOLDERS[name], access, embargo) for embargo in IN_FORCE} == {hidden}


def test_rules_are_asked_in_the_order_of_the_offer() -> None:
    names = [rule.__name__ for rule in RULES]
    assert names == ["staff", "embargo", "free", "institution", "subscription", "one_article_grant", "friend", "unlock"]


def test_of_several_subscriptions_the_one_that_lasts_longest_is_named() -> None:
    entitlement = reader(grants=(grant("subscription", ends=DAY), grant("complimentary", ends=2 * DAY)))
    assert decide(entitlement, Asked(THIS, Access.METERED), allowance=3, now=NOW).ends_at == NOW + 2 * DAY


# -- Properties over all of it ---------------------------------------------------------------------------------------


@given(entitlements, articles, st.integers(0, 5))
def test_asking_twice_gives_the_same_answer(entitlement: Entitlement, asked: Asked, allowance: int) -> None:
    assert decide(entitlement, asked, allowance=allowance, now=NOW) == decide(entitlement, asked, allowance=allowance, now=NOW)


@given(entitlements, articles, grants)
def test_another_grant_never_takes_a_right_away(entitlement: Entitlement, asked: Asked, more: HeldGrant) -> None:
    before = decide(entitlement, asked, allowance=ALLOWANCE, now=NOW)
    after = decide(replace(entitlement, grants=(*entitlement.grants, more)), asked, allowance=ALLOWANCE, now=NOW)
    assert after.is_open or not before.is_open


@given(entitlements, articles)
def test_one_grant_that_ends_never_ends_another(entitlement: Entitlement, asked: Asked) -> None:
    live = tuple(one for one in entitlement.grants if one.is_live(NOW))
    with_all = decide(entitlement, asked, allowance=ALLOWANCE, now=NOW)
    assert decide(replace(entitlement, grants=live), asked, allowance=ALLOWANCE, now=NOW) == with_all


@given(entitlements, articles)
def test_open_needs_a_reason_that_holds(entitlement: Entitlement, asked: Asked) -> None:
    decision = decide(entitlement, asked, allowance=ALLOWANCE, now=NOW)
    bare = Entitlement(reader_id=entitlement.reader_id, spent=entitlement.spent)
    if decision.is_open and asked.access is not Access.FREE:
        assert entitlement != bare
        assert decide(bare, asked, allowance=ALLOWANCE, now=NOW).outcome in (Outcome.WALL, Outcome.HIDDEN)
    if asked.access is Access.SUBSCRIBERS and decision.is_open:
        assert decision.reason in (Reason.STAFF, Reason.INSTITUTION, Reason.SUBSCRIPTION, Reason.GRANT)


@given(entitlements, articles)
def test_number_of_articles_left_is_never_below_nought_and_a_strangers_unknown(entitlement: Entitlement, asked: Asked) -> None:
    remaining = decide(entitlement, asked, allowance=ALLOWANCE, now=NOW).remaining
    assert remaining is None if entitlement.reader_id is None else remaining is not None and 0 <= remaining <= ALLOWANCE
