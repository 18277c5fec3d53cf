"""Secrets that cannot be printed by accident, and a last net for texts from outside."""

from __future__ import annotations

import re

REDACTED = "[redacted]"


class Secret:
    """A token, cookie or signed URL. `repr`, `str` and formatting show nothing of it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: call this only where it goes on the wire or into the 0600 file."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


_PATTERNS = (
    # the query of any URL or request path: signed URLs carry their power there
    (re.compile(r"((?:https?://|/)[^\s?'\"<>]*)\?[^\s'\"<>]+"), rf"\1?{REDACTED}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {REDACTED}"),
    # a header's whole line, or its whole quoted value in a dump: it holds several cookies
    (
        re.compile(r"""(?i)\b((?:set-)?cookie["']?\s*[=:]\s*)(?:"[^"\n]*"|'[^'\n]*'|[^'"\r\n]+)"""),
        rf"\1{REDACTED}",
    ),
    (
        re.compile(r"""(?i)\b(gp_access_token|gp_user_id)(["']?\s*[=:]\s*["']?)[^\s;'",]+"""),
        rf"\1\2{REDACTED}",
    ),
    (
        re.compile(r"(?i)\b(signature|x-amz-[\w-]*(?:signature|token|credential))=[^\s&'\"]+"),
        rf"\1={REDACTED}",
    ),
    # JWT and JWE: three to five base64url parts
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){2,4}"), REDACTED),
)


def scrub(text: str) -> str:
    """`text` without anything that looks like a token, a cookie or a URL's query.

    Meant for tracebacks and foreign texts; our own messages hold no secret to begin with.
    """
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
