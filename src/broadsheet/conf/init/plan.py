"""What an installation's files are to hold: settings, certificate, units, nginx site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

from broadsheet.conf.env_file import change_env_file, parse_env_file
from broadsheet.conf.init.answers import Answers, BadAnswer, Tls, read_path
from broadsheet.conf.init.certificates import BadCertificate, check_certificate, make_self_signed
from broadsheet.conf.init.exceptions import Refused
from broadsheet.conf.init.files import Owner, WantedFile
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import broadsheet_command, has_default_server, listening_addresses, nginx_version
from broadsheet.conf.nginx_site import NginxSite, render_nginx_site
from broadsheet.conf.systemd_units import Service, render_units

OWN_PROXY = "127.0.0.1/32,::1/128"
HEAD = """\
# Settings of Broadsheet; docs/settings.md tells what each decides and which others there are.
# After a change: systemctl restart broadsheet
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where nginx finds its certificate, what of it is to be written, and what is worth a warning."""

    certificate: Path
    key: Path
    files: tuple[WantedFile, ...] = ()
    warnings: tuple[str, ...] = ()


def settings_file(answers: Answers, layout: Layout, owner: Owner | None) -> WantedFile:
    """The settings file: what lies there, with the answers in it and everything else kept."""
    path = layout.env_file
    text = path.read_text("utf-8") if path.exists() else HEAD
    values: dict[str, str | None] = {
        "BROADSHEET_DATA_DIR": str(answers.data_dir),
        "BROADSHEET_SITE_URL": answers.address,
        "BROADSHEET_TIME_ZONE": answers.time_zone,
        "BROADSHEET_DATABASE_URL": answers.database_url or None,
        "BROADSHEET_MAIL_URL": answers.mail_url,
        "BROADSHEET_MAIL_FROM": answers.mail_from,
    }
    if answers.nginx and "BROADSHEET_TRUSTED_PROXIES" not in parse_env_file(text, str(path)):
        values["BROADSHEET_TRUSTED_PROXIES"] = OWN_PROXY
    return WantedFile(path, change_env_file(text, values).encode(), 0o640 if owner else 0o600, owner, keeps_edits=True)


def find_certificate(answers: Answers, layout: Layout, *, now: datetime) -> Certificate:
    """The certificate that was given, or certbot's if it has one, or our own; made if it is missing or no longer good.

    Raises:
        Refused: the one that was given will not do.
    """
    if answers.certificate is not None and answers.key is not None:
        return _judge(answers.certificate, answers.key, answers.host, now)
    live = layout.at(f"/etc/letsencrypt/live/{answers.host}")
    if answers.tls is Tls.CERTBOT and (live / "fullchain.pem").exists():
        return _judge(live / "fullchain.pem", live / "privkey.pem", answers.host, now)
    certificate, key = layout.certificate(answers.host), layout.key(answers.host)
    if not answers.nginx:
        return Certificate(certificate, key)
    if certificate.exists() and key.exists():
        try:
            return Certificate(certificate, key, warnings=tuple(_check(certificate, key, answers.host, now)))
        except BadCertificate:
            pass  # it has expired, say; ours is made anew
    pem, key_pem = make_self_signed(answers.host, now=now)
    files = (WantedFile(certificate, pem, 0o644, keeps_edits=True), WantedFile(key, key_pem, 0o600, keeps_edits=True))
    return Certificate(certificate, key, files)


def unit_files(answers: Answers, layout: Layout, values: Mapping[str, str]) -> list[WantedFile]:
    """The systemd units; none if they are not wanted. `values` are the settings, which name folders that are written to."""
    if not answers.systemd:
        return []
    media = values.get("BROADSHEET_MEDIA_DIR")
    service = replace(service_of(answers, layout), media_dir=_read_folder("BROADSHEET_MEDIA_DIR", media) if media else None)
    units = render_units(service)
    return [WantedFile(layout.units / name, text.encode(), 0o644) for name, text in units.items()]


def service_of(answers: Answers, layout: Layout) -> Service:
    """How the service is called, for the units and for whoever starts it by hand."""
    return Service(
        host=answers.host,
        user=answers.user,
        command=broadsheet_command(),
        env_file=layout.env_file,
        data_dir=answers.data_dir,
        backup_dir=layout.backup_dir,
        port=answers.port,
        edge_port=answers.edge_port if answers.edge_workers else None,
        edge_workers=answers.edge_workers,
    )


def nginx_file(answers: Answers, layout: Layout, certificate: Certificate, values: Mapping[str, str]) -> list[WantedFile]:
    """The nginx site; nothing if it is not wanted. `values` are the settings, which name the proxies before nginx."""
    if not answers.nginx:
        return []
    networks = [ip_network(text.strip()) for text in values.get("BROADSHEET_TRUSTED_PROXIES", "").split(",") if text.strip()]
    site = NginxSite(
        host=answers.host,
        certificate=certificate.certificate,
        key=certificate.key,
        data_dir=answers.data_dir,
        django_port=answers.port,
        edge_port=answers.edge_port if answers.edge_workers else None,
        https_port=answers.https_port,
        http_port=answers.http_port,
        trusted_proxies=tuple(network for network in networks if not network.is_loopback),
        addresses=listening_addresses(),
        refuses_other_hosts=not has_default_server(layout.nginx_dir, but=layout.nginx_site.name),
        acme_dir=layout.acme_dir,
        cache_dir=layout.nginx_cache,
        log_dir=layout.nginx_logs,
        nginx_version=nginx_version(),
    )
    return [WantedFile(layout.nginx_site, render_nginx_site(site).encode(), 0o644)]


def _read_folder(variable: str, text: str) -> Path:
    try:
        return read_path(text)
    except BadAnswer as error:
        raise Refused(f"{variable}: {error}\nNothing was written.") from None


def _judge(certificate: Path, key: Path, host: str, now: datetime) -> Certificate:
    try:
        return Certificate(certificate, key, warnings=tuple(_check(certificate, key, host, now)))
    except BadCertificate as error:
        raise Refused(f"{certificate}: {error}\nNothing was written.") from None


def _check(certificate: Path, key: Path, host: str, now: datetime) -> list[str]:
    texts = []
    for path in (certificate, key):
        try:
            texts.append(path.read_bytes())
        except OSError as error:
            raise BadCertificate(f"{path} cannot be read: {error.strerror}.") from None
    return check_certificate(*texts, host=host, now=now)
