"""Settings: what is odd is named, and what is well passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings

from broadsheet.conf.doctor import settings_checks as checks
from broadsheet.conf.doctor.findings import Finding, Level
from broadsheet.core.installation import Installation

PUBLIC = replace(
    settings.BROADSHEET,
    site_url="https://news.example.org",
    mail_url="smtp://letters:hidden@mail.example.org:587",
    mail_from="letters@example.org",
    support_address="help@example.org",
    media_url="/media/",
    secret_key="k" * 64,
    time_zone="Europe/Berlin",
    trusted_proxies=(ip_network("127.0.0.1/32"),),
    demo=False,
)
LOCAL = replace(PUBLIC, site_url="http://localhost:8000", trusted_proxies=(), mail_url="file:", mail_from="letters@localhost")
Check = Callable[[Installation], Finding]


def test_public_site_that_is_set_up_well_passes_all() -> None:
    found = list(checks.check_settings(PUBLIC))
    assert {one.level for one in found} == {Level.OK}
    assert len({one.check for one in found}) == len(found) == 8


def test_trial_on_ones_own_machine_passes_all() -> None:
    assert {one.level for one in checks.check_settings(LOCAL)} == {Level.OK}
    assert {one.level for one in checks.check_settings(replace(LOCAL, demo=True))} == {Level.OK}


@pytest.mark.parametrize(
    ("check", "odd", "level", "told"),
    [
        (checks.check_site_url, {"site_url": "http://news.example.org"}, Level.FAIL, "not over TLS"),
        (checks.check_demo, {"demo": True}, Level.FAIL, "anybody can read its letters"),
        (checks.check_proxies, {"trusted_proxies": ()}, Level.FAIL, "names none"),
        (checks.check_proxies, {"trusted_proxies": (ip_network("0.0.0.0/0"),)}, Level.FAIL, "trusts 0.0.0.0/0"),
        (checks.check_proxies, {"trusted_proxies": (ip_network("::/0"),)}, Level.FAIL, "trusts ::/0"),
        (checks.check_sender, {"mail_from": "letters@localhost"}, Level.FAIL, "BROADSHEET_MAIL_FROM is letters@localhost"),
        (checks.check_sender, {"support_address": "help@news"}, Level.FAIL, "BROADSHEET_SUPPORT_ADDRESS is help@news"),
        (checks.check_mail_url, {"mail_url": "file:"}, Level.FAIL, "no reader gets a code"),
        (checks.check_mail_url, {"mail_url": "imap://mail.example.org"}, Level.FAIL, "cannot be read"),
        (checks.check_media_url, {"media_url": "http://photos.example.org/"}, Level.FAIL, "no http:// pictures"),
        (checks.check_media_url, {"media_url": "https://photos.example.org/all"}, Level.FAIL, "put straight behind it"),
        (checks.check_secret_key, {"secret_key": "hidden"}, Level.FAIL, "6 characters"),
        (checks.check_time_zone, {"time_zone": "Europe/Atlantis"}, Level.FAIL, "Europe/Atlantis"),
        (checks.check_time_zone, {"time_zone": "UTC"}, Level.WARN, "the default"),
    ],
)
def test_odd_setting_is_told(check: Check, odd: dict[str, Any], level: Level, told: str) -> None:
    assert check(PUBLIC).level is Level.OK
    found = check(replace(PUBLIC, **odd))
    assert found.level is level
    assert told in found.what
    assert found.todo
    assert "hidden" not in f"{found.what} {found.todo}", "neither key nor password is ever shown"


@pytest.mark.parametrize("site_url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000", "http://news.localhost"])
def test_addresses_of_this_machine_are_known(site_url: str) -> None:
    assert checks.is_local(replace(PUBLIC, site_url=site_url))


@pytest.mark.parametrize("site_url", ["https://news.example.org", "http://10.0.0.7", "http://localhost.example.org"])
def test_addresses_of_others_are_public(site_url: str) -> None:
    assert not checks.is_local(replace(PUBLIC, site_url=site_url))
