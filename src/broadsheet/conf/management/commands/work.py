"""`broadsheet work`: letters, scheduled articles, photo sizes and everything else that is not a request."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from broadsheet.conf.schedule import JOBS, Job
from broadsheet.conf.watch.process import watch_process
from broadsheet.core import clock
from broadsheet.core.heartbeat_flows import Pulse
from broadsheet.core.store import load_clock_offset

logger = logging.getLogger(__name__)

TICK_S = 0.5


class Command(BaseCommand):
    help = "Run the worker: send letters, publish what is scheduled, withdraw expired photos. Example: broadsheet work"

    def handle(self, *args: Any, **options: Any) -> None:
        """Tick until SIGTERM or Ctrl-C. A job that fails is logged and tried again at its next turn."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        due: dict[str, datetime] = {}
        started = clock.SystemClock().now()
        pulse = Pulse("worker", now=started)
        watch_process("worker")
        while not stop.wait(TICK_S):
            tick = clock.SystemClock().now()
            close_old_connections()
            beat(pulse, tick)
            for job in JOBS:
                if due.get(job.name, started) <= tick:
                    due[job.name] = tick + job.every
                    run_job(job)


def beat(pulse: Pulse, tick: datetime) -> None:
    """Say that the worker lives, if there is a database to say it to."""
    try:
        pulse.beat(tick)
    except DatabaseError as error:
        logger.warning("The worker's heartbeat could not be written: %s", error)


def run_job(job: Job) -> None:
    """Run one job now, by the clock of the publication (the demo's runs ahead)."""
    try:
        clock.use(clock.SystemClock(timedelta(seconds=load_clock_offset())))
        job.run(clock.now())
    except DatabaseError as error:
        logger.warning("%s: the database does not answer: %s", job.name, error)
    except Exception:
        logger.exception("%s failed; it is tried again at its next turn", job.name)
