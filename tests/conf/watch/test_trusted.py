"""Who may see figures and details: networks by setting, never by what a stranger's request says of itself."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from django.conf import settings

from broadsheet.conf.watch.trusted import is_trusted_asker

NO_PROXY = replace(settings.BROADSHEET, trusted_proxies=(), metrics_networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))
NGINX = replace(NO_PROXY, trusted_proxies=(ip_network("127.0.0.1/32"),))
MONITORED = replace(NGINX, metrics_networks=(ip_network("10.1.0.0/16"),))


@pytest.mark.parametrize(
    ("story", "installation", "environ", "is_trusted"),
    [
        ("on this machine", NO_PROXY, {"REMOTE_ADDR": "127.0.0.1"}, True),
        ("on this machine over IPv6", NO_PROXY, {"REMOTE_ADDR": "::1"}, True),
        ("from elsewhere", NO_PROXY, {"REMOTE_ADDR": "203.0.113.9"}, False),
        (
            "from elsewhere, claiming to be here",
            NO_PROXY,
            {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
            False,
        ),
        ("a proxy nobody named", NO_PROXY, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, False),
        ("a proxy nobody named, forged", NO_PROXY, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ("a proxy nobody named, in its own words", NO_PROXY, {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, False),
        ("through our proxy from elsewhere", NGINX, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, False),
        ("the same, forged", NGINX, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1, 203.0.113.9"}, False),
        ("the same, garbled", NGINX, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "somebody"}, False),
        ("through our proxy from here", NGINX, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, True),
        ("past our proxy from here", NGINX, {"REMOTE_ADDR": "127.0.0.1"}, True),
        ("from the monitoring's network", MONITORED, {"REMOTE_ADDR": "10.1.2.3"}, True),
        ("from the same through our proxy", MONITORED, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "10.1.2.3"}, True),
        ("from here, where only the monitoring may", MONITORED, {"REMOTE_ADDR": "127.0.0.1"}, False),
        ("an address that is none", NO_PROXY, {"REMOTE_ADDR": "nonsense"}, False),
        ("a socket file", NO_PROXY, {"REMOTE_ADDR": ""}, True),
    ],
)
def test_trust_follows_the_networks(story: str, installation: object, environ: dict[str, str], is_trusted: bool) -> None:
    assert is_trusted_asker(environ, installation) is is_trusted, story  # type: ignore[arg-type]
