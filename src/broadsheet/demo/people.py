"""The demo's sign-ins: one editor with a second factor, and a reader of each kind.

Passwords and the editor's authenticator secret are derived from the installation's own secret key, so
no two demos share them and none stands in the code.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from broadsheet.core.keys import keyed_hash


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in to the demo."""

    address: str
    what: str
    role: str = ""
    spends_all: bool = False
    subscribes: bool = False


PEOPLE = (
    Person("editor@example.org", "editor: opens the desk, with a second factor", role="Editor"),
    Person("publisher@example.org", "publisher: opens the desk, with a second factor", role="Publisher"),
    Person("reader@example.org", "registered reader with three articles left"),
    Person("spent@example.org", "registered reader who has read this month's three", spends_all=True),
    Person("subscriber@example.org", "subscriber (All-Access, by the year)", subscribes=True),
)


def demo_password(person: Person, *, secret_key: str) -> str:
    """The person's password in this installation."""
    text = keyed_hash("demo-password", person.address, secret_key=secret_key)
    return "-".join(text[i : i + 5] for i in range(0, 15, 5))


def authenticator_secret(person: Person, *, secret_key: str) -> str:
    """The person's authenticator secret (base32, as apps want it)."""
    secret = bytes.fromhex(keyed_hash("demo-totp", person.address, secret_key=secret_key))
    return base64.b32encode(secret[:15]).decode()  # a multiple of 5 bytes, so that nothing is padded
