"""The supervisor: brings back what dies, waits longer when it dies at once again and again, leaves nothing running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broadsheet.conf.processes import LONGEST_PAUSE_S, AddressTaken, ending, pause_before_start, require_free
from tests.conf.serving import is_alive, wait_for

SUPERVISE = """
import logging, sys
from broadsheet.conf.processes import Program, run_together
logging.basicConfig(level="INFO")
run_together([Program("child", ["sh", "-c", sys.argv[1]])], tell=lambda line: print(line, flush=True))
"""


def supervise(script: str) -> subprocess.Popen[str]:
    """Keep a shell script running, in a process of its own."""
    command = [sys.executable, "-c", SUPERVISE, script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_pause_grows_with_each_early_death_up_to_a_bound() -> None:
    assert [pause_before_start(deaths) for deaths in range(5)] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert pause_before_start(50) == LONGEST_PAUSE_S


def test_program_that_dies_at_once_is_not_started_again_and_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    process = supervise(f"echo x >> {starts}; exit 3")
    wait_for(lambda: starts.exists() and len(starts.read_text().split()) >= 4, "four starts")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    pauses = [float(line.split("again in ")[1].split()[0]) for line in output.splitlines() if "again in" in line]
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert "child ended (exit status 3)" in output
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_way_to_stop_it_stops_its_programs_and_theirs(number: signal.Signals, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    process = supervise(f"sleep 1000 & echo $$ $! > {pids}; wait")
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2, "both run")
    process.send_signal(number)
    process.communicate(timeout=30)
    wait_for(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()), "both are gone", seconds=5)


def test_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    process = supervise(f"trap '' TERM; echo $$ > {pids}; while :; do sleep 0.1; done")
    wait_for(lambda: pids.exists() and pids.read_text().strip(), "it runs")
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert not is_alive(int(pids.read_text()))


def test_what_a_dead_program_leaves_behind_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    process = supervise(f"sleep 1000 & echo $! >> {pids}; wait")
    wait_for(lambda: pids.exists() and pids.read_text().strip(), "it runs")
    left, parent = int(pids.read_text()), int(_first_line(process).split("pid ")[1])
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: len(pids.read_text().split()) == 2, "it runs again")
    assert not is_alive(left)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_ending_is_told_in_words() -> None:
    assert (ending(3), ending(-9), ending(-250)) == ("exit status 3", "SIGKILL", "signal 250")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_taken_address_is_refused_and_a_free_one_is_not(family: socket.AddressFamily) -> None:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"Port {port} of {host} cannot be listened on: Address already in use"):
            require_free(host, port)
    require_free(host, port)


def test_port_that_shares_is_refused_all_the_same() -> None:
    """granian would share the port with another granian, and readers would get now one, now the other."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(AddressTaken):
            require_free("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(("host", "port", "words"), [("127.0.0.1", 70_000, "0-65535"), ("192.0.2.7", 8000, "assign requested")])
def test_address_that_is_none_is_refused(host: str, port: int, words: str) -> None:
    with pytest.raises(AddressTaken, match=words):
        require_free(host, port)
