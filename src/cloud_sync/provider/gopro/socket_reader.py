"""A socket as the standard library's HTTP client uses one, and the file that it reads from."""

from __future__ import annotations

import socket
import ssl
from typing import BinaryIO, cast

from urllib3.util import wait_for_read

_AHEAD = 8192
"""Bytes taken at once while a head is read; of a body so much at most is copied."""


class SocketReader:
    """Stands in for a connected socket, and for the file that each answer asks of it.

    The client opens a file per answer and drops it at the answer's end, and with it, unseen, what
    the server sent beyond that end. Here it lives as long as the connection. Bodies go from the
    socket straight into the caller's buffer, which costs less than through the file of a socket.
    """

    def __init__(self, connected: socket.socket, timeout: float) -> None:
        """`timeout` is in seconds, for each read from the network and not for a whole answer."""
        self._socket = connected
        self._timeout = timeout
        self._ahead = bytearray()
        self._at_end = False
        connected.settimeout(timeout)

    def as_socket(self) -> socket.socket:
        """Itself, for `HTTPConnection.sock`, of which only `sendall`, `makefile`, `close` count."""
        return cast("socket.socket", self)

    def sendall(self, data: bytes) -> None:
        self._socket.sendall(data)

    def makefile(self, mode: str) -> BinaryIO:  # noqa: ARG002
        return cast("BinaryIO", self)

    def readline(self, limit: int) -> bytes:
        """A line with its end, `limit` bytes at most. ConnectionResetError when it is cut off.

        The client itself would take a head that is cut off for one that ends there.
        """
        while not (length := self._ahead.find(b"\n") + 1) and len(self._ahead) < limit:
            if not self._fetch():
                raise ConnectionResetError("the connection ended within a line")
        return self._taken(min(length or limit, limit))

    def read(self, size: int) -> bytes:
        """`size` bytes, less only at the end."""
        while len(self._ahead) < size and self._fetch():
            pass
        return self._taken(size)

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer`, less only at the end."""
        filled = min(len(self._ahead), len(buffer))
        if filled:
            buffer[:filled] = self._taken(filled)
        while filled < len(buffer):
            count = self._socket.recv_into(buffer[filled:])
            if not count:
                break
            filled += count
        return filled

    def flush(self) -> None:
        """Nothing is written through the file."""

    def close(self) -> None:
        """The client is done with an answer, or has seen that it is the last: its body may come."""

    def hang_up(self) -> None:
        """Really close. May be called twice."""
        self._socket.close()

    def speaks(self) -> bool:
        """Wait for a byte, which stays to be read; False at the end."""
        return bool(self._ahead) or self._fetch()

    def has_unread(self) -> bool:
        """Whether bytes have come that nobody has read. Never waits."""
        if self._ahead:
            return True
        self._socket.settimeout(0)
        try:
            self._at_end = not self._fetch()
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._socket.settimeout(self._timeout)
        return not self._at_end

    def is_quiet(self) -> bool:
        """Whether the other side has neither said anything nor hung up."""
        return not self._at_end and not wait_for_read(self._socket, timeout=0)

    def _fetch(self) -> bool:
        came = self._socket.recv(_AHEAD)
        self._ahead += came
        return bool(came)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._ahead[:size])
        del self._ahead[:size]
        return taken
