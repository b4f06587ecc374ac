"""From sums to the rows of a page: the way to a subscription, step by step, and who came and went. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from broadsheet.core.money import price_text
from broadsheet.figures.facts import IN, MONTHS_A_YEAR, OUT, What, Why
from broadsheet.figures.hiding import Hidden, Shown, hide_small
from broadsheet.figures.weeks import Span

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the way: the kind of event that is counted, its name, and what exactly is counted."""

    kind: str
    name: str
    what: str


STEPS = (
    Step("wall_shown", "Wall shown", "pages of an article that ended at the wall; a reader may see several"),
    Step("email_left", "Address left", "addresses left at the wall"),
    Step("confirmed", "Confirmed", "addresses proven by their mailbox"),
    Step("unlocked", "Article opened", "articles of their own choice that registered readers opened"),
    Step("offer_seen", "Subscribe page", "subscribe pages shown"),
    Step("ordered", "Went to pay", "purchases begun"),
    Step("subscribed", "Subscribed", "subscriptions begun"),
)
KINDS = tuple(step.kind for step in STEPS)


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One week or article with a figure for each step; `key` is the article's number, `path` leads to more of it."""

    name: str
    figures: tuple[Shown, ...]
    key: object = None
    path: str = ""


def by_week(span: Span, sums: Mapping[tuple[date, str], int]) -> list[FunnelRow]:
    """A row for each week or month, the earliest first."""
    weeks: Counter[tuple[date, str]] = Counter()
    for (day, kind), count in sums.items():
        weeks[span.start_of(day), kind] += count
    return [FunnelRow(span.name_of(start), tuple(weeks[start, kind] for kind in KINDS)) for start in span.periods()]


def totals(rows: Iterable[FunnelRow]) -> tuple[int, ...]:
    """The sum of each step over the rows of `by_week`."""
    columns = [
        [figure for figure in column if isinstance(figure, int)] for column in zip(*(row.figures for row in rows), strict=True)
    ]
    return tuple(sum(column) for column in columns) or (0,) * len(KINDS)


def by_group(
    names: Mapping[Key, str], sums: Mapping[tuple[Key, str], int], paths: Mapping[Key, str] | None = None
) -> list[FunnelRow]:
    """A row for each group in the order of `names`, small figures hidden column by column; the groups make the whole."""
    columns = {kind: hide_small({key: sums.get((key, kind), 0) for key in names}) for kind in KINDS}
    paths = paths or {}
    return [FunnelRow(name, tuple(columns[kind][key] for kind in KINDS), key, paths.get(key, "")) for key, name in names.items()]


def hide_periods(rows: Sequence[FunnelRow], whole: Sequence[Shown]) -> list[FunnelRow]:
    """The weeks of one article, small figures hidden step by step; where its `whole` is hidden, so are all of them."""
    columns = []
    for column, total in zip(zip(*(row.figures for row in rows), strict=True), whole, strict=True):
        counts = {index: figure for index, figure in enumerate(column) if isinstance(figure, int)}
        columns.append(dict.fromkeys(counts, total) if isinstance(total, Hidden) else hide_small(counts))
    return [FunnelRow(row.name, tuple(column[index] for column in columns)) for index, row in enumerate(rows)]


def find_largest(sums: Mapping[tuple[int, str], int], most: int) -> list[int]:
    """The articles with the most events, at most `most` of them."""
    whole: Counter[int] = Counter()
    for (article_id, _), count in sums.items():
        whole[article_id] += count
    return sorted(whole, key=lambda article_id: (-whole[article_id], article_id))[:most]


@dataclass(frozen=True, slots=True)
class Split:
    """One step by its sources: (source, how many)."""

    step: Step
    rows: tuple[tuple[str, Shown], ...]
    total: int


def by_source(sums: Mapping[tuple[str, str], int]) -> list[Split]:
    """The sources of each step, the largest first; (kind, source) to sum."""
    found = []
    for step in STEPS:
        sources = {source: count for (kind, source), count in sorted(sums.items()) if kind == step.kind and count}
        shown = hide_small(sources)
        ordered = sorted(sources, key=lambda source: -sources[source])
        rows = tuple((source_name(step.kind, source), shown[source]) for source in ordered)
        found.append(Split(step, rows, sum(sources.values())))
    return found


_SOURCE_NAMES = {
    ("wall_shown", "stranger"): "strangers",
    ("wall_shown", "unconfirmed"): "address not confirmed yet",
    ("wall_shown", "meter"): "registered, with articles left",
    ("wall_shown", "spent"): "registered, none left",
    ("wall_shown", "subscribers"): "article for subscribers only",
    ("email_left", ""): "opened at once",
    ("email_left", "confirm first"): "had to confirm first",
    ("unlocked", "1"): "first of the month",
    ("unlocked", "2"): "second of the month",
    ("unlocked", "3"): "third of the month",
}


