"""Which house ad a page gets: live ones for whoever reads, by weight, always the same for the same page."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.ads.booking import Booking, Seen, Slot, choose_booking, next_turn
from broadsheet.ads.models import is_safe_link

NOW = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ONE = Booking(1, Slot.LIST, Seen.BOTH, NOW - DAY, NOW + DAY, 1)


def chosen(*bookings: Booking, seen_by: Seen = Seen.STRANGER, page: str = "/ 1", now: datetime = NOW) -> int | None:
    booking = choose_booking(bookings, slot=Slot.LIST, seen_by=seen_by, page=page, now=now)
    return booking.ad_id if booking else None


@pytest.mark.parametrize(
    ("booking", "seen_by", "is_shown"),
    [
        (ONE, Seen.STRANGER, True),
        (ONE, Seen.READER, True),
        (replace(ONE, seen_by=Seen.STRANGER), Seen.STRANGER, True),
        (replace(ONE, seen_by=Seen.STRANGER), Seen.READER, False),
        (replace(ONE, seen_by=Seen.READER), Seen.READER, True),
        (replace(ONE, seen_by=Seen.READER), Seen.STRANGER, False),
        (replace(ONE, slot=Slot.ARTICLE_END), Seen.STRANGER, False),
        (replace(ONE, starts_at=NOW), Seen.STRANGER, True),
        (replace(ONE, starts_at=NOW + SECOND), Seen.STRANGER, False),
        (replace(ONE, ends_at=NOW), Seen.STRANGER, False),
        (replace(ONE, ends_at=NOW + SECOND), Seen.STRANGER, True),
        (replace(ONE, ends_at=None), Seen.STRANGER, True),
    ],
)
def test_booking_is_shown_in_its_slot_to_its_audience_in_its_days(booking: Booking, seen_by: Seen, is_shown: bool) -> None:
    assert chosen(booking, seen_by=seen_by) == (1 if is_shown else None)


def test_overlapping_bookings_share_pages_by_weight() -> None:
    bookings = [replace(ONE, ad_id=number, weight=weight) for number, weight in ((1, 1), (2, 2), (3, 7))]
    counted = Counter(chosen(*bookings, page=f"/articles/{number}/ 4") for number in range(10_000))
    assert {number: round(count / 1_000) for number, count in counted.items()} == {1: 1, 2: 2, 3: 7}


def test_another_epoch_gives_a_page_another_ad_in_turn() -> None:
    bookings = [replace(ONE, ad_id=1), replace(ONE, ad_id=2)]
    assert {chosen(*bookings, page=f"/ {epoch}") for epoch in range(40)} == {1, 2}


@given(st.permutations([replace(ONE, ad_id=number, weight=number) for number in range(1, 6)]), st.text(max_size=30))
def test_same_page_gets_the_same_ad_in_whatever_order_they_are_read(bookings: list[Booking], page: str) -> None:
    assert chosen(*bookings, page=page) == chosen(*sorted(bookings, key=lambda one: one.ad_id), page=page)


def turn(*bookings: Booking) -> datetime | None:
    return next_turn(bookings, slot=Slot.LIST, seen_by=Seen.STRANGER, now=NOW)


def test_next_turn_is_the_first_beginning_or_end_to_come() -> None:
    later = replace(ONE, starts_at=NOW + SECOND, ends_at=None)
    assert turn(ONE) == NOW + DAY
    assert turn(ONE, later) == NOW + SECOND
    assert turn(replace(ONE, ends_at=None)) is None
    assert turn() is None


def test_only_a_booking_of_the_slot_and_the_audience_turns_its_pages() -> None:
    soon = replace(ONE, ends_at=NOW + SECOND)
    assert turn(ONE, replace(soon, slot=Slot.ARTICLE_END), replace(soon, seen_by=Seen.READER)) == NOW + DAY
    assert turn(ONE, replace(soon, seen_by=Seen.STRANGER)) == NOW + SECOND


@pytest.mark.parametrize(
    "link", ["/", "/subscribe/", "/library/?kind=in-depth#top", "https://example.org", "https://example.org/a?b=c"]
)
def test_link_leads_to_a_page_of_ours_or_to_another_site_by_https(link: str) -> None:
    assert is_safe_link(link)


@pytest.mark.parametrize(
    "link",
    [
        *("", "subscribe", "//evil.example", "/\\evil.example", "\\\\evil.example", "http://example.org", "https://", "https:///x"),
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@example.org",
            "https://?",
            "/ok\r\nSet-Cookie: a=b",
            "/a b",
            "\t//evil",
        ),
        *("https:example.org", "https://@evil.example", "ftp://example.org"),
    ],
)
def test_other_links_are_refused(link: str) -> None:
    assert not is_safe_link(link)
