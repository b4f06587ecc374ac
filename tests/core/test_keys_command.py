"""`broadsheet keys`: what an operator sees and does, and what the worker does by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.management import call_command
from django.db import connection

from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import SigningKey
from broadsheet.core.signing_key_flows import LIVE_KEYS, load_signing_key, rotate_old_signing_keys


def run(*arguments: str) -> str:
    told = StringIO()
    call_command("keys", *arguments, stdout=told)
    return told.getvalue()


@pytest.mark.django_db
def test_the_list_says_which_key_signs_and_how_old_each_is_and_no_secret(clock: StoppedClock) -> None:
    assert "no key yet" in run("list")
    first = load_signing_key(now=clock.now())
    clock.advance(timedelta(days=3))
    told = run("rotate")
    second = load_signing_key(now=clock.now())
    lines = told.splitlines()
    assert lines[0].startswith(second.key_id) and "0 days ago; signs" in lines[0]
    assert lines[1].startswith(first.key_id) and "3 days ago; opens what it has signed" in lines[1]
    keys = json.loads(run("list", "--json"))
    assert [(key["id"], key["age_days"], key["signs"]) for key in keys] == [(second.key_id, 0, True), (first.key_id, 3, False)]
    assert not any(key.secret in told + run("list", "--json") for key in (first, second))


@pytest.mark.django_db
def test_two_keys_live_and_the_oldest_goes(clock: StoppedClock) -> None:
    for _ in range(4):
        run("rotate")
    assert SigningKey.objects.count() == LIVE_KEYS == 2


@pytest.mark.django_db
def test_the_worker_rotates_a_key_of_ninety_days_and_no_younger_one(clock: StoppedClock) -> None:
    assert not rotate_old_signing_keys(now=clock.now())  # there is none, and nobody to sign for
    first = load_signing_key(now=clock.now())
    clock.advance(timedelta(days=89, hours=23))
    assert not rotate_old_signing_keys(now=clock.now())
    clock.advance(timedelta(hours=1))
    assert rotate_old_signing_keys(now=clock.now())
    assert not rotate_old_signing_keys(now=clock.now())
    assert [key.pk for key in SigningKey.objects.all()][1:] == [first.pk]


@pytest.mark.django_db(transaction=True)
def test_two_workers_rotate_once(clock: StoppedClock) -> None:
    first = load_signing_key(now=clock.now())
    clock.advance(timedelta(days=90))
    together = Barrier(2)

    def work() -> None:
        together.wait()
        rotate_old_signing_keys(now=clock.now())
        connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [key.pk for key in SigningKey.objects.all()][1:] == [first.pk]
