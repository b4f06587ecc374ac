"""The certificate that a server shows: for our host, for some weeks yet, and vouched for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from broadsheet.conf.doctor import certificate_checks as checks
from broadsheet.conf.doctor.findings import Level
from broadsheet.conf.init.certificates import SELF_MADE_FOR, make_self_signed
from tests.conftest import START

HOST = "news.example.org"
SITE = replace(settings.BROADSHEET, site_url=f"https://{HOST}")


@contextmanager
def tls_server(folder: Path, certificate: bytes, key: bytes) -> Iterator[int]:
    """A server that shows a certificate and hangs up; gives its port."""
    (folder / "pair.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def show() -> None:
            raw, _ = listener.accept()
            with raw, context.wrap_socket(raw, server_side=True) as link:
                link.recv(1)

        thread = threading.Thread(target=show)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(10)


def judge(made_at: datetime, *, host: str = HOST) -> Level:
    """What is thought of a certificate made then."""
    certificate, _ = make_self_signed(host, now=made_at)
    return checks.judge_certificate(x509.load_pem_x509_certificate(certificate), HOST, now=START).level


def test_certificate_that_a_server_shows_is_judged(tmp_path: Path) -> None:
    with tls_server(tmp_path, *make_self_signed(HOST, now=START)) as port:
        found = checks.check_certificate(SITE, "127.0.0.1", port, now=START)
    assert found.level is Level.WARN
    assert "vouches for itself" in found.what


@pytest.mark.parametrize(
    ("left", "level"),
    [(timedelta(days=-1), Level.FAIL), (timedelta(days=3), Level.FAIL), (timedelta(days=14), Level.WARN)],
)
def test_end_of_a_certificate_is_told_in_time(left: timedelta, level: Level) -> None:
    assert judge(START + left - SELF_MADE_FOR) is level


def test_certificate_of_another_host_or_another_time_is_refused() -> None:
    assert judge(START, host="other.example.org") is Level.FAIL
    assert judge(START + timedelta(days=2)) is Level.FAIL


def test_certificate_of_an_authority_is_well(tmp_path: Path) -> None:
    assert checks.judge_certificate(signed_by_another(), HOST, now=START).level is Level.OK


def test_port_without_tls_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert checks.check_certificate(SITE, "127.0.0.1", port, now=START).level is Level.WARN


def test_site_without_tls_needs_none() -> None:
    local = replace(SITE, site_url="http://localhost:8000")
    assert checks.check_certificate(local, "127.0.0.1", 1, now=START).level is Level.OK


def signed_by_another() -> x509.Certificate:
    """A certificate for HOST that somebody else vouches for."""
    own_pem, _ = make_self_signed(HOST, now=START)
    own = x509.load_pem_x509_certificate(own_pem)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An Authority")])
    builder = x509.CertificateBuilder().subject_name(own.subject).issuer_name(issuer).public_key(own.public_key())
    builder = builder.serial_number(7).not_valid_before(own.not_valid_before_utc).not_valid_after(own.not_valid_after_utc)
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
