"""Carries out `cloud-sync verify`."""

from __future__ import annotations

import os

from cloud_sync.archive.audit import Depth
from cloud_sync.archive.verify import Verdict
from cloud_sync.cli.advice import for_environment
from cloud_sync.cli.check_progress import STOPPING, progress_shown, warning_caller
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.errors import ExitCode
from cloud_sync.pipeline.verifying import (
    DIFFERENCES,
    CheckEvent,
    FileChecked,
    FileFound,
    ForeignFound,
    Verification,
    verify,
)
from cloud_sync.summary.render import count, duration_text, size_text
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.chosen import chosen_wiring


def run_verify(
    to: str | None, env: str | None, *, deep: bool, json: bool, quiet: bool, verbose: bool
) -> int:
    """Check everything and tell; the exit code."""
    set_up_logging(verbose=verbose)
    wiring = chosen_wiring(load_config({"to": to}, os.environ), os.environ, env)
    stop = Stop(SystemClock(), work="the check")
    with (
        stopped_by_signals(stop, STOPPING),
        wiring.vault() as vault,
        progress_shown("checking", quiet=quiet) as advance,
    ):

        def observe(event: CheckEvent) -> None:
            if isinstance(event, FileChecked):
                advance(event.done, event.total)
            else:
                _tell(event, env, json=json, verbose=verbose)

        depth = _depth(deep=deep, in_a_folder=wiring.in_a_folder)
        verification = verify(vault, depth, warning_caller(stop), observe)
    code = ExitCode.DIFFERENCE_FOUND if verification.differences else ExitCode.DONE
    if json:
        result_json(verification_json(verification))
    elif not quiet or code is not ExitCode.DONE:
        result(for_environment(verification_text(verification), env))
    return int(code)


def _depth(*, deep: bool, in_a_folder: bool) -> Depth:
    """Reading a folder's file in doubt costs time; reading a bucket's object may cost money."""
    if deep:
        return Depth.BYTES
    return Depth.IN_DOUBT if in_a_folder else Depth.RECORDS


def _tell(event: FileFound | ForeignFound, env: str | None, *, json: bool, verbose: bool) -> None:
    if isinstance(event, ForeignFound):
        if not verbose:
            return
        if json:
            result_json({"event": "foreign", "key": event.stored.key, "size": event.stored.size})
        else:
            say(one_line(f"foreign  {event.stored.key}: {event.stored.size} bytes"))
        return
    if json:
        found = finding_json(event)
        result_json(found | {"hint": for_environment(event.hint, env)})
    elif event.verdict in DIFFERENCES:
        result(one_line(f"DIFFERS  {event.examined.finding.message}"))
        result(one_line(f"         next: {for_environment(event.hint, env)}"))
    elif verbose:
        say(one_line(f"unproven {event.examined.finding.message}"))


def finding_json(found: FileFound) -> dict[str, object]:
    """The object of a file that is not, or not proven to be, as it was archived."""
    file, stored = found.stored_file.file, found.examined.stored
    return {
        "event": "difference" if found.verdict in DIFFERENCES else "unproven",
        "verdict": found.verdict.value,
        "media_id": found.stored_file.media_id,
        "file_number": file.number,
        "filename": file.filename,
        "key": file.key,
        "expected_size": file.size,
        "size": stored.size if stored else None,
        "expected_checksum_crc64nvme": file.checksum,
        "checksum_crc64nvme": stored.checksum if stored else None,
        "message": found.examined.finding.message,
        "hint": found.hint,
    }


def verification_json(done: Verification) -> dict[str, object]:
    """The last object of `verify --json`."""
    return {
        "event": "verify_summary",
        "archive": done.archive,
        "depth": done.depth.value,
        "checked": done.checked,
        "bytes": done.bytes,
        "read": done.read,
        "differences": done.differences,
        **{verdict.value: done.verdicts[verdict] for verdict in Verdict},
        "unfinished": done.unfinished,
        "foreign": done.foreign,
        "foreign_bytes": done.foreign_bytes,
        "duration_seconds": round(done.duration_seconds, 3),
    }


def verification_text(done: Verification) -> str:
    """The end of the check for a person."""
    lines = [_headline(done)]
    lines.append(
        f"  checked   {count(done.checked, 'file', 'files')} ({size_text(done.bytes)} as archived) "
        f"in {duration_text(done.duration_seconds)}, {_how(done)}"
    )
    if cold := done.verdicts[Verdict.COLD]:
        lines.append(
            f"  cold      {count(cold, 'file lies', 'files lie')} in an archive class: restore "
            "them first (aws s3api restore-object), then verify --deep reads them"
        )
    if unknown := done.verdicts[Verdict.CHECKSUM_UNKNOWN]:
        lines.append(
            f"  unproven  {count(unknown, 'file has', 'files have')} the right size and no stored "
            "checksum: verify --deep reads the bytes"
        )
    if done.unfinished:
        lines.append(
            f"  not yet   {count(done.unfinished, 'medium is', 'media are')} not archived yet, "
            "which is no difference: cloud-sync status"
        )
    if done.foreign:
        lines.append(
            f"  foreign   {count(done.foreign, 'object', 'objects')} "
            f"({size_text(done.foreign_bytes)}) of others; --verbose names them"
        )
    lines.append(f"  lies in   {done.archive}")
    return "\n".join(lines)


def _headline(done: Verification) -> str:
    if not done.differences:
        return "Everything that was archived is there as it was archived."
    words = {
        Verdict.MISSING: "missing",
        Verdict.SIZE_DIFFERS: "of another size",
        Verdict.CHECKSUM_DIFFERS: "of other content",
        Verdict.UNREADABLE: "unreadable",
    }
    kinds = [
        f"{done.verdicts[verdict]} {word}"
        for verdict, word in words.items()
        if done.verdicts[verdict]
    ]
    return f"{count(done.differences, 'difference', 'differences')}: {', '.join(kinds)}."


def _how(done: Verification) -> str:
    if not done.read:
        return "by size and stored checksum"
    if done.read == done.checked:
        return "every byte read"
    return f"by size and stored checksum, {count(done.read, 'file', 'files')} read"
