"""What to type next, where a command is about a deployed environment: the same, with `--env`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from cloud_sync.errors import CloudSyncError
from cloud_sync.pipeline.events import Event, LoginAwaited, Observer, Warned

_LOGIN = re.compile(r"\bcloud-sync login\b")
_COMMAND = re.compile(r"\bcloud-sync (?:sync|status|list|retry|verify|reconcile)\b(?! --env)")
_PLACE = re.compile(r" --to (?:DEST|\S*s3://\S+)")


def for_environment(text: str, environment: str | None) -> str:
    """`text` with the commands in it about that environment; as it is for None."""
    if environment is None:
        return text
    text = _LOGIN.sub(f"cloud-sync aws login --env {environment}", _PLACE.sub("", text))
    return _COMMAND.sub(rf"\g<0> --env {environment}", text)


@contextmanager
def advising(environment: str | None) -> Iterator[None]:
    """What is raised in the block says what to type about that environment."""
    try:
        yield
    except CloudSyncError as error:
        error.hint = for_environment(error.hint, environment)
        raise


def advised_observer(observe: Observer, environment: str | None) -> Observer:
    """An onlooker whose events say what to type about that environment."""

    def tell(event: Event) -> None:
        if isinstance(event, Warned):
            event = replace(event, message=for_environment(event.message, environment))
        elif isinstance(event, LoginAwaited):
            event = replace(event, hint=for_environment(event.hint, environment))
        observe(event)

    return tell
