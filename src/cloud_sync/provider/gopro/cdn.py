"""Opens originals at the delivery network, whose addresses are signed and die within an hour.

No login is ever sent there: the signature is the permission, and a second one is refused.
"""

from __future__ import annotations

from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from cloud_sync.clock import Clock
from cloud_sync.errors import (
    CloudSyncError,
    ServiceUnavailable,
    SourceNotUnderstood,
    StreamBroken,
)
from cloud_sync.provider.gopro.api_url import is_loopback, split_url
from cloud_sync.provider.gopro.keep_alive import Incoming, KeepAlive, LineBroken, Origin
from cloud_sync.provider.gopro.ranges import Asked, Opened, opened, refusal

REDIRECTS = 5
CHUNK = 256 * 1024
"""The most bytes a read waits for: larger reads cost no less, and hide how a slow one moves."""


class CdnStream:
    """A range of an original. One thread at a time may read it."""

    def __init__(
        self, answer: Incoming, asked: Asked, declared: Opened, doing: str, host: str
    ) -> None:
        self.size = declared.size
        self.etag = declared.etag
        self._answer = answer
        self._start = asked.start
        self._position = asked.start
        self._end = declared.end
        self._runs_on = declared.runs_on
        self._doing = doing
        self._host = host
        self._ended = False
        self._closed = False

    def readinto(self, buffer: memoryview) -> int:
        """As `SourceStream.readinto`, at most `CHUNK` bytes at a time; closes on any error."""
        if self._closed:
            raise ValueError("read from a closed stream")
        room = min(len(buffer), CHUNK)
        if self._end is not None:
            room = min(room, self._end - self._position)
        if self._ended or not room:
            return 0
        try:
            return self._read(buffer[:room])
        except CloudSyncError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection; one that was not read to the end is not used again."""
        self._closed = True
        self._answer.release()

    def _read(self, buffer: memoryview) -> int:
        try:
            count = self._answer.readinto(buffer)
            self._position += count
            if count == 0 or self._position == self._end:
                self._check_end()
        except LineBroken as error:
            raise ServiceUnavailable(
                f"{self._doing}, at byte {self._position}: {self._host}: {error.reason}"
            ) from error
        return count

    def _check_end(self) -> None:
        """Whether what ends here ends where it should. Lets go of the connection."""
        # without a size, a chunked body tells its end itself
        shortest = self._end if self.size is not None else self._start + 1
        if shortest is not None and self._position < shortest:
            raise self._broken("the body ended after", self._position)
        cut = self._runs_on and self._position == self._end
        if not cut and self._answer.has_more():
            raise self._broken("the body goes on after", self._position + 1)
        self._ended = True
        self._answer.release()

    def _broken(self, what: str, got: int) -> StreamBroken:
        told = "an unknown number" if self._end is None else str(self._end)
        return StreamBroken(
            f"{self._doing}: {what} {self._position} bytes, counted from the original's start, "
            f"where {told} were declared",
            got=got,
            expected=self._end,
        )


class Cdn:
    """The delivery network, reached over `lines`.

    `loopback` allows plain http to this machine, as the simulator needs it.
    """

    def __init__(self, lines: KeepAlive, *, user_agent: str, loopback: bool, clock: Clock) -> None:
        self._lines = lines
        self._user_agent = user_agent
        self._loopback = loopback
        self._clock = clock

    def open(self, url: str, asked: Asked, doing: str) -> CdnStream:
        """The original at `url`; raises as `Provider.open` says."""
        headers = {"User-Agent": self._user_agent, **asked.headers()}
        for _ in range(REDIRECTS + 1):
            origin, target = self._address(url, doing)
            try:
                answer = self._lines.get(origin, target, headers)
            except LineBroken as error:
                raise ServiceUnavailable(f"{doing}: {origin.host}: {error.reason}") from error
            moved = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not moved:
                return self._stream(answer, asked, doing, origin.host)
            answer.release()
            url = _joined(url, moved)
        raise ServiceUnavailable(f"{doing}: sent on more than {REDIRECTS} times")

    def close(self) -> None:
        self._lines.close()

    def _address(self, url: str, doing: str) -> tuple[Origin, str]:
        """Where to connect, and what to ask for there, in characters that HTTP allows."""
        try:
            address = parse_url(url)
        except LocationParseError:
            # it shows the address, so not even a traceback may have it
            raise SourceNotUnderstood(f"{doing}: its address is not one of the web") from None
        parts = split_url(address.url)
        host = (parts.hostname if parts else None) or ""
        plain_http_allowed = self._loopback and is_loopback(host)
        if parts is None or (parts.scheme != "https" and not plain_http_allowed):
            raise SourceNotUnderstood(
                f"{doing}: its address is not https, and unencrypted it is not fetched"
            )
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return Origin(parts.scheme, host, port), address.request_uri

    def _stream(self, answer: Incoming, asked: Asked, doing: str, host: str) -> CdnStream:
        status, headers = answer.status, answer.headers
        try:
            if status not in (200, 206):
                raise refusal(status, headers, asked, doing, self._clock.now())
            declared = opened(status, headers, asked, doing)
        except BaseException:
            answer.release()
            raise
        return CdnStream(answer, asked, declared, doing, host)


def _joined(url: str, moved: str) -> str:
    """Where a redirect leads; empty, which no check lets through, where that cannot be told."""
    try:
        return urljoin(url, moved)
    except ValueError:
        return ""
