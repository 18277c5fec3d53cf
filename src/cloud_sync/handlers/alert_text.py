"""What a person reads in the mail about a run on AWS. Purely."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloud_sync.handlers.messages import (
    ALERT_LIMIT,
    INVALID_LOGIN,
    TEXT_LIMIT,
    AuthRequiredError,
    PermanentError,
    TransientError,
)
from cloud_sync.model.report import Named, Outcome, Result, RunSummary
from cloud_sync.secret import scrub
from cloud_sync.summary.render import count, shown_name, summary_text
from cloud_sync.tracker.plan import QUARANTINE_AFTER

NAMES = 5
"""How many media a text names for each thing that it tells; the JSON has up to 20 ids."""

WORDS = 160
"""How many characters of a medium's own reason are told."""

PAGE = 'the page "Runbook" of cloud-sync (docs/how-to/runbook.md)'

_OURS = tuple(kind.__name__ for kind in (AuthRequiredError, PermanentError, TransientError))

_TITLES = {
    Result.COMPLETED: "All is well again.",
    Result.COMPLETED_WITH_FAILURES: "Something of the camera cloud is not archived.",
    Result.AUTH_REQUIRED: "The camera cloud wants a login. Nothing is lost, and no medium was "
    "marked as failed.",
    Result.FAILED: "The run failed. What was archived before stays as it is.",
    Result.INTERRUPTED: "The run was interrupted.",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be told: the run, media that are no longer tried by themselves, the keys of
    stored files that are most likely damaged, and the environment that commands are typed for.
    """

    summary: RunSummary
    given_up: Sequence[Named]
    suspects: Sequence[str]
    environment: str


def alert_text(alert: Alert) -> str:
    """What happened, counts, media, and what to type next; at most ALERT_LIMIT characters."""
    summary = alert.summary
    next_steps = "\n".join(_next(alert))
    parts = [_TITLES[summary.result]]
    if summary.result in (Result.AUTH_REQUIRED, Result.FAILED) and summary.message:
        parts.append(summary.message)
    parts.append(summary_text(summary))
    parts += _media(alert)
    body = "\n".join(parts)
    room = ALERT_LIMIT - len(next_steps) - 3
    return scrub(f"{body if len(body) <= room else body[: room - 1] + '…'}\n\n{next_steps}")


def trouble_text(error: str, cause: str) -> str:
    """Why a run ended, from an error as Step Functions tells it. Only our own errors' texts are
    kept; of others just the name.
    """
    if error == INVALID_LOGIN:
        return scrub(cause)[:TEXT_LIMIT]
    if error in _OURS:
        try:
            text = json.loads(cause)["errorMessage"]
        except (ValueError, KeyError, TypeError):
            text = ""
        if isinstance(text, str) and text:
            return scrub(text)[:TEXT_LIMIT]
    return scrub(f"a step of the workflow failed with {error}")[:TEXT_LIMIT]


def _media(alert: Alert) -> Iterator[str]:
    failed = [each for each in alert.summary.named if each.outcome is Outcome.FAILED]
    yield from _named("Failed, tried again by the next run:", failed)
    yield from _named(
        f"No longer tried, after {QUARANTINE_AFTER} failing runs in a row:", alert.given_up
    )
    if alert.suspects:
        files = count(len(alert.suspects), "stored file is", "stored files are")
        yield f"{files} most likely damaged at the source (first: {alert.suspects[0]})"


def _named(title: str, media: Sequence[Named]) -> Iterator[str]:
    if media:
        yield title
    for each in media[:NAMES]:
        yield f"  {each.media_id} ({shown_name(each)}): {each.message[:WORDS]}"
    if len(media) > NAMES:
        yield f"  and {len(media) - NAMES} more"


def _next(alert: Alert) -> Iterator[str]:
    env = f"--env {alert.environment}"
    if alert.summary.result is Result.AUTH_REQUIRED:
        yield f"Next: cloud-sync aws login {env}"
    elif alert.given_up:
        yield f"Next: cloud-sync retry {env}"
    elif alert.summary.result is not Result.COMPLETED:
        yield f"Next: cloud-sync aws status {env}"
    if alert.summary.result is not Result.COMPLETED:
        yield f"More: {PAGE}"
