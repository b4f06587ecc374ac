"""Who may do what at the desk: the four roles and their permissions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ACCESS_DESK = "wagtailadmin.access_admin"
# Whoever may see a reader's grants may open the readers' page and ask why somebody may read.
SEE_READERS = "membership.view_grant"
# Whoever may add lines to the audit log may do for a reader what does no harm; giving and taking need more.
HELP_READERS = "desk.add_auditline"
GIVE_GRANTS = "membership.add_grant"
SEE_AUDIT = "desk.view_auditline"
# Sums by day, never a person; the page of subscribers shows what they bring in.
SEE_FIGURES = "figures.view_daycount"
WORKFLOW_NAME = "Second reading"


class Role(StrEnum):
    """A group of the staff, by the name that the desk shows."""

    WRITER = "Writer"
    EDITOR = "Editor"
    PUBLISHER = "Publisher"
    SUPPORT = "Support"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a role holds: permissions on tables, and on the collection in which all photos lie."""

    tables: frozenset[str]
    photos: frozenset[str]


def _all(app: str, *models: str, actions: tuple[str, ...] = ("add", "change", "delete", "view")) -> frozenset[str]:
    return frozenset(f"{app}.{action}_{model}" for model in models for action in actions)


_WRITER = frozenset({ACCESS_DESK}) | _all("library", "article", actions=("add", "change", "view"))
_EDITOR = (
    _WRITER
    | _all("library", "article", actions=("delete", "publish", "lock", "unlock"))
    | _all("library", "topic", "region", "author", "countrynote", "series", "startset")
    | _all("library", "homepage", actions=("change",))
)
_SUPPORT = (
    frozenset({ACCESS_DESK, SEE_READERS, HELP_READERS})
    | _all("library", "article", actions=("view",))
    | _all("billing", "invoice", "alert", "declaration", "organisation", actions=("view",))
    | _all("billing", "gift", actions=("change", "view"))
)
_PUBLISHER = (
    _EDITOR
    | _SUPPORT
    | frozenset({SEE_FIGURES, SEE_AUDIT})
    | _all("publication", "publication", actions=("change",))
    | _all("publication", "plainpage", "letterwording")
    | _all("billing", "plan", "campaign")
    | _all("ads", "housead")
    | _all("billing", "invoice", "alert", "declaration", "organisation", actions=("change", "view"))
    | _all("billing", "order", actions=("view",))
    | _all("billing", "lawsettings", "invoicesettings", actions=("change",))
    | _all("accounts", "user", actions=("add", "change"))
    | _all("membership", "grant", "institution")
    | _all("wagtailcore", "collection", "workflow", "task", actions=("add", "change", "delete"))
)

ROLES: Mapping[Role, Permissions] = {
    Role.WRITER: Permissions(_WRITER, frozenset({"add_image", "choose_image"})),
    Role.EDITOR: Permissions(_EDITOR, frozenset({"add_image", "change_image", "choose_image"})),
    Role.PUBLISHER: Permissions(_PUBLISHER, frozenset({"add_image", "change_image", "choose_image"})),
    Role.SUPPORT: Permissions(_SUPPORT, frozenset()),
}
# Whoever is in one of these groups approves what others submit.
APPROVERS = (Role.EDITOR, Role.PUBLISHER)
