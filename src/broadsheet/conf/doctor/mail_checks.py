"""Letters: whether the way is open, and whether any got stuck."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

from broadsheet.conf.doctor.findings import Finding, fail, in_words, ok, warn
from broadsheet.conf.watch.log_lines import without_addresses
from broadsheet.core.installation import Installation
from broadsheet.mail.advice import advise
from broadsheet.mail.exceptions import BadMailUrl
from broadsheet.mail.smtp import FolderTransport, Outcome, SmtpTransport, parse_mail_url
from broadsheet.mail.store import Outbox

# A code is good for fifteen minutes; a letter that is later than that is no use to whoever wants to sign in.
LATE, TOO_LATE = timedelta(minutes=2), timedelta(minutes=15)
REACH_TIMEOUT_S = 10.0


def check_mail_server(installation: Installation) -> Finding:
    """The mail server takes our connection and our password; no letter is sent."""
    check = "mail server"
    try:
        server = parse_mail_url(installation.mail_url)
    except BadMailUrl:
        return fail(check, "BROADSHEET_MAIL_URL cannot be read.", "See the mail setting.")
    folder = FolderTransport(installation.data_dir / "mail")
    with closing(SmtpTransport(server, local_name=installation.host, timeout_s=REACH_TIMEOUT_S) if server.host else folder) as link:
        verdict = link.reach()
    place = f"{server.host}, port {server.port}" if server.host else f"files in {folder.folder}"
    if verdict.outcome is Outcome.SENT:
        return ok(check, f"{place}: reached")
    todo = advise(verdict.cause, server) or "broadsheet check-mail says what happens step by step."
    return fail(check, f"{place}: {verdict.problem}", todo)


def check_held(is_held: bool) -> Finding:
    """Letters are let go."""
    check = "mail held"
    if not is_held:
        return ok(check, "no")
    return warn(
        check,
        "Letters are held, as in each copy that was restored: nobody gets a code, so nobody new can sign in.",
        "If this is the site that readers use, run: broadsheet mail release",
    )


def check_outbox(outbox: Outbox, *, now: datetime, is_held: bool) -> Finding:
    """Letters leave when they are due, and get where they should."""
    check, late = "letters", now - outbox.due_since if outbox.due_since is not None else timedelta(0)
    waiting, uncertain = outbox.letters.get("waiting", 0), outbox.letters.get("uncertain", 0)
    said = f" The last reason: {without_addresses(outbox.last_problem)}" if outbox.last_problem else ""
    if late > LATE and not is_held:
        judge = fail if late > TOO_LATE else warn
        return judge(
            check,
            f"{waiting} letters wait, the oldest {in_words(late.total_seconds())} past its time.{said}",
            "See that the worker runs (broadsheet work) and that broadsheet check-mail gets through.",
        )
    if outbox.refused_lately or uncertain:
        return warn(
            check,
            f"{outbox.refused_lately} letters were refused in the last day; {uncertain} may have arrived or not.{said}",
            "Single mistyped addresses are nothing to worry about; broadsheet check-mail ADDRESS tries a good one.",
        )
    if outbox.last_sent_at is None:
        return ok(check, f"{waiting} waiting; none was sent yet")
    return ok(check, f"{waiting} waiting; the last left {in_words((now - outbox.last_sent_at).total_seconds())} ago")
