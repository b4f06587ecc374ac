"""What holds for an organisation's seats: which one is free, which domains may fill them, how pasted lists are read. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from broadsheet.accounts.addresses import Address, parse_address

MOST_AT_ONCE = 500
_BREAKS = re.compile(r"[\n,;\t]+")
_IN_BRACKETS = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Pasted:
    """One entry of a pasted list, counted from 1: what was typed, and the address if it is one."""

    number: int
    typed: str
    address: Address | None


def next_seat(taken: Collection[int], seats: int) -> int | None:
    """The lowest free number of `seats`; None if as many are in use as were paid for, whatever their numbers."""
    if len(taken) >= seats:
        return None
    return next(number for number in range(1, seats + 1) if number not in taken)


def read_list(text: str) -> tuple[Pasted, ...]:
    """The addresses of a pasted list, parted by lines, commas, semicolons or tabs; `Ann Lee <ann@example.org>` will do."""
    entries = [entry.strip() for entry in _BREAKS.split(text)]
    return tuple(
        Pasted(number, entry, parse_address(found[-1] if (found := _IN_BRACKETS.findall(entry)) else entry))
        for number, entry in enumerate(filter(None, entries), start=1)
    )


def read_domain(text: str) -> str:
    """A domain as somebody types it, in ASCII and small letters; empty if it cannot be one."""
    address = parse_address(f"somebody@{text.strip().removeprefix('@')}")
    return domain_of(address.key) if address else ""


def domain_of(address_key: str) -> str:
    """The domain of an address's key."""
    return address_key.rpartition("@")[2]


def is_public(domain: str) -> bool:
    """Whether anybody can have a mailbox there."""
    return domain in load_public_domains()


@cache
def load_public_domains() -> frozenset[str]:
    """The domains of `public_mail.yaml`."""
    text = files("broadsheet.billing").joinpath("public_mail.yaml").read_text("utf-8")
    return frozenset(yaml.safe_load(text)["domains"])
