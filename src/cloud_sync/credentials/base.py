"""The contract of a place that keeps the camera cloud's login."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret

# what may stand in a cookie's value (RFC 6265); anything else could break out of a header line
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A login as a store hands it out.

    `token` is the `gp_access_token` value: printable ASCII, safe in a header line; UsageError
    otherwise. `stored_at` is when it was put there, None where the store cannot know.
    `origin` says to a person where it came from. `user_id` is the `gp_user_id` cookie, if any.
    """

    token: Secret
    stored_at: datetime | None
    origin: str
    user_id: Secret | None = None

    def __post_init__(self) -> None:
        check_cookie_value(self.token, f"the token from {self.origin}")
        if self.user_id is not None:
            check_cookie_value(self.user_id, f"the gp_user_id from {self.origin}")


class CredentialStore(Protocol):
    """Keeps one login. Calls may come from several threads at once."""

    location: str
    """Where it lies, as a person would say it."""

    def read(self) -> StoredCredential | None:
        """The login as it stands now, None when there is none.

        Nothing is remembered between calls, so a login replaced elsewhere is seen at once.
        Raises UsageError when something is there that must not or cannot be used.
        """
        ...

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        """Keep this login instead of any before it: whole, or not at all.

        Raises UsageError, and leaves the old one, when the store is read-only, cannot be written,
        or the token could not stand in a header line.
        """
        ...


def check_cookie_value(value: Secret, what: str) -> None:
    """Raise UsageError, without showing the value, unless it can stand in a header line."""
    if not _COOKIE_VALUE.fullmatch(value.reveal()):
        raise UsageError(
            f"{what} is empty or has characters that no cookie has",
            hint="cloud-sync login",
        )
