"""Carries out `cloud-sync copy`."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass

from cloud_sync.cli.copy_display import CopyDisplay, copy_display_of, results_text
from cloud_sync.cli.copy_request import CopyArguments, as_document, as_typed
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.config.quantities import parse_count
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.replicate.completion import completed
from cloud_sync.replicate.execution import Execution, execute
from cloud_sync.replicate.request import CopyRequest, RequestRefused
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.copies import CopyEnds, new_execution_id, workplace

STOPPING = "Stopping; copies that are complete stay. Once more to stop at once."
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What copies and watches have in common on the command line; texts are checked here."""

    to_endpoint: str | None = None
    to_profile: str | None = None
    concurrency: str = "10"
    on_complete: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def at_once(self) -> int:
        """How many destinations at once, within reason; UsageError for nonsense."""
        try:
            return min(MOST_AT_ONCE, parse_count(self.concurrency))
        except UsageError as error:
            raise UsageError(f"reading --concurrency: {error.message}", hint=error.hint) from None


def run_copy(arguments: CopyArguments, options: CopyOptions) -> int:
    """Copy to the end; the exit code."""
    set_up_logging(verbose=options.verbose)
    try:
        given = as_document(arguments)
        request = CopyRequest.from_json(
            given.document,
            elsewhere=options.to_endpoint is not None,
            from_folder=given.from_folder,
        )
    except RequestRefused as error:
        if options.json:
            result_json(refusal_json(error))
        raise as_typed(error, arguments) from None
    ends = CopyEnds(given.from_folder, options.to_endpoint, options.to_profile)
    display = copy_display_of(json=options.json, quiet=options.quiet)
    done = _run(request, ends, options, display)
    tell_results(request, done, options)
    return int(exit_code_of(done))


def _run(
    request: CopyRequest, ends: CopyEnds, options: CopyOptions, display: CopyDisplay
) -> Execution:
    stop = Stop(SystemClock(), work="the copy")
    config = load_config({}, os.environ)
    with (
        workplace(
            config, ends, concurrency=options.at_once, on_complete=options.on_complete
        ) as place,
        stopped_by_signals(stop, STOPPING),
        display.shown(),
    ):
        # what is loaded by now stays to the end
        gc.freeze()
        gc.enable()
        return execute(request, new_execution_id(), place.rooms, stop, display.observe)


def refusal_json(error: RequestRefused) -> dict[str, object]:
    """Every field that is wrong, for a script."""
    problems = [{"field": each.field, "reason": each.reason} for each in error.problems]
    return {"event": "request_refused", "code": error.code, "problems": problems}


def tell_results(request: CopyRequest, done: Execution, options: CopyOptions) -> None:
    """Print how the execution ended."""
    if options.json:
        result_json(
            {"event": "copy_results", **completed(request, done.results, done.execution_id)}
        )
    elif not options.quiet or done.results.failed:
        result(results_text(request, done))
    if done.interrupted and not options.json:
        say("Interrupted. Run the same command again: what is copied is not copied again.")


def exit_code_of(done: Execution) -> ExitCode:
    """0 all there, 3 some failed, 1 all failed, 130 interrupted."""
    if done.interrupted:
        return ExitCode.INTERRUPTED
    if not done.results.failed:
        return ExitCode.DONE
    return ExitCode.SOME_FAILED if done.results.successful else ExitCode.FAILED
