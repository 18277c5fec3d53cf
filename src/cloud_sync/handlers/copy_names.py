"""Names of executions: the same request or event gives the same name, so that it starts once.

A name has at most 80 letters, digits, hyphens and underscores, as Step Functions documents it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256

READABLE = 40
"""So many characters of the key's end stand in the name, for who looks at a list of executions."""


def name_of_event(bucket: str, key: str, version_id: str | None, sequencer: str) -> str:
    """The name for one change of one object; `sequencer` tells changes of a key apart."""
    return _name(key, ["event", bucket, key, version_id, sequencer])


def name_of_request(key: str, document: Mapping[str, object], number: int) -> str:
    """The name for the nth execution of the same request."""
    return _name(key, ["request", document, number])


def name_of_idempotency_key(key: str, idempotency_key: str) -> str:
    """The name for what a caller calls one and the same request."""
    return _name(key, ["idempotency-key", idempotency_key])


def _name(key: str, parts: list[object]) -> str:
    digest = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", key.rstrip("/"))[-READABLE:].strip("-")
    return f"{readable}-{digest}" if readable else digest
