"""The rows of imported articles, written in bulk. Every function expects to run inside the batch's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models import Model

from broadsheet.core.flows import ChangeKind
from broadsheet.core.models import Change
from broadsheet.gazetteer.mentions import find_countries
from broadsheet.library.access import Access, Kind
from broadsheet.library.importing.prepare import LONGEST_ADDRESS, LONGEST_HEADLINE, Prepared, short
from broadsheet.library.importing.subjects import Register
from broadsheet.library.models import (
    Article,
    ArticleCountry,
    ArticleRest,
    ArticleTeaser,
    ArticleText,
    Author,
    Byline,
    Correction,
    OldAddress,
    Region,
    SourceRecord,
    Topic,
)
from broadsheet.library.slugs import make_slug

# The columns whose values drivers do not take as they are.
_SPECIAL = ("access", "kind", "published_at", "first_published_at", "last_published_at", "revised_at")


class Registers:
    """Authors, topics and regions."""

    def __init__(self) -> None:
        self.authors = Register(Author)
        self.topics = Register(Topic)
        self.regions = Register(Region)

    def load(self) -> None:
        for register in (self.authors, self.topics, self.regions):
            register.load()

    def unknown(self, one: Prepared) -> list[str]:
        """Which of an item's names would be created."""
        named = ((self.authors, one.item.authors), (self.topics, one.item.topics), (self.regions, one.item.regions))
        return [register.warning(name) for register, names in named for name in names if register.find(name) is None]


def find_topics(prepared: Iterable[Prepared], registers: Registers) -> None:
    """Note the ids of each item's topics, before the articles are written: the first stands above the headline."""
    for one in prepared:
        one.topic_ids = _find_ids(one, one.item.topics, registers.topics)


