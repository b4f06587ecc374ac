"""What kind of machine this is, and its accounts: asked of the machine itself."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address
from pathlib import Path

from broadsheet.conf.init.exceptions import Undone
from broadsheet.conf.init.files import Owner
from broadsheet.conf.nginx_site import DEBIAN_12, NginxSiteError, parse_nginx_version

EVERY_IPV4 = str(IPv4Address(0))  # readers come from everywhere
WEB_ACCOUNTS = ("www-data", "nginx", "http")


def run_tool(*command: str) -> str:
    """Run a tool of the system and give what it printed; "" if all went well and it printed nothing.

    Raises:
        Undone: it is missing or failed; its words are in the message.
    """
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own words and checked answers)
    except FileNotFoundError:
        raise Undone(f"{command[0]} is missing on this machine; install it and run this again.") from None
    if ran.returncode:
        raise Undone(f"`{' '.join(command)}` failed: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout + ran.stderr


def find_nginx() -> str | None:
    """The full path of nginx, which is not on everybody's path."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def nginx_version() -> tuple[int, int, int]:
    """The installed nginx's version; Debian 12's if there is none to ask."""
    nginx = find_nginx()
    if nginx is None:
        return DEBIAN_12
    try:
        return parse_nginx_version(run_tool(nginx, "-v"))
    except NginxSiteError as error:
        raise Undone(str(error)) from None


def has_default_server(nginx_dir: Path, *, but: str) -> bool:
    """Whether a site of this nginx other than the file named `but` is the one for all other hosts."""
    places = [*nginx_dir.glob("sites-enabled/*"), *nginx_dir.glob("conf.d/*.conf")]
    marks = re.compile(r"^\s*listen\s[^;#]*\bdefault_server\b", re.MULTILINE)
    return any(marks.search(path.read_text("utf-8", "replace")) for path in places if path.name != but and path.is_file())


def listening_addresses() -> tuple[str, ...]:
    """What nginx can listen on here: machines without IPv6 refuse `[::]`."""
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return (EVERY_IPV4,)
    return (EVERY_IPV4, "[::]")


def is_systemd_running() -> bool:
    """Whether systemd runs this machine; in most containers it does not (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def broadsheet_command() -> str:
    """The `broadsheet` command of this very environment, as it stands in a unit."""
    script = Path(sys.executable).with_name("broadsheet")
    return str(script) if script.exists() else f"{sys.executable} -m broadsheet.conf.command"


def find_account(user: str) -> Owner | None:
    """An account's numbers, if there is such an account."""
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        return None
    return Owner(found.pw_uid, found.pw_gid)


def web_group() -> int | None:
    """The group that nginx's processes belong to, if there is one."""
    for name in WEB_ACCOUNTS:
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            continue
    return None


def make_account(user: str, home: Path, undo: ExitStack) -> Owner:
    """A system account that nobody can sign in to.

    Raises:
        Undone: the account could not be made.
    """
    run_tool(
        "useradd", "--system", "--user-group", "--home-dir", str(home), "--no-create-home", "--shell", "/usr/sbin/nologin", user
    )
    undo.callback(_remove_account, user)
    account = find_account(user)
    if account is None:
        raise Undone(f"The account {user} was made and cannot be found; see `getent passwd {user}`.")
    return account


def _remove_account(user: str) -> None:
    with suppress(Undone):
        run_tool("userdel", user)
