"""What `/metrics` says, for Prometheus and everything that reads its text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from broadsheet.conf.watch.snapshots import BOUNDS_S, Snapshot, Totals


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric: its name, what it measures, its labels; `docs/operator/watch.md` lists them all."""

    name: str
    kind: Kind
    what: str
    labels: tuple[str, ...] = ()


REQUESTS = Measure(
    "broadsheet_requests_total", Kind.COUNTER, "Answers, by who gave them, form of page and status.", ("by", "variant", "status")
)
REQUEST_SECONDS = Measure("broadsheet_request_seconds", Kind.HISTOGRAM, "How long an answer took to make.", ("by",))
CHANGE_LAG = Measure("broadsheet_change_lag_seconds", Kind.HISTOGRAM, "How old a change was when a process saw it.")
SEARCHES = Measure("broadsheet_searches_total", Kind.COUNTER, "Searches of the library, by what was looked at.", ("by",))
SEARCH_SECONDS = Measure("broadsheet_search_seconds", Kind.HISTOGRAM, "How long a search took, without the making of its page.")
UNLOCKS = Measure("broadsheet_unlocks_total", Kind.COUNTER, "Articles opened at the wall.", ("how",))
REFUSALS = Measure("broadsheet_refusals_total", Kind.COUNTER, "Forms that were refused.", ("reason",))
LETTERS_SENT = Measure("broadsheet_letters_sent_total", Kind.COUNTER, "Attempts to send a letter, by outcome.", ("outcome",))
LOG_LINES = Measure("broadsheet_log_lines_total", Kind.COUNTER, "Lines logged as warning or worse.", ("level",))
PROCESSES = Measure("broadsheet_processes", Kind.GAUGE, "Processes at work on this host.", ("role",))
HELD_BYTES = Measure("broadsheet_edge_held_bytes", Kind.GAUGE, "Bytes of finished pages in memory, all processes together.")
HELD_PAGES = Measure("broadsheet_edge_held_pages", Kind.GAUGE, "Finished pages in memory, all processes together.")
LOOKED_AGO = Measure(
    "broadsheet_change_log_age_seconds", Kind.GAUGE, "How long ago the process that is furthest behind looked at the change log."
)
AWAY = Measure("broadsheet_edge_away", Kind.GAUGE, "Processes that serve held pages because the database does not answer.")
VIEWS_WAITING = Measure("broadsheet_page_views_waiting", Kind.GAUGE, "Views of pages not yet in the database.")
DATABASE_UP = Measure("broadsheet_database_up", Kind.GAUGE, "Whether the database answered; if not, what it says is missing.")
JOBS_WAITING = Measure("broadsheet_jobs_waiting", Kind.GAUGE, "Jobs that wait for the job worker.")
JOBS_FAILED = Measure("broadsheet_jobs_failed", Kind.GAUGE, "Jobs that failed in the last day.")
JOBS_OLDEST = Measure("broadsheet_jobs_oldest_seconds", Kind.GAUGE, "How long the oldest job has been waiting.")
LETTERS = Measure("broadsheet_letters", Kind.GAUGE, "Letters in the outbox.", ("state",))
LETTERS_LATE = Measure("broadsheet_letters_late_seconds", Kind.GAUGE, "How long the letter that is longest due has been due.")
MAIL_HELD = Measure("broadsheet_mail_held", Kind.GAUGE, "Whether letters are held, as in a copy that was restored.")
BEAT_AGE = Measure("broadsheet_heartbeat_age_seconds", Kind.GAUGE, "How long ago a worker said that it lives.", ("name", "host"))
BACKUP_AGE = Measure("broadsheet_backup_age_seconds", Kind.GAUGE, "How long ago the last backup of this host ended.")
SEARCH_ARTICLES = Measure("broadsheet_search_articles", Kind.GAUGE, "Articles in this host's search index.")
DISK_FREE = Measure("broadsheet_data_dir_free_bytes", Kind.GAUGE, "Free bytes on the disk of the data directory.")