def create_articles(prepared: Sequence[Prepared], *, access: Access, now: datetime) -> None:
    """Insert the articles' own rows and note their ids."""
    fields = [field for field in Article._meta.concrete_fields if not field.primary_key]
    usual = {field.attname: field.get_db_prep_save(field.get_default(), connection) for field in fields}
    names = [field.attname for field in fields]
    rows = []
    for one, pk in zip(prepared, reserve_ids(Article, len(prepared)), strict=True):
        one.article_id = pk
        published_at = _published_at(one, now)
        values = {
            **usual,
            **_values(one, now=now),
            "body": _body_json(one),
            "access": one.item.access or access,
            "kind": one.item.kind or Kind.DAILY,
            "published_at": published_at,
            "first_published_at": None if one.item.is_draft else published_at,
        }
        for name in _SPECIAL:
            values[name] = _plain_value(values[name])
        rows.append((pk, *[values[name] for name in names]))
    insert(Article, " ".join(["id", *(field.name for field in fields)]), rows)


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Ids for the next rows of a table; nobody else can be given them while this transaction runs."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
            return [int(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    last = int(row[0]) if row else 0
    return list(range(last + 1, last + count + 1))


def update_articles(prepared: Sequence[Prepared], *, now: datetime) -> None:
    """Change the articles' own rows, in the order of their numbers, in which everybody takes hold of several articles.

    Access, kind and date stay where the source does not say.
    """
    for one in sorted(prepared, key=_id):
        values = _values(one, now=now)
        said = {"access": one.item.access, "kind": one.item.kind, "published_at": one.item.published_at}
        values |= {name: value for name, value in said.items() if value is not None}
        Article.objects.filter(pk=one.article_id).update(**values)
        if not one.item.is_draft:
            _date_first_publication(one, now=now)


def write_texts(prepared: Sequence[Prepared]) -> None:
    """Insert the texts of the live ones."""
    live = [(one.article_id, one.body) for one in prepared if one.body is not None]
    insert(ArticleTeaser, "article html text", [(pk, body.teaser_html, body.teaser_text) for pk, body in live])
    insert(ArticleRest, "article html", [(pk, body.rest_html) for pk, body in live])
    insert(
        ArticleText,
        "article body_text paragraphs teaser_end word_count photo_ids",
        [
            (pk, body.body_text, json.dumps(body.paragraphs), body.teaser_end, body.word_count, json.dumps(body.photo_ids))
            for pk, body in live
        ],
    )


def write_countries(prepared: Sequence[Prepared]) -> None:
    """Insert the countries that the live ones are about."""
    found = [
        (one.article_id, find_countries(one.item.headline, one.item.dek, one.body.body_text))
        for one in prepared
        if one.body is not None
    ]
    insert(ArticleCountry, "article code weight", [(pk, *each) for pk, countries in found for each in countries])


def delete_parts(article_ids: Iterable[int]) -> None:
    """Delete what `write_texts` and `write_parts` insert, before a changed item's is inserted."""
    ids = list(article_ids)
    for model in (
        ArticleTeaser,
        ArticleRest,
        ArticleText,
        ArticleCountry,
        Byline,
        Correction,
        Article.topics.through,
        Article.regions.through,
    ):
        model.objects.filter(article_id__in=ids).delete()


def write_parts(prepared: Sequence[Prepared], registers: Registers) -> None:
    """Insert topics, regions, bylines and corrections; unknown names are created, with a warning."""
    _write_links(Article.topics.through, "topic", {_id(one): one.topic_ids for one in prepared})
    regions = {_id(one): _find_ids(one, one.item.regions, registers.regions) for one in prepared}
    _write_links(Article.regions.through, "region", regions)
    authors = {_id(one): _find_ids(one, one.item.authors, registers.authors) for one in prepared}
    rows = [(pk, author, place) for pk, found in authors.items() for place, author in enumerate(found)]
    insert(Byline, "article author sort_order", rows)
    Correction.objects.bulk_create(
        [
            Correction(article_id=one.article_id, date=amendment.on, text=amendment.text, sort_order=place)
            for one in prepared
            for place, amendment in enumerate(one.item.corrections)
        ]
    )


def write_old_addresses(prepared: Sequence[Prepared]) -> None:
    """Insert the redirects; an address that leads elsewhere already is left alone, with a warning."""
    wanted = {path: one for one in reversed(prepared) for path in one.item.old_addresses if len(path) <= LONGEST_ADDRESS}
    known = dict(OldAddress.objects.filter(path__in=list(wanted)).values_list("path", "article_id"))
    for one in prepared:
        for path in one.item.old_addresses:
            if len(path) > LONGEST_ADDRESS:
                one.warnings.append(f"its old address is longer than {LONGEST_ADDRESS} characters and was left out")
            elif known.get(path, one.article_id) != one.article_id or wanted[path] is not one:
                one.warnings.append(f"its old address {path[:100]} leads to another article already")
    OldAddress.objects.bulk_create(
        [OldAddress(path=path, article_id=one.row_id) for path, one in wanted.items() if path not in known]
    )


def write_records(created: Sequence[Prepared], changed: Sequence[Prepared], *, now: datetime) -> None:
    """Remember where the articles came from, and tell the change log of them."""
    at = connection.ops.adapt_datetimefield_value(now)
    insert(
        SourceRecord,
        "identity digest article source imported_at",
        [(one.identity, one.digest, one.article_id, source_of(one)[:500], at) for one in created],
    )
    for one in changed:
        SourceRecord.objects.filter(identity=one.identity).update(digest=one.digest, source=source_of(one)[:500], imported_at=now)
    insert(Change, "kind subject at", [(ChangeKind.ARTICLE.value, str(one.article_id), at) for one in (*created, *changed)])


def source_of(one: Prepared) -> str:
    """Where the item stands, for people."""
    return one.item.source if one.item.line is None else f"{one.item.source}, line {one.item.line}"


def insert(model: type[Model], fields: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain values; a model instance for each would cost more than the insert itself."""
    if not rows:
        return
    quote = connection.ops.quote_name
    by_name = {field.name: field for field in model._meta.concrete_fields}
    concrete = [by_name[name] for name in fields.split()]
    columns = ", ".join(quote(str(field.column)) for field in concrete)
    marks = ", ".join(["%s"] * len(concrete))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})", rows)  # noqa: S608 (quoted names)


def _values(one: Prepared, *, now: datetime) -> dict[str, Any]:
    """What an insert and a change have in common."""
    item = one.item
    live = not item.is_draft
    return {
        "headline": short(item.headline, LONGEST_HEADLINE),
        "slug": make_slug(item.slug or item.headline),
        "headline_home": short(item.headline_home, 120),
        "headline_search": short(item.headline_search, 120),
        "headline_social": short(item.headline_social, 160),
        "dek": item.dek,
        "body": one.blocks,
        "lead_photo_id": one.lead_photo_id,
        "main_topic_id": one.topic_ids[0] if one.topic_ids else None,
        "lead_caption": item.lead_photo.caption if item.lead_photo and one.lead_photo_id else "",
        "revised_at": item.revised_at,
        "live": live,
        "has_unpublished_changes": not live,
        "last_published_at": (item.revised_at or _published_at(one, now)) if live else None,
    }


def _body_json(one: Prepared) -> str:
    return json.dumps([{**block, "id": str(uuid4())} for block in one.blocks], ensure_ascii=False)


def _plain_value(value: Any) -> Any:
    """A value as the database's driver takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.value if isinstance(value, Enum) else value


def _published_at(one: Prepared, now: datetime) -> datetime | None:
    return one.item.published_at or (None if one.item.is_draft else now)


def _date_first_publication(one: Prepared, *, now: datetime) -> None:
    """A draft that its source has published since is dated now, unless the source gave it a date."""
    undated = Article.objects.filter(pk=one.article_id, published_at__isnull=True)
    undated.update(published_at=now)
    Article.objects.filter(pk=one.article_id, first_published_at__isnull=True).update(
        first_published_at=one.item.published_at or now
    )


def _id(one: Prepared) -> int:
    if one.article_id is None:
        raise LookupError(f"{one.item.headline!r} has no row yet; its parts are written after it")
    return one.article_id


def _find_ids(one: Prepared, names: Sequence[Any], register: Register) -> list[int]:
    found: dict[int, None] = {}
    for named in names:
        pk, warning = register.find_or_create(named)
        found[pk] = None
        if warning:
            one.warnings.append(warning)
    return list(found)


def _write_links(through: Any, column: str, links: dict[int, list[int]]) -> None:
    insert(through, f"article {column}", [(pk, other) for pk, others in links.items() for other in others])
