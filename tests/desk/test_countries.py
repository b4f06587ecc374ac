"""Editors say at the desk what their publication calls a country, whether it has a page, and what is to be known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from broadsheet.desk.roles import Role
from broadsheet.library.models import CountryNote

pytestmark = pytest.mark.django_db

ADD = "wagtailsnippets_library_countrynote:add"


def test_an_editor_renames_a_country_and_its_page_shows_it_at_once(desk: Callable[[Role], Client], client: Client) -> None:
    assert "<h1>Myanmar</h1>" in client.get("/countries/myanmar/").content.decode()
    editor = desk(Role.EDITOR)
    assert '<option value="MM">Myanmar</option>' in editor.get(reverse(ADD)).content.decode()
    answer = editor.post(reverse(ADD), {"code": "MM", "name": "Burma", "note": "Both names are used.", "is_hidden": ""})
    assert answer.status_code == 302 and CountryNote.objects.get().name == "Burma"
    page = client.get("/countries/myanmar/").content.decode()
    assert "<h1>Burma</h1>" in page and "Both names are used." in page


def test_a_writer_may_not(desk: Callable[[Role], Client]) -> None:
    assert desk(Role.WRITER).post(reverse(ADD), {"code": "MM", "name": "Burma"}).status_code == 302
    assert not CountryNote.objects.exists()
