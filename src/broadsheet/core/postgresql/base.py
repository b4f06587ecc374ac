"""Django's backend for PostgreSQL, for web servers: nobody waits for a server that says nothing.

`OPTIONS["answer_within_s"]` is the longest wait for one answer, in seconds.
"""

from __future__ import annotations

import math
from typing import Any

from django.db.backends.postgresql import base

from broadsheet.core import outage
from broadsheet.core.postgresql import driver


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections that give up, and none while the database is known to be away."""

    Database = driver

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("answer_within_s", None)
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if outage.is_away():
            raise driver.OperationalError("the database is away")
        connection = super().get_new_connection(conn_params)
        connection.is_away = outage.is_away
        connection.answer_within_s = self.settings_dict["OPTIONS"].get("answer_within_s", math.inf)
        return connection
