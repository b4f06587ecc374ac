"""Keyed hashes: how addresses, browsers and networks are remembered without being kept."""

from __future__ import annotations

import secrets
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network


def keyed_hash(purpose: str, value: str, *, secret_key: str) -> str:
    """A 128-bit hash (32 hex digits) of `value` that nobody without the secret key can make or guess back."""
    return blake2b(value.encode(), key=secret_key.encode()[:64], person=purpose.encode()[:16], digest_size=16).hexdigest()


def new_token() -> str:
    """A fresh secret of 192 bits, safe in addresses and cookies."""
    return secrets.token_urlsafe(24)


def network_of(address: str) -> str:
    """The network that abuse limits count by: an IPv4 address itself, the /64 of an IPv6 address.

    Raises:
        ValueError: `address` is not an IP address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, 64), strict=False))
    return str(ip)
