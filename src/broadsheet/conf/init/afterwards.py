"""What follows once everything is written: starting it, trying the mail, and saying what is left to do. Nothing here aborts."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broadsheet.conf.init.answers import Answers, Tls
from broadsheet.conf.init.children import run_command
from broadsheet.conf.init.exceptions import Undone
from broadsheet.conf.init.files import Owner
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import find_nginx, is_systemd_running, run_tool
from broadsheet.conf.init.plan import service_of

Say = Callable[[str], object]
ANSWERS_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Started:
    """Whether the service and nginx run now."""

    service: bool = False
    nginx: bool = False


def start(answers: Answers, layout: Layout, *, say: Say) -> Started:
    """Start what was installed, where there is something to start it with."""
    if not layout.is_machine:
        return Started()
    return Started(service=_start_service(answers, say), nginx=_start_nginx(answers, say))


def try_mail(layout: Layout, owner: Owner | None, address: str, *, say: Say) -> None:
    """Connect as letters do, and send one if there is an address."""
    arguments = ["check-mail", *([address] if address else [])]
    status, printed = run_command(owner, arguments, {"BROADSHEET_ENV_FILE": str(layout.env_file)})
    for line in printed.splitlines():
        say(f"Mail: {line}")
    if status:
        say(f"Warning: letters do not get out yet. Correct BROADSHEET_MAIL_URL in {layout.env_file}, restart, and try it with")
        say("         broadsheet check-mail ADDRESS")


def next_steps(answers: Answers, layout: Layout, started: Started) -> Iterator[str]:
    """What is left to do, a line each."""
    if not started.service:
        yield "Start it:"
        if answers.systemd and layout.is_machine:
            yield "  systemctl enable --now broadsheet.service broadsheet-backup.timer     # where systemd runs"
        yield f"  {by_hand(answers, layout)}"
    if answers.nginx and not started.nginx and layout.is_machine:
        yield "Start nginx, or if it runs let it read its new site:"
        yield "  nginx -t && { nginx -s reload || nginx; }"
    if not answers.nginx:
        yield f"Let your proxy end TLS for {answers.host} and pass requests on, with their Host, to http://127.0.0.1:{answers.port};"
        yield f"name its network in BROADSHEET_TRUSTED_PROXIES ({layout.env_file})."
    if answers.nginx and answers.tls is not Tls.FILES:
        yield from _certificate_steps(answers, layout)
    yield f"Sign in at {answers.address}/desk/ with email, password and the code of the authenticator app."
    account = f"runuser -u {answers.user} -- " if layout.is_machine else f"env BROADSHEET_ENV_FILE={layout.env_file} "
    yield f"See whether all is well: {account}broadsheet doctor"


def by_hand(answers: Answers, layout: Layout) -> str:
    """The command line that starts it where systemd does not."""
    service = service_of(answers, layout)
    account = f"setpriv --reuid={answers.user} --regid={answers.user} --clear-groups " if layout.is_machine else ""
    return f"{account}env BROADSHEET_ENV_FILE={layout.env_file} {service.command} serve {service.serve_options}"


def _certificate_steps(answers: Answers, layout: Layout) -> Iterator[str]:
    if layout.at(f"/etc/letsencrypt/live/{answers.host}/fullchain.pem").exists() and answers.tls is Tls.CERTBOT:
        return
    yield "Get a certificate that browsers trust, once the DNS leads here:"
    yield "  apt install certbot"
    hook = "--deploy-hook 'systemctl reload nginx'"
    yield f"  certbot certonly --webroot --webroot-path {layout.acme_dir} --domain {answers.host} {hook}"
    yield "  broadsheet init --tls certbot"


def _start_service(answers: Answers, say: Say) -> bool:
    if not answers.systemd:
        return False
    if not is_systemd_running():
        say("systemd does not run this machine, so nothing was started.")
        return False
    try:
        run_tool("systemctl", "daemon-reload")
        run_tool("systemctl", "enable", "broadsheet.service", "broadsheet-backup.timer")
        run_tool("systemctl", "restart", "broadsheet.service", "broadsheet-backup.timer")
    except Undone as error:
        say(f"Warning: {error}")
        return False
    if _answers_in_time(answers):
        say(f"Service: broadsheet.service runs and answers on port {answers.port}.")
        return True
    say(f"Warning: nothing answered on port {answers.port} in {ANSWERS_WITHIN_S:.0f} s; see `journalctl -u broadsheet`.")
    return True


def _answers_in_time(answers: Answers) -> bool:
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while time.monotonic() < deadline:
        link = http.client.HTTPConnection("127.0.0.1", answers.port, timeout=10)
        try:
            link.request("GET", "/login/", headers={"Host": answers.host})
            if link.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.5)
        finally:
            link.close()
    return False


def _start_nginx(answers: Answers, say: Say) -> bool:
    nginx = find_nginx()
    if not answers.nginx or nginx is None:
        return False
    if not is_systemd_running():
        say("nginx: was not told to read its new site, as systemd does not run this machine.")
        return False
    try:
        run_tool(nginx, "-t")
        run_tool("systemctl", "enable", "nginx")
        run_tool("systemctl", "reload-or-restart", "nginx")
    except Undone as error:
        say(f"Warning: {error}")
        return False
    say(f"nginx: serves {answers.address}.")
    return True
