"""The message to a person about copies that failed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cloud_sync.replicate.outcome import CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest

LONGEST_SUBJECT = 100
"""ASCII characters of a subject, as Amazon SNS documents it: no control characters either."""

LONGEST_BODY = 200_000
"""Bytes of a body in UTF-8; Amazon SNS takes 262,144 for the message as a whole."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`subject` is one line of ASCII, `body` is UTF-8 text."""

    subject: str
    body: str


def notice(results: CopyResults, request: CopyRequest, execution_id: str, where: str) -> Notice:
    """What a person is told of an execution: the file, the counts, each failed bucket with reason.

    `where` says where the full results are.
    """
    headline = "❌ File copy failed" if not results.successful else "⚠️ File copy partly failed"
    if not results.failed:
        headline = "✅ File copy completed"
    lines = [
        headline,
        "",
        f"📁 File: {_plain(request.source_key)}",
        f"🪣 Source bucket: {_plain(request.source_bucket)}",
        *([f"🏷️ Version: {_plain(request.version_id)}"] if request.version_id else []),
        "",
        f"📊 Destinations: {results.total}",
        f"✅ Successful: {results.successful}",
        f"❌ Failed: {results.failed}",
    ]
    tail = ["", f"🔎 Execution: {_plain(execution_id)}", f"🗂️ Details: {_plain(where)}", ""]
    return Notice(_subject(results, request), "\n".join(lines + _reasons(results) + tail))


def _subject(results: CopyResults, request: CopyRequest) -> str:
    counts = f"{results.failed} of {results.total} copies failed: "
    name = request.source_key.rstrip("/").rpartition("/")[2] or request.source_key
    return counts + _ascii(name, LONGEST_SUBJECT - len(counts))


def _reasons(results: CopyResults) -> list[str]:
    """The failed buckets, as many as the body has room for; the rest is counted."""
    if not results.failed:
        return []
    lines, room = ["", "Failed buckets:"], LONGEST_BODY
    failures = [each for each in results.outcomes if each.status is CopyStatus.FAILED]
    for position, failure in enumerate(failures):
        line = f"  • {failure.bucket} [{failure.code}] {_plain(failure.message)}"
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"  … and {len(failures) - position} more")
            break
        lines.append(line)
    return lines


def _plain(text: str) -> str:
    """`text` on one line, without what a mail program or terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _ascii(text: str, room: int) -> str:
    """`text` in printable ASCII: accents go, anything else becomes `?`; cut at the front."""
    bare = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in bare if not unicodedata.combining(char))
    plain = "".join(char if " " <= char <= "~" else "?" for char in kept)
    return plain if len(plain) <= room else "..." + plain[-(room - 3) :]
