"""ETags as S3 makes them, computed once per version of a file."""

from __future__ import annotations

from hashlib import md5, sha256
from threading import Lock

from cloud_sync.simulator.medium import SimFile

PART = 6 * 1024 * 1024
"""The part size that the known uploaders to the GoPro cloud use, in bytes."""

LIMIT = 1 << 30
"""Files above this many bytes get an ETag that is not made of their bytes."""

_READ_SIZE = 1 << 20


class ETags:
    """ETags without quotes, remembered by the file's fingerprint.

    Up to `limit` bytes: the MD5 of the whole where it fits one part, else the MD5 of the parts'
    MD5s, a dash, and the number of parts. Above: an opaque text with the number of parts, too long
    to be taken for MD5s; it tells versions apart and nothing else.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = Lock()
        self._known: dict[str, str] = {}
        self._making: dict[str, Lock] = {}

    def of(self, file: SimFile) -> str:
        """The file's ETag. Raises OriginalUnreadable."""
        fingerprint = file.fingerprint
        with self._lock:
            if fingerprint in self._known:
                return self._known[fingerprint]
            making = self._making.setdefault(fingerprint, Lock())
        # one reader per file: the others wait for its result instead of reading the file as well
        with making:
            if fingerprint not in self._known:
                self._known[fingerprint] = self._make(file, fingerprint)
        with self._lock:
            self._making.pop(fingerprint, None)
        return self._known[fingerprint]

    def _make(self, file: SimFile, fingerprint: str) -> str:
        if file.size > self._limit:
            digest = sha256(fingerprint.encode("utf-8", "surrogateescape")).hexdigest()
            return f"{digest}-{-(-file.size // PART)}"
        return s3_etag(file)


def s3_etag(file: SimFile) -> str:
    """What S3 shows after an upload in 6 MiB parts. Raises OriginalUnreadable."""
    parts = [_md5(file, start) for start in range(0, file.size, PART)]
    if not parts:
        return md5(usedforsecurity=False).hexdigest()
    if len(parts) == 1:
        return parts[0].hex()
    return f"{md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"


def _md5(file: SimFile, start: int) -> bytes:
    digest = md5(usedforsecurity=False)
    end = min(file.size, start + PART)
    for offset in range(start, end, _READ_SIZE):
        digest.update(file.read(offset, min(_READ_SIZE, end - offset)))
    return digest.digest()
