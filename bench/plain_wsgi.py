"""The yardstick's WSGI application: the site with a plain Django view of each article at `/plain/<id>/`, no edge before it."""

from __future__ import annotations

import django

from bench import page_bench
from broadsheet.conf import settings as module

module.ROOT_URLCONF = page_bench.__name__
django.setup()
page_bench.install_plain_view()

from django.core.wsgi import get_wsgi_application  # noqa: E402 (Django must be set up first)

application = get_wsgi_application()
