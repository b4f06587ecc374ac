"""The life of a subscription, told a second time in few lines: what it should be, held against what it is."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
RETRIES = (3 * DAY, 8 * DAY, 15 * DAY)  # after the first failure; then it is given up


@dataclass
class Life:
    """One subscription as the publication's rules have it; amounts in cents."""

    started_at: datetime
    anchor: datetime  # periods are counted from here
    cents: int
    months: int
    status: str = "active"
    periods: int = 0  # since the anchor
    cancels: bool = False
    ended_at: datetime | None = None
    paused_until: datetime | None = None
    failed_at: datetime | None = None
    tries: int = 0
    card_works: bool = True
    next_terms: tuple[int, int] | None = None  # cents and months from the next period on
    disputed: bool = False
    paid: list[int] = field(default_factory=list)
    given_back: int = 0
    failures: list[datetime] = field(default_factory=list)

    @property
    def period_end(self) -> datetime:
        """The end of what is paid, or of the free days."""
        return after_months(self.anchor, self.months * self.periods)

    @property
    def kept(self) -> int:
        """What came in and stayed."""
        return sum(self.paid) - self.given_back

    def pay(self) -> None:
        """A period is paid."""
        self.paid.append(self.cents)
        self.periods += 1

    def reads(self, now: datetime) -> bool:
        """Whether it opens articles."""
        if self.disputed or self.status in ("unpaid", "ended"):
            return False
        return self.status != "paused" or now < self.period_end

    def live_until(self, now: datetime) -> None:
        """What comes with time."""
        while self._step(now):
            pass

    def mend(self, now: datetime) -> None:
        """A card that works: what is due is paid; time that was not read is not."""
        self.card_works = True
        if self.status == "past_due":
            self._renew()
        elif self.status == "unpaid":
            self.anchor, self.periods = now, 0
            self._take_next_terms()
            self._renew()

    def resume(self, now: datetime) -> None:
        """The pause is over: what is paid is read first, then comes the next period."""
        self.status, self.paused_until = "active", None
        if self.period_end <= now:
            self.anchor, self.periods = now, 0
            self._take_next_terms()
            self._charge(now)

    def change(self, cents: int, months: int, due: int, now: datetime) -> None:
        """Another plan from now on."""
        self.anchor, self.periods, self.cents, self.months, self.next_terms = now, 1, cents, months, None
        self.paid.append(due)

    def end(self, now: datetime) -> None:
        """Over, at once."""
        self.status, self.ended_at = "ended", now

    def _step(self, now: datetime) -> bool:
        if self.status in ("unpaid", "ended"):
            return False
        if self.cancels and self.period_end <= now:
            self.end(self.period_end)
        elif self.status == "paused":
            if self.paused_until is None or self.paused_until > now:
                return False
            self.resume(self.paused_until)
        elif self.status == "past_due":
            return self._retry(now)
        elif self.period_end <= now:
            at = self.period_end
            self.anchor, self.periods = (at, 0) if self.next_terms else (self.anchor, self.periods)
            self._take_next_terms()
            self._charge(at)
        else:
            return False
        return True

    def _charge(self, at: datetime) -> None:
        if self.card_works:
            self._renew()
        else:
            self.status, self.failed_at, self.tries = "past_due", at, 0
            self.failures.append(at)

    def _retry(self, now: datetime) -> bool:
        assert self.failed_at is not None
        if self.failed_at + RETRIES[self.tries] > now:
            return False
        self.tries += 1
        if self.card_works:
            self._renew()
        elif self.tries == len(RETRIES):
            self.status = "unpaid"
        return True

    def _renew(self) -> None:
        self.status, self.failed_at, self.tries = "active", None, 0
        self.pay()

    def _take_next_terms(self) -> None:
        if self.next_terms is not None:
            (self.cents, self.months), self.next_terms = self.next_terms, None


def after_months(anchor: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))
