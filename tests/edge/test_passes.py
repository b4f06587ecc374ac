"""Passes in requests: they save Django the work, and end wherever the reader's session or rights end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.edge.database import DatabaseAway
from broadsheet.library.models import Article
from broadsheet.membership.flows import end_grant, sign_out_everywhere
from broadsheet.membership.models import Grant
from broadsheet.paywall.flows import unlock_article
from broadsheet.paywall.passes import RENEW_AFTER
from broadsheet.web.account_flows import erase_account
from tests.edge.conftest import DJANGO, Process
from tests.edge.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Scene:
    """A subscriber's browser, which the edge answers by its pass."""

    process: Process
    reader: User
    visitor: Visitor
    article: Article
    clock: StoppedClock

    @property
    def path(self) -> str:
        return self.article.get_absolute_url()

    def settle(self) -> None:
        """Let the browser be given a pass, and the process hold the page that goes with it."""
        self.process.look()
        self.visitor.get(self.path)
        self.process.look()
        self.visitor.get(self.path)

    def is_by_edge(self, visitor: Visitor | None = None) -> bool:
        before = len(self.process.handed_over)
        (visitor or self.visitor).get(self.path)
        return len(self.process.handed_over) == before

    def thief(self) -> Visitor:
        """Whoever has copied the browser's cookies."""
        return self.process.visitor(cookies=self.visitor.cookies)

    @property
    def grant(self) -> Grant:
        return Grant.objects.get(reader=self.reader)


