"""Collections of texts and queries with people's judgements, as research shares them; and how well a list of found texts does.

BROADSHEET_JUDGED names a folder with cran/, cisi/, med/ and lisa/, as the University of Glasgow hands them out. Our own queries
are in `tests/library/search/judged.yaml`; those about transcripts need their archive, which BROADSHEET_TRANSCRIPTS names.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bench.needs import Missing

ROOT = Path(__file__).parents[1]

Run = Mapping[str, Sequence[str]]  # for each query the texts that were found, the best first
MEASURES = {"MAP": "map", "nDCG@10": "ndcg_cut_10", "recall@100": "recall_100"}
SAMPLES = 2_000  # of queries, for an interval


@dataclass(frozen=True, slots=True)
class Collection:
    """Texts (headline and the rest), what was asked, and for each query the texts that answer it.

    `facts` are of each text its authors, and its date last, where they are known.
    """

    name: str
    texts: dict[str, tuple[str, str]]
    queries: dict[str, str]
    judged: dict[str, dict[str, int]]
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)


def load_collections() -> Iterator[Collection]:
    """Cranfield, CISI, Medline and LISA.

    Raises:
        Missing: no folder is named, or one of them is not in it.
    """
    named = os.environ.get("BROADSHEET_JUDGED")
    if not named:
        raise Missing("search quality needs judged collections: BROADSHEET_JUDGED names a folder with cran, cisi, med and lisa.")
    folder = Path(named)
    for part in ("cran", "cisi", "med", "lisa"):
        if not (folder / part).is_dir():
            raise Missing(f"search quality needs judged collections: {folder} has no folder {part}.")
    yield load_cranfield(folder / "cran")
    yield load_cisi(folder / "cisi")
    yield load_medline(folder / "med")
    yield load_lisa(folder / "lisa")


def load_cranfield(folder: Path) -> Collection:
    """Aerodynamics. Queries are judged by their place in the file, not by the number that stands there."""
    records = {number: _headed(fields) for number, fields in _read_records(folder / "cran.all.1400").items()}
    queries = _read_records(folder / "cran.qry").values()
    lines = (line.split() for line in _read(folder / "cran.qrels").splitlines() if line.strip())
    judged = _judge((query, text) for query, text, grade in lines if int(grade) > 0)
    return Collection(
        "Cranfield", records, {str(place): fields["W"] for place, fields in enumerate(queries, 1) if str(place) in judged}, judged
    )


def load_cisi(folder: Path) -> Collection:
    """Library science; many of its queries are whole abstracts."""
    records = {number: _headed(fields) for number, fields in _read_records(folder / "CISI.ALL").items()}
    lines = (line.split() for line in _read(folder / "CISI.REL").splitlines() if line.strip())
    judged = _judge((line[0], line[1]) for line in lines)
    asked = _read_records(folder / "CISI.QRY").items()
    return Collection("CISI", records, {q: f"{f.get('T', '')} {f['W']}" for q, f in asked if q in judged}, judged)


def load_medline(folder: Path) -> Collection:
    """Medicine. Texts have no field for a headline: it is the first sentence, where that is as short as one."""
    records = {}
    for number, fields in _read_records(folder / "MED.ALL").items():
        text = "\n".join(line.rstrip() for line in fields["W"].splitlines())
        headline = re.match(r".{1,240}? \.\n", text, re.DOTALL) or re.match(r".*\n?", text)
        end = headline.end() if headline else 0
        records[number] = (text[:end].strip(), text[end:])
    lines = (line.split() for line in _read(folder / "MED.REL").splitlines() if line.strip())
    judged = _judge((line[0], line[2]) for line in lines)
    return Collection("Medline", records, {q: f["W"] for q, f in _read_records(folder / "MED.QRY").items()}, judged)


def load_lisa(folder: Path) -> Collection:
    """Library science again, in capital letters, asked in sentences with key words behind them."""
    text = "\n".join(_read(path) for path in sorted(folder.glob("LISA[0-9].*")))
    records = {}
    for number, content in re.findall(r"^Document +(\d+) *\n(.*?)(?=^\*{20,}|\Z)", text, re.DOTALL | re.MULTILINE):
        headline, _, rest = re.sub(r"\n[ \t]*\n", "\n\n", content.strip()).partition("\n\n")
        records[number] = (" ".join(headline.split()), rest)
    asked = re.findall(r"(\d+)\s*\n([^#]*)#", _read(folder / "LISA.QUE"))
    numbers = iter(_read(folder / "LISARJ.NUM").split())  # query, how many answer it, which
    judged = {query: {next(numbers): 1 for _ in range(int(next(numbers)))} for query in numbers}
    return Collection("LISA", records, dict(asked), judged)


def load_own_queries() -> Collection:
    """What readers might type about the transcripts, and the documents that answer it.

    Raises:
        Missing: no archive is named.
    """
    texts, facts = {}, {}
    for fields in read_transcripts():
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fields.get("body_html", ""))).split())
        if text:
            number = fields["id"].rpartition("-")[2]
            texts[number] = (fields.get("headline", ""), text)
            facts[number] = (*fields.get("authors", ()), fields.get("date", ""))
    rows = yaml.safe_load((ROOT / "tests" / "library" / "search" / "judged.yaml").read_text("utf-8"))["transcripts"]
    judged = {row["typed"]: {str(number): grade for number, grade in row["relevant"].items()} for row in rows}
    return Collection("own queries", texts, {typed: typed for typed in judged}, judged, facts)


def read_transcripts() -> Iterator[dict[str, Any]]:
    """The documents of the archive, as `scripts/corpora/pm_transcripts.py` writes them.

    Raises:
        Missing: no archive is named.
    """
    archive = os.environ.get("BROADSHEET_TRANSCRIPTS")
    if not archive:
        raise Missing("own queries need texts: BROADSHEET_TRANSCRIPTS names the archive of transcripts.")
    command = [sys.executable, str(ROOT / "scripts" / "corpora" / "pm_transcripts.py"), archive]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ran:
        assert ran.stdout is not None
        for line in ran.stdout:
            yield json.loads(line)


def find_soon(judged: Mapping[str, Mapping[str, int]], run: Run, *, top: int = 3) -> float:
    """For which share of the queries something that answers them is among the first few."""
    return sum(bool(judged[query].keys() & {*run[query][:top]}) for query in judged) / len(judged)


def score(judged: Mapping[str, Mapping[str, int]], run: Run) -> dict[str, list[float]]:
    """For each measure its value for every judged query, in their order, as `trec_eval` counts."""
    import pytrec_eval

    evaluator = pytrec_eval.RelevanceEvaluator({query: dict(texts) for query, texts in judged.items()}, set(MEASURES.values()))
    ranked = {query: {text: float(len(texts) - place) for place, text in enumerate(texts)} for query, texts in run.items()}
    values = evaluator.evaluate(ranked)
    return {name: [float(values.get(query, {}).get(key, 0.0)) for query in judged] for name, key in MEASURES.items()}


def spread(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """The ends of the 95% interval of the ratio of two means over the same queries, by drawing the queries again and again."""
    random, ratios = Random(1), []
    pairs = list(zip(ours, theirs, strict=True))
    for _ in range(SAMPLES):
        drawn = random.choices(pairs, k=len(pairs))
        ratios.append(sum(our for our, _ in drawn) / max(1e-9, sum(their for _, their in drawn)))
    ratios.sort()
    return ratios[SAMPLES // 40], ratios[-SAMPLES // 40]


def overlap(left: Run, right: Run, *, top: int = 10) -> float:
    """Which share of one's best ten the other has among its best ten, on average."""
    shares = [len({*left[query][:top]} & {*right[query][:top]}) / max(1, len(left[query][:top])) for query in left]
    return sum(shares) / len(shares)


def _read(path: Path) -> str:
    return path.read_text("latin-1")


def _read_records(path: Path) -> dict[str, dict[str, str]]:
    """Records of fields, each field begun by a line with a dot and its letter."""
    records: dict[str, dict[str, str]] = {}
    fields: dict[str, str] = {}
    part = ""
    for line in _read(path).splitlines():
        mark = re.fullmatch(r"\.([A-Z])(?:\s+(\d+))?\s*", line)
        if mark and mark[1] == "I":
            fields = records.setdefault(str(int(mark[2])), {})
            part = ""
        elif mark:
            part = mark[1]
        elif part:
            fields[part] = fields.get(part, "") + line + "\n"
    return records


def _headed(fields: Mapping[str, str]) -> tuple[str, str]:
    """Headline and text, without the headline that some texts repeat."""
    headline, text = fields.get("T", ""), fields.get("W", "")
    return headline, text.removeprefix(headline)


def _judge(pairs: Iterator[tuple[str, str]]) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for query, text in pairs:
        judged.setdefault(query, {})[text] = 1
    return judged
