"""Signing in by letter: the code in the browser that asked, the link behind a button, limits, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client

from broadsheet.accounts.models import AddressProof, User
from broadsheet.core.clock import StoppedClock
from broadsheet.mail.models import OutboxLetter
from tests.web.conftest import ReadLetter
from tests.web.pages import problem

pytestmark = pytest.mark.django_db

ADDRESS = "ann@example.net"
AWAY = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/%09/evil.example".replace("%09", "\t"),
    "javascript:alert(1)",
    "evil.example",
    " https://evil.example",
    "/\n/evil.example",
]


def ask(visitor: Client, address: str = ADDRESS, **fields: str) -> Any:
    return visitor.post("/login/", {"email": address, **fields})


def is_signed_in(visitor: Client) -> bool:
    return bool(visitor.get("/account/").status_code == 200)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_code_signs_in_and_leads_on(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    answer = ask(visitor, next="/library/?q=strait")
    assert (answer.status_code, answer["Location"]) == (303, "/confirm/?next=%2Flibrary%2F%3Fq%3Dstrait")
    answer = visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert answer["Location"] == "/library/?q=strait"
    assert is_signed_in(visitor)


def test_sign_in_lasts_180_days(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    ask(visitor)
    cookie = visitor.post("/confirm/", {"code": open_letter(ADDRESS).code}).cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == 180 * 24 * 3600
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_code_may_be_typed_with_a_space(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    ask(visitor)
    code = open_letter(ADDRESS).code
    assert visitor.post("/confirm/", {"code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_code_is_good_for_fifteen_minutes_and_the_link_for_a_day(
    visitor: Client, open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    ask(visitor)
    letter = open_letter(ADDRESS)
    clock.advance(timedelta(minutes=15))
    assert "no longer good" in problem(visitor.post("/confirm/", {"code": letter.code}))
    clock.advance(timedelta(hours=23, minutes=44))
    assert visitor.post(letter.link).status_code == 302


def test_link_is_over_after_a_day(visitor: Client, open_letter: Callable[[str], ReadLetter], clock: StoppedClock) -> None:
    ask(visitor)
    clock.advance(timedelta(days=1))
    answer = visitor.post(open_letter(ADDRESS).link)
    assert "no longer good" in answer.content.decode()
    assert not User.objects.exists()


def test_opening_the_link_changes_nothing(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    ask(visitor)
    link = open_letter(ADDRESS).link
    for _ in range(3):
        assert visitor.get(link).status_code == 200
        assert visitor.head(link).status_code == 200
    assert not User.objects.exists()
    assert not is_signed_in(visitor)
    assert visitor.post(link).status_code == 302
    assert is_signed_in(visitor)


def test_letters_say_what_to_do_when_none_comes(visitor: Client, clock: StoppedClock) -> None:
    ask(visitor)
    page = visitor.get("/confirm/").content.decode()
    assert "spam" in page
    assert "10:40" in page  # ten minutes after half past ten, in Berlin
    assert 'name="resend"' not in page
    clock.advance(timedelta(minutes=10))
    assert 'name="resend"' in visitor.get("/confirm/").content.decode()


def test_another_letter_brings_a_code_of_its_own(
    visitor: Client, open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    ask(visitor, next="/library/")
    first = open_letter(ADDRESS)
    clock.advance(timedelta(minutes=10))
    assert visitor.post("/confirm/", {"resend": "1"}).status_code == 303
    second = open_letter(ADDRESS)
    assert second.link != first.link
    assert visitor.post("/confirm/", {"code": second.code})["Location"] == "/library/"


def test_asking_again_at_once_keeps_the_first_code(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    ask(visitor, next="/library/")
    ask(visitor, next="/topics/")
    assert OutboxLetter.objects.count() == 1
    assert visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})["Location"] == "/topics/"


def test_spelling_of_an_address_makes_no_second_account(
    visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    for address in ("Ann@Example.NET", "ann@example.net"):
        browser = visit()
        ask(browser, address)
        browser.post("/confirm/", {"code": open_letter(address).code})
        clock.advance(timedelta(minutes=11))
    assert User.objects.count() == 1


def test_umlaut_domain_and_its_ascii_form_are_one_mailbox(
    visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    for address in ("ann@bücher.example", "ann@xn--bcher-kva.example"):
        browser = visit()
        ask(browser, address)
        browser.post("/confirm/", {"code": open_letter(address).code})
        clock.advance(timedelta(minutes=11))
    assert User.objects.count() == 1


# -- Second factor, passwords ----------------------------------------------------------------------------------------


def test_reader_with_a_second_factor_is_asked_for_it(visitor: Client, make_reader: Any, open_letter: Any) -> None:
    reader = make_reader(ADDRESS)
    TOTP.activate(reader, "JBSWY3DPEHPK3PXP")
    assert Authenticator.objects.filter(user=reader, type="totp").exists()
    ask(visitor, next="/library/")
    answer = visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(visitor)
    page = visitor.get("/accounts/2fa/authenticate/")
    assert page.status_code == 200
    assert 'class="masthead"' in page.content.decode()


def test_password_signs_in_and_a_wrong_one_says_nothing_of_the_address(visitor: Client, make_reader: Any) -> None:
    make_reader(ADDRESS, password="correct horse battery")
    known = ask(visitor, password="wrong horse battery")
    unknown = ask(visitor, "bob@example.net", password="wrong horse battery")
    assert known.status_code == unknown.status_code == 422
    assert problem(known) == problem(unknown)
    assert ask(visitor, password="correct horse battery", next="/library/")["Location"] == "/library/"
    assert is_signed_in(visitor)


def test_log_out_needs_its_button(visitor: Client, make_reader: Any, sign_in: Any) -> None:
    sign_in(visitor, make_reader())
    visitor.get("/logout/")
    assert is_signed_in(visitor)
    assert visitor.post("/logout/").status_code == 303
    assert not is_signed_in(visitor)


# -- Attempts to take an account over --------------------------------------------------------------------------------


def test_code_is_worth_nothing_in_another_browser(
    visit: Callable[[], Client], make_reader: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    make_reader(ADDRESS)
    victim, thief = visit(), visit()
    ask(victim)
    ask(thief)  # so that the thief's browser waits for a code, too
    answer = thief.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert answer.status_code == 422
    assert not is_signed_in(thief)


def test_pressing_the_link_signs_in_the_browser_that_presses_and_not_the_one_that_asked(
    visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter]
) -> None:
    thief, victim = visit(), visit()
    ask(thief)
    victim.post(open_letter(ADDRESS).link)
    assert is_signed_in(victim)
    assert not is_signed_in(thief)
    assert thief.post("/confirm/", {"code": open_letter(ADDRESS).code}).status_code == 422


def test_three_wrong_codes_end_the_code_but_not_the_link(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    ask(visitor)
    letter = open_letter(ADDRESS)
    for _ in range(3):
        assert visitor.post("/confirm/", {"code": wrong(letter.code)}).status_code == 422
    assert visitor.post("/confirm/", {"code": letter.code}).status_code == 422
    assert visitor.post(letter.link).status_code == 302


def test_ten_wrong_codes_a_day_leave_only_the_link(
    visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter], clock: StoppedClock
) -> None:
    for _ in range(5):  # five browsers, two wrong codes each
        browser = visit()
        ask(browser)
        for _ in range(2):
            browser.post("/confirm/", {"code": wrong(open_letter(ADDRESS).code)})
        clock.advance(timedelta(minutes=10))
    clock.advance(timedelta(hours=13))  # still within the day of the first try, as the sixth letter would not be
    proof = AddressProof.objects.latest("id")
    assert proof.wrong_codes == 2
    clock.advance(timedelta(hours=-13, minutes=-10))
    answer = browser.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert answer.status_code == 422
    assert "button in the letter" in problem(answer)
    assert visit().post(open_letter(ADDRESS).link).status_code == 302


def test_used_letter_does_nothing_more(visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter]) -> None:
    first, second = visit(), visit()
    ask(first)
    letter = open_letter(ADDRESS)
    first.post("/confirm/", {"code": letter.code})
    for answer in (second.get(letter.link), second.post(letter.link)):
        assert answer.status_code == 200
        assert "has done its work" in answer.content.decode()
    assert second.post("/confirm/", {"code": letter.code}).status_code == 422
    assert not is_signed_in(second)


def test_nothing_from_before_the_confirmation_survives_it(
    visitor: Client, visit: Callable[[], Client], make_reader: Any, sign_in: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    planted = make_reader(ADDRESS, confirmed_at=None, password="planted password")
    TOTP.activate(planted, "JBSWY3DPEHPK3PXP")
    thief = visit()
    sign_in(thief, planted)
    assert ask(visit(), password="planted password").status_code == 422
    ask(visitor)
    assert visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})["Location"] == "/account/"
    planted.refresh_from_db()
    assert not planted.has_usable_password()
    assert not Authenticator.objects.exists()
    assert not is_signed_in(thief)
    assert is_signed_in(visitor)


def test_session_changes_its_key_when_somebody_signs_in(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    visitor.session["planted"] = "by somebody"
    session = visitor.session
    session["planted"] = "by somebody"
    session.save()
    visitor.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    ask(visitor)
    visitor.post("/confirm/", {"code": open_letter(ADDRESS).code})
    assert visitor.session.session_key != session.session_key
    assert "planted" not in visitor.session
    assert not session.exists(session.session_key)


def test_forged_host_changes_no_link(visit: Callable[[], Client], open_letter: Callable[[str], ReadLetter]) -> None:
    for headers in ({"host": "evil.example"}, {"x-forwarded-host": "evil.example"}):
        browser = visit()
        browser.post("/login/", {"email": ADDRESS}, headers=headers)
    text = "".join(letter.text + letter.html for letter in OutboxLetter.objects.all())
    assert "evil.example" not in text
    assert settings.BROADSHEET.site_url in text


FORMS = ["/login/", "/confirm/", "/logout/", "/help/", "/account/erase/", "/account/newsletter/", "/account/sign-out-everywhere/"]


@pytest.mark.parametrize("path", [*FORMS, "/articles/1/keep-reading/", "/articles/1/unlock/", "/confirm/some-token/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://sub.localhost"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_form_of_another_site_is_refused(path: str, headers: dict[str, str], make_reader: Any, sign_in: Any) -> None:
    browser = Client()
    sign_in(browser, make_reader(ADDRESS))
    assert browser.post(path, {"email": ADDRESS}, headers=headers).status_code == 403
    assert User.objects.count() == 1
    assert not OutboxLetter.objects.exists()


def test_own_form_is_taken_by_fetch_metadata_where_a_browser_sends_no_origin() -> None:
    assert Client().post("/login/", {"email": ""}, headers={"sec-fetch-site": "same-origin"}).status_code == 422


@pytest.mark.parametrize("away", AWAY)
def test_no_form_leads_off_the_site(
    away: str, visit: Callable[[], Client], make_reader: Any, sign_in: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    browser = visit()
    ask(browser, next=away)
    assert browser.post("/confirm/", {"code": open_letter(ADDRESS).code, "next": away})["Location"] == "/account/"
    assert browser.get("/login/", {"next": away})["Location"] == "/account/"
    assert browser.post("/logout/", {"next": away})["Location"] == "/"
    other = visit()
    make_reader("pw@example.net", password="correct horse battery")
    answer = other.post("/login/", {"email": "pw@example.net", "password": "correct horse battery", "next": away})
    assert answer["Location"] == "/account/"
    assert "evil" not in other.get("/subscribe/", {"next": away}).content.decode()
    assert "evil" not in visit().get("/confirm/", {"next": away}).content.decode()


@pytest.mark.parametrize("path", ["signup/", "login/", "email/", "password/reset/", "confirm-email/", "logout/", "login/code/"])
def test_pages_of_allauth_that_contradict_the_rules_are_not_there(path: str, visitor: Client) -> None:
    assert visitor.get(f"/accounts/{path}").status_code == 404


@pytest.mark.parametrize("path", ["2fa/", "2fa/webauthn/", "password/set/", "password/change/", "2fa/totp/activate/"])
def test_pages_of_allauth_that_stay_lead_a_stranger_to_sign_in(path: str, visitor: Client) -> None:
    answer = visitor.get(f"/accounts/{path}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")
