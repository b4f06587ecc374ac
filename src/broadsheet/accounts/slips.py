"""What a typing slip in an address may have meant. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from broadsheet.accounts.addresses import Address, parse_address

# Mailbox providers that many readers share, most used first; a slip is looked for among these only.
COMMON_DOMAINS = (
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "gmx.de",
    "web.de",
    "googlemail.com",
    "t-online.de",
    "proton.me",
    "protonmail.com",
    "aol.com",
    "live.com",
    "msn.com",
    "hotmail.co.uk",
    "yahoo.co.uk",
    "btinternet.com",
    "orange.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
    "mail.ru",
    "gmx.net",
    "me.com",
)
# Endings that are no top-level domain, with what was meant. `.co` and `.cm` are real, so they count before known names only.
WRONG_ENDINGS: Mapping[str, str] = {
    "con": "com",
    "comm": "com",
    "cmo": "com",
    "ocm": "com",
    "vom": "com",
    "ogr": "org",
    "ner": "net",
}
SHORTEST = 8  # below this, one letter apart means nothing: mx.com is not me.com


def suggest_address(text: str) -> str:
    """What the reader may have meant by `text`; empty where nothing near is known.

    Answers for addresses that can be read (`gmial.com`) and for some that can't (`ann@gmail`, `ann@gmail,com`).
    """
    typed = text.strip().replace(",", ".").replace(" ", "").replace("@@", "@").rstrip(".")
    local, at, domain = typed.rpartition("@")
    if not at or not local or not domain:
        return ""
    meant = _meant_domain(domain.casefold())
    suggestion = f"{local}@{meant or domain}"
    if suggestion == text.strip() or (not meant and typed == text.strip()):
        return ""
    address = parse_address(suggestion)
    return address.typed if address else ""


def is_likely_slip(address: Address) -> bool:
    """Whether a readable address's domain cannot be meant: its ending does not exist."""
    return address.key.rpartition(".")[2] in WRONG_ENDINGS


def _meant_domain(domain: str) -> str:
    if domain in COMMON_DOMAINS:
        return ""
    name, dot, ending = domain.rpartition(".")
    if dot and ending in WRONG_ENDINGS:
        mended = f"{name}.{WRONG_ENDINGS[ending]}"
        return _nearest(mended) or mended
    if not dot:
        return next((known for known in COMMON_DOMAINS if known.partition(".")[0] == domain), "")
    return _nearest(domain)


def _nearest(domain: str) -> str:
    if domain in COMMON_DOMAINS:
        return domain
    return next((known for known in COMMON_DOMAINS if len(known) >= SHORTEST and _is_one_slip_apart(domain, known)), "")


def _is_one_slip_apart(one: str, other: str) -> bool:
    """One letter missing, added, changed, or two neighbours swapped (Damerau's distance of one)."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, wanted = one[start:], other[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:])
    )
