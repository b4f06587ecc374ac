"""Where collected static files lie, under names that hold a hash of their content."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class LastingStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Also knows the files of the versions before, which pages, caches and processes of theirs still name."""

    hashed_files: dict[str, str]

    def save_manifest(self) -> None:
        own = self.hashed_files
        before, _ = self.load_manifest()
        kept = {name: hashed for name, hashed in before.items() if self.exists(hashed)}
        self.hashed_files = {**kept, **own}
        super().save_manifest()
        self.hashed_files = own  # what is compressed after this
