"""A login in a file that only its owner can read."""

from __future__ import annotations

import os
import shlex
import stat
from datetime import datetime
from pathlib import Path

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.login_document import (
    SIZE_LIMIT,
    NoLogin,
    login_document,
    login_in,
)
from cloud_sync.credentials.private_file import reason_of, write_private
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret


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
                content = file.read(SIZE_LIMIT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(reason_of(error)) from error
        return self._parsed(content)

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        StoredCredential(token, now, self.location, user_id)
        try:
            write_private(self._path, login_document(token, user_id, now).encode("ascii"))
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
        try:
            return login_in(content, self.location)
        except NoLogin as error:
            raise self._unusable(str(error)) from error

    def _unusable(self, reason: str) -> UsageError:
        return UsageError(
            f"reading the login from {self.location}: {reason}", hint="cloud-sync login"
        )
