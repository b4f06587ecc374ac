"""The form that editors upload and describe photos with."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from wagtail.images.forms import BaseImageForm

from broadsheet.library.svg import find_svg_dangers


class PhotoForm(BaseImageForm):
    """Wagtail's image form, which also refuses drawings that run scripts or load files from elsewhere."""

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if "file" in self.changed_data and file is not None and str(file.name).lower().endswith(".svg"):
            file.seek(0)
            dangers = find_svg_dangers(file.read())
            file.seek(0)
            if dangers:
                raise ValidationError(f"This drawing can't be used: {'; '.join(dangers)}. Export it again as a plain SVG.")
        return file
