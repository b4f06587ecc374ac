"""The application on a host whose clock is not right: as many seconds ahead as `TESTS_CLOCK_AHEAD_S` says."""

from __future__ import annotations

import os
from datetime import timedelta

from broadsheet.conf.wsgi import application as application
from broadsheet.core import clock

clock.use(clock.SystemClock(timedelta(seconds=float(os.environ["TESTS_CLOCK_AHEAD_S"]))))
