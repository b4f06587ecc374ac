"""Changing many articles at once: begun by an editor, carried on by the worker, stopped, taken back.

What is to be done lies in the database, an entry for each article, and is done in batches of one transaction each: whoever
is killed in the middle has done whole batches, and the next turn goes on with what is left.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from broadsheet.accounts.models import User
from broadsheet.desk import bulk_store
from broadsheet.desk.bulk_operation import Known, Operation, Traces, read_operation, take_back
from broadsheet.desk.bulk_store import Held, Rewrite
from broadsheet.desk.models import BulkChange, BulkEntry, BulkOutcome, BulkState

logger = logging.getLogger(__name__)

PUBLISH = "library.publish_article"
BATCH = 250
BATCHES_A_TURN = 4  # then the worker's other jobs have theirs
UNDO_WITHIN = timedelta(days=30)
STORED_AT_ONCE = 1000
LONGEST_TROUBLE = 300

UNDER_WAY = (BulkState.RUNNING, BulkState.UNDOING)
CHANGED_SINCE = "It was changed since."
NO_RIGHTS = "Stopped: {} may not publish any more."
NO_STAFF = "Stopped: the account of whoever began it is gone."
NO_SUBJECT = "Stopped: a topic, region or author that it adds was deleted in the meantime."
FAILED = "Stopped by an error that nobody expected; the server’s log tells of it. What was done before it stands."


def count_changes(article_ids: Sequence[int], operation: Operation) -> tuple[int, list[int]]:
    """How many of these articles would be changed as they stand now, and which are the first ten of them."""
    count, first = 0, list[int]()
    for start in range(0, len(article_ids), bulk_store.READ_AT_ONCE):
        some = article_ids[start : start + bulk_store.READ_AT_ONCE]
        placements = bulk_store.load_placements(some)
        changed = [pk for pk in some if pk in placements and operation.apply(placements[pk]) != placements[pk]]
        count, first = count + len(changed), [*first, *changed[: 10 - len(first)]]
    return count, first


def begin(operation: Operation, article_ids: Collection[int], *, summary: str, chosen: str, by: User, now: datetime) -> BulkChange:
    """Note what is to be done, and do the first batch at once; the worker does the rest."""
    with transaction.atomic():
        change = BulkChange.objects.create(
            staff=by,
            operation=operation.as_json(),
            summary=summary[:500],
            chosen=chosen[:300],
            state=BulkState.RUNNING,
            total=len(article_ids),
            counts={BulkOutcome.WAITING: len(article_ids)},
            started_at=now,
        )
        entries = (BulkEntry(change=change, article_id=pk) for pk in article_ids)
        BulkEntry.objects.bulk_create(entries, batch_size=STORED_AT_ONCE)
    take_batch(change.pk, now=now)
    return change


def carry_on(*, now: datetime) -> int:
    """Do some batches of every bulk change that is under way; the worker calls it all the time. Returns how many.

    Raises:
        OperationalError, InterfaceError: the database failed one of them; the others have had their turn, and it stays under way.
    """
    done, trouble = 0, None
    for pk in list(BulkChange.objects.filter(state__in=UNDER_WAY).order_by("pk").values_list("pk", flat=True)):
        try:
            done += _take_turn(pk, now=now)
        except (OperationalError, InterfaceError) as error:
            trouble = error
    if trouble:
        raise trouble
    return done


def _take_turn(change_id: int, *, now: datetime) -> int:
    for done in range(BATCHES_A_TURN):
        if not take_batch(change_id, now=now):
            return done
    return BATCHES_A_TURN


def take_batch(change_id: int, *, now: datetime) -> bool:
    """Do the next batch of one bulk change; returns whether it is still under way.

    One whose batch cannot be done is stopped, for it would fail for ever; trouble of the database itself passes.

    Raises:
        OperationalError, InterfaceError: the database does not answer, or breaks off.
    """
    try:
        return _take_batch(change_id, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Bulk change %s is stopped: its next batch failed", change_id)
        failed = BulkChange.objects.filter(pk=change_id, state__in=UNDER_WAY)
        failed.update(state=BulkState.STOPPED, ended_at=now, trouble=FAILED)
        return False


def _take_batch(change_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        # Held for the batch: a second worker passes it by, and a press of Stop waits for the batch's end.
        held = BulkChange.objects.select_for_update(skip_locked=True).filter(pk=change_id, state__in=UNDER_WAY)
        change = held.first()
        if change is None:
            return False
        by = change.resumed_by or (change.undone_by if change.state == BulkState.UNDOING else change.staff)
        operation, known = read_operation(change.operation), bulk_store.load_known()
        trouble = _find_trouble(change, operation, known, by)
        if trouble or by is None:
            return _end(change, BulkState.STOPPED, now, trouble=trouble)
        is_undoing = change.state == BulkState.UNDOING
        left = BulkOutcome.CHANGED if is_undoing else BulkOutcome.WAITING
        entries = list(change.entries.filter(outcome=left).order_by("article_id")[:BATCH])
        articles = bulk_store.hold_articles([entry.article_id for entry in entries], by=by)
        if is_undoing:
            rewrites = [_undo(entry, articles.get(entry.article_id), known) for entry in entries]
        else:
            rewrites = [_do(entry, articles.get(entry.article_id), operation) for entry in entries]
        bulk_store.write_articles([rewrite for rewrite in rewrites if rewrite is not None], change, by=by, now=now)
        _save(change, entries, left)
        if len(entries) < BATCH:
            return _end(change, BulkState.UNDONE if is_undoing else BulkState.DONE, now)
    return True


def stop(change_id: int, *, now: datetime) -> bool:
    """Leave what is still to come as it is; returns whether there was anything to stop."""
    running = BulkChange.objects.filter(pk=change_id, state=BulkState.RUNNING)
    return bool(running.update(state=BulkState.STOPPED, ended_at=now))


def resume(change_id: int, *, by: User, now: datetime) -> bool:
    """Go on with what was stopped, in the name of whoever asks and within 30 days; returns whether it goes on."""
    stopped = BulkChange.objects.filter(pk=change_id, state=BulkState.STOPPED, started_at__gt=now - UNDO_WITHIN)
    values = {"resumed_by": by, "ended_at": None, "trouble": ""}
    begun = stopped.filter(undone_at=None).update(state=BulkState.RUNNING, **values)
    undone = stopped.exclude(undone_at=None).update(state=BulkState.UNDOING, **values)
    return bool(begun or undone)


def may_resume(change: BulkChange, *, now: datetime) -> bool:
    """Whether a bulk change can go on now: after 30 days what is left to do is not kept any more."""
    return change.state == BulkState.STOPPED and change.started_at > now - UNDO_WITHIN


def undo(change_id: int, *, by: User, now: datetime) -> bool:
    """Begin to take back a bulk change, once and within 30 days; returns whether that could be begun."""
    ended = BulkChange.objects.filter(
        pk=change_id, state__in=(BulkState.DONE, BulkState.STOPPED), undone_at=None, started_at__gt=now - UNDO_WITHIN
    )
    if not ended.update(state=BulkState.UNDOING, undone_by=by, undone_at=now, resumed_by=None, ended_at=None, trouble=""):
        return False
    take_batch(change_id, now=now)
    return True


def may_undo(change: BulkChange, *, now: datetime) -> bool:
    """Whether a bulk change can be taken back now."""
    is_over = change.state in (BulkState.DONE, BulkState.STOPPED)
    return is_over and change.undone_at is None and change.started_at > now - UNDO_WITHIN and bool(change.counts.get("changed"))


def forget_old_entries(*, now: datetime) -> int:
    """Delete what was kept to go on with changes, or to take them back, once they are too old; the log stays. Returns how many."""
    old = BulkEntry.objects.filter(change__started_at__lte=now - UNDO_WITHIN).exclude(change__state__in=UNDER_WAY)
    return old._raw_delete(old.db) if old.exists() else 0


def _find_trouble(change: BulkChange, operation: Operation, known: Known, by: User | None) -> str:
    """Why nothing more may be done; empty if nothing is in the way."""
    if by is None:
        return NO_STAFF
    if not (by.is_active and by.has_perm(PUBLISH)):
        return NO_RIGHTS.format(by.email)[:LONGEST_TROUBLE]
    if change.state == BulkState.RUNNING and not operation.is_possible(known):
        return NO_SUBJECT
    return ""


def _do(entry: BulkEntry, held: Held | None, operation: Operation) -> Rewrite | None:
    """Decide what becomes of one article, and note it in its entry."""
    if held is None or held.refusal:
        _settle(entry, BulkOutcome.SKIPPED if held else BulkOutcome.GONE, held.refusal if held else "")
        return None
    draft = held.draft.placement if held.draft else None
    rewrite = Rewrite(held, operation.apply(held.placement), operation.apply(draft) if draft else None)
    row = held.placement.differing(rewrite.row)
    ahead = draft.differing(rewrite.draft) if draft and rewrite.draft else []
    if not row and not ahead:
        _settle(entry, BulkOutcome.SAME)
        return None
    entry.before = Traces(held.placement.values(row), draft.values(ahead) if draft else None).as_json()
    entry.after = Traces(rewrite.row.values(row), rewrite.draft.values(ahead) if rewrite.draft else None).as_json()
    _settle(entry, BulkOutcome.CHANGED)
    return rewrite


def _undo(entry: BulkEntry, held: Held | None, known: Known) -> Rewrite | None:
    """Decide whether one article becomes as it was, and note it in its entry."""
    if held is None or held.refusal:
        _settle(entry, BulkOutcome.KEPT if held else BulkOutcome.GONE, held.refusal if held else "")
        return None
    before, after = entry.before, entry.after
    row = take_back(held.placement, before=before["row"], after=after["row"], known=known)
    draft = held.draft.placement if held.draft else None
    # A newer draft that was begun since started from the row.
    side = "row" if after["draft"] is None else "draft"
    ahead = take_back(draft, before=before[side], after=after[side], known=known) if draft else None
    is_lost = draft is None and not after["row"]  # only a draft was changed, and it is published or dropped
    if row is None or is_lost or (draft is not None and ahead is None):
        _settle(entry, BulkOutcome.KEPT, CHANGED_SINCE)
        return None
    _settle(entry, BulkOutcome.RESTORED)
    return Rewrite(held, row, ahead)


def _settle(entry: BulkEntry, outcome: BulkOutcome, reason: str = "") -> None:
    entry.outcome, entry.reason = outcome, reason


def _save(change: BulkChange, entries: Sequence[BulkEntry], left: BulkOutcome) -> None:
    BulkEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["id"], update_fields=["outcome", "reason", "before", "after"]
    )
    counts = Counter(change.counts)
    counts.subtract({left: len(entries)})
    counts.update(entry.outcome for entry in entries)
    change.counts = {name: count for name, count in counts.items() if count > 0}
    change.save(update_fields=["counts"])


def _end(change: BulkChange, state: BulkState, now: datetime, *, trouble: str = "") -> bool:
    change.state, change.ended_at, change.trouble = state, now, trouble
    change.save(update_fields=["state", "ended_at", "trouble"])
    return False
