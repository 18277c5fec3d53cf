"""An S3 that discards: it takes whole objects and parts, counts and checks them, keeps nothing.

What it must know of an upload lies in small files, for its processes share no memory. It computes
the CRC64NVME of all that comes in (about 0.1 CPU seconds a GiB), so that every contestant's object
can be held against the source. Listings are empty: each run writes to a bucket of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from benchmarks.byte_path.chunked import decoded
from benchmarks.byte_path.tls_server import Exchange

BUFFER = 256 * 1024
_CHECKSUM = "x-amz-checksum-crc64nvme"
_buffers = threading.local()


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """Where the sink remembers uploads (`uploads/`) and objects (`objects/`)."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> SinkSettings:
        for name in ("uploads", "objects"):
            (folder / name).mkdir(parents=True)
        return cls(folder)

    def objects(self, bucket: str) -> dict[str, dict[str, Any]]:
        """What was stored in the bucket, by key: `size` and `checksum` (16 hex digits)."""
        found = {}
        for path in (self.folder / "objects").iterdir():
            stored = json.loads(path.read_text())
            name, _, key = stored["path"].lstrip("/").partition("/")
            if name == bucket:
                found[key] = stored
        return found


class Refused(Exception):
    """The request is answered with an error of S3."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Sink(Exchange):
    """Buckets exist as soon as they are named; nobody has to log in."""

    def do_HEAD(self) -> None:  # noqa: N802 the name it inherits
        self._respond(self._head)

    def do_GET(self) -> None:  # noqa: N802 the name it inherits
        self._respond(self._list)

    def do_PUT(self) -> None:  # noqa: N802 the name it inherits
        self._respond(self._part if "partNumber" in self._query() else self._object)

    def do_POST(self) -> None:  # noqa: N802 the name it inherits
        self._respond(self._begin if "uploads" in self._query() else self._complete)

    def do_DELETE(self) -> None:  # noqa: N802 the name it inherits
        self._respond(lambda: self.answer(204, {}))

    def _respond(self, act: Any) -> None:
        try:
            act()
        except Refused as refused:
            body = f"<Error><Code>{refused.code}</Code><Message>refused</Message></Error>"
            self.answer(refused.status, {"Content-Type": "application/xml"}, body.encode())

    def _query(self) -> dict[str, str]:
        query = self.path.partition("?")[2]
        return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}

    @property
    def _where(self) -> str:
        return unquote(self.path.partition("?")[0])

    def _record(self) -> Path:
        name = hashlib.sha256(self._where.encode()).hexdigest()
        settings: SinkSettings = self.settings
        return settings.folder / "objects" / name

    def _upload(self) -> Path:
        settings: SinkSettings = self.settings
        folder = settings.folder / "uploads" / self._query()["uploadId"]
        if not folder.is_dir():
            raise Refused(404, "NoSuchUpload")
        return folder

    def _head(self) -> None:
        if self._where.count("/") < 2 or self._where.endswith("/"):
            self.answer(200, {"x-amz-bucket-region": "us-east-1"})
            return
        record = self._record()
        if not record.exists():
            raise Refused(404, "NoSuchKey")
        stored = json.loads(record.read_text())
        headers = {
            **stored["headers"],
            "Content-Length": str(stored["size"]),
            "ETag": stored["etag"],
            "Last-Modified": "Thu, 02 May 2024 00:00:00 GMT",
        }
        if self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers |= _checksum_headers(stored["checksum"])
        self.answer(200, headers)

    def _list(self) -> None:
        self._xml("ListBucketResult", {"IsTruncated": "false", "KeyCount": "0", "MaxKeys": "1000"})

    def _begin(self) -> None:
        settings: SinkSettings = self.settings
        upload_id = secrets.token_hex(16)
        folder = settings.folder / "uploads" / upload_id
        folder.mkdir()
        (folder / "headers.json").write_text(json.dumps(self._kept_headers()))
        self._xml("InitiateMultipartUploadResult", {"UploadId": upload_id})

    def _part(self) -> None:
        folder, number = self._upload(), int(self._query()["partNumber"])
        size, checksum = self._drain()
        (folder / f"{number}.part").write_text(f"{size} {checksum}")
        self.answer(200, {"ETag": f'"{checksum:016x}"'})

    def _complete(self) -> None:
        folder = self._upload()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        numbers = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", body)]
        size, checksum = _joined(folder, numbers)
        announced = self.headers.get("x-amz-mp-object-size")
        if announced is not None and int(announced) != size:
            raise Refused(400, "InvalidRequest")
        etag = f'"{checksum:016x}-{len(numbers)}"'
        headers = json.loads((folder / "headers.json").read_text())
        self._store(size, checksum, etag, headers)
        self._xml(
            "CompleteMultipartUploadResult",
            {
                "ETag": etag,
                "ChecksumCRC64NVME": _as_text(f"{checksum:016x}"),
                "ChecksumType": "FULL_OBJECT",
            },
        )

    def _object(self) -> None:
        if self._where.count("/") < 2:
            self.answer(200, {})
            return
        size, checksum = self._drain()
        etag = f'"{checksum:016x}-0"'
        self._store(size, checksum, etag, self._kept_headers())
        self.answer(200, {"ETag": etag, **_checksum_headers(f"{checksum:016x}")})

    def _store(self, size: int, checksum: int, etag: str, headers: dict[str, str]) -> None:
        announced = self.headers.get(_CHECKSUM)
        if announced is not None and _announced(announced) != checksum:
            raise Refused(400, "BadDigest")
        record = self._record()
        if record.exists() and self.headers.get("If-None-Match") == "*":
            raise Refused(412, "PreconditionFailed")
        stored = {
            "path": self._where,
            "size": size,
            "checksum": f"{checksum:016x}",
            "etag": etag,
            "headers": headers,
        }
        record.write_text(json.dumps(stored))

    def _drain(self) -> tuple[int, int]:
        """Read the body into one buffer, again and again; its length and CRC64NVME."""
        from awscrt.checksums import crc64nvme

        buffer = _buffer()
        size = checksum = 0
        body, left = self._body()
        while left is None or left > 0:
            filled = body.readinto(buffer if left is None else buffer[: min(left, BUFFER)])
            if not filled:
                break
            checksum = crc64nvme(buffer[:filled], checksum)
            size += filled
            left = None if left is None else left - filled
        if left:
            raise ConnectionResetError("the body ended early")
        announced = self.headers.get(_CHECKSUM)
        if announced is not None and _announced(announced) != checksum:
            raise Refused(400, "BadDigest")
        return size, checksum

    def _body(self) -> tuple[Any, int | None]:
        """The body without its framing, and its length where that is told beforehand."""
        http = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        aws = "aws-chunked" in self.headers.get("Content-Encoding", "")
        if http or aws:
            return decoded(self.rfile, http=http, aws=aws), None
        return self.rfile, int(self.headers["Content-Length"])

    def _kept_headers(self) -> dict[str, str]:
        kept = ("content-type", "x-amz-storage-class")
        return {
            name: value
            for name, value in self.headers.items()
            if name.lower() in kept or name.lower().startswith("x-amz-meta-")
        }

    def _xml(self, root: str, elements: Mapping[str, str]) -> None:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        body = f'<?xml version="1.0"?><{root} xmlns="{namespace}">{inner}</{root}>'
        self.answer(200, {"Content-Type": "application/xml"}, body.encode())


def _joined(folder: Path, numbers: list[int]) -> tuple[int, int]:
    """Size and CRC64NVME of the parts one after the other."""
    from awscrt.checksums import combine_crc64nvme

    size = checksum = 0
    for number in numbers:
        part = folder / f"{number}.part"
        if not part.exists():
            raise Refused(400, "InvalidPart")
        length, value = map(int, part.read_text().split())
        checksum = combine_crc64nvme(checksum, value, length)
        size += length
    return size, checksum


def _buffer() -> memoryview:
    """This thread's buffer."""
    if not hasattr(_buffers, "view"):
        _buffers.view = memoryview(bytearray(BUFFER))
    view: memoryview = _buffers.view
    return view


def _as_text(checksum: str) -> str:
    return b64encode(bytes.fromhex(checksum)).decode()


def _announced(text: str) -> int:
    return int.from_bytes(b64decode(text), "big")


def _checksum_headers(checksum: str) -> dict[str, str]:
    return {_CHECKSUM: _as_text(checksum), "x-amz-checksum-type": "FULL_OBJECT"}
