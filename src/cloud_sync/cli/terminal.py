"""What reaches the terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import logging
import sys
import traceback

from cloud_sync.errors import CloudSyncError, ExitCode, InternalError
from cloud_sync.secret import scrub


class ScrubbedFormatter(logging.Formatter):
    """Log lines without anything that looks like a secret."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def set_up_logging(*, verbose: bool) -> None:
    """Show the project's own log on standard error; other libraries' logs stay off.

    HTTP libraries write whole request paths, signatures included, so they are never shown.
    """
    logger = logging.getLogger("cloud_sync")
    logger.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ScrubbedFormatter("%(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)


def say(text: str) -> None:
    """A message for a person."""
    print(printable(text), file=sys.stderr, flush=True)


def result(text: str) -> None:
    """A line of the command's result."""
    print(printable(text), flush=True)


def result_json(value: object) -> None:
    """One JSON object on a line of its own."""
    print(json.dumps(value, ensure_ascii=True, separators=(",", ":")), flush=True)


def printable(text: str) -> str:
    """`text` with control characters and lone surrogates shown as `?`: names may hold any."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)


def one_line(text: str) -> str:
    """`text` for a place that has one line: a name in it may hold line breaks, too."""
    return printable(text).replace("\n", "?")


def tell_error(error: CloudSyncError, *, verbose: bool) -> ExitCode:
    """Say what happened, what was kept, what to type next, and where the runbook goes on.

    The exit code that goes with it.
    """
    from cloud_sync.cli.runbook import explanations

    if verbose:
        say(scrub("".join(traceback.format_exception(error))))
    say(f"error: {error.message}")
    if error.kept:
        say(f" kept: {error.kept}")
    if error.hint:
        say(f" next: {error.hint}")
    if error.code in explanations():
        say(f" more: cloud-sync explain {error.code}")
    return error.exit_code


def tell_fault(error: Exception, *, verbose: bool) -> ExitCode:
    """Say that cloud-sync itself has a fault; the traceback only with `--verbose`."""
    if verbose:
        say(scrub("".join(traceback.format_exception(error))))
    return tell_error(InternalError(error), verbose=False)
