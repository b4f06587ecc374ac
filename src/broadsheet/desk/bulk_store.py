"""The rows of a bulk change: articles as they stand with their newest drafts, and writing many of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model, QuerySet
from wagtail.admin.models import EditingSession
from wagtail.models import ModelLogEntry, ReferenceIndex, Revision, WorkflowState

from broadsheet.accounts.models import User
from broadsheet.desk.bulk_operation import Known, Placement
from broadsheet.desk.models import BulkChange
from broadsheet.library.flows import follow_bulk_change
from broadsheet.library.models import Article, Author, Byline, Region, Topic

LOG_ACTION = "broadsheet.bulk"
READ_AT_ONCE = 2000
_COLUMNS = ("pk", "access", "kind", "main_topic_id")
_AUTHOR, _MAIN_TOPIC = "author", "main_topic"
_OWN_COLUMNS = frozenset(("access", "kind", _MAIN_TOPIC))
_TOPICS, _REGIONS = Article.topics.through, Article.regions.through
# An open form knows a version by its number and its moment; Wagtail takes the newest moment for the newest version.
_MOMENT = timedelta(milliseconds=1)

SCHEDULED = "Its next version is scheduled."
IN_REVIEW = "It is being read by somebody else."
LOCKED = "It is locked by somebody else."


@dataclass(frozen=True, slots=True)
class Draft:
    """The newest version of an article in its history; `placement` is None where it says no more than the row."""

    revision_id: int
    content: dict[str, Any]
    created_at: datetime
    placement: Placement | None


@dataclass(frozen=True, slots=True)
class Held:
    """One article, locked for the transaction."""

    article_id: int
    headline: str
    is_live: bool
    placement: Placement
    draft: Draft | None
    is_open: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One article and its new placement, and that of its newer draft if it has one."""

    held: Held
    row: Placement
    draft: Placement | None


def load_placements(article_ids: Collection[int]) -> dict[int, Placement]:
    """How these articles stand; deleted ones are left out."""
    topics, regions = _links(_TOPICS, "topic_id", article_ids), _links(_REGIONS, "region_id", article_ids)
    authors = defaultdict(list)
    bylines = Byline.objects.filter(article_id__in=article_ids).order_by("sort_order", "pk")
    for article_id, author_id in bylines.values_list("article_id", "author_id"):
        authors[article_id].append(author_id)
    return {
        pk: Placement(access, kind, main_topic, topics[pk], regions[pk], tuple(authors[pk]))
        for pk, access, kind, main_topic in Article.objects.filter(pk__in=article_ids).values_list(*_COLUMNS)
    }


def load_known() -> Known:
    """The topics, regions and authors that there are."""
    return Known(*(frozenset(model.objects.values_list("pk", flat=True)) for model in (Topic, Region, Author)))


def hold_articles(article_ids: Collection[int], *, by: User) -> dict[int, Held]:
    """Lock these articles in the order of their numbers, and load them with their newest versions; deleted ones are left out."""
    rows = list(
        Article.objects.select_for_update()
        .filter(pk__in=article_ids)
        .order_by("pk")
        .only("pk", "headline", "live", "has_unpublished_changes", "latest_revision_id", "locked", "locked_by_id")
    )
    placements = load_placements(article_ids)
    revisions = Revision.objects.in_bulk([row.latest_revision_id for row in rows if row.latest_revision_id])
    open_ones, scheduled, in_review = _open_forms(article_ids), _scheduled(article_ids), _in_review(article_ids)

    def refusal_of(row: Article) -> str:
        if row.pk in scheduled:
            return SCHEDULED
        if row.pk in in_review:
            return IN_REVIEW
        return LOCKED if row.locked and row.locked_by_id != by.pk else ""

    def draft_of(row: Article) -> Draft | None:
        revision = revisions.get(row.latest_revision_id)
        if revision is None:
            return None
        placement = read_placement(revision.content, placements[row.pk]) if row.has_unpublished_changes else None
        return Draft(revision.pk, revision.content, revision.created_at, placement)

    return {
        row.pk: Held(row.pk, row.headline, row.live, placements[row.pk], draft_of(row), row.pk in open_ones, refusal_of(row))
        for row in rows
    }


def read_placement(content: Mapping[str, Any], row: Placement) -> Placement:
    """The placement that a version holds; what it is too old to know is as in the row."""
    return Placement(
        access=content.get("access", row.access),
        kind=content.get("kind", row.kind),
        main_topic=content.get("main_topic", row.main_topic),
        topics=tuple(sorted(content.get("topics", row.topics))),
        regions=tuple(sorted(content.get("regions", row.regions))),
        authors=tuple(byline["author"] for byline in content["bylines"]) if "bylines" in content else row.authors,
    )


