"""What support reads at the top of a reader's page when somebody has paid and can't read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broadsheet.billing.ledger import Status
from broadsheet.desk.diagnosis import Case, Elsewhere, HeldSubscription, OpenOrder, Trouble, diagnose
from broadsheet.paywall.resolver import Outcome, Reason

NOV, DEC = datetime(2025, 11, 3, tzinfo=UTC), datetime(2025, 12, 3, tzinfo=UTC)
CASE = Case("ada@example.org")
PLAN = HeldSubscription("All-Access", Status.ACTIVE, DEC)
LATE = replace(PLAN, status=Status.PAST_DUE, failed_at=NOV)
ENDED = replace(PLAN, status=Status.ENDED, ended_at=NOV)
GIFT = replace(PLAN, plan="A year as a gift", is_for_others=True)
OTHER = Elsewhere("ada@example.net", "All-Access", NOV, "the address begins alike")
ORDER = OpenOrder(NOV, "All-Access")

CASES = {
    "nothing at all": (CASE, Trouble.NEVER_PAID, "Nothing was ever paid"),
    "account closed": (replace(CASE, is_active=False, reads_everything=True), Trouble.CLOSED, "closed"),
    "no such article": (replace(CASE, is_article_asked=True, reads_everything=True), Trouble.NO_ARTICLE, "no published article"),
    "embargo": (
        replace(
            CASE, is_article_asked=True, outcome=Outcome.HIDDEN, reason=Reason.EMBARGO, embargo_until=DEC, reads_everything=True
        ),
        Trouble.EMBARGO,
        "under embargo until 2025-12-03",
    ),
    "sign-in blocked": (replace(CASE, is_sign_in_blocked=True, reads_everything=True), Trouble.SIGN_IN_BLOCKED, "Ten wrong codes"),
    "everything fine": (replace(CASE, reads_everything=True, subscriptions=(PLAN,)), Trouble.FINE, "They can read everything."),
    "fine until a day": (replace(CASE, reads_everything=True, reads_until=DEC), Trouble.FINE, "everything until 2025-12-03"),
    "this article only": (
        replace(CASE, is_article_asked=True, outcome=Outcome.OPEN, reason=Reason.UNLOCK),
        Trouble.FINE,
        "They can read this article.",
    ),
    "past due, reads on": (
        replace(CASE, reads_everything=True, subscriptions=(LATE,)),
        Trouble.PAST_DUE,
        "failed on 2025-11-03. They read on until 2025-12-03",
    ),
    "past due, access over": (replace(CASE, subscriptions=(LATE,)), Trouble.UNPAID, "failed since 2025-11-03"),
    "unpaid": (replace(CASE, subscriptions=(replace(LATE, status=Status.UNPAID),)), Trouble.UNPAID, "the access is over"),
    "disputed": (replace(CASE, subscriptions=(replace(PLAN, disputed_at=NOV),)), Trouble.DISPUTED, "bank holds the payment"),
    "refunded": (
        replace(CASE, subscriptions=(replace(ENDED, is_given_back=True),)),
        Trouble.REFUNDED,
        "given back, and it ended on",
    ),
    "paused": (
        replace(CASE, subscriptions=(replace(PLAN, status=Status.PAUSED, paused_until=DEC),)),
        Trouble.PAUSED,
        "paused until 2025-12-03",
    ),
    "paid and nothing open": (replace(CASE, subscriptions=(PLAN,)), Trouble.NOTHING_OPEN, "opens nothing"),
    "paid under another address": (
        replace(CASE, elsewhere=(OTHER,)),
        Trouble.OTHER_ACCOUNT,
        "paid on 2025-11-03 under another address, ada@example.net",
    ),
    "another address, once ended here": (replace(CASE, subscriptions=(ENDED,), elsewhere=(OTHER,)), Trouble.OTHER_ACCOUNT, "ada@"),
    "order never finished": (replace(CASE, open_orders=(ORDER,)), Trouble.ORDER_OPEN, "went to pay for All-Access on 2025-11-03"),
    "subscribes anew, not finished": (
        replace(CASE, subscriptions=(ENDED,), open_orders=(ORDER,)),
        Trouble.ORDER_OPEN,
        "no payment",
    ),
    "unconfirmed": (replace(CASE, is_confirmed=False), Trouble.UNCONFIRMED, "never confirmed"),
    "ended": (replace(CASE, subscriptions=(ENDED,)), Trouble.ENDED, "ended on 2025-11-03"),
    "grant over": (replace(CASE, grant_over_at=NOV), Trouble.GRANT_OVER, "ended on 2025-11-03"),
    "paid for a gift": (replace(CASE, subscriptions=(GIFT,)), Trouble.FOR_OTHERS, "for others"),
    "a gift that the bank holds back": (
        replace(CASE, subscriptions=(replace(GIFT, disputed_at=NOV),)),
        Trouble.FOR_OTHERS,
        "others",
    ),
}


@pytest.mark.parametrize(("case", "trouble", "words"), CASES.values(), ids=CASES)
def test_answer(case: Case, trouble: Trouble, words: str) -> None:
    answer = diagnose(case, lambda at: at.date().isoformat())
    assert answer.trouble is trouble
    assert words in answer.what
    assert answer.advice


def test_every_trouble_has_its_case() -> None:
    assert {trouble for _, trouble, _ in CASES.values()} == set(Trouble)


def test_whoever_can_read_is_told_as_whom_to_sign_in() -> None:
    assert "sign in as ada@example.org" in diagnose(replace(CASE, reads_everything=True), str).advice
