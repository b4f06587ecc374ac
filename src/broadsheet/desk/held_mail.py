"""What the desk's first page says while no letters are sent."""

from __future__ import annotations

from typing import Any

from wagtail.admin.ui.components import Component


class HeldMailPanel(Component):
    """A warning: this is a copy that was restored, or an operator holds the letters."""

    order = 1
    template_name = "desk/held_mail.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {}
