"""What somebody agrees to by pressing a button: carried through the form, so that nothing else is ordered than was shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.http import HttpRequest

FIELD = "agreed"
CHANGED = "What you agree to is not what you saw: it has changed meanwhile. Read it again. Nothing was ordered."


def key_of(sentences: Iterable[str]) -> str:
    """What the form carries of the sentences that stand beside its button: the same only for the same words and amounts."""
    return hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:32]


def was_shown(request: HttpRequest, sentences: Iterable[str]) -> bool:
    """Whether these sentences stood beside the button that was pressed."""
    return request.POST.get(FIELD) == key_of(sentences)
