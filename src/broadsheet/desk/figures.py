"""The publisher's figures: the way to a subscription step by step, and who came and went. Sums only, never a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from broadsheet.billing.models import Plan
from broadsheet.core import clock
from broadsheet.core.text import harmless_cell
from broadsheet.desk.roles import SEE_FIGURES
from broadsheet.figures import store, svg, tables
from broadsheet.figures.facts import Why
from broadsheet.figures.hiding import Hidden, Shown, hide_small
from broadsheet.figures.tables import KINDS, STEPS, FunnelRow, SubscriberRow, share
from broadsheet.figures.weeks import Span, Unit, choose_span
from broadsheet.library.models import Article

MAX_ARTICLES = 30
MAX_BARS = 10
NO_ARTICLE, OTHER_ARTICLES = 0, -1
WHY_NAMES = {
    Why.CANCELLED: "cancelled",
    Why.UNPAID: "payment failed for good",
    Why.REFUNDED: "money given back",
    Why.DISPUTED: "disputed at the bank",
    Why.RAN_OUT: "a gift that ran out",
}
VIEWS = (("time", "Over time"), ("article", "By article"), ("source", "By source"))


@dataclass(frozen=True, slots=True)
class Question:
    """What the page's form asks for."""

    span: Span
    by: str
    article: Article | None = None
    problem: str = ""

    def query(self, **changed: str) -> str:
        """The same question as an address' query, with some parts changed."""
        asked = {"unit": str(self.span.unit), "from": self.span.first.isoformat(), "to": self.span.last.isoformat(), "by": self.by}
        return urlencode({**asked, **({"article": str(self.article.pk)} if self.article else {}), **changed})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it goes into a CSV file."""

    heads: Sequence[str]
    rows: Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and the words that stand over it."""

    title: str
    drawing: SafeString


@require_safe
@permission_required(SEE_FIGURES, raise_exception=True)
def funnel(request: HttpRequest) -> HttpResponse:
    """Wall, address, confirmation, opened articles, subscribe page, subscription: over time, by article or by source."""
    question = read_question(request)
    context = _FUNNELS[question.by](question)
    shared = {"question": question, "steps": STEPS, "views": [(by, name, question.query(by=by)) for by, name in VIEWS]}
    return render(request, "desk/figures_funnel.html", {**shared, **_common(question), **context})


@require_safe
@permission_required(SEE_FIGURES, raise_exception=True)
def funnel_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    question = read_question(request)
    if question.by == "source":
        splits = tables.by_source(store.sum_by_source(question.span.first, question.span.last, KINDS))
        lines = [(split.step.name, name, _cell(count)) for split in splits for name, count in split.rows]
        return _csv_answer(Sheet(("step", "source", "count"), lines), "funnel", question)
    rows = _FUNNELS[question.by](question)["rows"]
    if question.by == "time":
        rows.reverse()  # the earliest first, as programs read them
    first = "article" if question.by == "article" else f"{question.span.unit} from"
    sheet = Sheet((first, *(step.name for step in STEPS)), [(row.name, *(_cell(figure) for figure in row.figures)) for row in rows])
    return _csv_answer(sheet, "funnel", question)


@require_safe
@permission_required(SEE_FIGURES, raise_exception=True)
def subscribers(request: HttpRequest) -> HttpResponse:
    """Subscriptions in, out, net and living, what they bring, why some ended, and which plans."""
    question = read_question(request)
    rows, before, moves = _load_subscribers(question.span)
    plans = {plan.pk: plan.name for plan in Plan.objects.all()}
    by_plan = tables.by_plan(before, moves, [*plans])
    context = {
        "question": question,
        "rows": [*reversed(rows)],
        "last": rows[-1],
        "revenue": tables.revenue_text(rows[-1].revenue),
        "charts": _subscriber_charts(rows, question.span),
        "why": [(WHY_NAMES[why], _cell(count)) for why, count in tables.why_ended(moves)],
        "plans": [(plans[row.plan_id], _cell(row.came), _cell(row.went), _cell(row.living)) for row in by_plan],
        "has_any": any(row.living or row.came or row.went for row in rows),
        "came": sum(row.came for row in rows),
        "went": sum(row.went for row in rows),
    }
    return render(request, "desk/figures_subscribers.html", {**context, **_common(question)})


