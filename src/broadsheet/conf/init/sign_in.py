"""The publisher's first sign-in: a password, what an authenticator app reads, and how both are shown in a terminal. Pure."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

import qrcode

# 20 of these 32 are 100 bits; letters and digits that are taken for one another are left out.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be made inside the installation. `renames`: whether the name counts though there is one already."""

    name: str
    renames: bool
    publisher: str
    password: str = field(repr=False)
    renews_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the publisher needs to sign in; shown once. `uri` is the second factor's, as apps read it."""

    address: str
    password: str = field(repr=False)
    uri: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


def make_password() -> str:
    """A password that nobody guesses and anybody can copy by hand."""
    letters = [secrets.choice(_ALPHABET) for _ in range(20)]
    return "-".join("".join(letters[i : i + 5]) for i in range(0, 20, 5))


def authenticator_uri(secret: str, *, address: str, issuer: str) -> str:
    """What authenticator apps read from a QR code (Key Uri Format of Google Authenticator)."""
    label = f"{quote(issuer, safe='')}:{quote(address, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"


def draw_qr_code(text: str) -> str:
    """A QR code of half blocks, two rows of it in one line; dark on light, so that phones read it in dark terminals too."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.ERROR_CORRECT_L)
    code.add_data(text)
    drawn = io.StringIO()
    code.print_ascii(out=drawn, invert=True)
    return drawn.getvalue()


def show_sign_in(sign_in: SignIn, *, site: str, password_is_told: bool, draws: bool) -> str:
    """What is printed once.

    Args:
        site: where the publisher signs in.
        password_is_told: whether the password was ours to make, so that nobody knows it yet.
        draws: whether the terminal can show a QR code.
    """
    codes = sign_in.recovery_codes
    rows = ["   ".join(codes[i : i + 5]) for i in range(0, len(codes), 5)]
    lines = [
        "",
        "The publisher's sign-in. It is shown this once; keep it.",
        "",
        f"  Address          {site}/desk/",
        f"  Email            {sign_in.address}",
        f"  Password         {sign_in.password if password_is_told else 'the one you gave'}",
        "  Second factor    read this with an authenticator app on your phone:",
        "",
        *([draw_qr_code(sign_in.uri)] if draws else []),
        f"  {sign_in.uri}",
        "",
        "  Recovery codes, each good once, for the day the phone is lost:",
        *(f"    {row}" for row in rows),
        "",
    ]
    return "\n".join(lines)
