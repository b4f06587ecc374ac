"""Who may be told how the publication is doing: the networks that BROADSHEET_METRICS_NETWORKS names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from broadsheet.core.client_address import client_address
from broadsheet.core.installation import Installation

# What proxies say about whom they pass on. Only trusted ones are believed; the others give away that there is one.
PROXY_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def is_trusted_asker(environ: Mapping[str, str], installation: Installation) -> bool:
    """Whether a request comes from a network that may see figures and details.

    Behind a proxy on the same machine every connection comes from that machine. So a request that went through a
    proxy which BROADSHEET_TRUSTED_PROXIES does not name is refused, whoever made it.
    """
    remote, forwarded = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", "")
    if not is_from_trusted_proxy(remote, installation) and any(environ.get(header) for header in PROXY_HEADERS):
        return False
    hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
    if not all(_is_address(hop) for hop in hops):
        return False
    address = client_address(remote, forwarded, installation.trusted_proxies)
    return _is_in(address, installation.metrics_networks)


def is_from_trusted_proxy(remote: str, installation: Installation) -> bool:
    """Whether the connection comes from one of our own proxies; a socket file can be reached by such only."""
    return _is_in(remote or "127.0.0.1", installation.trusted_proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)
