"""Foreign connection errors in our own words: theirs may hold a signed URL."""

from __future__ import annotations

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from cloud_sync.errors import ServiceUnavailable

_REASONS: tuple[tuple[type[HTTPError], str], ...] = (
    (NameResolutionError, "its name cannot be looked up; is this machine online?"),
    (NewConnectionError, "no connection could be made; is this machine online?"),
    (ConnectTimeoutError, "no connection came about in time"),
    (ReadTimeoutError, "it went silent, and the time to wait for it is over"),
    (SSLError, "the encrypted connection failed: is its certificate trusted by this machine?"),
)


def unavailable(doing: str, host: str, error: HTTPError) -> ServiceUnavailable:
    """`error` while talking to `host`, as ServiceUnavailable."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return ServiceUnavailable(f"{doing}: {host}: {reason}")
    return ServiceUnavailable(f"{doing}: {host}: the connection broke")
