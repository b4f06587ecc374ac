"""What readers notice when the keys of their passes are rotated: nothing."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.signing_key_flows import load_signing_key
from broadsheet.library.models import Article
from tests.edge.conftest import Process
from tests.edge.visitor import Visitor


@pytest.mark.django_db(transaction=True)
def test_a_pass_outlives_one_rotation_and_its_reader_outlives_every_one(
    process: Process,
    sign_in_to: Callable[..., Visitor],
    make_subscriber: Callable[..., User],
    make_article: Callable[..., Article],
    clock: StoppedClock,
) -> None:
    path = make_article(access="subscribers").get_absolute_url()
    visitor = sign_in_to(process, make_subscriber())
    assert 'data-access="open"' in visitor.get(path).text  # Django's answer brings the pass
    by_first_key = visitor.cookies["broadsheet_pass"]
    process.look()

    def is_by_edge() -> bool:
        before = len(process.handed_over)
        assert 'data-access="open"' in visitor.get(path).text, "the reader was signed out"
        return len(process.handed_over) == before

    assert is_by_edge()
    call_command("keys", "rotate", stdout=StringIO())
    process.look()
    assert is_by_edge() and visitor.cookies["broadsheet_pass"] == by_first_key
    call_command("keys", "rotate", stdout=StringIO())
    process.look()
    assert not is_by_edge()  # no key opens it any more: Django asks the session, and signs a new one
    assert visitor.cookies["broadsheet_pass"].startswith(f"{load_signing_key(now=clock.now()).key_id}.")
    process.look()
    assert is_by_edge()