_BY_CAMPAIGN = ("offer_seen", "ordered", "subscribed")


def source_name(kind: str, source: str) -> str:
    """A source in words."""
    if kind in _BY_CAMPAIGN:
        return f"campaign {source}" if source else "no campaign"
    return _SOURCE_NAMES.get((kind, source), source.replace("_", " ") or "not known")


# -- Subscribers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """What happened to subscriptions of one plan on one day."""

    day: date
    what: str
    why: str
    plan_id: int
    currency: str
    count: int
    yearly_cents: int


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """One week or month: who came and went, how many there are at its end, and what they bring in a month, by currency."""

    name: str
    started: int
    returned: int
    ended: int
    paused: int
    living: int
    renewed: int
    revenue: Mapping[str, int]
    living_before: int

    @property
    def came(self) -> int:
        return self.started + self.returned

    @property
    def went(self) -> int:
        return self.ended + self.paused

    @property
    def net(self) -> int:
        return self.came - self.went

    @property
    def revenue_words(self) -> str:
        return revenue_text(self.revenue)

    @property
    def churn(self) -> str:
        """What part of those at the beginning has ended, such as `2.4%`; empty where nobody was there."""
        return f"{100 * self.ended / self.living_before:.1f}%" if self.living_before else ""


def by_period(span: Span, before: Sequence[Move], moves: Iterable[Move]) -> list[SubscriberRow]:
    """A row for each week or month; `before` is all that happened earlier, summed up as suits the database."""
    living = sum(_change(move) for move in before)
    yearly: Counter[str] = Counter()
    for move in before:
        yearly[move.currency] += move.yearly_cents
    grouped: dict[date, list[Move]] = {}
    for move in moves:
        grouped.setdefault(span.start_of(move.day), []).append(move)
    rows = []
    for start in span.periods():
        counts: Counter[str] = Counter()
        for move in grouped.get(start, ()):
            counts[move.what] += move.count
            yearly[move.currency] += move.yearly_cents
        at_first, living = living, living + sum(counts[what] for what in IN) - sum(counts[what] for what in OUT)
        rows.append(
            SubscriberRow(
                name=span.name_of(start),
                started=counts[What.STARTED],
                returned=counts[What.REACTIVATED] + counts[What.RESUMED],
                ended=counts[What.ENDED],
                paused=counts[What.PAUSED],
                living=living,
                renewed=counts[What.RENEWED],
                revenue={currency: monthly(cents) for currency, cents in sorted(yearly.items()) if currency and cents},
                living_before=at_first,
            )
        )
    return rows


def why_ended(moves: Iterable[Move]) -> list[tuple[Why, Shown]]:
    """How many ended for each reason, small numbers hidden."""
    counts: Counter[str] = Counter()
    for move in moves:
        if move.what == What.ENDED:
            counts[move.why] += move.count
    shown = hide_small({why: counts[why] for why in Why})
    return list(shown.items())


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan: who came, who went, how many there are now."""

    plan_id: int
    came: Shown
    went: Shown
    living: Shown


def by_plan(before: Iterable[Move], moves: Iterable[Move], plan_ids: Sequence[int]) -> list[PlanRow]:
    """A row for each plan, small numbers hidden column by column."""
    came, went, living = Counter[int](), Counter[int](), Counter[int]()
    for move in before:
        living[move.plan_id] += _change(move)
    for move in moves:
        living[move.plan_id] += _change(move)
        if move.what in IN:
            came[move.plan_id] += move.count
        elif move.what in OUT:
            went[move.plan_id] += move.count
    columns = [hide_small({plan_id: max(0, column[plan_id]) for plan_id in plan_ids}) for column in (came, went, living)]
    return [PlanRow(plan_id, *(column[plan_id] for column in columns)) for plan_id in plan_ids]


def monthly(yearly_cents: int) -> int:
    """A year's worth as a month's, rounded once, at the very end."""
    return round(yearly_cents / MONTHS_A_YEAR)


def revenue_text(revenue: Mapping[str, int]) -> str:
    """Such as `€1,204 and $96`; a dash where there is none."""
    return " and ".join(price_text(cents, currency) for currency, cents in revenue.items()) or "–"


def share(part: int, whole: int) -> str:
    """Such as `12%` or `0.8%`; empty where there is no whole, or the part is larger."""
    if not whole or part > whole:
        return ""
    percent = 100 * part / whole
    return f"{percent:.0f}%" if percent >= 10 or percent == 0 else f"{percent:.1f}%"


def _change(move: Move) -> int:
    return move.count if move.what in IN else -move.count if move.what in OUT else 0
