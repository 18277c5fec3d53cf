"""`build-worker`: `POST /builds` puts an artefact into the source bucket.

An example of what feeds the file-copy workflow: whatever writes there starts it. The body is
`{"key": "build-123.zip", "content": "…"}`, the content in base64. The API takes 10 MB and Lambda
hands on 6 MB; larger artefacts are uploaded into the bucket itself.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any

from cloud_sync.handlers.copy_door import CopyWiring, log
from cloud_sync.handlers.http_door import Answer, BadBody, HttpDoor, answer, body_of
from cloud_sync.replicate.request import key_problem
from cloud_sync.replicate.store import Description, Expected, ObjectVersion, StoredVersion

NAME = "build-worker"


def build(event: Mapping[str, Any], wiring: CopyWiring) -> Answer:
    """201 with bucket, key and version; 400 with every bad field."""
    try:
        body = body_of(event)
    except BadBody as error:
        return answer(400, problems=[{"field": "request", "reason": str(error)}])
    fields = body if isinstance(body, Mapping) else {}
    key, content = fields.get("key"), _content(fields.get("content"))
    problems = []
    if not isinstance(key, str) or (wrong := key_problem(key)):
        reason = wrong if isinstance(key, str) else "is missing or no text"
        problems.append({"field": "key", "reason": reason})
    if content is None:
        problems.append({"field": "content", "reason": "is missing or not base64"})
    if not isinstance(key, str) or content is None or problems:
        return answer(400, problems=problems)
    at = ObjectVersion(wiring.source, key)
    there = wiring.store.head(at)
    artefact = StoredVersion(at, len(content), "", wiring.clock.now())
    expected = Expected(there.etag if there else None)
    version = wiring.store.put(at, content, Description(artefact, {}), {}, expected)
    log(NAME, wiring, key=key, version_id=version, bytes=len(content))
    return answer(201, bucket=wiring.source, key=key, versionId=version)


def _content(given: object) -> bytes | None:
    if not isinstance(given, str):
        return None
    try:
        return b64decode(given, validate=True)
    except (NotBase64, ValueError):
        return None


handler = HttpDoor(build)