@require_safe
@permission_required(SEE_FIGURES, raise_exception=True)
def subscribers_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file; revenue a month in the currency's smallest unit, a column for each currency."""
    question = read_question(request)
    rows, _, _ = _load_subscribers(question.span)
    currencies = sorted({currency for row in rows for currency in row.revenue})
    heads = (f"{question.span.unit} from", "started", "returned", "ended", "paused", "net", "renewed", "at the end", "churn")
    money = [f"recurring a month, {currency}, smallest unit" for currency in currencies]
    lines: list[list[object]] = []
    for row in rows:
        counts = (row.started, row.returned, row.ended, row.paused, row.net, row.renewed, row.living)
        lines.append([row.name, *counts, row.churn, *(row.revenue.get(currency, 0) for currency in currencies)])
    return _csv_answer(Sheet((*heads, *money), lines), "subscribers", question)


def read_question(request: HttpRequest) -> Question:
    """What was asked for; what can't be read is as usual."""
    unit = Unit.MONTH if request.GET.get("unit") == Unit.MONTH else Unit.WEEK
    today = clock.now().astimezone(settings.BROADSHEET.zone).date()
    span = choose_span(request.GET.get("from", ""), request.GET.get("to", ""), unit, today=today)
    by = request.GET.get("by", "")
    typed = request.GET.get("article", "").strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
    article = Article.objects.only("pk", "headline", "slug").filter(pk=number).first() if number is not None else None
    problem = f"There is no article with the number “{typed}”." if typed and article is None else ""
    return Question(span, by if by in dict(VIEWS) and article is None else "time", article, problem)


def _over_time(question: Question) -> dict[str, Any]:
    span, article = question.span, question.article
    if article is not None:
        return _article_over_time(question, article)
    rows = tables.by_week(span, store.sum_by_day(span.first, span.last, KINDS))
    whole = tables.totals(rows)
    charts = [_draw_steps(whole, f"The way to a subscription, {span.words}"), _draw_periods(span, rows)]
    return {"rows": [*reversed(rows)], "totals": whole, "has_any": any(whole), "charts": charts}


def _article_over_time(question: Question, article: Article) -> dict[str, Any]:
    """One article: as much of it as the table of all articles would show, and its weeks."""
    span = question.span
    rows = tables.by_week(span, store.sum_of_article(article.pk, span.first, span.last, KINDS))
    beside = {row.key: row.figures for row in _article_rows(question)}
    whole = beside.get(article.pk) or tuple(hide_small({0: count, 1: 0})[0] for count in tables.totals(rows))
    title = f"The way to a subscription from “{article.headline}”, {span.words}"
    hidden = tables.hide_periods(rows, whole)
    return {
        "rows": [*reversed(hidden)],
        "totals": whole,
        "has_any": any(whole),
        "charts": [_draw_steps(whole, title)],
        "all_query": question.query(article=""),
    }


def _by_article(question: Question) -> dict[str, Any]:
    rows = _article_rows(question)
    articles = [row for row in rows if row.key not in (OTHER_ARTICLES, NO_ARTICLE)]
    most_seen = [(row.name, row.figures[0]) for row in articles[:MAX_BARS]]
    chart = _draw_groups(most_seen, f"{STEPS[0].name}: the articles with the most events, {question.span.words}", "articles")
    return {"rows": rows, "has_any": bool(articles), "charts": [chart]}


def _article_rows(question: Question) -> list[FunnelRow]:
    """The articles with the most events, all others together, and what happened without an article."""
    span = question.span
    of_articles = store.sum_by_article(span.first, span.last, KINDS)
    of_all = store.sum_by_day(span.first, span.last, KINDS)
    largest = tables.find_largest(of_articles, MAX_ARTICLES)
    headlines = dict(Article.objects.filter(pk__in=largest).values_list("pk", "headline"))
    names = {article_id: headlines.get(article_id, f"article {article_id}, deleted") for article_id in largest}
    sums = {key: count for key, count in of_articles.items() if key[0] in names}
    for kind in KINDS:
        named = sum(sums.get((article_id, kind), 0) for article_id in largest)
        of_kind = sum(count for (_, each), count in of_articles.items() if each == kind)
        whole = sum(count for (_, each), count in of_all.items() if each == kind)
        sums[OTHER_ARTICLES, kind], sums[NO_ARTICLE, kind] = of_kind - named, whole - of_kind
    names |= {OTHER_ARTICLES: "All other articles", NO_ARTICLE: "Without an article"}
    paths = {article_id: question.query(by="time", article=str(article_id)) for article_id in headlines}
    return tables.by_group(names, sums, paths)


def _by_source(question: Question) -> dict[str, Any]:
    splits = tables.by_source(store.sum_by_source(question.span.first, question.span.last, KINDS))
    shown = [
        (
            split,
            _draw_groups(split.rows[:MAX_BARS], f"{split.step.name}, by source", f"source-{split.step.kind}"),
            [(name, _cell(count), _share(count, split.total)) for name, count in split.rows],
        )
        for split in splits
    ]
    return {"splits": shown, "rows": [], "has_any": any(split.total for split in splits), "charts": []}


