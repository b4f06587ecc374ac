"""The wall's forms: the rest at once for an address, three articles of one's own choice, and nothing for anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.accounts.models import AddressProof, User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.core.text import word_runs
from broadsheet.library.models import Article, ArticleText
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import NewsletterConsent
from broadsheet.paywall.models import InstantAccess, Unlock
from broadsheet.publication.models import Publication
from tests.web.conftest import ReadLetter
from tests.web.pages import problem, state

pytestmark = pytest.mark.django_db


def keep_reading(visitor: Client, article: Article, email: str = "ann@example.net", **fields: str) -> Any:
    return visitor.post(f"/articles/{article.pk}/keep-reading/", {"email": email, **fields})


def unlock(visitor: Client, article: Article) -> Any:
    return visitor.post(f"/articles/{article.pk}/unlock/")


def rest_runs(article: Article) -> set[tuple[str, ...]]:
    text = ArticleText.objects.get(article=article)
    return word_runs(text.body_text[text.teaser_end :])


def runs_of(response: Any) -> set[tuple[str, ...]]:
    return word_runs(re.sub(r"<[^>]+>", " ", response.content.decode()))


# -- Leaving an address ----------------------------------------------------------------------------------------------


def test_address_opens_the_rest_in_the_same_answer(visitor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    answer = keep_reading(visitor, article)
    assert answer.status_code == 200
    assert state(answer) == "open instant"
    assert rest_runs(article) <= runs_of(answer)
    assert answer["Cache-Control"] == "private, no-store"


def test_open_article_stays_open_in_this_browser_only(
    visitor: Client, visit: Callable[[], Client], make_article: Callable[..., Article]
) -> None:
    article = make_article()
    keep_reading(visitor, article)
    assert state(visitor.get(article.get_absolute_url())) == "open instant"
    assert state(visit().get(article.get_absolute_url())) == "wall stranger"


def test_browser_cookie_is_http_only_and_lax(visitor: Client, make_article: Callable[..., Article]) -> None:
    cookie = keep_reading(visitor, make_article()).cookies["broadsheet_browser"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_instant_article_closes_after_thirty_days(
    visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    keep_reading(visitor, article)
    clock.advance(timedelta(days=30, seconds=-1))
    assert state(visitor.get(article.get_absolute_url())) == "open instant"
    clock.advance(timedelta(seconds=1))
    assert state(visitor.get(article.get_absolute_url())).startswith("wall")


def test_get_of_the_form_address_leads_to_the_article_and_opens_nothing(
    visitor: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    answer = visitor.get(f"/articles/{article.pk}/keep-reading/")
    assert (answer.status_code, answer["Location"]) == (303, f"{article.get_absolute_url()}#continue")
    assert not InstantAccess.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type your email address"),
        ("ann", "has an @ in the middle"),
        ("ann@", "couldn’t read that address"),
        ("ann@@example.net", "Did you mean ann@example.net?"),
        ("ann@gmail", "Did you mean ann@gmail.com?"),
        ("ann@gmial.com", "Did you mean ann@gmail.com?"),
        ("ann@example.con", "Did you mean ann@example.com?"),
    ],
)
def test_address_that_cannot_be_read_is_asked_for_again(
    typed: str, words: str, visitor: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    answer = keep_reading(visitor, article, typed)
    assert answer.status_code == 422
    assert words in problem(answer)
    assert f'value="{typed}"' in answer.content.decode() or typed == ""
    assert state(answer) == "wall stranger"
    assert not rest_runs(article) & runs_of(answer)
    assert not OutboxLetter.objects.exists()


def test_suggested_address_can_be_accepted_with_one_button(visitor: Client, make_article: Callable[..., Article]) -> None:
    answer = keep_reading(visitor, make_article(), "ann@gmial.com", newsletter="1").content.decode()
    form = re.search(r'<form[^>]*><input type="hidden" name="email" value="ann@gmail.com">.*?</form>', answer, re.DOTALL)
    assert form is not None
    assert 'name="newsletter" value="1"' in form[0]


def test_address_that_was_meant_as_typed_is_taken_the_second_time(visitor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    assert state(keep_reading(visitor, article, "ann@gmial.com", sure="ann@gmial.com")) == "open instant"


@pytest.mark.parametrize("address", ["ann+news@example.net", "jürgen@example.net", "ann@bücher.example", "o'brien@example.net"])
def test_unusual_addresses_are_taken(address: str, visitor: Client, make_article: Callable[..., Article]) -> None:
    assert state(keep_reading(visitor, make_article(), address)) == "open instant"
    assert OutboxLetter.objects.get().to_address == address


def test_mistyped_address_can_be_put_right_and_the_article_stays_open(
    visitor: Client, make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    keep_reading(visitor, article, "anm@example.net")
    assert state(keep_reading(visitor, article, "ann@example.net")) == "open instant"
    assert open_letter("ann@example.net").code
    answer = visitor.post("/confirm/", {"code": open_letter("ann@example.net").code})
    assert answer["Location"] == f"{article.get_absolute_url()}#continue"
    assert User.objects.get().email == "ann@example.net"


def test_second_article_of_a_browser_asks_to_confirm_first(
    visitor: Client, make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    first, second = make_article(), make_article()
    keep_reading(visitor, first)
    answer = keep_reading(visitor, second, "other@example.net")
    assert (answer.status_code, state(answer)) == (200, "wall unconfirmed")
    assert 'name="code"' in answer.content.decode()
    assert not rest_runs(second) & runs_of(answer)
    assert open_letter("other@example.net").code


def test_campus_behind_one_address_is_asked_to_confirm_after_twenty(
    visit: Callable[[], Client], make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    states = [state(keep_reading(visit(), article, f"student{n}@example.edu")) for n in range(21)]
    assert states == ["open instant"] * 20 + ["wall unconfirmed"]
    last = visit()
    keep_reading(last, article, "student99@example.edu")
    answer = last.post("/confirm/", {"code": open_letter("student99@example.edu").code})
    assert answer["Location"] == f"{article.get_absolute_url()}#continue"
    assert state(last.get(article.get_absolute_url())) == "wall meter 3"


def test_exempt_network_has_no_limit(visit: Callable[[], Client], make_article: Callable[..., Article]) -> None:
    Publication.objects.create(exempt_networks="127.0.0.0/8")
    article = make_article()
    assert {state(keep_reading(visit(), article, f"student{n}@example.edu")) for n in range(25)} == {"open instant"}


def test_article_for_subscribers_shows_its_wall_again(visitor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article(access="subscribers")
    answer = keep_reading(visitor, article)
    assert (answer.status_code, state(answer)) == (200, "wall subscribers")
    assert not rest_runs(article) & runs_of(answer)
    assert not OutboxLetter.objects.exists()


@pytest.mark.parametrize("path", ["keep-reading", "unlock"])
def test_unknown_embargoed_and_unpublished_articles_are_not_there(
    path: str, visitor: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    hidden = [make_article(embargo_until=clock.now() + timedelta(hours=1)), make_article(published=False)]
    for number in [article.pk for article in hidden] + [987654, 10**30]:
        assert visitor.post(f"/articles/{number}/{path}/", {"email": "ann@example.net"}).status_code == 404


def test_address_is_one_event_without_the_address(visitor: Client, make_article: Callable[..., Article]) -> None:
    first, second = make_article(), make_article()
    keep_reading(visitor, first)
    keep_reading(visitor, first)
    keep_reading(visitor, second)
    rows = list(Event.objects.filter(kind="email_left").values_list("article_id", "source", "reader_id"))
    assert rows == [(first.pk, "", None), (second.pk, "confirm first", None)]


# -- Known and unknown -----------------------------------------------------------------------------------------------


def shape(queries: CaptureQueriesContext) -> list[str]:
    """The queries with every value taken out."""
    values = re.compile(r"'(?:[^']|'')*'|\"s\d+_x\d+\"|\b\d+\b")
    return [values.sub("?", query["sql"]) for query in queries.captured_queries]


@pytest.mark.parametrize("way", ["wall", "wall, confirm first", "sign-in", "another letter"])
@pytest.mark.parametrize("who", ["reader", "subscriber", "staff", "reader with password"])
def test_known_and_unknown_address_get_the_same_answer_for_the_same_work(
    way: str, who: str, visit: Callable[[], Client], make_article: Callable[..., Article], make_reader: Any, make_subscriber: Any
) -> None:
    known = {
        "reader": lambda: make_reader("known@example.net"),
        "subscriber": lambda: make_subscriber("known@example.net"),
        "staff": lambda: make_reader("known@example.net", is_staff=True),
        "reader with password": lambda: make_reader("known@example.net", password="correct horse battery"),
    }[who]()
    earlier, article = make_article(), make_article()

    def ask(address: str) -> tuple[int, list[str], str, list[str]]:
        browser = visit()
        if way == "wall, confirm first":
            keep_reading(browser, earlier, "somebody@example.net")
        path, fields = f"/articles/{article.pk}/keep-reading/", {"email": address, "newsletter": "1"}
        if way in ("sign-in", "another letter"):
            path, fields = ("/login/" if way == "sign-in" else "/confirm/"), {"email": address, "next": "/library/"}
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(path, fields)
        page = browser.get(answer["Location"]) if answer.status_code == 303 else answer
        headers = sorted(
            f"{name}: {value}" for name, value in answer.headers.items() if name not in ("Content-Length", "X-Request-ID")
        )
        return answer.status_code, headers, page.content.decode().replace(address, "ADDRESS"), shape(queries)

    ask("warmup@example.net")
    assert ask(known.email) == ask("stranger@example.net")


def test_what_is_known_of_an_address_stands_in_its_mailbox_only(
    visit: Callable[[], Client], make_article: Callable[..., Article], make_reader: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    make_reader("known@example.net")
    keep_reading(visit(), article, "known@example.net")
    keep_reading(visit(), article, "new@example.net")
    assert open_letter("known@example.net").kind == "sign-in"
    assert open_letter("new@example.net").kind == "confirm"


def test_address_left_at_the_wall_signs_nobody_in(
    visitor: Client, make_article: Callable[..., Article], make_subscriber: Any
) -> None:
    article, other = make_article(), make_article()
    subscriber = make_subscriber()
    keep_reading(visitor, article, subscriber.email)
    assert "broadsheet_session" not in visitor.cookies
    assert state(visitor.get(other.get_absolute_url())) == "wall unconfirmed"
    assert visitor.get("/account/").status_code == 303


def test_one_letter_in_ten_minutes_and_five_a_day_while_the_answer_never_differs(
    visit: Callable[[], Client], make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    pages, letters = set(), []
    for _ in range(16):
        pages.add(keep_reading(visit(), article).content)
        letters.append(OutboxLetter.objects.count())
        clock.advance(timedelta(minutes=5))
    assert len(pages) == 1
    assert letters == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5]
    clock.advance(timedelta(days=1))
    keep_reading(visit(), article)
    assert OutboxLetter.objects.count() == 6


# -- Opening an article of one's own choice --------------------------------------------------------------------------


def test_reader_opens_three_and_is_told_when_the_next_come(
    visitor: Client, make_article: Callable[..., Article], make_reader: Any, sign_in: Any
) -> None:
    sign_in(visitor, make_reader())
    articles = [make_article() for _ in range(4)]
    for number, article in enumerate(articles[:3]):
        assert state(visitor.get(article.get_absolute_url())) == f"wall meter {3 - number}"
        answer = unlock(visitor, article)
        assert (answer.status_code, answer["Location"]) == (303, f"{article.get_absolute_url()}#continue")
        assert state(visitor.get(article.get_absolute_url())) == f"open unlock {2 - number}"
    assert unlock(visitor, articles[3]).status_code == 303
    page = visitor.get(articles[3].get_absolute_url())
    assert state(page) == "wall spent 0"
    assert "1 March" in page.content.decode()
    assert Unlock.objects.count() == 3


def test_unlocking_twice_counts_once(visitor: Client, make_article: Callable[..., Article], make_reader: Any, sign_in: Any) -> None:
    sign_in(visitor, make_reader())
    article = make_article()
    for _ in range(3):
        unlock(visitor, article)
    assert Unlock.objects.count() == 1


def test_stranger_who_presses_unlock_is_led_to_sign_in_and_back(visitor: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    answer = unlock(visitor, article)
    assert (answer.status_code, answer["Location"]) == (303, f"/login/?next={article.get_absolute_url()}%23continue")


def test_subscriber_and_instant_article_spend_nothing(
    visitor: Client, make_article: Callable[..., Article], make_reader: Any, make_subscriber: Any, sign_in: Any, visit: Any
) -> None:
    article = make_article()
    sign_in(visitor, make_subscriber())
    unlock(visitor, article)
    other = visit()
    keep_reading(other, article)
    sign_in(other, make_reader())
    unlock(other, article)
    assert not Unlock.objects.exists()


def test_get_never_unlocks(visitor: Client, make_article: Callable[..., Article], make_reader: Any, sign_in: Any) -> None:
    sign_in(visitor, make_reader())
    article = make_article()
    assert visitor.get(f"/articles/{article.pk}/unlock/").status_code == 303
    assert visitor.head(f"/articles/{article.pk}/unlock/").status_code == 303
    assert not Unlock.objects.exists()


@pytest.mark.parametrize("header", [{"sec-purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}])
def test_speculative_request_is_refused(
    header: dict[str, str], visitor: Client, make_article: Callable[..., Article], make_reader: Any, sign_in: Any
) -> None:
    sign_in(visitor, make_reader())
    article = make_article()
    assert visitor.post(f"/articles/{article.pk}/unlock/", headers=header).status_code == 403
    assert not Unlock.objects.exists()


def test_article_for_subscribers_is_not_opened_by_the_meter(
    visitor: Client, make_article: Callable[..., Article], make_reader: Any, sign_in: Any
) -> None:
    sign_in(visitor, make_reader())
    article = make_article(access="subscribers")
    assert unlock(visitor, article).status_code == 303
    assert state(visitor.get(article.get_absolute_url())) == "wall subscribers 3"
    assert not Unlock.objects.exists()


# -- From the first address to the account ---------------------------------------------------------------------------


def test_confirming_keeps_the_instant_article_outside_the_three(
    visitor: Client, visit: Callable[[], Client], make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    article, other = make_article(), make_article()
    keep_reading(visitor, article, newsletter="1")
    elsewhere = visit()
    elsewhere.post(open_letter("ann@example.net").link)
    assert state(elsewhere.get(article.get_absolute_url())) == "open instant"
    assert state(elsewhere.get(other.get_absolute_url())) == "wall meter 3"


def test_newsletter_begins_with_the_confirmation_and_only_if_asked_for(
    visit: Callable[[], Client], make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    for address, fields in (("with@example.net", {"newsletter": "1"}), ("without@example.net", {})):
        browser = visit()
        keep_reading(browser, article, address, **fields)
        assert not NewsletterConsent.objects.filter(reader__email=address).exists()
        browser.post("/confirm/", {"code": open_letter(address).code})
    consent = NewsletterConsent.objects.get()
    assert (consent.reader.email, consent.text) == ("with@example.net", "Send me the free newsletter too")
    assert consent.network_key
    assert "127.0.0.1" not in consent.network_key


def test_sign_in_of_a_known_reader_changes_no_consent(
    visitor: Client, make_article: Callable[..., Article], make_reader: Any, open_letter: Callable[[str], ReadLetter]
) -> None:
    make_reader("known@example.net")
    keep_reading(visitor, make_article(), "known@example.net", newsletter="1")
    visitor.post("/confirm/", {"code": open_letter("known@example.net").code})
    assert not NewsletterConsent.objects.exists()


def test_confirming_is_one_event_without_the_address(
    visitor: Client, make_article: Callable[..., Article], open_letter: Callable[[str], ReadLetter]
) -> None:
    article = make_article()
    keep_reading(visitor, article)
    visitor.post("/confirm/", {"code": open_letter("ann@example.net").code})
    event = Event.objects.get(kind="confirmed")
    assert (event.article_id, event.reader_id, event.source) == (article.pk, User.objects.get().pk, "")
    assert not AddressProof.objects.filter(used_at__isnull=True).exists()
