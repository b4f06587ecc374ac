"""Certificates: the one that is made holds for its host; each fault of a given one is named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broadsheet.conf.init.certificates import BadCertificate, check_certificate, make_self_signed
from tests.conftest import START

HOST = "review.example"


def check(certificate: bytes, key: bytes, *, host: str = HOST, now: datetime = START) -> list[str]:
    return check_certificate(certificate, key, host=host, now=now)


def key_pem(key: ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def issue(name: str, issuer: str, signed_by: ec.EllipticCurvePrivateKey, of: ec.EllipticCurvePrivateKey, *names: str) -> bytes:
    """A certificate for `name` with these subject alternative names, a year long."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=365))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
    return builder.sign(signed_by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


AUTHORITY, OWN = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ROOT = issue("Authority", "Authority", AUTHORITY, AUTHORITY)
LEAF = issue(HOST, "Authority", AUTHORITY, OWN, HOST, "*.wild.example")


@pytest.mark.parametrize("host", [HOST, "127.0.0.1", "::1", "xn--mller-kva.example"])
def test_certificate_that_is_made_holds_for_its_host_and_no_other(host: str) -> None:
    certificate, key = make_self_signed(host, now=START)
    assert "vouches for itself" in check(certificate, key, host=host)[0]
    with pytest.raises(BadCertificate, match="not for other"):
        check(certificate, key, host="other.example")


def test_certificate_with_its_issuer_needs_no_warning() -> None:
    assert check(LEAF + ROOT, key_pem(OWN)) == []
    assert check(LEAF + ROOT, key_pem(OWN), host="a.wild.example") == []


def test_missing_issuer_is_worth_a_warning() -> None:
    assert "fullchain.pem" in check(LEAF, key_pem(OWN))[0]


def test_end_within_two_weeks_is_worth_a_warning() -> None:
    assert "expires on 17 February 2027" in check(LEAF + ROOT, key_pem(OWN), now=START + timedelta(days=352))[0]


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        (LEAF + ROOT, key_pem(AUTHORITY), "the key is not the certificate's"),
        (ROOT + LEAF, key_pem(AUTHORITY), "made for no host"),
        (LEAF + LEAF, key_pem(OWN), "do not follow one from another"),
        (b"nonsense", key_pem(OWN), "no certificate in PEM form"),
        (LEAF, b"nonsense", "no private key in PEM form"),
        (LEAF, LEAF, "no private key in PEM form"),
        (LEAF, key_pem(OWN, b"password"), "locked with a password"),
        (issue(HOST, "Authority", AUTHORITY, OWN), key_pem(OWN), "made for no host"),
    ],
)
def test_each_fault_is_named(certificate: bytes, key: bytes, words: str) -> None:
    with pytest.raises(BadCertificate, match=words):
        check(certificate, key)


@pytest.mark.parametrize("host", ["wild.example", "a.b.wild.example", "sub.review.example"])
def test_names_cover_what_they_say(host: str) -> None:
    with pytest.raises(BadCertificate, match=f"not for {host}"):
        check(LEAF, key_pem(OWN), host=host)


@pytest.mark.parametrize(("days", "words"), [(-1, "valid from 17 February 2026 only"), (366, "expired on 17 February 2027")])
def test_time_has_to_fall_within(days: int, words: str) -> None:
    with pytest.raises(BadCertificate, match=words):
        check(LEAF, key_pem(OWN), now=START + timedelta(days=days))
