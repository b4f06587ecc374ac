"""The list of the staff: readers are not in it, and nobody here makes administrators but administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views.users import CreateView, EditView, IndexView, UserViewSet

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User

_GROUPS_HELP = "What somebody may do. Without a role the desk stays closed."


def staff_seen_by(user: User | AnonymousUser) -> QuerySet[User]:
    """The staff whom `user` may manage: administrators are managed by administrators only."""
    everybody = User.objects.filter(is_staff=True)
    return everybody if user.is_superuser else everybody.filter(is_superuser=False)


class _StaffForm(forms.Form):
    """What both forms share: who is asked for, and that only an administrator may make another."""

    def __init__(self, *args: Any, seen_by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].help_text = _GROUPS_HELP
        if not seen_by.is_superuser:
            self.fields.pop("is_superuser", None)


class StaffCreationForm(_StaffForm, UserCreationForm):
    """Invites somebody by address; a reader with that address keeps the account and becomes staff."""

    def clean_email(self) -> str:
        address = parse_address(self.cleaned_data["email"])
        if address is None:
            raise forms.ValidationError("We couldn't read that address. Is a letter missing?")
        if User.objects.filter(address_key=address.key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody with this address works at the desk already.")
        return address.typed

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        if not self.instance.pk:
            self.instance.set_unusable_password()
        user: User = super().save(commit)
        return user


class StaffEditForm(_StaffForm, UserEditForm):
    """Roles of one member of the staff. The address is changed by its owner, who proves both mailboxes."""

    is_staff = forms.BooleanField(
        required=False, label="Works at the desk", help_text="Untick to close the desk; the account stays as a reader's."
    )

    def __init__(self, *args: Any, editing_self: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, editing_self=editing_self, **kwargs)
        self.fields["email"].disabled = True
        self.fields["is_staff"].disabled = editing_self

    class Meta(UserEditForm.Meta):
        fields = UserEditForm.Meta.fields | {"is_staff"}


class _SeenBy:
    """Tells the form who is asking."""

    request: HttpRequest

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "seen_by": self.request.user}  # type: ignore[misc]


class StaffIndexView(IndexView):
    page_title = "Staff"

    def get_base_queryset(self) -> QuerySet[User]:
        return staff_seen_by(self.request.user).select_related("wagtail_userprofile")


class StaffCreateView(_SeenBy, CreateView):
    page_title = "Add somebody to the staff"

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        address = parse_address(self.request.POST.get("email", ""))
        reader = User.objects.filter(address_key=address.key, is_staff=False).first() if address else None
        return {**kwargs, "instance": reader} if reader else kwargs


class StaffEditView(_SeenBy, EditView):
    def get_queryset(self) -> QuerySet[User]:
        return staff_seen_by(self.request.user)


class StaffViewSet(UserViewSet):
    """Who works at the desk, at /desk/users/."""

    menu_label = "Staff"
    index_view_class = StaffIndexView
    add_view_class = StaffCreateView
    edit_view_class = StaffEditView

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm[User]]:
        return StaffEditForm if for_update else StaffCreationForm