MEASURES = (
    *(REQUESTS, REQUEST_SECONDS, CHANGE_LAG, SEARCHES, SEARCH_SECONDS, UNLOCKS, REFUSALS, LETTERS_SENT, LOG_LINES, PROCESSES),
    *(HELD_BYTES, HELD_PAGES, LOOKED_AGO, AWAY, VIEWS_WAITING, DISK_FREE, BACKUP_AGE, SEARCH_ARTICLES),
    *(DATABASE_UP, JOBS_WAITING, JOBS_FAILED, JOBS_OLDEST),
    *(LETTERS, LETTERS_LATE, MAIL_HELD, BEAT_AGE),
)
COUNTED_EVENTS = {"search": SEARCHES, "unlock": UNLOCKS, "refusal": REFUSALS, "letter": LETTERS_SENT, "log": LOG_LINES}
# Gauges of single processes: added up, or the worst of them.
SUMMED = {"held_bytes": HELD_BYTES, "held_pages": HELD_PAGES, "is_away": AWAY, "views_waiting": VIEWS_WAITING}
WORST = {"looked_ago_s": LOOKED_AGO}

Sample = tuple[tuple[str, ...], float]


class Figures(Collector):
    """Everything for one answer: what processes counted, and what database and disk say now."""

    def __init__(self, snapshots: Sequence[Snapshot], now_s: float, stated: Mapping[Measure, Iterable[Sample]]) -> None:
        """`stated` holds the gauges that belong to no process, each with its samples as (labels, value)."""
        self._snapshots = snapshots
        self._live = [snapshot for snapshot in snapshots if snapshot.is_live(now_s)]
        self._stated = stated

    def collect(self) -> Iterator[Metric]:
        """The metrics as prometheus-client takes them."""
        totals = Totals()
        for snapshot in self._snapshots:
            totals.add(snapshot.totals)
        yield _family(REQUESTS, totals.answers.items())
        yield _histogram(REQUEST_SECONDS, {("edge",): "edge", ("django",): "django"}, totals)
        yield _histogram(CHANGE_LAG, {(): "change_lag"}, totals)
        yield _histogram(SEARCH_SECONDS, {(): "search"}, totals)
        for kind, measure in COUNTED_EVENTS.items():
            yield _family(measure, [((how,), number) for (what, how), number in totals.events.items() if what == kind])
        roles = Counter(snapshot.role for snapshot in self._live)
        yield _family(PROCESSES, [((role,), number) for role, number in roles.items()])
        yield from self._gauges()
        for measure, samples in self._stated.items():
            yield _family(measure, samples)

    def _gauges(self) -> Iterator[Metric]:
        for table, join in ((SUMMED, sum), (WORST, max)):
            for name, measure in table.items():
                values = [snapshot.gauges[name] for snapshot in self._live if name in snapshot.gauges]
                yield _family(measure, [((), join(values))] if values else [])


def write_metrics(figures: Figures, accept: str) -> tuple[bytes, str]:
    """The text, and its content type, in the form that the Accept header asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _family(measure: Measure, samples: Iterable[Sample]) -> Metric:
    maker = CounterMetricFamily if measure.kind is Kind.COUNTER else GaugeMetricFamily
    family = maker(measure.name, measure.what, labels=measure.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _histogram(measure: Measure, names: Mapping[tuple[str, ...], str], totals: Totals) -> HistogramMetricFamily:
    family = HistogramMetricFamily(measure.name, measure.what, labels=measure.labels)
    for labels, name in names.items():
        bounds = [*map(floatToGoString, BOUNDS_S[name]), "+Inf"]
        numbers, sum_s = totals.spreads.get(name, ([0] * len(bounds), 0.0))
        family.add_metric(labels, list(zip(bounds, accumulate(numbers), strict=True)), sum_s)
    return family
