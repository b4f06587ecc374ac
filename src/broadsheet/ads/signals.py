"""What house ads say upward."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `ad: HouseAd` (as typed, perhaps unsaved) when the desk wants to see it; a receiver answers with the page.
preview_requested = Signal()
