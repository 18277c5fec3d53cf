"""A content delivery network on loopback: files over TLS with ranges, ETags and keep-alive."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.byte_path import content
from benchmarks.byte_path.tls_server import Exchange

CAPPED_PIECE = 128 * 1024
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the source: its size, and the CRC64NVME that is its ETag too."""

    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """`files` by path. `bytes_per_second` caps each connection."""

    files: Mapping[str, File]
    bytes_per_second: int | None = None


class Source(Exchange):
    """Answers GET and HEAD for files, and for folders (paths that end in a slash) with links."""

    def setup(self) -> None:
        super().setup()
        self._free_at = 0.0

    def do_GET(self) -> None:  # noqa: N802 the name it inherits
        if self.path.endswith("/"):
            self._folder()
            return
        path = self.path.partition("?")[0]
        file = self.settings.files.get(path)
        if file is None:
            self.answer(404, {})
            return
        etag = f'"{file.checksum}"'
        if self.headers.get("If-Match", etag) != etag:
            self.answer(412, {})
            return
        wanted = self.headers.get("Range") if self.headers.get("If-Range", etag) == etag else None
        self._file(path, file, etag, wanted)

    do_HEAD = do_GET  # noqa: N815 the name it inherits

    def _file(self, path: str, file: File, etag: str, wanted: str | None) -> None:
        start, length, status = 0, file.size, 200
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Last-Modified": _CHANGED}
        if wanted is not None:
            asked = _RANGE.fullmatch(wanted)
            if asked is None or int(asked[1]) >= file.size:
                self.answer(416, {"Content-Range": f"bytes */{file.size}"})
                return
            start, status = int(asked[1]), 206
            last = min(int(asked[2] or file.size - 1), file.size - 1)
            length = last - start + 1
            headers["Content-Range"] = f"bytes {start}-{last}/{file.size}"
        headers["Content-Type"] = "video/mp4"
        headers["Content-Length"] = str(length)
        self.answer(status, headers)
        if self.command == "GET":
            self._send(path, start, length)

    def _send(self, path: str, start: int, length: int) -> None:
        rate = self.settings.bytes_per_second
        for piece in content.pieces(path, start, length):
            if rate is None:
                self.connection.sendall(piece)
                continue
            for at in range(0, len(piece), CAPPED_PIECE):
                part = piece[at : at + CAPPED_PIECE]
                self._wait_for_leave(len(part) / rate)
                self.connection.sendall(part)

    def _wait_for_leave(self, seconds: float) -> None:
        """Let the connection's next bytes go when its rate allows; idle time is not made up for."""
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + seconds
        time.sleep(self._free_at - now)

    def _folder(self) -> None:
        names = [
            path.removeprefix(self.path)
            for path in self.settings.files
            if path.startswith(self.path)
        ]
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in names if "/" not in name)
        self.answer(
            200, {"Content-Type": "text/html"}, f"<html><body>{links}</body></html>".encode()
        )


_CHANGED = "Thu, 02 May 2024 00:00:00 GMT"
