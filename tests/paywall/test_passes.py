"""The pass: it shows exactly what its reader holds, and nothing else that anybody writes into a cookie opens anything."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from broadsheet.membership.entitlement import Entitlement, HeldGrant, HeldUnlock
from broadsheet.pages.variants import audience_of, variant_of
from broadsheet.paywall.passes import (
    EXPIRES_AFTER,
    MAX_LENGTH,
    MAX_OPEN_ARTICLES,
    RENEW_AFTER,
    Pass,
    SigningKey,
    holder_name,
    make_pass,
    read_pass,
    sign_pass,
)
from broadsheet.paywall.resolver import Asked, Outcome, decide
from tests.paywall.holders import ALLOWANCE, DAY, NOW, THIS, articles, entitlements, grant, reader

KEY = SigningKey("k1", b"a secret of this installation")
OLDER = SigningKey("k0", b"the secret before it")
KEYS = {key.key_id: key for key in (KEY, OLDER)}
HOLDER = holder_name("session", "a session's key")
SECOND = timedelta(seconds=1)


def make(entitlement: Entitlement, now: datetime = NOW) -> Pass | None:
    return make_pass(entitlement, holder=HOLDER, version=4, month="2026-02", now=now)


def signed(entitlement: Entitlement, key: SigningKey = KEY, now: datetime = NOW) -> str:
    made = make(entitlement, now)
    assert made is not None
    return sign_pass(made, key)


def carried(entitlement: Entitlement, now: datetime = NOW) -> Pass | None:
    """The pass of what somebody holds, as it comes back in a cookie."""
    made = make(entitlement, now)
    return None if made is None else read_pass(sign_pass(made, KEY), KEYS)


def outcome(entitlement: Entitlement, asked: Asked, now: datetime) -> tuple[object, ...]:
    """Everything of an answer that a page shows."""
    decision = decide(entitlement, asked, allowance=ALLOWANCE, now=now)
    shown = variant_of(decision, entitlement, now)
    return decision.outcome, decision.reason, decision.remaining, shown.kind, audience_of(entitlement, now)


# -- What a pass shows is what its reader holds ------------------------------------------------------------------------

# Moments that lie close together, some between two seconds, so that something often begins or ends while a pass counts.
near = st.integers(-400_000, 400_000).map(lambda ms: NOW + timedelta(milliseconds=ms)) | st.sampled_from(
    [NOW, NOW + SECOND, NOW - SECOND, NOW + RENEW_AFTER, NOW + EXPIRES_AFTER, NOW + timedelta(microseconds=1)]
)
near_grants = st.builds(
    lambda source, article, start, end: HeldGrant(source, article, start, end, "a reason", "a record"),
    st.sampled_from(["subscription", "complimentary", "gift", "instant", "newsletter"]),
    st.sampled_from([None, THIS, 2]),
    near,
    st.none() | near,
)
near_unlocks = st.builds(HeldUnlock, st.sampled_from([THIS, 2]), near, st.just("a record"))
near_entitlements = st.builds(
    Entitlement,
    reader_id=st.none() | st.just(7),
    grants=st.lists(near_grants, max_size=4).map(tuple),
    unlocks=st.lists(near_unlocks, max_size=3).map(tuple),
    instants=st.lists(near_unlocks, max_size=2).map(tuple),
    spent=st.integers(0, 5),
    awaits_confirmation=st.booleans(),
)


@given(near_entitlements | entitlements, articles, near, st.integers(0, 999_999))
def test_pass_shows_what_its_reader_holds_as_long_as_it_counts(
    entitlement: Entitlement, asked: Asked, later: datetime, microseconds: int
) -> None:
    made_at = NOW.replace(microsecond=microseconds)
    shown = carried(entitlement, made_at)
    assume(shown is not None and made_at <= later and later.timestamp() < shown.renew_at)
    assert shown is not None
    held = replace(entitlement, institution=None, friend=None)
    assert outcome(shown.entitlement, asked, later) == outcome(held, asked, later)


@given(near_entitlements, articles, st.integers(0, 24 * 3600))
def test_pass_that_goes_on_without_the_database_opens_nothing_that_has_ended(
    entitlement: Entitlement, asked: Asked, seconds: int
) -> None:
    later = NOW + timedelta(seconds=seconds)
    shown = carried(entitlement)
    assume(shown is not None and later.timestamp() < shown.expires_at)
    assert shown is not None
    opened = decide(shown.entitlement, asked, allowance=ALLOWANCE, now=later)
    assert not opened.is_open or decide(entitlement, asked, allowance=ALLOWANCE, now=later).is_open
    if opened.outcome is Outcome.WALL:
        assert opened.remaining == decide(entitlement, asked, allowance=ALLOWANCE, now=later).remaining


@given(entitlements)
def test_everything_in_a_pass_comes_back(entitlement: Entitlement) -> None:
    assert carried(entitlement) == make(entitlement)


def test_pass_counts_five_minutes_and_shows_a_day() -> None:
    shown = carried(reader())
    assert shown is not None
    assert (shown.renew_at, shown.expires_at) == (int((NOW + RENEW_AFTER).timestamp()), int((NOW + EXPIRES_AFTER).timestamp()))


@pytest.mark.parametrize(
    "held",
    [
        reader(grants=(grant("subscription", starts=timedelta(seconds=90)),)),
        reader(grants=(grant("subscription", ends=timedelta(seconds=90)),)),
        reader(grants=(grant("gift", THIS, starts=timedelta(seconds=90)),)),
        reader(unlocks=(HeldUnlock(THIS, NOW + timedelta(seconds=90, milliseconds=300), ""),)),
        reader(instants=(HeldUnlock(THIS, NOW + timedelta(seconds=90), ""),)),
    ],
    ids=["subscription begins", "subscription ends", "gift begins", "unlock ends", "instant article ends"],
)
def test_pass_is_renewed_when_something_in_it_begins_or_ends(held: Entitlement) -> None:
    shown = carried(held)
    assert shown is not None
    assert shown.renew_at == NOW.timestamp() + 90


def test_staff_get_no_pass() -> None:
    assert make(reader(is_staff=True)) is None
    assert make(reader(is_staff=True, grants=(grant("subscription"),))) is None


def test_who_holds_too_many_single_articles_gets_no_pass() -> None:
    def unlocks(number: int) -> Entitlement:
        return reader(unlocks=tuple(HeldUnlock(article, NOW + DAY, "") for article in range(1, number + 1)))

    assert make(unlocks(MAX_OPEN_ARTICLES)) is not None
    assert make(unlocks(MAX_OPEN_ARTICLES + 1)) is None


def test_longest_pass_fits_a_cookie_and_is_read_back() -> None:
    highest = 10**9  # articles; ids grow by one for each
    unlocks = tuple(HeldUnlock(highest - number, NOW + DAY, "") for number in range(MAX_OPEN_ARTICLES))
    text = signed(reader(reader_id=highest, unlocks=unlocks, grants=(grant("subscription"),)))
    assert len(text) <= MAX_LENGTH
    assert read_pass(text, KEYS) is not None


# -- What anybody writes into a cookie opens nothing -------------------------------------------------------------------

TEXT = signed(reader(grants=(grant("subscription"),), unlocks=(HeldUnlock(THIS, NOW + DAY, ""),)))
POOR = signed(reader())
ALPHABET = "".join(map(chr, range(256))) + "éλ☃𝔸"


def test_the_pass_itself_is_read() -> None:
    assert read_pass(TEXT, KEYS) is not None


@given(st.integers(0, len(TEXT) - 1), st.sampled_from(ALPHABET))
def test_no_other_character_anywhere(place: int, character: str) -> None:
    assume(TEXT[place] != character)
    assert read_pass(TEXT[:place] + character + TEXT[place + 1 :], KEYS) is None


def test_no_character_less_or_more() -> None:
    for place in range(len(TEXT)):
        assert read_pass(TEXT[:place], KEYS) is None
        assert read_pass(TEXT[place + 1 :], KEYS) is None
        assert read_pass(TEXT[:place] + TEXT[place + 1 :], KEYS) is None
        for character in "A.=- ":
            assert read_pass(TEXT[:place] + character + TEXT[place:], KEYS) is None
    assert read_pass(TEXT + "=", KEYS) is None


@given(st.text(max_size=200) | st.text("abc.=_-AB0", max_size=60))
def test_no_text_that_we_did_not_sign(text: str) -> None:
    assert read_pass(text, KEYS) is None
    assert read_pass(f"k1.{text}", KEYS) is None
    assert read_pass(f"{text}.{TEXT}", KEYS) is None


def test_parts_of_two_passes_do_not_go_together() -> None:
    key_id, payload, signature = TEXT.split(".")
    _, poor_payload, poor_signature = POOR.split(".")
    for mixed in (
        f"{key_id}.{payload}.{poor_signature}",
        f"{key_id}.{poor_payload}.{signature}",
        f"{key_id}.{signature}.{payload}",
        f"k0.{payload}.{signature}",
        f"k0.{payload}.{signed(reader(grants=(grant('subscription'),)), OLDER).split('.')[2]}",
        f"{payload}.{signature}",
        f"{key_id}..{signature}",
        f"{key_id}.{payload}.",
        f".{payload}.{signature}",
        f"{key_id}.{payload}.{payload}.{signature}",
    ):
        assert read_pass(mixed, KEYS) is None, mixed


def test_payload_that_says_more_is_not_ours() -> None:
    key_id, payload, signature = POOR.split(".")
    fields = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    for place in range(len(fields)):
        richer = [*fields]
        richer[place] = [int(NOW.timestamp()), None] if place == 7 else 2
        forged = urlsafe_b64encode(json.dumps(richer, separators=(",", ":")).encode()).decode().rstrip("=")
        assert read_pass(f"{key_id}.{forged}.{signature}", KEYS) is None


def test_key_that_is_not_ours_signs_nothing() -> None:
    assert read_pass(signed(reader(), SigningKey("k1", b"guessed")), KEYS) is None
    assert read_pass(signed(reader(), SigningKey("k2", KEY.secret)), KEYS) is None
    assert read_pass(TEXT, {}) is None


def test_each_live_key_counts_and_a_deleted_one_does_not() -> None:
    assert read_pass(signed(reader(), OLDER), KEYS) == make(reader())
    assert read_pass(signed(reader(), OLDER), {"k1": KEY}) is None


def test_huge_cookie_is_not_even_hashed() -> None:
    assert read_pass(f"k1.{'A' * MAX_LENGTH}.{'A' * 22}", KEYS) is None
    made = make(reader())
    assert made is not None
    assert read_pass(sign_pass(replace(made, holder="s" + "0" * MAX_LENGTH), KEY), KEYS) is None


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [1],
        [2, *range(10)],
        {},
        {"0": 1},
        "1",
        7,
        None,
        [1, HOLDER, 7, "x", "2026-02", 0, 0, None, [], 0, None],
        [1] + [[]] * 10,
    ],
    ids=str,
)
def test_form_of_another_release_is_no_pass(fields: object) -> None:
    payload = urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    digest = blake2b(f"k1.{payload}".encode(), key=KEY.secret, digest_size=16, person=b"broadsheet.pass").digest()
    assert read_pass(f"k1.{payload}.{urlsafe_b64encode(digest).decode().rstrip('=')}", KEYS) is None


# -- Whose it is -------------------------------------------------------------------------------------------------------


def test_session_and_browser_of_the_same_secret_have_different_names() -> None:
    assert holder_name("session", "secret") != holder_name("browser", "secret")
    assert holder_name("session", "secret") != holder_name("session", "secret2")


def test_holder_tells_nothing_of_the_secret() -> None:
    assert "secret" not in holder_name("session", "secret")
    assert len(holder_name("session", "x" * 500)) == len(holder_name("session", "x"))