_FUNNELS = {"time": _over_time, "article": _by_article, "source": _by_source}


def _draw_steps(whole: Sequence[Shown], title: str) -> Chart:
    bars = []
    for number, (step, figure) in enumerate(zip(STEPS, whole, strict=True)):
        before = whole[number - 1] if number else None
        if isinstance(figure, Hidden):
            bars.append(svg.Bar(step.name, 0, figure.value))
        else:
            part = share(figure, before) if isinstance(before, int) else ""
            bars.append(svg.Bar(step.name, figure, f"{figure:,}{f', {part} of the step above' if part else ''}"))
    desc = "; ".join(f"{bar.name}: {bar.end}" for bar in bars)
    return _chart(title, svg.draw_bars(bars, name="steps", title=title, desc=desc))


def _draw_groups(groups: Sequence[tuple[str, Shown]], title: str, name: str) -> Chart:
    bars = [
        svg.Bar(words, 0, figure.value) if isinstance(figure, Hidden) else svg.Bar(words, figure, f"{figure:,}")
        for words, figure in groups
    ]
    desc = "; ".join(f"{bar.name}: {bar.end}" for bar in bars)
    return _chart(title, svg.draw_bars(bars, name=name, title=title, desc=desc, labels=svg.WIDE_LABELS))


def _draw_periods(span: Span, rows: Sequence[FunnelRow]) -> Chart:
    names = [row.name for row in rows]
    columns = zip(*(row.figures for row in rows), strict=True)
    series = [
        svg.Series(step.name, [figure if isinstance(figure, int) else 0 for figure in column])
        for step, column in zip(STEPS, columns, strict=True)
    ]
    title = f"The same {span.unit} by {span.unit}, each step on a scale of its own"
    desc = "The figure at the end of a row is its highest. The table below holds every figure."
    return _chart(title, svg.draw_rows(names, series, name="periods", title=title, desc=desc))


def _load_subscribers(span: Span) -> tuple[list[SubscriberRow], list[tables.Move], list[tables.Move]]:
    before, moves = store.load_moves_before(span.first), store.load_moves(span.first, span.last)
    return tables.by_period(span, before, moves), before, moves


def _subscriber_charts(rows: Sequence[SubscriberRow], span: Span) -> list[Chart]:
    names = [row.name for row in rows]
    came, went = [row.came for row in rows], [row.went for row in rows]
    title = f"Subscriptions that came and went, {span.unit} by {span.unit}"
    desc = f"{sum(came):,} came and {sum(went):,} went from {span.words}."
    moves = _chart(title, svg.draw_in_out(names, came, went, name="moves", title=title, desc=desc))
    living = _draw_line(names, "Living subscriptions", "living", [row.living for row in rows], f"{rows[-1].living:,}")
    currencies = sorted({currency for row in rows for currency in row.revenue})
    return [moves, living, *(_draw_revenue(rows, currency) for currency in currencies)]


def _draw_revenue(rows: Sequence[SubscriberRow], currency: str) -> Chart:
    values = [row.revenue.get(currency, 0) for row in rows]
    end = tables.revenue_text({currency: values[-1]})
    title = f"Recurring revenue a month, {currency}"
    return _draw_line([row.name for row in rows], title, f"revenue-{currency.lower()}", values, end)


def _draw_line(names: Sequence[str], title: str, name: str, values: Sequence[int], end: str) -> Chart:
    return _chart(title, svg.draw_line(names, values, end, name=name, title=title, desc=f"{end} at the end."))


def _common(question: Question) -> dict[str, Any]:
    return {
        "units": [(unit, f"{unit}s", unit is question.span.unit) for unit in Unit],
        "csv_query": question.query(),
        "since": store.load_first_day(),
    }


def _cell(figure: Shown | None) -> object:
    return figure.value if isinstance(figure, Hidden) else "" if figure is None else figure


def _share(figure: Shown, whole: int) -> str:
    return share(figure, whole) if isinstance(figure, int) else ""


def _chart(title: str, text: str) -> Chart:
    """A chart for a template; `figures.svg` has escaped every word in it."""
    return Chart(title, mark_safe(text))


def _csv_answer(sheet: Sheet, name: str, question: Question) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(sheet.heads)
    writer.writerows([cell if isinstance(cell, int) else harmless_cell(cell) for cell in row] for row in sheet.rows)
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    span = question.span
    answer["Content-Disposition"] = f'attachment; filename="{name}-{span.first}-{span.last}-{question.by}.csv"'
    return answer
