"""Our cookies in a Cookie header, read strictly: what is odd belongs to nobody."""

from __future__ import annotations

from dataclasses import dataclass

SESSION = "broadsheet_session"
BROWSER = "broadsheet_browser"
PASS = "broadsheet_pass"  # noqa: S105 (a cookie's name)
_OURS = (SESSION, BROWSER, PASS)


@dataclass(frozen=True, slots=True)
class Cookies:
    """The three cookies that choose what a reader sees; empty where there is none."""

    session: str = ""
    browser: str = ""
    shown: str = ""

    @property
    def is_stranger(self) -> bool:
        return not (self.session or self.browser or self.shown)


NONE = Cookies()


def has_ours(header: str) -> bool:
    """Whether a Cookie header may hold one of ours; if not, whoever sent it is a stranger."""
    return "broadsheet_" in header


def read_cookies(header: str) -> Cookies | None:
    """Our cookies; None if one of them came twice, so that nobody can slip in a second one."""
    if not has_ours(header):
        return NONE
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name in _OURS:
            if name in found:
                return None
            found[name] = value.strip('"')
    return Cookies(found.get(SESSION, ""), found.get(BROWSER, ""), found.get(PASS, ""))
