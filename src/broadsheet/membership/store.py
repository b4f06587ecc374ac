"""Which rights a reader holds now."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from broadsheet.membership.models import Grant


def whole_grants(reader_id: int, *, now: datetime) -> QuerySet[Grant]:
    """A reader's grants for everything that are live: begun, and not over."""
    not_over = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    return Grant.objects.filter(not_over, reader_id=reader_id, article__isnull=True, starts_at__lte=now)
