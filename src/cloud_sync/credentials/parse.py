"""From what a person pastes to a login, purely. Nothing of the text is ever shown again.

Taken are: the bare `gp_access_token` value, a `Cookie:` line or a fragment of one, a request
copied from a browser's developer tools, a cookies.txt file (Netscape form), a JSON cookie export,
and an `Authorization: Bearer` line. The token's own form is not judged: it has changed before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cloud_sync.credentials.base import check_cookie_value
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret

TEXT_LIMIT = 4 * 1024 * 1024
"""Characters; a browser's whole cookies.txt stays below."""

WHAT_TO_PASTE = (
    "log in at gopro.com in a browser; then paste the value of its cookie gp_access_token, the "
    "whole Cookie: line of a request to api.gopro.com, or a cookies.txt export"
)

_TOKEN = "gp_access_token"  # noqa: S105 - the cookie's name
_USER = "gp_user_id"
_BEARER = re.compile(r"(?i)(?:^|[\s:'\"])bearer[ \t]+([^ \t\r\n;,\"']+)")
_BARE = re.compile(r"[A-Za-z0-9._~+/%!*|$-]+=*")
_NAME = re.compile(r"[A-Za-z][\w-]*=.")


@dataclass(frozen=True, slots=True)
class PastedCredential:
    """A login found in a text. `remark` is a warning for the person, empty when there is none."""

    token: Secret
    user_id: Secret | None = None
    remark: str = ""


def parse_credentials(text: str) -> PastedCredential:
    """The one login in `text`; UsageError, which says what to paste, when there is not just one."""
    if len(text) > TEXT_LIMIT:
        raise _unusable(f"the text is longer than {TEXT_LIMIT} characters")
    text = text.removeprefix("\ufeff").strip(" \t\r\n'\"")
    if any((ord(char) < 0x20 and char not in "\t\r\n") or ord(char) == 0x7F for char in text):
        raise _unusable("the text has control characters")
    if not text:
        raise _unusable("nothing was given")
    cookies = list(_cookies(text))
    tokens = {value for name, value in cookies if name == _TOKEN} or set(_unnamed(text, cookies))
    if len(tokens) > 1:
        raise _unusable(f"the text holds {len(tokens)} different tokens")
    if not tokens:
        raise _unusable("the text holds no token")
    token = Secret(tokens.pop())
    try:
        check_cookie_value(token, "the token")
    except UsageError as error:
        raise _unusable(error.message) from error
    return PastedCredential(token, _user_id(cookies), _remark(token.reveal()))


def _unusable(reason: str) -> UsageError:
    return UsageError(f"looking for a GoPro login: {reason}", hint=WHAT_TO_PASTE)


def _cookies(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of the two cookies that matter, in whatever form they stand."""
    if text[0] in "[{":
        yield from _json_cookies(text)
        return
    rows = [row for line in text.splitlines() if (row := _netscape_row(line))]
    yield from rows
    if not rows:
        for name in (_TOKEN, _USER):
            # no \s: its Unicode blanks would cut a token short instead of having it refused
            pattern = rf"(?i)(?<![\w-]){name}[ \t]*[=:][ \t]*[\"']?([^ \t\r\n;,\"']+)"
            yield from ((name, match) for match in re.findall(pattern, text))


def _netscape_row(line: str) -> tuple[str, str] | None:
    """domain, subdomains, path, secure, expiry, name, value; blanks where a paste lost the tabs."""
    fields = line.strip("\r\n").split("\t")
    if len(fields) < 7:
        fields = line.split()
    if len(fields) != 7 or fields[1].upper() not in ("TRUE", "FALSE"):
        return None
    return fields[5], fields[6].strip()


def _json_cookies(text: str) -> Iterator[tuple[str, str]]:
    try:
        waiting: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError) as error:
        raise _unusable("the text begins like JSON but cannot be read as JSON") from error
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from _json_pairs(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _json_pairs(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Both `{"name": N, "value": V}`, as browsers' exports have it, and `{N: V}`."""
    pairs = [(value.get("name"), value.get("value")), *value.items()]
    for name, content in pairs:
        if name in (_TOKEN, _USER) and isinstance(content, str):
            yield name, content.strip(" \t\r\n\"'")


def _unnamed(text: str, cookies: list[tuple[str, str]]) -> Iterable[str]:
    """The tokens of a text that does not name the cookie: after `Bearer`, or the text itself."""
    if cookies or text[0] in "[{":
        return ()
    if bearers := _BEARER.findall(text):
        return bearers
    if not text.isascii():
        raise _unusable("the text has characters that no token has")
    named = _NAME.match(text) or _TOKEN in text.lower()
    return (text,) if _BARE.fullmatch(text) and not named else ()


def _user_id(cookies: list[tuple[str, str]]) -> Secret | None:
    """The user id where there is just one: it helps, and nothing depends on it."""
    found = {value for name, value in cookies if name == _USER}
    if len(found) != 1:
        return None
    user_id = Secret(found.pop())
    try:
        check_cookie_value(user_id, "the user id")
    except UsageError:
        return None
    return user_id


def _remark(token: str) -> str:
    parts = token.count(".") + 1
    if not token.startswith("eyJ") or (parts in (3, 5) and "..." not in token):
        return ""
    return (
        f"the token looks cut off: it has {parts} parts between dots, where such tokens have 5; "
        "it is tried all the same"
    )
