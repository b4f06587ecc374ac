"""Authors, topics and regions by the names that sources use; unknown ones are created."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from django.utils.text import slugify

from broadsheet.library.importing.items import Named
from broadsheet.library.models import Author, Region, Topic

Model = type[Author] | type[Topic] | type[Region]


class Register:
    """The rows of one table by slug and by name; held in memory, as there are hundreds of them."""

    def __init__(self, model: Model) -> None:
        self._model: Any = model
        self._word = model.__name__.lower()
        self._longest = model._meta.get_field("name").max_length or 80
        self.load()

    def load(self) -> None:
        """Read the table; also after a transaction was rolled back."""
        self._by_slug: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        for pk, name, slug in self._model.objects.values_list("pk", "name", "slug"):
            self._remember(pk, name, slug)

    def find(self, named: Named) -> int | None:
        """The id of the row with this slug or name."""
        found = self._by_slug.get(named.slug) if named.slug else None
        found = found or self._by_name.get(named.name.casefold()) or self._by_slug.get(named.name)
        return found or self._by_slug.get(slugify(named.name)[: self._longest].strip("-"))

    def find_or_create(self, named: Named) -> tuple[int, str]:
        """The id of the row, and a warning if it had to be created."""
        found = self.find(named)
        if found is not None:
            return found, ""
        name = _readable(named.name)[: self._longest]
        fields: dict[str, Any] = {"name": name, "slug": self._free_slug(named)}
        if named.text:
            fields["biography" if self._model is Author else "description"] = named.text
        # In bulk, so that pages are not told of each name: the batch tells them of its articles at its end.
        (row,) = self._model.objects.bulk_create([self._model(**fields)])
        self._remember(row.pk, row.name, row.slug)
        return row.pk, self.warning(named)

    def warning(self, named: Named) -> str:
        """What to say of a name that is not known."""
        return f"the {self._word} “{_readable(named.name)[: self._longest]}” was not known and is created"

    def _remember(self, pk: int, name: str, slug: str) -> None:
        self._by_slug[slug] = pk
        self._by_name.setdefault(name.casefold(), pk)

    def _free_slug(self, named: Named) -> str:
        slug = slugify(named.slug or named.name)[: self._longest - 12].strip("-")
        if slug and slug not in self._by_slug:
            return slug
        mark = blake2b(named.name.encode("utf-8", "replace"), digest_size=4).hexdigest()
        return f"{slug or self._word}-{mark}"


def _readable(name: str) -> str:
    """A name; one that is only a slug is turned into words."""
    if "-" in name and name == slugify(name):
        words = name.replace("-", " ")
        return words[:1].upper() + words[1:]
    return name
