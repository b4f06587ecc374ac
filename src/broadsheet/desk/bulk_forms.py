"""What is asked about a change of many articles, and the change in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from broadsheet.desk.bulk_operation import Operation
from broadsheet.library.models import ACCESS_CHOICES, KIND_CHOICES, Author, Region, Topic

AS_IT_IS = ("", "As it is")
ADDED, INSTEAD = "add", "instead"


class BulkForm(forms.Form):
    """One or several changes; a field that is left empty changes nothing."""

    add_topics = forms.ModelMultipleChoiceField(
        Topic.objects.all(), label="Add topics", required=False, widget=forms.CheckboxSelectMultiple
    )
    remove_topics = forms.ModelMultipleChoiceField(
        Topic.objects.all(), label="Take topics away", required=False, widget=forms.CheckboxSelectMultiple
    )
    add_regions = forms.ModelMultipleChoiceField(
        Region.objects.all(), label="Add regions", required=False, widget=forms.CheckboxSelectMultiple
    )
    remove_regions = forms.ModelMultipleChoiceField(
        Region.objects.all(), label="Take regions away", required=False, widget=forms.CheckboxSelectMultiple
    )
    author = forms.ModelChoiceField(Author.objects.all(), required=False, empty_label="As it is")
    author_place = forms.ChoiceField(
        label="Where the author stands",
        choices=[(ADDED, "Behind those who are named"), (INSTEAD, "Instead of those who are named")],
        initial=ADDED,
        required=False,
        widget=forms.RadioSelect,
    )
    access = forms.ChoiceField(choices=[AS_IT_IS, *ACCESS_CHOICES], required=False)
    kind = forms.ChoiceField(choices=[AS_IT_IS, *KIND_CHOICES], required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse what changes nothing, and what is added and taken away at once."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("topics", "regions"):
            both = set(cleaned.get(f"add_{name}") or ()) & set(cleaned.get(f"remove_{name}") or ())
            if both:
                self.add_error(f"remove_{name}", f"You add {_names(both)} at the same time. Untick one of the two.")
        if not self.errors and self.operation().is_empty:
            raise forms.ValidationError("Nothing is chosen yet. Say what is to be changed.")
        return cleaned

    def operation(self) -> Operation:
        """What was asked for."""
        asked = self.cleaned_data
        return Operation(
            **{name: _numbers(asked[name]) for name in ("add_topics", "remove_topics", "add_regions", "remove_regions")},
            authors=(asked["author"].pk,) if asked["author"] else (),
            keeps_authors=not (asked["author"] and asked["author_place"] == INSTEAD),
            access=asked["access"],
            kind=asked["kind"],
        )

    def in_words(self) -> str:
        """What was asked for, such as “Add topic Energy; access: Free”."""
        asked = self.cleaned_data
        words = [
            f"{verb} {noun}{'' if len(rows) == 1 else 's'} {_names(rows)}"
            for verb, noun, rows in (
                ("add", "topic", asked["add_topics"]),
                ("take away", "topic", asked["remove_topics"]),
                ("add", "region", asked["add_regions"]),
                ("take away", "region", asked["remove_regions"]),
            )
            if rows
        ]
        if asked["author"]:
            is_alone = asked["author_place"] == INSTEAD
            words.append(f"{'name only' if is_alone else 'add author'} {asked['author']}{' as author' if is_alone else ''}")
        for name, choices in (("access", ACCESS_CHOICES), ("kind", KIND_CHOICES)):
            words += [f"{name}: {label}" for value, label in choices if value == asked[name]]
        text = "; ".join(words)
        return text[:1].upper() + text[1:]


def _numbers(rows: Iterable[Any]) -> tuple[int, ...]:
    return tuple(sorted(row.pk for row in rows))


def _names(rows: Iterable[Any]) -> str:
    *first, last = sorted(str(row) for row in rows)
    return f"{', '.join(first)} and {last}" if first else last
