"""The door of functions behind an HTTP API (payload format 2.0)."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from typing import Any

from cloud_sync.handlers.copy_door import CopyWiring, in_our_words, warm
from cloud_sync.handlers.door import LambdaContext
from cloud_sync.handlers.message import MessageError
from cloud_sync.handlers.messages import PermanentError, TransientError

Answer = dict[str, Any]


class BadBody(ValueError):
    """The body of a call is not JSON."""


class HttpDoor:
    """A handler as Lambda calls it. Who may call is decided before, by the API itself.

    Faults become answers too: 503 for what may pass, 500 for what will not.
    """

    def __init__(self, work: Callable[[Mapping[str, Any], CopyWiring], Answer]) -> None:
        self._work = work

    def __call__(self, event: object, _context: LambdaContext) -> Answer:
        try:
            with in_our_words():
                wiring = warm()
        except (TransientError, PermanentError) as error:
            return answer(500, message=str(error))
        return self.answer(event, wiring)

    def answer(self, event: object, wiring: CopyWiring) -> Answer:
        """The same with other adapters than those that the environment names."""
        try:
            with in_our_words():
                if not isinstance(event, Mapping):
                    raise MessageError("the event is no object")
                return self._work(event, wiring)
        except TransientError as error:
            return answer(503, message=str(error))
        except PermanentError as error:
            return answer(500, message=str(error))


def answer(status: int, **body: object) -> Answer:
    """A response with a body of JSON."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body, ensure_ascii=False),
    }


def body_of(event: Mapping[str, Any]) -> object:
    """The call's body, read as JSON; BadBody where it is none."""
    body = event.get("body") or ""
    try:
        text = b64decode(body, validate=True) if event.get("isBase64Encoded") else body
        return json.loads(text)
    except (NotBase64, ValueError, RecursionError):
        raise BadBody("the body is no JSON") from None


def header_of(event: Mapping[str, Any], name: str) -> str:
    """A header's value, empty where it is missing; the API gives all names in lower case."""
    value = event.get("headers", {}).get(name.lower(), "")
    return value if isinstance(value, str) else ""
