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

NO_NAME = "its name cannot be looked up; is this machine online?"
NO_CONNECTION = "no connection could be made; is this machine online?"
NO_CONNECTION_IN_TIME = "no connection came about in time"
SILENT = "it went silent, and the time to wait for it is over"
UNTRUSTED = "the encrypted connection failed: is its certificate trusted by this machine?"
BROKE = "the connection broke"

_REASONS: tuple[tuple[type[HTTPError], str], ...] = (
    (NameResolutionError, NO_NAME),
    (NewConnectionError, NO_CONNECTION),
    (ConnectTimeoutError, NO_CONNECTION_IN_TIME),
    (ReadTimeoutError, SILENT),
    (SSLError, UNTRUSTED),
)


def unavailable(doing: str, host: str, error: HTTPError) -> ServiceUnavailable:
    """`error` while talking to `host`, as ServiceUnavailable."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return ServiceUnavailable(f"{doing}: {host}: {reason}")
    return ServiceUnavailable(f"{doing}: {host}: {BROKE}")
