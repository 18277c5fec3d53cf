"""Pings the URL of a watchdog (healthchecks.io, Uptime Kuma) when a run begins and ends.

By the rules of healthchecks.io `URL/start` says that a run began, `URL` that it went well, and
`URL/N` that it ended with exit code N. Uptime Kuma has one URL for a monitor, told by `/api/push/`
in its path, and takes how a run ended in the query.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cloud_sync.errors import ExitCode, ServiceUnavailable
from cloud_sync.secret import Secret

SECONDS = 10.0
"""The longest that one try of a ping may take."""

TRIES = 3
_DOING = "pinging the healthcheck"


class HealthcheckPulse:
    """Pings as runs come and go. The URL is a secret: who knows it can say that all is well."""

    def __init__(self, url: Secret) -> None:
        self._url = url

    def started(self) -> None:
        """Ping that a run began, where the watchdog knows of that."""
        url = start_url(self._url.reveal())
        if url:
            _ping(url)

    def ended(self, code: ExitCode) -> None:
        """Ping how the run ended."""
        _ping(end_url(self._url.reveal(), code))


def start_url(url: str) -> str:
    """Where a run's beginning is told; empty where there is no such place."""
    return "" if _is_push(url) else _below(url, "start")


def end_url(url: str, code: ExitCode) -> str:
    """Where it is told that a run ended with this exit code."""
    if not _is_push(url):
        return url if code == ExitCode.DONE else _below(url, str(int(code)))
    parts = urlsplit(url)
    said = {"status": "up", "msg": "OK"}
    if code != ExitCode.DONE:
        said = {"status": "down", "msg": f"exit code {int(code)}"}
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | said
    return urlunsplit(parts._replace(query=urlencode(query)))


def _is_push(url: str) -> bool:
    return "/api/push/" in urlsplit(url).path


def _below(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def _ping(url: str) -> None:
    """GET it. The errors of the HTTP library hold the URL, so nothing of theirs is handed on."""
    from urllib3 import PoolManager, Timeout
    from urllib3.exceptions import HTTPError

    status = 0
    with PoolManager(retries=False, timeout=Timeout(total=SECONDS)) as pool:
        for _ in range(TRIES):
            try:
                status = pool.request("GET", url, redirect=False).status
            except (HTTPError, ValueError):
                continue
            if status < 500:
                break
    if not status:
        raise ServiceUnavailable(f"{_DOING}: no answer")
    if not 200 <= status < 300:
        raise ServiceUnavailable(f"{_DOING}: it answered with status {status}")