@pytest.fixture
def scene(
    process: Process,
    make_article: Callable[..., Article],
    make_subscriber: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> Scene:
    reader = make_subscriber(password="a long enough password")
    scene = Scene(process, reader, sign_in_to(process, reader), make_article(), clock)
    scene.settle()
    assert scene.is_by_edge()
    assert scene.visitor.get(scene.path).state == "open subscription"
    clock.advance(timedelta(seconds=20))
    return scene


def change_password(scene: Scene) -> None:
    scene.reader.set_password("another long password")
    scene.reader.save()


def make_staff(scene: Scene) -> None:
    scene.reader.is_staff = True
    scene.reader.save()


def bar(scene: Scene) -> None:
    scene.reader.is_active = False
    scene.reader.save(update_fields=["is_active"])


def sign_out_elsewhere(scene: Scene) -> None:
    second = scene.thief()
    second.cookies.pop("broadsheet_pass")
    assert second.post("/logout/").status in (302, 303)


def let_the_session_run_out(scene: Scene) -> None:
    Session.objects.update(expire_date=scene.clock.now() - timedelta(days=400))
    call_command("clearsessions")


def unlock_on_another_device(scene: Scene) -> None:
    unlock_article(scene.reader.pk, scene.article.pk, now=scene.clock.now())


ENDS: dict[str, Callable[[Scene], object]] = {
    "signed out": lambda scene: scene.visitor.post("/logout/"),
    "signed out with a copy of the cookies": sign_out_elsewhere,
    "signed out everywhere": lambda scene: sign_out_everywhere(scene.reader, now=scene.clock.now()),
    "signed out everywhere by form": lambda scene: scene.visitor.post("/account/sign-out-everywhere/"),
    "session deleted by hand": lambda scene: Session.objects.all().delete(),
    "session run out": let_the_session_run_out,
    "password changed": change_password,
    "subscription ended (cancelled, refunded)": lambda scene: end_grant(scene.grant.pk, now=scene.clock.now()),
    "subscription deleted by hand": lambda scene: scene.grant.delete(),
    "all subscriptions deleted by hand": lambda scene: Grant.objects.all().delete(),
    "article unlocked on another device": unlock_on_another_device,
    "account erased": lambda scene: erase_account(scene.reader, now=scene.clock.now()),
    "account deleted by hand": lambda scene: User.objects.filter(pk=scene.reader.pk).delete(),
    "barred": bar,
    "made staff": make_staff,
    "keys rotated twice": lambda scene: [rotate_signing_keys(now=scene.clock.now()) for _ in range(2)],
}


@pytest.mark.parametrize("end", ENDS)
def test_copied_pass_opens_nothing_once_the_change_is_read(end: str, scene: Scene) -> None:
    process, stolen = scene.process, dict(scene.visitor.cookies)
    ENDS[end](scene)
    process.look()
    assert process.visitor().get(scene.path).state == process.visitor().get(scene.path).state == "wall stranger"
    alone = Visitor(DJANGO, cookies=stolen).get(scene.path)
    assert not scene.is_by_edge(process.visitor(cookies=stolen))
    assert process.visitor(cookies=stolen).get(scene.path).state == alone.state
    process.database.pull(DatabaseAway("stopped"))
    process.look()
    assert scene.is_by_edge(process.visitor(cookies=stolen))
    answer = process.visitor(cookies=stolen).get(scene.path)
    assert answer.state == "wall stranger", "without the database it is nobody's pass"
    assert answer.headers["cache-control"] == "private, no-store"


def test_subscriber_reads_on_for_a_day_while_the_database_is_away(scene: Scene) -> None:
    scene.process.database.pull(DatabaseAway("stopped"))
    scene.process.look()
    scene.clock.advance(timedelta(hours=23, minutes=59))
    assert scene.is_by_edge()
    assert scene.visitor.get(scene.path).state == "open subscription"


def test_pass_is_renewed_by_django_every_five_minutes(scene: Scene) -> None:
    for _ in range(3):
        scene.clock.advance(RENEW_AFTER)
        assert not scene.is_by_edge()
        assert scene.is_by_edge()


def test_rotating_keys_once_ends_no_pass_and_the_next_is_signed_with_the_new_one(scene: Scene) -> None:
    key = rotate_signing_keys(now=scene.clock.now())
    scene.process.look()
    scene.visitor.get(scene.path)
    assert scene.is_by_edge()
    scene.clock.advance(RENEW_AFTER)
    scene.visitor.get(scene.path)
    assert scene.visitor.cookies["broadsheet_pass"].startswith(f"{key.key_id}.")
    assert scene.is_by_edge()


def test_rotating_keys_twice_ends_passes_and_signs_nobody_out(scene: Scene) -> None:
    for _ in range(2):
        rotate_signing_keys(now=scene.clock.now())
    scene.process.look()
    assert not scene.is_by_edge()
    assert scene.visitor.get(scene.path).state == "open subscription"
    assert scene.is_by_edge()


def test_another_readers_subscription_that_ends_troubles_nobody_else(
    scene: Scene, make_subscriber: Callable[..., User], sign_in_to: Callable[..., Visitor]
) -> None:
    other = make_subscriber()
    end_grant(Grant.objects.get(reader=other).pk, now=scene.clock.now())
    sign_out_everywhere(other, now=scene.clock.now())
    scene.process.look()
    assert scene.is_by_edge()


def test_signing_in_elsewhere_ends_no_pass(scene: Scene, sign_in_to: Callable[..., Visitor]) -> None:
    second = sign_in_to(scene.process, scene.reader)
    second.get(scene.path)
    scene.process.look()
    assert scene.is_by_edge()
    assert scene.is_by_edge(second)


def test_unlocked_article_is_open_at_once_in_this_browser_and_with_the_next_page_in_another(
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
) -> None:
    article, other, reader = make_article(), make_article(), make_reader()
    one, two = sign_in_to(process, reader), sign_in_to(process, reader)
    for visitor in (one, two):
        visitor.get(article.get_absolute_url())
    process.look()
    assert one.get(article.get_absolute_url()).state == "wall meter 3"
    assert one.post(f"/articles/{article.pk}/unlock/").status == 303
    assert one.get(article.get_absolute_url()).state == "open unlock 2", "before the change was read"
    process.look()
    for visitor in (one, two):
        assert visitor.get(article.get_absolute_url()).state == "open unlock 2"
        assert visitor.get(other.get_absolute_url()).state == "wall meter 2"
    before = len(process.handed_over)
    for visitor in (one, two):
        assert visitor.get(article.get_absolute_url()).state == "open unlock 2"
    assert len(process.handed_over) == before


def test_address_left_at_the_wall_opens_the_article_from_the_edge(process: Process, make_article: Callable[..., Article]) -> None:
    article, other = make_article(), make_article()
    visitor = process.visitor()
    visitor.get(article.get_absolute_url())
    assert "instant" in visitor.post(f"/articles/{article.pk}/keep-reading/", email="ann@example.net").text
    process.look()
    visitor.get(other.get_absolute_url())
    before = len(process.handed_over)
    assert visitor.get(article.get_absolute_url()).state == "open instant"
    assert visitor.get(other.get_absolute_url()).state == "wall unconfirmed"
    assert len(process.handed_over) == before


def test_staff_are_never_answered_by_the_edge(
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> None:
    article, hidden = make_article(), make_article(embargo_until=clock.now() + timedelta(hours=1))
    editor = sign_in_to(process, make_reader(is_staff=True), second_factor=True)
    process.look()
    for _ in range(3):
        before = len(process.handed_over)
        assert editor.get(article.get_absolute_url()).state == "open staff"
        assert editor.get(hidden.get_absolute_url()).state == "open staff"
        assert len(process.handed_over) == before + 2
        process.look()
