"""A publication's life in any order: after each step every browser is shown by the edge what the model says.

Two processes follow the change log. Whatever happens to articles, readers, sessions, keys, processes and the clock, each
process that has looked at the log shows every browser exactly its due, copied cookies included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import trim_change_log
from broadsheet.core.models import Change, Tally, TrimmedLog
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.edge.database import DatabaseAway
from broadsheet.library.models import Article
from broadsheet.membership.flows import end_grant, give_grant, sign_out_everywhere
from broadsheet.membership.models import Grant
from broadsheet.paywall.passes import COOKIE
from broadsheet.web.account_flows import erase_account
from tests.conftest import START
from tests.edge.conftest import Process
from tests.edge.model import ArticleFacts, BrowserFacts, Cookies, Model, ReaderFacts, end_of_month
from tests.edge.visitor import Visitor

ACCESSES = ("metered", "metered", "subscribers")
BROWSERS, READERS = 3, 2
WAITS = {
    "a second": timedelta(seconds=1),
    "a minute": timedelta(minutes=1),
    "six minutes": timedelta(minutes=6),
    "an hour": timedelta(hours=1),
    "a day": timedelta(days=1),
    "ten days": timedelta(days=10),
}

articles = st.integers(0, len(ACCESSES) - 1)
browsers = st.integers(0, BROWSERS - 1)
readers = st.integers(0, READERS - 1)
processes = st.integers(0, 1)


class Publication(RuleBasedStateMachine):
    """Everything that can happen, done to the program and to the model alike."""

    answers: Counter[str] = Counter()
    addresses = count(1)  # over all lives: erased ones stay taken

    def __init__(self, clock: StoppedClock, sign_in: Callable[..., None]) -> None:
        super().__init__()
        self.clock, self.sign_in = clock, sign_in
        clock.at = START
        for model in (Article, Change, TrimmedLog, Tally):  # what other lives have left; a fresh database would cost seconds
            model.objects.all().delete()
        self.model = Model(START)
        self.numbers = count(1)
        self.rows: list[int] = []
        self.people: list[int] = []  # their ids
        self.jars: list[Cookies] = []
        self.visitors: list[Visitor] = []
        self.asleep: set[int] = set()
        self.processes: list[Process] = []

    @initialize()
    def open(self) -> None:
        self.processes = [Process(), Process()]
        for access in ACCESSES:
            self._add_article(access)
        for _ in range(READERS):
            self._add_reader()
        for _ in range(BROWSERS):
            self._add_browser(Cookies(), {})
        for number in range(READERS):
            self.sign_in_with(number, number)
        self.subscribe(1, "ten days")
        for number in range(2):
            self._compare(number)
        for number in range(READERS):
            self.copy_cookies(number)

    def teardown(self) -> None:
        if self.processes:
            self.asleep = set()
            for number in range(2):
                self._compare(number)
        for process in self.processes:
            process.close()

    # -- Editors -------------------------------------------------------------------------------------------------------

    @rule(article=articles, access=st.none() | st.sampled_from(["free", "metered", "subscribers"]))
    def publish(self, article: int, access: str | None) -> None:
        facts = self.model.articles[article]
        facts.headline, facts.is_live, facts.embargo_until = f"Headline {next(self.numbers)}.", True, None
        facts.access = access or facts.access
        self._save(article)

    @rule(article=articles)
    def unpublish(self, article: int) -> None:
        if self.model.articles[article].is_live:
            self._row(article).unpublish()
            self.model.articles[article].is_live = False

    @rule(article=articles, wait=st.sampled_from(["a minute", "an hour"]))
    def put_under_embargo(self, article: int, wait: str) -> None:
        facts = self.model.articles[article]
        facts.is_live, facts.embargo_until = True, self.clock.now() + WAITS[wait]
        self._save(article)

    # -- Readers -------------------------------------------------------------------------------------------------------

    @rule(browser=browsers, reader=readers)
    def sign_in_with(self, browser: int, reader: int) -> None:
        self.sign_out_of(browser)
        client = Client()
        self.sign_in(client, User.objects.get(pk=self.people[reader]))
        self.visitors[browser].cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        session = next(self.numbers)
        self.model.sessions[session] = self.people[reader]
        self.jars[browser].session = session

    @rule(browser=browsers)
    def sign_out_of(self, browser: int) -> None:
        jar = self.jars[browser]
        if self.model.reader_of(jar) is not None:
            self._ask(browser).post("/logout/")
            assert jar.session is not None
            self.model.sessions[jar.session] = None

    @rule(reader=readers)
    def sign_out_of_everything(self, reader: int) -> None:
        sign_out_everywhere(User.objects.get(pk=self.people[reader]), now=self.clock.now())
        self.model.end_sessions(self.people[reader])

    @rule(browser=browsers, article=articles)
    def unlock(self, browser: int, article: int) -> None:
        self._ask(browser).post(f"/articles/{self.rows[article]}/unlock/")
        self.model.unlock(self.jars[browser], article)

    @rule(browser=browsers, article=articles)
    def leave_address(self, browser: int, article: int) -> None:
        visitor, jar = self._ask(browser), self.jars[browser]
        visitor.post(f"/articles/{self.rows[article]}/keep-reading/", email=f"somebody{next(self.addresses)}@example.org")
        if jar.name is None and "broadsheet_browser" in visitor.cookies:
            jar.name = next(self.numbers)
            self.model.browsers[jar.name] = BrowserFacts()
        self.model.leave_address(jar, article)
        for other, theirs in zip(self.visitors, self.jars, strict=True):
            if theirs.name == jar.name and other is not visitor:
                other.cookies.pop(COOKIE, None)  # a copied name learns of it with its next pass, in five minutes at most

    @rule(reader=readers, wait=st.sampled_from(["a minute", "an hour", "ten days"]))
    def subscribe(self, reader: int, wait: str) -> None:
        start, end = self.clock.now(), self.clock.now() + WAITS[wait]
        give_grant(self.people[reader], Grant.Source.SUBSCRIPTION, reason="a step", ends_at=end, now=start)
        self.model.readers[self.people[reader]].grants.append([start, end])

    @rule(reader=readers)
    def cancel(self, reader: int) -> None:
        now = self.clock.now() + timedelta(microseconds=1)  # no grant begins and ends in the same moment
        self._set_clock(now)
        for grant in Grant.objects.filter(reader_id=self.people[reader]):
            end_grant(grant.pk, now=now)
        for spell in self.model.readers[self.people[reader]].grants:
            spell[1] = min(spell[1], now)

    @rule(reader=readers)
    def erase(self, reader: int) -> None:
        erase_account(User.objects.get(pk=self.people[reader]), now=self.clock.now())
        self.model.end_sessions(self.people[reader])
        self._add_reader(reader)

    @precondition(lambda self: len(self.visitors) < BROWSERS + READERS + 1)
    @rule(browser=browsers)
    def copy_cookies(self, browser: int) -> None:
        """Somebody else has all that a browser holds, and goes on asking with it."""
        jar = self.jars[browser]
        self._add_browser(Cookies(jar.session, jar.name), self.visitors[browser].cookies)

    # -- Operators -----------------------------------------------------------------------------------------------------

    @rule()
    def rotate_keys(self) -> None:
        rotate_signing_keys(now=self.clock.now())

    @rule(process=processes)
    def restart(self, process: int) -> None:
        self.processes[process].close()
        self.processes[process] = Process()
        self.asleep.discard(process)

    @rule(process=processes)
    def put_to_sleep(self, process: int) -> None:
        self.asleep = {process}

    @rule()
    def wake_up(self) -> None:
        self.asleep = set()

    @rule()
    def trim(self) -> None:
        trim_change_log(now=self.clock.now())

    @rule(wait=st.sampled_from([*WAITS]))
    def wait(self, wait: str) -> None:
        self._set_clock(self.clock.now() + WAITS[wait])

    @rule(seconds=st.sampled_from([-1, 0, 1]))
    def wait_for_the_months_end(self, seconds: int) -> None:
        end = end_of_month(self.clock.now()) + timedelta(seconds=seconds)
        self._set_clock(max(end, self.clock.now()))

    @rule(process=processes)
    def lose_the_database(self, process: int) -> None:
        """Without it everybody sees what they saw, or the stranger's wall; what this process does not hold is Django's."""
        if process in self.asleep:
            return
        one = self.processes[process]
        self._compare(process)
        one.database.pull(DatabaseAway("stopped"))
        one.look()
        for jar, visitor in zip(self.jars, self.visitors, strict=True):
            visitor.application = one
            for article, row in enumerate(self.rows):
                before = len(one.handed_over)
                answer = visitor.get(self._path(row))
                if len(one.handed_over) == before:
                    assert answer.state in (self.model.shows(jar, article), self.model.shows(Cookies(), article))
        one.database.plug_in()
        one.look()

    # -- What must be true ---------------------------------------------------------------------------------------------

    @invariant()
    def everybody_is_shown_their_due(self) -> None:
        if self.processes:
            self._compare(next(self.numbers) % 2)

    def _compare(self, number: int) -> None:
        if number in self.asleep:
            return
        process = self.processes[number]
        process.look()
        for which, (jar, visitor) in enumerate(zip(self.jars, self.visitors, strict=True)):
            visitor.application = process
            for article, row in enumerate(self.rows):
                self._compare_page(process, visitor, jar, which, article, row)
        self._compare_home(process)

    def _compare_page(self, process: Process, visitor: Visitor, jar: Cookies, which: int, article: int, row: int) -> None:
        before = len(process.handed_over)
        answer, due = visitor.get(self._path(row)), self.model.shows(jar, article)
        self.answers["edge" if len(process.handed_over) == before else "Django"] += 1
        assert answer.state == due, f"browser {which} is shown {answer.state} of article {article}, and its due is {due}"
        if answer.status == 200:
            assert self.model.articles[article].headline in answer.text
            assert (f"secret{row}secret" in answer.text) == due.startswith("open")
            is_public = answer.headers["cache-control"].startswith("public")
            assert not is_public or not visitor.cookies.keys() & {settings.SESSION_COOKIE_NAME, "broadsheet_browser"}

    def _compare_home(self, process: Process) -> None:
        self.visitors[0].application = process
        text = self.visitors[0].get("/").text
        for number, facts in self.model.articles.items():
            is_known = self.model.shows(Cookies(), number) not in ("404", "410")
            assert (facts.headline in text) == is_known, f"the home page and article {number}"

    # -- Means ---------------------------------------------------------------------------------------------------------

    def _ask(self, browser: int) -> Visitor:
        """A browser that talks to a process which is awake."""
        visitor = self.visitors[browser]
        visitor.application = self.processes[next(number for number in (0, 1) if number not in self.asleep)]
        return visitor

    def _set_clock(self, at: Any) -> None:
        self.clock.at = self.model.now = at

    def _add_article(self, access: str) -> None:
        article = Article(headline="", slug=f"article-{next(self.addresses)}", live=False, access=access)
        article.save()
        words = "".join(f"<p>{'word ' * 30}.</p>" for _ in range(5))
        article.body = [("text", f"{words}<p>secret{article.pk}secret</p>")]
        article.save()
        self.rows.append(article.pk)
        self.model.articles[len(self.rows) - 1] = ArticleFacts(access, f"Headline {next(self.numbers)}.")
        self._save(len(self.rows) - 1)

    def _save(self, article: int) -> None:
        row, facts = self._row(article), self.model.articles[article]
        row.headline, row.access, row.embargo_until = facts.headline, facts.access, facts.embargo_until
        row.save_revision().publish()

    def _row(self, article: int) -> Article:
        return Article.objects.get(pk=self.rows[article])

    def _path(self, row: int) -> str:
        return f"/articles/{row}/{Article.objects.values_list('slug', flat=True).get(pk=row)}/"

    def _add_reader(self, place: int | None = None) -> None:
        user = User.objects.create_user(f"reader{next(self.addresses)}@example.org", confirmed_at=self.clock.now())
        self.model.readers[user.pk] = ReaderFacts()
        if place is None:
            self.people.append(user.pk)
        else:
            self.people[place] = user.pk

    def _add_browser(self, jar: Cookies, cookies: dict[str, str]) -> None:
        self.jars.append(jar)
        self.visitors.append(Visitor(self.processes[0], cookies=cookies))


def run(clock: StoppedClock, sign_in: Callable[..., None], *, examples: int, steps: int, phases: Sequence[Phase]) -> None:
    """Live through so many publications' lives of so many steps."""
    Publication.answers.clear()
    run_state_machine_as_test(
        lambda: Publication(clock, sign_in),
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Publication.answers["edge"] > Publication.answers["Django"] / 2, Publication.answers


@pytest.mark.django_db(transaction=True)
def test_every_browser_is_shown_its_due_whatever_happens(clock: StoppedClock, sign_in: Callable[..., None]) -> None:
    run(clock, sign_in, examples=8, steps=20, phases=[Phase.generate])


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_every_browser_is_shown_its_due_for_long(clock: StoppedClock, sign_in: Callable[..., None]) -> None:
    run(clock, sign_in, examples=60, steps=50, phases=[Phase.generate, Phase.shrink])
