"""psycopg as Django's backend wants it, with connections that give up."""

from __future__ import annotations

from psycopg import *  # noqa: F403

from broadsheet.core.postgresql.connection import LimitedConnection

connect = LimitedConnection.connect
