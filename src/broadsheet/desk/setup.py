"""Makes the roles and the workflow of a new installation. Runs after every `migrate` and changes nothing twice.

A group that exists is left as the publisher made it, and gets each permission that a new version brings once; deleting it
brings it back with its first permissions.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    Workflow,
    WorkflowContentType,
    WorkflowTask,
)

from broadsheet.desk.models import OfferedPermission, SecondReading
from broadsheet.desk.roles import APPROVERS, ROLES, WORKFLOW_NAME, Permissions, Role
from broadsheet.library.models import Article

# Groups that Wagtail's own migrations make for its pages, which Broadsheet has none of.
_WAGTAIL_GROUPS = ("Moderators", "Editors")


def follow_migration(sender: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Set up the desk once the last app with tables has been migrated and every permission stands."""
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    if sender.label == last.label and using == DEFAULT_DB_ALIAS and _has_tables(using):
        set_up_desk()


def set_up_desk() -> None:
    """Make the four roles and the workflow, as far as they are not there yet."""
    with transaction.atomic():
        missing = [role for role in Role if not Group.objects.filter(name=role).exists()]
        for role in missing:
            _make_group(role, ROLES[role])
        if missing:
            Group.objects.filter(name__in=_WAGTAIL_GROUPS, user=None).delete()
        for role, permissions in ROLES.items():
            _offer(role, permissions.tables)
        if not SecondReading.objects.exists():
            _make_workflow()


def _has_tables(using: str) -> bool:
    connection = connections[using]
    wanted = {
        SecondReading._meta.db_table,
        OfferedPermission._meta.db_table,
        Article._meta.db_table,
        WorkflowContentType._meta.db_table,
    }
    with connection.cursor() as cursor:
        return wanted <= set(connection.introspection.table_names(cursor))


def _make_group(role: Role, permissions: Permissions) -> None:
    group = Group.objects.create(name=role)
    group.permissions.set([_load_permission(name) for name in sorted(permissions.tables)])
    root = Collection.get_first_root_node()
    if root is not None:
        GroupCollectionPermission.objects.bulk_create(
            GroupCollectionPermission(group=group, collection=root, permission=_load_permission(f"wagtailimages.{codename}"))
            for codename in sorted(permissions.photos)
        )


def _offer(role: Role, names: frozenset[str]) -> None:
    """Give a group what it has never been given."""
    known = set(OfferedPermission.objects.filter(role=role).values_list("permission", flat=True))
    fresh = sorted(names - known)
    if fresh:
        Group.objects.get(name=role).permissions.add(*(_load_permission(name) for name in fresh))
        OfferedPermission.objects.bulk_create(OfferedPermission(role=role, permission=name) for name in fresh)


def _load_permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def _make_workflow() -> None:
    task = SecondReading.objects.create(name=WORKFLOW_NAME)
    task.groups.set(Group.objects.filter(name__in=APPROVERS))
    Workflow.objects.filter(name="Moderators approval").update(active=False)
    workflow = Workflow.objects.create(name=WORKFLOW_NAME)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowContentType.objects.update_or_create(
        content_type=ContentType.objects.get_for_model(Article), defaults={"workflow": workflow}
    )
