"""Signed URLs of the CDN: bound to a method, a path and a time."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode

from cloud_sync.clock import Clock

KEY_PAIR_ID = "KSIMULATED0000"
DISPOSITION = "response-content-disposition"

# the alphabet that CloudFront uses where base64's own would need quoting
_CLOUDFRONT = str.maketrans("+=/", "-_~")


class Signer:
    """Signs with a key that lives as long as the simulator. `life` is in seconds."""

    def __init__(self, life: float, clock: Clock) -> None:
        self._key = secrets.token_bytes(32)
        self._life = life
        self._clock = clock

    def sign(self, method: str, path: str, disposition: str) -> str:
        """The query that lets `method` at `path` in until its time has run out."""
        expires = str(int(self._clock.now().timestamp() + self._life))
        return urlencode(
            {
                DISPOSITION: disposition,
                "Expires": expires,
                "Signature": self._signature(method, path, disposition, expires),
                "Key-Pair-Id": KEY_PAIR_ID,
            }
        )

    def refusal(self, method: str, path: str, query: Mapping[str, str]) -> str:
        """Why the URL opens nothing: `signature` or `expired`; an empty text when it does."""
        expires = query.get("Expires", "")
        expected = self._signature(method, path, query.get(DISPOSITION, ""), expires)
        given = query.get("Signature", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return "signature"
        # a valid signature vouches for the number
        return "expired" if self._clock.now().timestamp() >= int(expires) else ""

    def _signature(self, method: str, path: str, disposition: str, expires: str) -> str:
        text = f"{method}\n{path}\n{disposition}\n{expires}"
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogateescape"), sha256)
        return b64encode(digest).decode().translate(_CLOUDFRONT)
