"""TLS certificates: making one of our own, and judging whether one will do for a host. Pure.

Sources: RFC 5280 (certificates), RFC 6125, section 6.4 (names: a wildcard stands for one label on the left).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SELF_MADE_FOR = timedelta(days=397)  # browsers refuse what is made for longer (CA/Browser Forum ballot SC31)
EXPIRES_SOON = timedelta(days=14)


class BadCertificate(Exception):
    """A certificate or its key will not do; the message says why and what to do."""


def make_self_signed(host: str, *, now: datetime) -> tuple[bytes, bytes]:
    """A certificate for `host` and its private key, both PEM; nobody but its maker vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + SELF_MADE_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), key_pem


def check_certificate(certificate_pem: bytes, key_pem: bytes, *, host: str, now: datetime) -> list[str]:
    """Whether a certificate (with those above it, leaf first) and its key will do for `host`; what is worth a warning.

    Raises:
        BadCertificate: browsers would refuse it, or the web server could not start with it.
    """
    chain = _read_chain(certificate_pem)
    leaf = chain[0]
    if _public_bytes(leaf) != _public_bytes(_read_key(key_pem)):
        raise BadCertificate("the key is not the certificate's; give the key that the certificate was asked for with.")
    if now > leaf.not_valid_after_utc:
        raise BadCertificate(f"the certificate expired on {leaf.not_valid_after_utc:%d %B %Y}; renew it.")
    if now < leaf.not_valid_before_utc:
        raise BadCertificate(f"the certificate is valid from {leaf.not_valid_before_utc:%d %B %Y} only; is the clock right?")
    if not covers(leaf, host):
        raise BadCertificate(f"the certificate is made for {', '.join(_names(leaf)) or 'no host'}, not for {host}.")
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            raise BadCertificate("the file's certificates do not follow one from another; put the host's own first.") from None
    return list(_warnings(chain, now))


def covers(certificate: x509.Certificate, host: str) -> bool:
    """Whether a certificate is made for `host`."""
    wanted = host.strip("[]").lower()
    parent = f"*.{wanted.partition('.')[2]}"
    return any(name.lower() in (wanted, parent) for name in _names(certificate))


def _warnings(chain: list[x509.Certificate], now: datetime) -> list[str]:
    leaf, found = chain[0], []
    if leaf.not_valid_after_utc - now < EXPIRES_SOON:
        found.append(f"The certificate expires on {leaf.not_valid_after_utc:%d %B %Y}; see that something renews it.")
    if len(chain) == 1 and leaf.issuer == leaf.subject:
        found.append("The certificate vouches for itself, so browsers warn of it; get one from an authority before readers come.")
    elif len(chain) == 1:
        found.append("The certificate's file holds no certificate of its issuer; many browsers need it (fullchain.pem).")
    return found


def _read_chain(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise BadCertificate("the file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).") from None


def _read_key(pem: bytes) -> object:
    try:
        return serialization.load_pem_private_key(pem, password=None).public_key()
    except TypeError:
        raise BadCertificate(
            "the key is locked with a password, which a server cannot type; unlock it with openssl pkey."
        ) from None
    except ValueError:
        raise BadCertificate("the key's file holds no private key in PEM form.") from None


def _public_bytes(holder: object) -> bytes:
    key = holder.public_key() if isinstance(holder, x509.Certificate) else holder
    return bytes(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))  # type: ignore[attr-defined]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *(str(ip) for ip in names.get_values_for_type(x509.IPAddress))]
