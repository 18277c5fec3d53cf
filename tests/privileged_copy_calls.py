"""Calls of the file-copy workflow's functions that between them need all that their roles allow.

Each exercise makes what it works on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cloud_sync.handlers.object_copier import travelling
from cloud_sync.replicate.outcome import CopyOutcome, CopyStatus
from copies_at_work import record
from enforced_copies import DESTINATION, SOURCE, Called, CopySite
from s3_relay import Relayed

Exercise = Callable[[CopySite], Called]

_TOO_LARGE = (
    b"<Error><Code>InvalidRequest</Code><Message>The specified copy source is larger than the "
    b"maximum allowable size for a copy source: 5368709120</Message></Error>"
)
_GONE = b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"


def asked(key: str, version: str | None = None) -> dict[str, Any]:
    """A request for one copy."""
    given = {"versionId": version} if version else {}
    return {
        "sourceBucket": SOURCE,
        "sourceKey": key,
        "destinationBuckets": [DESTINATION],
        **given,
    }


def copied(site: CopySite, key: str, version: str | None = None) -> Called:
    return site.call("object-copier", {"request": asked(key, version)})


def copy_the_latest(site: CopySite) -> Called:
    """Of a bucket that keeps versions."""
    return copied(site, site.upload()[0])


def copy_without_versions(site: CopySite) -> Called:
    """Of a bucket that keeps none, too large to be copied as a whole."""
    with site.without_versions():
        return copy_in_parts(site)


def copy_what_is_not_there(site: CopySite) -> Called:
    """The source has no such object."""
    return copied(site, f"none-{next(site.numbers)}.zip")


def copy_an_older_version(site: CopySite) -> Called:
    """The destination has a newer one already."""
    key, old = site.upload(b"old")
    site.upload(b"new and longer", key)
    assert copied(site, key).kind == "COPIED"
    return copied(site, key, old)


def copy_in_parts(site: CopySite) -> Called:
    """S3 says once that the object is too large to be copied as a whole."""
    key, _ = site.upload()
    said = [False]

    def refuse(answer: Relayed) -> None:
        if not said[0]:
            said[0] = True
            answer.status, answer.body = 400, _TOO_LARGE
            answer.headers["Content-Length"] = str(len(_TOO_LARGE))

    with site.through_the_relay("object-copier") as relay:
        relay.after["PutObject"] = refuse
        called = copied(site, key)
        assert said[0] or called.refused, "nothing was refused"
    return called


def give_up_a_copy_in_parts(site: CopySite) -> Called:
    """The source is gone when its first part is to be copied."""
    key, _ = site.upload()

    def refuse(answer: Relayed) -> None:
        answer.status, answer.body = 400, _TOO_LARGE
        answer.headers["Content-Length"] = str(len(_TOO_LARGE))

    def lose(answer: Relayed) -> None:
        answer.status, answer.body = 404, _GONE
        answer.headers["Content-Length"] = str(len(_GONE))

    with site.through_the_relay("object-copier") as relay:
        relay.after["PutObject"], relay.after["UploadPart"] = refuse, lose
        return copied(site, key)


def take_back_what_differs(site: CopySite) -> Called:
    """The service says that its copy is one byte longer than the source."""
    key, _ = site.upload()
    seen = [0]

    def lengthen(answer: Relayed) -> None:
        seen[0] += answer.status == 200
        if seen[0] == 2:
            answer.headers["Content-Length"] = "8"

    with site.through_the_relay("object-copier") as relay:
        relay.after["HeadObject"] = lengthen
        return copied(site, key)


def remember_a_start(site: CopySite) -> Called:
    """Told twice, as Step Functions may."""
    told = {
        "request": asked(f"build-{next(site.numbers)}.zip"),
        "execution_id": f"arn:{next(site.numbers)}",
        "start_time": datetime.now(UTC).isoformat(),
    }
    first = site.call("copy-start", told)
    return first if first.refused else site.call("copy-start", told)


def remember_an_end(site: CopySite) -> Called:
    """Of an execution whose start is known."""
    request = asked(f"build-{next(site.numbers)}.zip")
    known = {"request": request, "execution_id": f"arn:{next(site.numbers)}"}
    outcome = travelling(CopyOutcome(DESTINATION, "key", CopyStatus.COPIED, size=7))
    copies = [{"bucket": DESTINATION, "outcome": outcome}]
    told = {**known, "copies": copies, "kept": []}
    first = site.call("copy-end", told)
    return first if first.refused else site.call("copy-end", told)


def told_of(site: CopySite, key: str, version: str | None) -> Called:
    one = record(key, bucket=SOURCE, version=version, sequencer=f"{next(site.numbers):04}")
    return site.call("replication-worker", {"Records": [one]})


def hear_of_a_version(site: CopySite) -> Called:
    """A new object of a bucket that keeps versions."""
    return told_of(site, *site.upload())


def hear_of_an_object(site: CopySite) -> Called:
    """A new object of one that keeps none."""
    with site.without_versions():
        return told_of(site, *site.upload())


def hear_of_what_is_gone(site: CopySite) -> Called:
    """A new object that was deleted before anybody looked."""
    return told_of(site, f"none-{next(site.numbers)}.zip", None)


def posted(site: CopySite, function: str, body: dict[str, Any], **headers: str) -> Called:
    return site.call(function, {"body": json.dumps(body), "headers": headers})


def start_by_the_api(site: CopySite) -> Called:
    """A request of its own."""
    return posted(site, "step-function-invoker", asked(f"build-{next(site.numbers)}.zip"))


def give_an_idempotency_key_again(site: CopySite) -> Called:
    """With another request, so that the first one is looked at."""
    given = {"idempotency-key": f"key-{next(site.numbers)}"}
    key = f"build-{next(site.numbers)}.zip"
    posted(site, "step-function-invoker", asked(key), **given)
    return posted(site, "step-function-invoker", asked(key, "another-version"), **given)


def put_a_build(site: CopySite) -> Called:
    """An artefact under a key that is not taken."""
    body = {
        "key": f"build-{next(site.numbers)}.zip",
        "content": base64.b64encode(b"an artefact").decode(),
    }
    return posted(site, "build-worker", body)


EXERCISES: dict[str, dict[Exercise, str]] = {
    "copy-start": {remember_a_start: "OK"},
    "object-copier": {
        copy_the_latest: "COPIED",
        copy_what_is_not_there: "FAILED",
        copy_an_older_version: "SKIPPED",
        copy_in_parts: "COPIED",
        copy_without_versions: "COPIED",
        give_up_a_copy_in_parts: "FAILED",
        take_back_what_differs: "FAILED",
    },
    "copy-end": {remember_an_end: "OK"},
    "replication-worker": {
        hear_of_a_version: "OK",
        hear_of_an_object: "OK",
        hear_of_what_is_gone: "OK",
    },
    "step-function-invoker": {start_by_the_api: "202", give_an_idempotency_key_again: "409"},
    "build-worker": {put_a_build: "201"},
}
"""The exercises of each function, cheap ones first, and how each ends with all that is granted."""

WITHOUT_PURPOSE = ("copy-validator", "copy-results", "copy-verdict")
"""Functions that ask and write nothing."""

FIRST = {
    "s3:AbortMultipartUpload": (give_up_a_copy_in_parts,),
    "s3:DeleteObjectVersion": (take_back_what_differs,),
    "s3:GetObjectTagging": (copy_without_versions,),
    "s3:GetObjectVersionTagging": (copy_in_parts,),
    "s3:ListBucket": (copy_what_is_not_there, hear_of_what_is_gone),
    "s3:ListBucketVersions": (copy_an_older_version,),
}
"""Exercises that are known to reach an action; it saves the others, and proves nothing. A process
that has seen an object of a bucket does not ask for the bucket.
"""


def exercises(function: str, action: str) -> dict[Exercise, str]:
    """The function's exercises, those first that are known to reach the action."""
    found = EXERCISES[function]
    return dict(sorted(found.items(), key=lambda each: each[0] not in FIRST.get(action, ())))
