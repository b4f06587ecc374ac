"""The certificate that readers' browsers are shown, asked for on this machine."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime, timedelta

from cryptography import x509

from broadsheet.conf.doctor.findings import Finding, fail, in_words, ok, warn
from broadsheet.conf.init.certificates import covers
from broadsheet.core.installation import Installation

TIMEOUT_S = 5.0
# Let's Encrypt's clients renew a certificate of ninety days thirty days before its end.
EXPIRES_SOON, EXPIRES_NOW = timedelta(days=21), timedelta(days=5)


def check_certificate(installation: Installation, address: str, port: int, *, now: datetime) -> Finding:
    """The certificate shown at `address` is for our host, and good for some weeks."""
    check, host = "certificate", installation.host
    if not installation.is_secure:
        return ok(check, "the site is not over TLS")
    try:
        certificate = fetch_certificate(address, port, host)
    except OSError as error:
        return warn(
            check,
            f"{address}, port {port} shows no certificate: {error}.",
            "If TLS ends on another machine, look there; or name it: broadsheet doctor --tls HOST:PORT.",
        )
    return judge_certificate(certificate, host, now=now)


def fetch_certificate(address: str, port: int, host: str) -> x509.Certificate:
    """The certificate that a server shows for `host`, whether anybody vouches for it or not.

    Raises:
        OSError: there is no such server, or it does not speak TLS.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # what is shown is judged by hand
    with (
        socket.create_connection((address, port), timeout=TIMEOUT_S) as raw,
        context.wrap_socket(raw, server_hostname=host) as link,
    ):
        shown = link.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown or b"")


def judge_certificate(certificate: x509.Certificate, host: str, *, now: datetime) -> Finding:
    """What browsers think of a certificate, its issuer apart."""
    check, ends = "certificate", certificate.not_valid_after_utc
    left, renew = ends - now, "Renew it (certbot renew, or where it came from), and reload the proxy."
    if not covers(certificate, host):
        return fail(check, f"The certificate is not made for {host}: browsers refuse it.", "Give the proxy one that is.")
    if left < timedelta(0):
        return fail(check, f"The certificate expired on {ends:%d %B %Y}: browsers refuse it.", renew)
    if now < certificate.not_valid_before_utc:
        return fail(check, f"The certificate counts from {certificate.not_valid_before_utc:%d %B %Y} on.", "Is the clock right?")
    words = f"good until {ends:%d %B %Y}, {in_words(left.total_seconds())} from now"
    if left < EXPIRES_SOON:
        return (fail if left < EXPIRES_NOW else warn)(check, f"The certificate is {words}.", renew)
    if certificate.issuer == certificate.subject:
        return warn(check, f"The certificate vouches for itself; {words}.", "Get one from an authority before readers come.")
    return ok(check, words)
