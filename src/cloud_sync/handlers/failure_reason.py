"""What an error's name and cause, as Step Functions tells them, say in a row. Purely."""

from __future__ import annotations

import json

from cloud_sync.handlers.messages import TEXT_LIMIT, PermanentError, TransientError
from cloud_sync.model.tracking import Reason
from cloud_sync.secret import scrub

_TIMED_OUT = Reason(
    "function_timed_out", "the function that had it in work ran into its time limit, several times"
)
_DIED = Reason("function_died", "the function that had it in work died, most likely of memory")

_KNOWN = {
    "Sandbox.Timedout": _TIMED_OUT,
    "States.Timeout": _TIMED_OUT,
    "Lambda.Unknown": _TIMED_OUT,
    "Runtime.ExitError": _DIED,
    "Runtime.OutOfMemory": _DIED,
    "Sandbox.Failure": _DIED,
    "TooManyRounds": Reason("too_many_rounds", "the download came to no end in very many calls"),
}
_OURS = {TransientError.__name__: "transient", PermanentError.__name__: "permanent"}
_OTHER = "function_failed"

CODES = frozenset({reason.code for reason in _KNOWN.values()} | set(_OURS.values()) | {_OTHER})
"""All codes that a reason of a function may bear."""


def reason_for(error: str, cause: str) -> Reason:
    """The reason of an error. Only our own errors' texts are kept, and they are scrubbed too."""
    if error in _KNOWN:
        return _KNOWN[error]
    if error in _OURS:
        return Reason(_OURS[error], _message(cause) or f"the download ended with {error}")
    return Reason(_OTHER, scrub(f"the function that had it in work failed: {error}"))


def _message(cause: str) -> str:
    try:
        document = json.loads(cause)
    except ValueError:
        return ""
    text = document.get("errorMessage") if isinstance(document, dict) else None
    return scrub(text)[:TEXT_LIMIT] if isinstance(text, str) else ""
