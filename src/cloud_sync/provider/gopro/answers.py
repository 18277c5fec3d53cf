"""What an answer of the GoPro API means beyond its body: login, pace, presence. Purely.

Observed: a dead token is answered 401, at times 403, and at times 500; the delivery network in
front answers with HTML pages of its own, also with status 200 or 403.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
    Throttled,
)
from cloud_sync.provider.gopro.values import looks_like_html

LOGIN = "cloud-sync login"
KEPT = "what is archived stays archived, and the rest stays due"
_BROWSER = (
    "open https://gopro.com/login in a browser, see that your media show there, then: " + LOGIN
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in any case are found) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("Content-Type", "").lower() or looks_like_html(self.body)

    @property
    def refuses_login(self) -> bool:
        """Whether the same token sent in another way might be let in."""
        return self.status == 401 or (self.status == 403 and not self.is_html)

    @property
    def lets_in(self) -> bool:
        return self.status in (200, 404) and not self.is_html


def missing_login(location: str) -> AuthRequired:
    return AuthRequired(
        f"asking the camera cloud: there is no login in {location}",
        trouble=AuthTrouble.MISSING,
        kept=KEPT,
        hint=LOGIN,
    )


def problem_with(answer: Answer, doing: str, now: datetime) -> CloudSyncError | None:
    """The error that the answer stands for, None when its body is to be read.

    A 404 is returned as GoneAtSource; it is for the caller to know what it asked for.
    """
    if pace := pace_problem(answer.status, answer.headers, doing, now):
        return pace
    if answer.status >= 500:
        hint = ""
        if answer.status == 500:
            hint = f"if it stays so, the token may have expired (at times answered so): {LOGIN}"
        return ServiceUnavailable(
            f"{doing}: the camera cloud has a fault of its own (status {answer.status})",
            hint=hint,
            api_status=answer.status,
        )
    if trouble := _login_problem(answer, doing):
        return trouble
    if answer.status in (404, 410) and not answer.is_html:
        return GoneAtSource(f"{doing}: the camera cloud no longer has it (status {answer.status})")
    if answer.status == 200:
        return None
    return SourceNotUnderstood(
        f"{doing}: the camera cloud answered with status {answer.status}"
        + (" and an HTML page" if answer.is_html else "")
    )


def pace_problem(
    status: int, headers: Mapping[str, str], doing: str, now: datetime
) -> CloudSyncError | None:
    """Throttled for 429, and for a 503 that names a wait; ServiceUnavailable for a 408."""
    wait = retry_after(headers.get("Retry-After"), now)
    if status == 429 or (status == 503 and wait is not None):
        told = "" if wait is None else f" for {wait:.0f} s"
        return Throttled(f"{doing}: asked to wait{told} (status {status})", retry_after=wait)
    if status == 408:
        return ServiceUnavailable(f"{doing}: the other side gave up waiting (status 408)")
    return None


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header, which holds seconds or an HTTP date."""
    if text is None:
        return None
    try:
        wait = float(text)
    except ValueError:
        wait = _seconds_until(text, now)
    return max(0.0, wait) if isfinite(wait) else None


def _seconds_until(text: str, now: datetime) -> float:
    moment = http_date(text)
    return float("nan") if moment is None else (moment - now).total_seconds()


def http_date(text: str | None) -> datetime | None:
    """The instant of a header such as Date, None where there is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _login_problem(answer: Answer, doing: str) -> AuthRequired | None:
    status = answer.status
    if status == 401:
        return _auth(
            f"{doing}: the camera cloud no longer takes the token (status 401): it has expired, "
            "or never was valid",
            AuthTrouble.EXPIRED,
        )
    if status in (200, 403) and answer.is_html:
        page = "a web page, as for a log-in," if status == 200 else "a refusal page"
        return _auth(
            f"{doing}: {page} came instead of data (status {status}): the network in front of "
            "the camera cloud blocks the request, or wants a person to log in",
            AuthTrouble.BLOCKED,
            _BROWSER,
        )
    if status == 403:
        return _auth(
            f"{doing}: the camera cloud refuses the token (status 403)", AuthTrouble.REFUSED
        )
    if 300 <= status < 400:
        return _auth(
            f"{doing}: the camera cloud points to another address (status {status}), as for a "
            "log-in; the token is not sent there",
            AuthTrouble.NOT_UNDERSTOOD,
            _BROWSER,
        )
    return None


def _auth(message: str, trouble: AuthTrouble, hint: str = LOGIN) -> AuthRequired:
    return AuthRequired(message, trouble=trouble, kept=KEPT, hint=hint)
