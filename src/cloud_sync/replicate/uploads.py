"""The contract of remembering which multipart uploads are ours, so that a kill leaves none behind.

A service lists unfinished uploads by key and id only: whether one was begun by us, or by another
program that is still at it, must be remembered here.
"""

from __future__ import annotations

from typing import Protocol

from cloud_sync.replicate.store import Upload


class UploadJournal(Protocol):
    """Remembers the uploads that were begun and are not known to be over, per service."""

    def begun(self, service: str, upload: Upload) -> None:
        """Remember an upload of this process."""
        ...

    def over(self, service: str, upload: Upload) -> None:
        """Forget an upload: it was completed or aborted."""
        ...

    def abandoned(self, service: str, bucket: str, key: str) -> list[Upload]:
        """Uploads of this key whose process no longer lives; never one that is being worked at."""
        ...


class NoJournal:
    """Remembers nothing: what a killed process leaves is the bucket's own rule's to end."""

    def begun(self, service: str, upload: Upload) -> None:
        """Take no note."""

    def over(self, service: str, upload: Upload) -> None:
        """Take no note."""

    def abandoned(self, service: str, bucket: str, key: str) -> list[Upload]:  # noqa: ARG002
        """None that is known of."""
        return []
