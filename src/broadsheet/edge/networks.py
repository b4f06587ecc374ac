"""Which institution an IP address belongs to: a table of prefixes, looked up longest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from broadsheet.membership.entitlement import HeldGrant


@dataclass(frozen=True, slots=True)
class InstitutionRange:
    """One range of addresses and what it grants."""

    network: str
    grant: HeldGrant


class NetworkTable:
    """Institutions by address: one dictionary look-up per prefix length in use, however many ranges there are."""

    def __init__(self, ranges: Iterable[InstitutionRange] = ()) -> None:
        self._by_prefix: dict[tuple[int, int], dict[int, list[HeldGrant]]] = {}
        for held in ranges:
            network = ip_network(held.network, strict=False)
            table = self._by_prefix.setdefault((network.version, network.prefixlen), {})
            table.setdefault(int(network.network_address) >> (network.max_prefixlen - network.prefixlen), []).append(held.grant)
        self._order = sorted(self._by_prefix, reverse=True)

    @property
    def is_empty(self) -> bool:
        return not self._order

    def find(self, address: str, *, now: datetime) -> HeldGrant | None:
        """A live grant of a range that holds `address`; None if it is in none, or is no address."""
        try:
            ip = ip_address(address)
        except ValueError:
            return None
        number, bits = int(ip), ip.max_prefixlen
        for version, length in self._order:
            if version == ip.version:
                for grant in self._by_prefix[version, length].get(number >> (bits - length), ()):
                    if grant.is_live(now):
                        return grant
        return None
