"""A login in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import shlex
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from cloud_sync.clock import from_text, to_text
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.private_file import reason_of, write_private
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret

READ_LIMIT = 64 * 1024
"""Bytes; a login is a few kilobytes at most, so a larger file is something else."""


class FileCredentials:
    """Keeps the login as JSON in one file with mode 0600, written beside it and then renamed.

    A file that its group or others can read is refused: somebody else may have the token by now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = str(path)

    def read(self) -> StoredCredential | None:
        try:
            with self._path.open("rb") as file:
                # asked of the open file: its name may be given to another in between
                self._check_mode(os.fstat(file.fileno()).st_mode)
                content = file.read(READ_LIMIT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(reason_of(error)) from error
        return self._parsed(content)

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        StoredCredential(token, now, self.location, user_id)
        fields = {
            "gp_access_token": token.reveal(),
            "gp_user_id": user_id.reveal() if user_id else None,
            "stored_at": to_text(now),
        }
        try:
            write_private(self._path, (json.dumps(fields, indent=1) + "\n").encode("ascii"))
        except OSError as error:
            raise UsageError(
                f"storing the login in {self.location}: {reason_of(error)}",
                kept="what was stored before is as it was",
                hint=f"ls -ld {shlex.quote(str(self._path.parent))}",
            ) from error

    def _check_mode(self, mode: int) -> None:
        if not stat.S_ISREG(mode):
            raise self._unusable("it is not a regular file")
        if mode & 0o077:
            raise UsageError(
                f"reading the login from {self.location}: others than its owner can read it "
                f"(mode {stat.S_IMODE(mode):04o}, 0600 is wanted)",
                hint=f"chmod 600 {shlex.quote(self.location)}",
            )

    def _parsed(self, content: bytes) -> StoredCredential:
        if len(content) > READ_LIMIT:
            raise self._unusable(f"it is larger than {READ_LIMIT} bytes")
        try:
            fields = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._unusable("it is not the JSON that cloud-sync wrote") from error
        if not isinstance(fields, dict) or not isinstance(fields.get("gp_access_token"), str):
            raise self._unusable("it holds no gp_access_token")
        return StoredCredential(
            Secret(fields["gp_access_token"]),
            _instant(fields.get("stored_at")),
            self.location,
            _secret(fields.get("gp_user_id")),
        )

    def _unusable(self, reason: str) -> UsageError:
        return UsageError(
            f"reading the login from {self.location}: {reason}", hint="cloud-sync login"
        )


def _secret(value: Any) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def _instant(value: Any) -> datetime | None:
    """The instant, None where it cannot be told: the token's age is a help, not a condition."""
    try:
        return from_text(value) if isinstance(value, str) else None
    except ValueError:
        return None
