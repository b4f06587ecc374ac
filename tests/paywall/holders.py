"""The truth table of the resolver: what each entitlement opens, article by article. The edge is held against it too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from broadsheet.library.access import Access
from broadsheet.membership.entitlement import STRANGER, Entitlement, HeldGrant, HeldUnlock
from broadsheet.paywall.resolver import Asked

NOW = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)
ALLOWANCE = 3
THIS, OTHER = 1, 2
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def grant(source: str, article: int | None = None, *, starts: timedelta = -DAY, ends: timedelta | None = DAY) -> HeldGrant:
    return HeldGrant(source, article, NOW + starts, None if ends is None else NOW + ends, "a reason", f"{source} record")


def held(article: int, ends: timedelta = DAY) -> HeldUnlock:
    return HeldUnlock(article, NOW + ends, "unlock record")


def reader(**fields: object) -> Entitlement:
    return replace(Entitlement(reader_id=7), **fields)  # type: ignore[arg-type]


CAMPUS = grant("institution")
HOLDERS = {
    "stranger": STRANGER,
    "stranger who has an address to confirm": replace(STRANGER, awaits_confirmation=True),
    "browser that left an address here": replace(STRANGER, instants=(held(THIS),)),
    "browser that left an address here, over now": replace(STRANGER, instants=(held(THIS, timedelta(0)),)),
    "browser that left an address here, in its last second": replace(STRANGER, instants=(held(THIS, SECOND),)),
    "browser that left an address elsewhere": replace(STRANGER, instants=(held(OTHER),), awaits_confirmation=True),
    "stranger with an unlock that cannot be theirs": replace(STRANGER, unlocks=(held(THIS),)),
    "campus": replace(STRANGER, institution=CAMPUS),
    "campus before its licence": replace(STRANGER, institution=grant("institution", starts=SECOND)),
    "campus after its licence": replace(STRANGER, institution=grant("institution", ends=timedelta(0))),
    "campus without an end": replace(STRANGER, institution=grant("institution", ends=None)),
    "reader": reader(),
    "reader with one left": reader(spent=2),
    "reader with none left": reader(spent=3),
    "reader with more spent than there are": reader(spent=5),
    "reader who unlocked it": reader(spent=1, unlocks=(held(THIS),)),
    "reader who unlocked it, with none left": reader(spent=3, unlocks=(held(THIS),)),
    "reader who unlocked it, over now": reader(unlocks=(held(THIS, timedelta(0)),)),
    "reader who unlocked another": reader(spent=1, unlocks=(held(OTHER),)),
    "reader who opened it at the wall": reader(grants=(grant("instant", THIS),)),
    "reader who opened it at the wall, over now": reader(grants=(grant("instant", THIS, ends=timedelta(0)),)),
    "reader with a gift of it": reader(grants=(grant("gift", THIS),)),
    "reader with a gift of another": reader(grants=(grant("gift", OTHER),)),
    "reader with a gift that begins later": reader(grants=(grant("gift", THIS, starts=SECOND),)),
    "reader with a link from the newsletter": reader(grants=(grant("newsletter", THIS),)),
    "stranger with a friend's link": replace(STRANGER, friend=grant("friend", THIS)),
    "stranger with a friend's link, over now": replace(STRANGER, friend=grant("friend", THIS, ends=timedelta(0))),
    "stranger with a friend's link to another": replace(STRANGER, friend=grant("friend", OTHER)),
    "reader with a friend's link": reader(friend=grant("friend", THIS)),
    "reader with a gift of it and a friend's link": reader(grants=(grant("gift", THIS),), friend=grant("friend", THIS)),
    "reader who unlocked it, with a friend's link": reader(spent=1, unlocks=(held(THIS),), friend=grant("friend", THIS)),
    "subscriber": reader(grants=(grant("subscription"),)),
    "subscriber in the last second": reader(grants=(grant("subscription", ends=SECOND),)),
    "subscriber whose time is over": reader(grants=(grant("subscription", ends=timedelta(0)),)),
    "subscriber from the next second on": reader(grants=(grant("subscription", starts=SECOND),)),
    "subscriber without an end": reader(grants=(grant("complimentary", ends=None),)),
    "subscriber with one of two over": reader(grants=(grant("subscription", ends=-SECOND), grant("gift"))),
    "subscriber who had unlocked it": reader(spent=1, grants=(grant("subscription"),), unlocks=(held(THIS),)),
    "subscriber on campus": reader(grants=(grant("subscription"),), institution=CAMPUS),
    "staff": reader(is_staff=True),
    "staff who subscribe": reader(is_staff=True, grants=(grant("subscription"),)),
}
ACCESSES = (Access.FREE, Access.METERED, Access.SUBSCRIBERS)
TABLE = """
stranger                                              | open free  | wall stranger     | wall subscribers
stranger who has an address to confirm                | open free  | wall unconfirmed  | wall subscribers
browser that left an address here                     | open free  | open instant      | wall subscribers
browser that left an address here, over now           | open free  | wall stranger     | wall subscribers
browser that left an address here, in its last second | open free  | open instant      | wall subscribers
browser that left an address elsewhere                | open free  | wall unconfirmed  | wall subscribers
stranger with an unlock that cannot be theirs         | open free  | wall stranger     | wall subscribers
campus                                                | open free  | open institution  | open institution
campus before its licence                             | open free  | wall stranger     | wall subscribers
campus after its licence                              | open free  | wall stranger     | wall subscribers
campus without an end                                 | open free  | open institution  | open institution
reader                                                | open free  | wall meter        | wall subscribers
reader with one left                                  | open free  | wall meter        | wall subscribers
reader with none left                                 | open free  | wall spent        | wall subscribers
reader with more spent than there are                 | open free  | wall spent        | wall subscribers
reader who unlocked it                                | open free  | open unlock       | wall subscribers
reader who unlocked it, with none left                | open free  | open unlock       | wall subscribers
reader who unlocked it, over now                      | open free  | wall meter        | wall subscribers
reader who unlocked another                           | open free  | wall meter        | wall subscribers
reader who opened it at the wall                      | open free  | open instant      | wall subscribers
reader who opened it at the wall, over now            | open free  | wall meter        | wall subscribers
reader with a gift of it                              | open free  | open grant        | open grant
reader with a gift of another                         | open free  | wall meter        | wall subscribers
reader with a gift that begins later                  | open free  | wall meter        | wall subscribers
reader with a link from the newsletter                | open free  | open grant        | open grant
stranger with a friend's link                         | open free  | open friend       | open friend
stranger with a friend's link, over now               | open free  | wall stranger     | wall subscribers
stranger with a friend's link to another              | open free  | wall stranger     | wall subscribers
reader with a friend's link                           | open free  | open friend       | open friend
reader with a gift of it and a friend's link          | open free  | open grant        | open grant
reader who unlocked it, with a friend's link          | open free  | open friend       | open friend
subscriber                                            | open free  | open subscription | open subscription
subscriber in the last second                         | open free  | open subscription | open subscription
subscriber whose time is over                         | open free  | wall meter        | wall subscribers
subscriber from the next second on                    | open free  | wall meter        | wall subscribers
subscriber without an end                             | open free  | open subscription | open subscription
subscriber with one of two over                       | open free  | open subscription | open subscription
subscriber who had unlocked it                        | open free  | open subscription | open subscription
subscriber on campus                                  | open free  | open institution  | open institution
staff                                                 | open staff | open staff        | open staff
staff who subscribe                                   | open staff | open staff        | open staff
"""
ROWS = [
    pytest.param(name.strip(), access, cell.strip(), id=f"{name.strip()}: {access}")
    for name, *cells in (line.split("|") for line in TABLE.strip().splitlines())
    for access, cell in zip(ACCESSES, cells, strict=True)
]
OVER = [None, NOW - DAY, NOW]
IN_FORCE = [NOW + SECOND, NOW + 400 * DAY]

# -- Whatever anybody may hold -----------------------------------------------------------------------------------------

moments = st.integers(-3, 3).map(lambda days: days * DAY)
grants = st.builds(
    lambda source, article, starts, length: grant(source, article, starts=starts, ends=None if length is None else starts + length),
    st.sampled_from(["subscription", "complimentary", "gift", "instant", "newsletter"]),
    st.sampled_from([None, THIS, OTHER]),
    moments,
    st.none() | st.integers(1, 5).map(lambda days: days * DAY),
)
unlocks = st.builds(held, st.sampled_from([THIS, OTHER]), moments)
entitlements = st.builds(
    Entitlement,
    reader_id=st.none() | st.just(7),
    is_staff=st.booleans(),
    institution=st.none() | st.just(CAMPUS),
    grants=st.lists(grants, max_size=3).map(tuple),
    unlocks=st.lists(unlocks, max_size=3).map(tuple),
    instants=st.lists(unlocks, max_size=2).map(tuple),
    spent=st.integers(0, 5),
    awaits_confirmation=st.booleans(),
    friend=st.none()
    | st.builds(
        lambda article, starts: grant("friend", article, starts=starts, ends=starts + DAY), st.sampled_from([THIS, OTHER]), moments
    ),
)
articles = st.builds(Asked, st.just(THIS), st.sampled_from(list(Access)), st.none() | moments.map(lambda by: NOW + by))
