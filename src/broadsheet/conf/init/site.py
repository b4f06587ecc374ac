"""Makes what an installation holds: database, static files, keys, name, publisher. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from broadsheet.accounts.staff_flows import appoint, find_staff
from broadsheet.conf.init.sign_in import Request, SignIn, authenticator_uri
from broadsheet.conf.management.commands.serve import prepare
from broadsheet.core import clock
from broadsheet.core.signing_key_flows import load_signing_key
from broadsheet.desk.roles import Role
from broadsheet.publication.models import Publication
from broadsheet.publication.store import load_publication

Tell = Callable[[str, Any], object]


def make_site(request: Request, *, tell: Tell) -> None:
    """Make all of it; the publisher comes last, so that a password is told only where everything else stands."""
    _prepare(tell)
    _name(request, tell)
    _make_publisher(request, tell)


def _prepare(tell: Tell) -> None:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        tell("say", f"Database: {waiting} migrations to run, which takes up to a minute.")
    prepare()
    load_signing_key(now=clock.now())
    tell("say", f"Database: up to date ({connection.vendor}); static files, cache table and signing key are there.")


def _name(request: Request, tell: Tell) -> None:
    row = Publication.objects.first()
    if row is None or (request.renames and row.name != request.name):
        row = row or Publication()
        row.name = request.name
        row.save()
        tell("say", f"Publication: named {request.name}.")


def _make_publisher(request: Request, tell: Tell) -> None:
    if find_staff(request.publisher, role=Role.PUBLISHER) is not None and not request.renews_sign_in:
        tell("say", f"Publisher: {request.publisher} keeps password and second factor; --renew-sign-in makes new ones.")
        return
    appointment = appoint(request.publisher, request.password, role=Role.PUBLISHER, now=clock.now())
    uri = authenticator_uri(appointment.secret, address=appointment.user.email, issuer=load_publication().name)
    tell("sign_in", asdict(SignIn(appointment.user.email, request.password, uri, appointment.recovery_codes)))
