"""What a change of many articles does to one, and how it is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.desk.bulk_operation import Known, Operation, Placement, read_operation, take_back

NUMBERS = st.integers(1, 6)
SETS = st.sets(NUMBERS).map(lambda found: tuple(sorted(found)))
ORDERS = st.lists(NUMBERS, unique=True).map(tuple)
PLACEMENTS = st.builds(
    Placement,
    access=st.sampled_from(["free", "metered"]),
    kind=st.sampled_from(["daily", "briefing"]),
    main_topic=st.none() | NUMBERS,
    topics=SETS,
    regions=SETS,
    authors=ORDERS,
)
OPERATIONS = st.builds(
    Operation,
    add_topics=SETS,
    remove_topics=SETS,
    add_regions=SETS,
    remove_regions=SETS,
    authors=ORDERS,
    keeps_authors=st.booleans(),
    access=st.sampled_from(["", "free", "subscribers"]),
    kind=st.sampled_from(["", "in-depth"]),
)
KNOWN = Known(*[frozenset(range(1, 7))] * 3)
BEFORE = Placement("metered", "daily", 1, (1, 2), (1,), (3, 4))


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        (Operation(add_topics=(5, 2)), replace(BEFORE, topics=(1, 2, 5))),
        (Operation(remove_topics=(2,)), replace(BEFORE, topics=(1,))),
        (Operation(remove_topics=(1,)), replace(BEFORE, topics=(2,), main_topic=None)),
        (Operation(add_regions=(2,), remove_regions=(1,)), replace(BEFORE, regions=(2,))),
        (Operation(authors=(6,)), replace(BEFORE, authors=(3, 4, 6))),
        (Operation(authors=(4,)), BEFORE),
        (Operation(authors=(4,), keeps_authors=False), replace(BEFORE, authors=(4,))),
        (Operation(access="free"), replace(BEFORE, access="free")),
        (Operation(kind="briefing"), replace(BEFORE, kind="briefing")),
    ],
)
def test_each_part_of_an_operation(operation: Operation, after: Placement) -> None:
    assert operation.apply(BEFORE) == after
    assert not operation.is_empty


def test_an_operation_without_parts_is_empty() -> None:
    assert Operation().is_empty and Operation(keeps_authors=True).is_empty


@given(OPERATIONS, PLACEMENTS)
def test_twice_is_once_and_back_is_back(operation: Operation, before: Placement) -> None:
    if not operation.keeps_authors and not operation.authors:
        operation = replace(operation, keeps_authors=True)
    after = operation.apply(before)
    assert operation.apply(after) == after
    assert read_operation(operation.as_json()) == operation
    names = before.differing(after)
    assert take_back(after, before=before.values(names), after=after.values(names), known=KNOWN) == before


def test_what_was_changed_since_is_not_taken_back() -> None:
    after = Operation(add_topics=(5,)).apply(BEFORE)
    values = {"before": BEFORE.values(["topics"]), "after": after.values(["topics"]), "known": KNOWN}
    assert take_back(replace(after, topics=(1, 2, 5, 6)), **values) is None
    assert take_back(replace(after, access="free"), **values) == replace(BEFORE, access="free"), "another field is another matter"


def test_what_was_deleted_since_comes_back_by_no_undo() -> None:
    known = replace(KNOWN, topics=frozenset({2, 5}), authors=frozenset({6}))
    after = Operation(add_topics=(5,)).apply(BEFORE)
    now = replace(after, topics=(2, 5), main_topic=None)
    back = take_back(now, before=BEFORE.values(["topics"]), after=after.values(["topics"]), known=known)
    assert back == replace(now, topics=(2,))
    after = Operation(authors=(6,), keeps_authors=False).apply(BEFORE)
    assert take_back(after, before=BEFORE.values(["authors"]), after=after.values(["authors"]), known=known) is None
