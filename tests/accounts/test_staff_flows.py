"""Appointing staff from the server: role, password and second factor at once, and nothing from before that opens the account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.accounts.second_factor import has_authenticator
from broadsheet.accounts.staff_flows import appoint, find_staff
from broadsheet.core.clock import StoppedClock

pytestmark = pytest.mark.django_db
ROLE, ADDRESS, PASSWORD = "Publisher", "ann@example.org", "a long password of hers"


def test_new_member_has_role_password_and_second_factor(clock: StoppedClock) -> None:
    appointment = appoint(ADDRESS, PASSWORD, role=ROLE, now=clock.now())
    user = User.objects.get(email=ADDRESS)
    assert user.is_staff and not user.is_superuser and user.confirmed_at == clock.now()
    assert user.check_password(PASSWORD)
    assert [group.name for group in user.groups.all()] == [ROLE]
    assert has_authenticator(user)
    assert len(appointment.recovery_codes) == 10
    assert EmailAddress.objects.get(user=user).verified
    assert user.has_perm("wagtailadmin.access_admin")
    assert find_staff("ANN@example.org", role=ROLE) == user


def test_secret_is_new_each_time_unless_given(clock: StoppedClock) -> None:
    secrets = {appoint(f"{name}@example.org", PASSWORD, role=ROLE, now=clock.now()).secret for name in "abc"}
    assert len(secrets) == 3
    assert appoint(ADDRESS, PASSWORD, role=ROLE, secret="JBSWY3DPEHPK3PXP", now=clock.now()).secret == "JBSWY3DPEHPK3PXP"


def test_reader_who_is_appointed_keeps_the_account_and_no_way_in_from_before(
    client: Client, clock: StoppedClock, make_reader: Callable[..., User], sign_in: Callable[..., None]
) -> None:
    reader = make_reader(ADDRESS, password="an earlier password")
    TOTP.activate(reader, "JBSWY3DPEHPK3PXP")
    sign_in(client, reader, second_factor=True)
    appointment = appoint(ADDRESS, PASSWORD, role=ROLE, now=clock.now())
    assert appointment.user.pk == reader.pk
    reader.refresh_from_db()
    assert reader.check_password(PASSWORD) and not reader.check_password("an earlier password")
    assert Authenticator.objects.get(user=reader, type="totp").wrap().validate_code("000000") is False
    assert Authenticator.objects.filter(user=reader).count() == 2
    assert client.get("/desk/").status_code == 302


@pytest.mark.parametrize("lacking", ["staff", "role", "second factor", "confirmation", "activity"])
def test_whoever_could_not_open_the_desk_is_not_found(lacking: str, clock: StoppedClock) -> None:
    user = appoint(ADDRESS, PASSWORD, role=ROLE, now=clock.now()).user
    assert find_staff(ADDRESS, role=ROLE) == user
    if lacking == "role":
        user.groups.clear()
    elif lacking == "second factor":
        Authenticator.objects.filter(user=user).delete()
    else:
        field = {"staff": "is_staff", "activity": "is_active", "confirmation": "confirmed_at"}[lacking]
        User.objects.filter(pk=user.pk).update(**{field: None if lacking == "confirmation" else False})
    assert find_staff(ADDRESS, role=ROLE) is None


def test_what_is_no_address_is_refused(clock: StoppedClock) -> None:
    assert find_staff("ann", role=ROLE) is None
    with pytest.raises(ValueError, match="'ann' is not an email address"):
        appoint("ann", PASSWORD, role=ROLE, now=clock.now())
    assert not User.objects.exists()
