"""Opens originals at the delivery network, whose addresses are signed and die within an hour.

No login is ever sent there: the signature is the permission, and a second one is refused.
"""

from __future__ import annotations

from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError

from cloud_sync.clock import Clock
from cloud_sync.errors import ServiceUnavailable, SourceNotUnderstood, StreamBroken
from cloud_sync.provider.gopro.api_url import is_loopback, split_url
from cloud_sync.provider.gopro.connection import unavailable
from cloud_sync.provider.gopro.ranges import Asked, Opened, opened, refusal

REDIRECTS = 5
CHUNK = 1024 * 1024
"""The most bytes taken from the socket at a time: measured, less costs more CPU a byte."""


class CdnStream:
    """An open original. One thread at a time may read it."""

    def __init__(
        self, response: BaseHTTPResponse, asked: Asked, declared: Opened, doing: str, host: str
    ) -> None:
        self.size = declared.size
        self.etag = declared.etag
        self._response = response
        self._position = asked.offset
        self._doing = doing
        self._host = host
        self._closed = False

    def readinto(self, buffer: memoryview) -> int:
        """As `SourceStream.readinto`; at most `CHUNK` bytes at a time."""
        if self._closed:
            raise ValueError("read from a closed stream")
        if not len(buffer):
            return 0
        try:
            data = self._response.read1(min(len(buffer), CHUNK), decode_content=False)
        except HTTPError as error:
            raise unavailable(
                f"{self._doing}, at byte {self._position}", self._host, error
            ) from error
        count = len(data)
        buffer[:count] = data
        self._position += count
        if self.size is not None and (
            self._position > self.size or (not count and self._position < self.size)
        ):
            raise StreamBroken(
                f"{self._doing}: {self._position} bytes came where {self.size} were declared",
                got=self._position,
                expected=self.size,
            )
        return count

    def close(self) -> None:
        """Let go of the connection; one that was not read to the end is not used again."""
        self._closed = True
        self._response.close()
        self._response.release_conn()


class Cdn:
    """A pool of connections to the delivery network.

    `loopback` allows plain http to this machine, as the simulator needs it.
    """

    def __init__(
        self, *, connections: int, timeout: Timeout, user_agent: str, loopback: bool, clock: Clock
    ) -> None:
        self._pool = PoolManager(maxsize=connections, retries=False, timeout=timeout)
        self._user_agent = user_agent
        self._loopback = loopback
        self._clock = clock

    def open(self, url: str, asked: Asked, doing: str) -> CdnStream:
        """The original at `url`; raises as `Provider.open` says."""
        for _ in range(REDIRECTS + 1):
            host = self._checked_host(url, doing)
            response = self._request(url, asked, doing, host)
            moved = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or not moved:
                return self._stream(response, asked, doing, host)
            response.close()
            url = _joined(url, moved)
        raise ServiceUnavailable(f"{doing}: sent on more than {REDIRECTS} times")

    def close(self) -> None:
        self._pool.clear()

    def _checked_host(self, url: str, doing: str) -> str:
        parts = split_url(url)
        host = (parts.hostname if parts else None) or ""
        plain_http_allowed = self._loopback and is_loopback(host)
        if parts is None or (parts.scheme != "https" and not plain_http_allowed):
            raise SourceNotUnderstood(
                f"{doing}: its address is not https, and unencrypted it is not fetched"
            )
        return host

    def _request(self, url: str, asked: Asked, doing: str, host: str) -> BaseHTTPResponse:
        headers = {"User-Agent": self._user_agent, **asked.headers()}
        try:
            return self._pool.request(
                "GET",
                url,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                # the stream counts for itself, so that an early end is told with both numbers
                enforce_content_length=False,
            )
        except HTTPError as error:
            raise unavailable(doing, host, error) from error

    def _stream(self, response: BaseHTTPResponse, asked: Asked, doing: str, host: str) -> CdnStream:
        status, headers = response.status, response.headers
        try:
            if status not in (200, 206):
                raise refusal(status, headers, asked, doing, self._clock.now())
            declared = opened(status, headers, asked, doing)
        except BaseException:
            response.close()
            raise
        return CdnStream(response, asked, declared, doing, host)


def _joined(url: str, moved: str) -> str:
    """Where a redirect leads; empty, which no check lets through, where that cannot be told."""
    try:
        return urljoin(url, moved)
    except ValueError:
        return ""