def write_placement(content: Mapping[str, Any], placement: Placement, article_id: int) -> dict[str, Any]:
    """A version's content with another placement; bylines that stay keep their rows."""
    bylines = {byline["author"]: byline for byline in content.get("bylines", ())}
    return {
        **content,
        **placement.values(("access", "kind", "main_topic", "topics", "regions")),
        "bylines": [
            {"pk": None, "article": article_id, "author": author, **bylines.get(author, {}), "sort_order": place}
            for place, author in enumerate(placement.authors)
        ],
    }


def write_articles(rewrites: Sequence[Rewrite], change: BulkChange, *, by: User, now: datetime) -> None:
    """Give articles their new placement in the row and the newest version alike, and tell everybody; in one transaction."""
    _write_rows(rewrites)
    _write_links(_TOPICS, "topic_id", rewrites, lambda placement: placement.topics)
    _write_links(_REGIONS, "region_id", rewrites, lambda placement: placement.regions)
    _write_bylines(rewrites)
    in_place = [rewrite for rewrite in rewrites if _is_in_place(rewrite.held)]
    _write_versions_in_place(in_place)
    for rewrite in rewrites:
        if not _is_in_place(rewrite.held):
            _write_version(rewrite, by)
    _log(rewrites, change, by, now)
    follow_bulk_change([rewrite.held.article_id for rewrite in rewrites if rewrite.held.is_live], now=now)


def _write_rows(rewrites: Sequence[Rewrite]) -> None:
    alike = defaultdict(list)
    for rewrite in rewrites:
        row = rewrite.row
        if _OWN_COLUMNS.intersection(rewrite.held.placement.differing(row)):
            alike[row.access, row.kind, row.main_topic].append(rewrite.held.article_id)
    for (access, kind, main_topic), ids in alike.items():
        Article.objects.filter(pk__in=ids).update(access=access, kind=kind, main_topic_id=main_topic)
    moved = {one.held.article_id: one.row.main_topic for one in rewrites if one.row.main_topic != one.held.placement.main_topic}
    to_topics = [(pk, _MAIN_TOPIC, topic) for pk, topic in moved.items() if topic is not None]
    _note_references(moved, _MAIN_TOPIC, Topic, to_topics)


def _write_links(
    through: type[Model], column: str, rewrites: Iterable[Rewrite], linked: Callable[[Placement], tuple[int, ...]]
) -> None:
    added, removed = [], defaultdict(list)
    for rewrite in rewrites:
        pk, before, after = rewrite.held.article_id, set(linked(rewrite.held.placement)), set(linked(rewrite.row))
        added += [through(article_id=pk, **{column: number}) for number in sorted(after - before)]
        for number in before - after:
            removed[number].append(pk)
    for number, ids in removed.items():
        _delete_at_once(through._default_manager.filter(article_id__in=ids, **{column: number}))
    through._default_manager.bulk_create(added)


def _write_bylines(rewrites: Iterable[Rewrite]) -> None:
    wanted = {one.held.article_id: one.row.authors for one in rewrites if one.row.authors != one.held.placement.authors}
    there = {(byline.article_id, byline.author_id): byline for byline in Byline.objects.filter(article_id__in=wanted)}
    moved, added = [], []
    for article_id, authors in wanted.items():
        for place, author_id in enumerate(authors):
            byline = there.pop((article_id, author_id), None)
            if byline is None:
                added.append(Byline(article_id=article_id, author_id=author_id, sort_order=place))
            elif byline.sort_order != place:
                byline.sort_order = place
                moved.append(byline)
    # Past Wagtail's signals, which ask four questions about each byline.
    _delete_at_once(Byline.objects.filter(pk__in=[byline.pk for byline in there.values()]))
    Byline.objects.bulk_update(moved, ["sort_order"])
    Byline.objects.bulk_create(added)
    rows = Byline.objects.filter(article_id__in=wanted).values_list("pk", "article_id", "author_id")
    to_authors = [(article_id, f"bylines.{pk}.{_AUTHOR}", author_id) for pk, article_id, author_id in rows]
    _note_references(wanted, f"bylines.item.{_AUTHOR}", Author, to_authors)


