"""Settings that contradict each other, or that no public site should have."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadsheet.conf.doctor.findings import Finding, fail, ok, warn
from broadsheet.core.installation import Installation
from broadsheet.mail.exceptions import BadMailUrl
from broadsheet.mail.smtp import parse_mail_url

SHORTEST_KEY = 32  # characters; what `broadsheet` makes itself has 64
LONGEST_PREFIXES = {4: 8, 6: 16}  # a trusted network wider than these is somebody else's too


def check_settings(installation: Installation) -> Iterator[Finding]:
    """One finding for each thing that settings decide."""
    yield check_site_url(installation)
    yield check_demo(installation)
    yield check_proxies(installation)
    yield check_sender(installation)
    yield check_mail_url(installation)
    yield check_media_url(installation)
    yield check_secret_key(installation)
    yield check_time_zone(installation)


def is_local(installation: Installation) -> bool:
    """Whether only this machine's own browsers can reach the site."""
    host = installation.host
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_site_url(installation: Installation) -> Finding:
    """Readers' sign-ins go over TLS, or the site is this machine's own affair."""
    check, url = "site address", installation.site_url
    if installation.is_secure:
        return ok(check, f"{url}, over TLS")
    if is_local(installation):
        return ok(check, f"{url}, for this machine only")
    return fail(
        check,
        f"{url} is not over TLS: whoever listens on the way can read cookies and codes, and take an account over.",
        "Let a proxy end TLS, and write https:// in BROADSHEET_SITE_URL.",
    )


def check_demo(installation: Installation) -> Finding:
    """The demo's mailbox and movable clock are nowhere near readers."""
    check = "demo"
    if not installation.demo:
        return ok(check, "off")
    if is_local(installation):
        return ok(check, "this is the demo, on this machine")
    return fail(
        check,
        f"This is a demo at {installation.host}: anybody can read its letters, sign in as an editor and move its clock.",
        "Take BROADSHEET_DEMO away and start with an empty data directory.",
    )


def check_proxies(installation: Installation) -> Finding:
    """Behind a proxy its address is named, or all readers look like one."""
    check, proxies = "proxies", installation.trusted_proxies
    wide = [str(network) for network in proxies if network.prefixlen < LONGEST_PREFIXES[network.version]]
    if wide:
        return fail(
            check,
            f"BROADSHEET_TRUSTED_PROXIES trusts {', '.join(wide)}: whoever connects from there chooses the address they have here.",
            "Name your own proxies only, such as 127.0.0.1/32.",
        )
    if proxies:
        return ok(check, f"trusted: {', '.join(map(str, proxies))}")
    if installation.is_secure:
        return fail(
            check,
            "The site is behind a proxy that ends TLS, but BROADSHEET_TRUSTED_PROXIES names none: to Broadsheet all readers "
            "have the proxy's address, and limits against abuse count them as one.",
            "Set BROADSHEET_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1/32.",
        )
    return ok(check, "none, and the site is not over TLS")


def check_sender(installation: Installation) -> Finding:
    """Letters come from an address that exists, and answers reach somebody."""
    check = "sender"
    odd = [
        f"{name} is {address}"
        for name, address in (
            ("BROADSHEET_MAIL_FROM", installation.mail_from),
            ("BROADSHEET_SUPPORT_ADDRESS", installation.support_address),
        )
        if "@" not in address or "." not in address.rpartition("@")[2].rstrip(">")
    ]
    if odd and not is_local(installation):
        return fail(check, f"{' and '.join(odd)}; mail servers refuse that.", "Give addresses at a domain of your own.")
    return ok(check, f"{installation.mail_from}; answers go to {installation.support_address}")


def check_mail_url(installation: Installation) -> Finding:
    """Letters go to a mail server."""
    check = "mail setting"
    try:
        server = parse_mail_url(installation.mail_url)
    except BadMailUrl as error:
        return fail(check, str(error), "docs/settings.md shows what it may be.")
    if server.host:
        return ok(check, f"{server.host}, port {server.port}")
    if is_local(installation):
        return ok(check, f"letters are files in {installation.data_dir / 'mail'}")
    return fail(
        check,
        f"Letters are files in {installation.data_dir / 'mail'}: no reader gets a code, so nobody can sign in.",
        "Set BROADSHEET_MAIL_URL to a mail server, such as smtp://user:password@host.",
    )


def check_media_url(installation: Installation) -> Finding:
    """Photos can be shown on the pages that hold them."""
    check, url = "photos", installation.media_url
    if installation.is_secure and urlsplit(url).scheme == "http":
        return fail(
            check, f"BROADSHEET_MEDIA_URL is {url}: browsers load no http:// pictures into an https:// page.", "Use https://."
        )
    if not url.endswith("/"):
        return fail(check, f"BROADSHEET_MEDIA_URL is {url}: file names are put straight behind it.", "End it with a slash.")
    return ok(check, f"served from {url}")


def check_secret_key(installation: Installation) -> Finding:
    """The key that signs cookies cannot be guessed."""
    check, length = "secret key", len(installation.secret_key)
    if length < SHORTEST_KEY:
        return fail(
            check,
            f"The secret key has {length} characters; it can be guessed.",
            "Take BROADSHEET_SECRET_KEY away: a good one is then made. Everybody has to sign in again.",
        )
    return ok(check, f"{length} characters")


def check_time_zone(installation: Installation) -> Finding:
    """The publication's zone is known to this machine."""
    check = "time zone"
    try:
        ZoneInfo(installation.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return fail(
            check,
            f"This machine knows no time zone {installation.time_zone}.",
            "Install the zones (apt install tzdata), or correct BROADSHEET_TIME_ZONE.",
        )
    if installation.time_zone == "UTC" and not is_local(installation):
        return warn(
            check,
            "The publication's zone is UTC, the default: dates and the meter's month follow it.",
            "If your readers live elsewhere, set BROADSHEET_TIME_ZONE, such as Europe/Berlin.",
        )
    return ok(check, installation.time_zone)
