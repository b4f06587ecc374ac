"""What a measurement needs of the machine. Where it is missing, the measurement is left out with a note."""

from __future__ import annotations

import os
import shutil


class Missing(Exception):
    """This machine lacks something; the message says what, and how to get it."""


def need_command(name: str, package: str) -> str:
    """The path of a program.

    Raises:
        Missing: it is not installed.
    """
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Missing(f"{name} is missing; install it (Debian: apt-get install {package}).")
    return path


def need_two_cores() -> tuple[int, int]:
    """The cores for the server and for the load client.

    Raises:
        Missing: there is only one.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Missing("Two processor cores are needed, one for the server and one for the load client.")
    return cores[0], cores[-1]
