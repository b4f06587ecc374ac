"""Makes the pages of the whole publication with today's recipe: what `broadsheet render` and the worker do."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import InterfaceError, OperationalError, transaction

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.pages import store
from broadsheet.pages.flows import compose_article, compose_list
from broadsheet.pages.lists import ListPath
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.store import NewPage
from broadsheet.pages.variants import Audience, Variant
from broadsheet.pages.wanted_store import Wanted

logger = logging.getLogger(__name__)

ATTEMPTS = 5  # at one page, while editors change what it is made of
RESUMED_FOR = timedelta(days=1)  # a `render --all` that was broken off longer ago begins anew
UNUSED_AFTER = timedelta(days=1)
FORGOTTEN_AT_ONCE = 2000  # pages in one turn of the worker, so that letters wait a second and no longer


class Outcome(StrEnum):
    """What became of one page in all its forms."""

    MADE = "made"
    PRESENT = "present"  # there already
    GONE = "gone"  # not published any more, or no such list
    OUTRUN = "outrun"  # changed each time while it was made; the first reader's request will make it
    FAILED = "failed"  # logged with its reason


@dataclass(frozen=True, slots=True)
class Report:
    """What became of many pages: how many of each outcome, and the addresses of those that failed."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    failed: tuple[str, ...] = ()

    def __add__(self, other: Report) -> Report:
        return Report(self.outcomes + other.outcomes, self.failed + other.failed)


class ProgramReplaced(Exception):
    """The program's files are others than when the run began, so its pages would be of two recipes."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is to do, with which recipe.

    `since` is when it began, if pages made before are to be made again; None: only missing ones.
    """

    recipe: str
    since: datetime | None = None


def begin_rendering(*, everything: bool, now: datetime) -> Order:
    """Begin a run, or go on with the one of `everything` that was broken off within the last day."""
    recipe = current_recipe()
    use = store.use_recipe(recipe, now=now)
    if not everything:
        return Order(recipe)
    if use.rendering_since is None or now - use.rendering_since > RESUMED_FOR:
        use.rendering_since = now
        use.save(update_fields=["rendering_since"])
    return Order(recipe, use.rendering_since)


def end_rendering(order: Order, *, now: datetime) -> None:
    """End a run. Pages that were made again lie in the memory of running servers as they were; those fetch them anew."""
    if order.since is not None:
        with transaction.atomic():
            store.end_rendering(order.recipe)
            record_change(ChangeKind.PAGES, "", now=now)


def render_batch(batch: Sequence[Wanted], order: Order, *, now: datetime) -> Report:
    """Make what is missing of a batch; a page that fails is logged and counted, and the next one is made.

    Raises:
        OperationalError, InterfaceError: the database does not answer, so that the rest would fail alike.
        ProgramReplaced: this process was started from other files than the one that gave the order.
    """
    if current_recipe() != order.recipe:
        raise ProgramReplaced(f"The pages' recipe is {current_recipe()} by now, the run began with {order.recipe}.")
    kept = store.find_kept([page.path for page in batch], recipe=order.recipe, since=order.since, now=now)
    outcomes: Counter[Outcome] = Counter()
    failed = []
    for page in batch:
        missing = [form for form in page.forms if (page.path, _kind(form)) not in kept]
        outcome = _render(page, missing, now=now) if missing else Outcome.PRESENT
        outcomes[outcome] += 1
        if outcome is Outcome.FAILED:
            failed.append(page.path)
    return Report(outcomes, tuple(failed))


def forget_unused_pages(*, now: datetime) -> int:
    """Say that this recipe is in use, and delete some pages of recipes that nobody has used for a day; returns how many."""
    store.use_recipe(current_recipe(), now=now)
    return store.forget_pages(before=now - UNUSED_AFTER, at_most=FORGOTTEN_AT_ONCE)


def _render(page: Wanted, forms: Sequence[Variant | Audience], *, now: datetime) -> Outcome:
    try:
        for _ in range(ATTEMPTS):
            epoch = store.read_epoch()
            made = _compose(page.source, forms, epoch=epoch, now=now)
            if not made:
                return Outcome.GONE
            if store.save_pages(made, recipe=current_recipe(), epoch=epoch, now=now):
                return Outcome.MADE
        return Outcome.OUTRUN
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("render: %s failed; the rest goes on", page.path)
        return Outcome.FAILED


def _compose(source: int | ListPath, forms: Sequence[Variant | Audience], *, epoch: int, now: datetime) -> list[NewPage]:
    if isinstance(source, ListPath):
        return compose_list(source, [form for form in forms if isinstance(form, Audience)], epoch=epoch, now=now)
    return compose_article(source, [form for form in forms if isinstance(form, Variant)], epoch=epoch, now=now)


def _kind(form: Variant | Audience) -> str:
    return form.kind if isinstance(form, Variant) else str(form)
