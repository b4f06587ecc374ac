"""The WSGI application that granian and the edge's own web server serve: the edge before Django."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from broadsheet.conf.env_file import load_env_file

load_env_file()
# Commands set the settings in which one waits for the database; their children answer readers, who do not.
if os.environ.get("DJANGO_SETTINGS_MODULE", "broadsheet.conf.settings") == "broadsheet.conf.settings":
    os.environ["DJANGO_SETTINGS_MODULE"] = "broadsheet.conf.web_settings"
django_application = get_wsgi_application()

from broadsheet.conf.edge_process import build_edge  # noqa: E402 (Django must be set up first)

application = build_edge(django_application)
