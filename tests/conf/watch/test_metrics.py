"""What /metrics says: in the text format, documented, and about processes that live."""

from __future__ import annotations

import re
from collections import Counter

import yaml
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.conf.watch import metrics
from broadsheet.conf.watch.metrics import MEASURES, Figures, Kind, write_metrics
from broadsheet.conf.watch.snapshots import Snapshot, Totals
from broadsheet.core.counts import ANSWER_BOUNDS_S
from tests.architecture.sources import DOCS

NOW_S = 1_000_000.0
ANSWERS = Counter({("edge", "wall-stranger-stranger", "200"): 5, ("django", "web.signin", "422"): 1})
SPREADS = {"edge": ([1, 2, 0, *[0] * (len(ANSWER_BOUNDS_S) - 2)], 0.5)}
EVENTS = Counter(
    {("unlock", "own"): 2, ("refusal", "month-spent"): 3, ("letter", "sent"): 4, ("search", "words"): 1, ("log", "warning"): 6}
)


def make_snapshot(*, age_s: float = 0.0, role: str = "web", **gauges: float) -> Snapshot:
    """One process that last wrote so long ago."""
    return Snapshot(role, 1, NOW_S - age_s, Totals(Counter(ANSWERS), Counter(EVENTS), dict(SPREADS)), gauges)


def read(figures: Figures) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The samples of an answer, by name and labels."""
    text, content_type = write_metrics(figures, "")
    assert content_type.startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(text.decode())
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def test_processes_add_up_and_histograms_are_cumulative() -> None:
    samples = read(Figures([make_snapshot(), make_snapshot(role="worker")], NOW_S, {}))
    wall = (("by", "edge"), ("status", "200"), ("variant", "wall-stranger-stranger"))
    assert samples["broadsheet_requests_total", wall] == 10
    assert samples["broadsheet_unlocks_total", (("how", "own"),)] == 4
    assert samples["broadsheet_refusals_total", (("reason", "month-spent"),)] == 6
    assert samples["broadsheet_letters_sent_total", (("outcome", "sent"),)] == 8
    assert samples["broadsheet_log_lines_total", (("level", "warning"),)] == 12
    assert samples["broadsheet_processes", (("role", "worker"),)] == 1
    buckets = [
        samples["broadsheet_request_seconds_bucket", (("by", "edge"), ("le", le))] for le in ("1e-05", "2.5e-05", "10.0", "+Inf")
    ]
    assert buckets == [2, 6, 6, 6]
    assert samples["broadsheet_request_seconds_count", (("by", "edge"),)] == 6
    assert samples["broadsheet_request_seconds_sum", (("by", "edge"),)] == 1.0


def test_what_a_process_held_goes_with_it_and_what_it_counted_stays() -> None:
    silent = make_snapshot(age_s=60, held_bytes=1000.0, looked_ago_s=900.0)
    living = make_snapshot(held_bytes=5.0, looked_ago_s=0.01)
    samples = read(Figures([silent, living, make_snapshot(held_bytes=6.0, looked_ago_s=0.03)], NOW_S, {}))
    assert samples["broadsheet_edge_held_bytes", ()] == 11
    assert samples["broadsheet_change_log_age_seconds", ()] == 0.03, "the one that is furthest behind counts"
    assert samples["broadsheet_processes", (("role", "web"),)] == 2
    assert samples["broadsheet_unlocks_total", (("how", "own"),)] == 6


def test_open_metrics_is_spoken_to_who_asks_for_it() -> None:
    text, content_type = write_metrics(Figures([make_snapshot()], NOW_S, {}), "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_every_measure_is_written() -> None:
    stated = {
        measure: [(tuple("x" for _ in measure.labels), 1.0)]
        for measure in (
            *(metrics.DISK_FREE, metrics.BACKUP_AGE, metrics.DATABASE_UP, metrics.JOBS_WAITING, metrics.JOBS_FAILED),
            *(
                metrics.SEARCH_ARTICLES,
                metrics.JOBS_OLDEST,
                metrics.LETTERS,
                metrics.LETTERS_LATE,
                metrics.MAIL_HELD,
                metrics.BEAT_AGE,
            ),
        )
    }
    gauges = dict.fromkeys((*metrics.SUMMED, *metrics.WORST), 1.0)
    samples = read(Figures([make_snapshot(**gauges)], NOW_S, stated))
    written = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name, _ in samples}
    assert written == {measure.name for measure in MEASURES}


def test_metrics_are_documented_with_kind_labels_and_meaning() -> None:
    page = (DOCS / "operator" / "watch.md").read_text("utf-8")
    for measure in MEASURES:
        labels = ", ".join(f"`{label}`" for label in measure.labels)
        assert f"| `{measure.name}` | {measure.kind} | {labels} | {measure.what} |".replace("|  |", "| |") in page, measure.name
    assert page.count("| `broadsheet_") == len(MEASURES)


def test_names_follow_prometheus_habits() -> None:
    for measure in MEASURES:
        assert measure.name.endswith("_total") is (measure.kind is Kind.COUNTER), measure.name


def test_alerts_ask_for_what_there_is() -> None:
    """The example in the documentation names measures and labels that exist."""
    page = (DOCS / "operator" / "watch.md").read_text("utf-8")
    (rules,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if block.startswith("groups:")]
    (group,) = yaml.safe_load(rules)["groups"]
    known = {measure.name: set(measure.labels) | {"le"} for measure in MEASURES}
    for rule in group["rules"]:
        for name, labels in re.findall(r"(broadsheet_\w+?)(?:_bucket)?(?![\w])(?:\{([^}]*)\})?", rule["expr"]):
            assert name in known, rule["alert"]
            assert set(re.findall(r"(\w+)=", labels)) <= known[name], rule["alert"]
    assert len(group["rules"]) >= 10
