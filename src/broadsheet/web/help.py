"""Help: the publication's own words, and a form that reaches a person, signed in or not."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.models import PlainPage
from broadsheet.publication.store import load_publication
from broadsheet.web.asker import network_key_of
from broadsheet.web.letter_request import read_address
from broadsheet.web.next_path import own_path
from broadsheet.web.reader_page import reader_page
from broadsheet.web.same_site import same_site_form

MAX_MESSAGE = 4000
PER_NETWORK_AN_HOUR = 20  # a reading room shares one address; a person writes once or twice


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def help_page(request: HttpRequest) -> HttpResponse:
    """Answers, and a letter to support."""
    now = clock.now()
    user = request.user if isinstance(request.user, User) else None
    posted = request.method == "POST"
    context: dict[str, object] = {
        "page": PlainPage.objects.filter(slug="help").first(),
        "support_address": _support_address(),
        "email_typed": request.POST.get("email", "")[:320] if posted else user.email if user else "",
        "message": request.POST.get("message", "")[:MAX_MESSAGE].replace("\0", ""),
        "about": own_path(request.POST.get("about", "") or request.GET.get("about", "")),
    }
    if not posted:
        return reader_page(request, "web/help.html", context, now=now)
    typed = read_address(str(context["email_typed"]), sure_of=str(context["email_typed"]))
    message = str(context["message"]).strip()
    if typed.address is None or not message:
        problems = {"problem": typed.problem, "message_problem": "" if message else "Tell us what we can do for you."}
        return reader_page(request, "web/help.html", {**context, **problems}, now=now, status=422)
    network = network_key_of(request)
    if not count_try("help", network, limit=PER_NETWORK_AN_HOUR, per=timedelta(hours=1), now=now):
        problem = f"Many letters came from your network in this hour. Please write to {_support_address()} instead."
        return reader_page(request, "web/help.html", {**context, "message_problem": problem}, now=now, status=429)
    values = {"email": typed.address.typed, "page": str(context["about"]) or "none named", "message": message}
    with transaction.atomic():
        queue_letter(LetterKind.HELP, _support_address(), values, now=now, reply_to=typed.address.typed)
    return reader_page(request, "web/help_sent.html", {"email": typed.address.typed}, now=now)


def _support_address() -> str:
    return load_publication().help_address or settings.BROADSHEET.support_address
