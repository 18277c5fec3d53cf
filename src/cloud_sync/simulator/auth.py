"""Who is let in to the API: whoever bears the token that is valid at the moment."""

from __future__ import annotations

import hmac

from cloud_sync.simulator.answers import Answer, Request, json_answer

TOKEN_COOKIE = "gp_access_token"  # noqa: S105 - the cookie's name

_WORDS = {
    401: "invalid_request",
    403: "forbidden",
    500: "internal_server_error",
}
"""All three have been seen from the real service for one and the same thing: a dead token."""


class Gate:
    """Checks tokens. Token and status may change while requests come in."""

    def __init__(self, token: str, status: int) -> None:
        self._state: tuple[str | None, int] = (token, status)

    def accept(self, token: str) -> None:
        """From now on `token` opens the API, and nothing else does."""
        self._state = (token, 401)

    def expire(self, status: int, successor: str | None = None) -> None:
        """From now on nothing but `successor` opens the API; it answers with `status`."""
        self._state = (successor, status)

    def refuse(self, request: Request) -> Answer | None:
        """The refusal; None for who may come in. A bearer token counts before a cookie."""
        token, status = self._state
        given = _bearer(request.header("Authorization")) or _cookie(request.header("Cookie"))
        if token is not None and hmac.compare_digest(given.encode(), token.encode()):
            return None
        word = _WORDS.get(status, "refused")
        body = {"error": word, "error_description": "The access token is invalid or has expired"}
        return json_answer(status, body, refusal="token")


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _cookie(header: str | None) -> str:
    """The token cookie's value. Other cookies of a browser's header may hold anything."""
    for cookie in (header or "").split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == TOKEN_COOKIE:
            return value
    return ""
