"""The client's IP address behind proxies; a forged header from outside must not choose it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address


def client_address(remote: str, forwarded: str, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The connection's own address, or behind trusted proxies the nearest hop that is none of them.

    Args:
        remote: where the connection comes from; empty for a socket file, which only a proxy of ours can reach.
        forwarded: the X-Forwarded-For header.
        proxies: the networks of trusted proxies.
    """
    address = remote or "127.0.0.1"
    hops = [part.strip() for part in forwarded.split(",") if part.strip()] if forwarded and proxies else []
    while hops and _is_in(address, proxies):
        candidate = hops.pop()
        try:
            ip_address(candidate)
        except ValueError:
            break
        address = candidate
    return address


def _is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    ip = ip_address(address)
    return any(ip in network for network in networks)
