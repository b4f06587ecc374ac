"""A filled site, and its backup and restore at the test's own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from broadsheet.conf.backup.encryption import Keys
from broadsheet.conf.backup.flows import Made, Wish, make_backup
from broadsheet.conf.backup.restore_flows import Consent, Restored, restore_backup
from broadsheet.core.clock import StoppedClock
from broadsheet.core.signing_key_flows import load_signing_key
from broadsheet.library.models import Article, Photo
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.pages.models import Variant
from broadsheet.paywall.flows import unlock_article
from tests.conf.backup.sites import Site, clear_files, make_photo, say_nothing


@pytest.fixture(autouse=True)
def _no_files_of_others() -> Iterator[None]:
    clear_files()
    yield
    clear_files()


@pytest.fixture
def site(make_article: Callable[..., Article], make_reader: Any, make_subscriber: Any, sign_in: Any, clock: StoppedClock) -> Site:
    """A site with articles, a photo, an unlock, a subscription, a letter that waits, and two readers signed in."""
    photo = make_photo()
    articles = [make_article(lead_photo=photo), make_article(), make_article(access="free")]
    reader, subscriber = make_reader("reader@example.org"), make_subscriber("subscriber@example.org")
    unlock_article(reader.pk, articles[0].pk, now=clock.now())
    queue_letter(
        LetterKind.ADDRESS_CHANGED, "reader@example.org", {"new_address": "n@example.org", "help_link": "x"}, now=clock.now()
    )
    load_signing_key(now=clock.now())
    Variant.objects.all().delete()  # those of the first article were made when there was no second to be named beside it
    browsers = [Client() for _ in range(3)]
    sign_in(browsers[1], reader)
    sign_in(browsers[2], subscriber)
    return Site(articles, photo, *browsers)


@pytest.fixture
def photo(make_reader: Any, clock: StoppedClock) -> Photo:
    """The one photo of an installation that holds little else: a reader, and a letter that waits. Faster than `site`."""
    make_reader("reader@example.org")
    queue_letter(
        LetterKind.ADDRESS_CHANGED, "reader@example.org", {"new_address": "n@example.org", "help_link": "x"}, now=clock.now()
    )
    return make_photo()


@pytest.fixture
def back_up(tmp_path: Path, clock: StoppedClock) -> Callable[..., Made]:
    def make(to: str | None = None, **fields: Any) -> Made:
        return make_backup(Wish(to or str(tmp_path), **fields), now=clock.now(), tell=say_nothing)

    return make


@pytest.fixture
def bring_back(clock: StoppedClock) -> Callable[..., Restored]:
    def restore(path: Path, keys: Keys | None = None, consent: Consent | None = None) -> Restored:
        clock.advance(timedelta(minutes=5))
        return restore_backup(path, keys or Keys(), consent or Consent(), now=clock.now(), tell=say_nothing)

    return restore
