"""Why one reader may or may not read one article: the rule, the record behind it, and when that ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.membership.entitlement import Entitlement
from broadsheet.paywall.flows import decide_article
from broadsheet.paywall.resolver import Decision, Reason
from broadsheet.paywall.store import load_entitlement

# What support tells a reader; every reason has its sentence (a test counts them).
SENTENCES = {
    Reason.STAFF: "Staff read everything once they have shown a second factor.",
    Reason.EMBARGO: "The article is under embargo; until it ends, nobody but the staff sees it.",
    Reason.FREE: "The article is free for everybody.",
    Reason.INSTITUTION: "The reader's network belongs to an institution that subscribes.",
    Reason.SUBSCRIPTION: "The reader holds a grant that opens everything.",
    Reason.GRANT: "The reader holds a grant for this one article.",
    Reason.INSTANT: "The article opened at once when the address was left at the wall.",
    Reason.FRIEND: "A subscriber gave this one article to whoever opens the link.",
    Reason.UNLOCK: "The reader opened this article as one of the month's own.",
    Reason.STRANGER: "Nobody with this address is registered, so the wall is shown.",
    Reason.UNCONFIRMED: "The address was left at the wall but never confirmed.",
    Reason.METER: "The reader has articles left this month and has not opened this one.",
    Reason.SPENT: "The reader has used up this month's articles.",
    Reason.SUBSCRIBERS: "The article is for subscribers, and the reader holds no subscription.",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The resolver's answer about one reader and one article, with what the reader holds.

    `decision` is None if there is no such published article. What hangs on a browser or a network (an
    instant article before its address is confirmed, an institution's network) cannot be seen from here.
    """

    reader_id: int | None
    entitlement: Entitlement
    decision: Decision | None

    @property
    def sentence(self) -> str:
        """The rule in words for a reader."""
        return SENTENCES[self.decision.reason] if self.decision else "There is no published article with this number."


def explain(email: str, article_id: int, *, now: datetime) -> Explanation:
    """Ask the resolver about the reader with this address, on any device and network of their own."""
    address = parse_address(email)
    reader = User.objects.filter(address_key=address.key, is_active=True).first() if address else None
    return explain_reader(reader.pk if reader else None, article_id, now=now)


def explain_reader(reader_id: int | None, article_id: int, *, now: datetime) -> Explanation:
    """As `explain`, for a reader whose number is known; None is a stranger."""
    entitlement = load_entitlement(reader_id=reader_id, browser_key=None, network_address=None, is_staff=False, now=now)
    return Explanation(reader_id, entitlement, decide_article(entitlement, article_id, now=now))
