"""A login as the JSON that every store of ours keeps."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from cloud_sync.clock import from_text, to_text
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.secret import Secret

SIZE_LIMIT = 64 * 1024
"""Bytes; a login is a few kilobytes at most, so a larger document is something else."""


class NoLogin(ValueError):
    """The document holds no login; the text says why and shows nothing of it."""


def login_document(token: Secret, user_id: Secret | None, now: datetime) -> str:
    """The document; the one text of ours that bears a token."""
    fields = {
        "gp_access_token": token.reveal(),
        "gp_user_id": user_id.reveal() if user_id else None,
        "stored_at": to_text(now),
    }
    return json.dumps(fields, indent=1) + "\n"


def login_in(
    content: str | bytes, origin: str, stored_at: datetime | None = None
) -> StoredCredential:
    """The login of a document; `stored_at` is for one that does not tell.

    Raises NoLogin, and UsageError where the token could not stand in a header line.
    """
    if len(content) > SIZE_LIMIT:
        raise NoLogin(f"it is larger than {SIZE_LIMIT} bytes")
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        # without its cause, which has the document in it
        raise NoLogin("it is not the JSON that cloud-sync wrote") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("gp_access_token"), str):
        raise NoLogin("it holds no gp_access_token")
    return StoredCredential(
        Secret(fields["gp_access_token"]),
        _instant(fields.get("stored_at")) or stored_at,
        origin,
        _secret(fields.get("gp_user_id")),
    )


def _secret(value: Any) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def _instant(value: Any) -> datetime | None:
    """The instant, None where it cannot be told: the token's age is a help, not a condition."""
    try:
        return from_text(value) if isinstance(value, str) else None
    except ValueError:
        return None