def _note_references(
    article_ids: Collection[int], model_path: str, to: type[Model], references: Iterable[tuple[int, str, int]]
) -> None:
    """Let Wagtail know what these articles refer to by one field, for the desk shows where an author or a topic is used.

    `references` are an article's number, Wagtail's path to the field and the number of what it names.
    """
    if not article_ids:
        return
    article_type, to_type = _article_type(), ContentType.objects.get_for_model(to)
    _delete_at_once(
        ReferenceIndex.objects.filter(base_content_type=article_type, object_id__in=map(str, article_ids), model_path=model_path)
    )
    ReferenceIndex.objects.bulk_create(
        ReferenceIndex(
            base_content_type=article_type,
            content_type=article_type,
            object_id=str(article_id),
            to_content_type=to_type,
            to_object_id=str(number),
            model_path=model_path,
            content_path=path,
            content_path_hash=ReferenceIndex._get_content_path_hash(path),
        )
        for article_id, path, number in references
    )


def _is_in_place(held: Held) -> bool:
    """Whether the newest version says what the row says, and no form is open that could save itself into it."""
    return held.draft is not None and held.draft.placement is None and not held.is_open


def _write_versions_in_place(rewrites: Iterable[Rewrite]) -> None:
    """Let the newest versions say what the rows say.

    A form that was filled from one finds that it has changed, and refuses to save over it.
    """
    content, created_at = Revision._meta.get_field("content"), Revision._meta.get_field("created_at")
    rows = [
        (
            content.get_db_prep_save(write_placement(draft.content, rewrite.row, rewrite.held.article_id), connection),
            created_at.get_db_prep_save(draft.created_at + _MOMENT, connection),
            draft.revision_id,
        )
        for rewrite in rewrites
        if (draft := rewrite.held.draft) is not None
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE wagtailcore_revision SET content = %s, created_at = %s WHERE id = %s", rows)


def _write_version(rewrite: Rewrite, by: User) -> None:
    """Put a version on top that says what the newer draft is to say, or what the row says.

    The form of a draft saves itself into the version that it has made, so that one stays as it was. An article without
    versions gets one only if a form is open; otherwise a form starts from the row.
    """
    held, draft = rewrite.held, rewrite.held.draft
    if draft is None:
        if held.is_open:
            _make_first_version(held, by)
        return
    content = write_placement(draft.content, rewrite.draft or rewrite.row, held.article_id)
    article_type = _article_type()
    revision = Revision(
        content_type=article_type, object_id=str(held.article_id), user=by, object_str=held.headline, content=content
    )
    revision.save()
    values: dict[str, Any] = {"latest_revision": revision}
    if draft.placement is None and held.is_live:
        values["live_revision"] = revision
    Article.objects.filter(pk=held.article_id).update(**values)


def _make_first_version(held: Held, by: User) -> None:
    article = Article.objects.get(pk=held.article_id)
    revision = article.save_revision(user=by, changed=False, clean=False)
    if article.live:
        Article.objects.filter(pk=article.pk).update(live_revision=revision)


def _log(rewrites: Iterable[Rewrite], change: BulkChange, by: User, now: datetime) -> None:
    """A line in each article's history: who, when, and which bulk change."""
    words = f"{change.summary} (bulk change {change.pk})"
    if change.undone_at is not None:
        words = f"Taken back: {words}"
    article_type = _article_type()
    ModelLogEntry.objects.bulk_create(
        ModelLogEntry(
            content_type=article_type,
            object_id=str(rewrite.held.article_id),
            label=rewrite.held.headline,
            action=LOG_ACTION,
            timestamp=now,
            user=by,
            content_changed=True,
            data={"words": words},
        )
        for rewrite in rewrites
    )


def _delete_at_once(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)


def _links(through: type[Model], column: str, article_ids: Collection[int]) -> defaultdict[int, tuple[int, ...]]:
    found: defaultdict[int, tuple[int, ...]] = defaultdict(tuple)
    rows = through._default_manager.filter(article_id__in=article_ids).order_by(column)
    for article_id, number in rows.values_list("article_id", column):
        found[article_id] += (number,)
    return found


def _open_forms(article_ids: Collection[int]) -> set[int]:
    rows = EditingSession.objects.filter(content_type=_article_type(), object_id__in=map(str, article_ids))
    return {int(number) for number in rows.values_list("object_id", flat=True)}


def _scheduled(article_ids: Collection[int]) -> set[int]:
    rows = Revision.objects.filter(
        base_content_type=_article_type(), object_id__in=map(str, article_ids), approved_go_live_at__isnull=False
    )
    return {int(number) for number in rows.values_list("object_id", flat=True)}


def _in_review(article_ids: Collection[int]) -> set[int]:
    rows = WorkflowState.objects.active().filter(base_content_type=_article_type(), object_id__in=map(str, article_ids))
    return {int(number) for number in rows.values_list("object_id", flat=True)}


def _article_type() -> ContentType:
    return ContentType.objects.get_for_model(Article)
