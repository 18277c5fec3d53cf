"""The entry of `cloud-sync`, and how an error becomes a message and an exit code.

A program that reads any command line takes longer to load than an object takes to be copied, so
lines that need no such reading are carried out without it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from cloud_sync.errors import CloudSyncError, ExitCode

COMPLETING_ENV = "_CLOUD_SYNC_COMPLETE"
"""Set by a shell that asks how a line may go on."""


def run() -> None:
    """Run the command line and exit with its code."""
    try:
        sys.exit(_carried_out(sys.argv[1:]))
    except CloudSyncError as error:
        from cloud_sync.cli.terminal import tell_error

        sys.exit(tell_error(error, verbose=_verbose()))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 the last net: no traceback reaches a user unasked
        from cloud_sync.cli.terminal import tell_fault

        sys.exit(tell_fault(error, verbose=_verbose()))


def _verbose() -> bool:
    return "--verbose" in sys.argv or "-v" in sys.argv


def _carried_out(line: Sequence[str]) -> int | str | None:
    # what loads now stays to the end: there is nothing to collect yet
    gc.disable()
    match [] if COMPLETING_ENV in os.environ else line:
        case ["--version"]:
            from cloud_sync.cli.version import VERSION_LINE

            print(VERSION_LINE)
            return ExitCode.DONE
        case ["copy", *words]:
            from cloud_sync.cli.copy_line import plain_copy

            plain = plain_copy(words)
            if plain is not None:
                from cloud_sync.cli.copy_run import run_copy

                return run_copy(plain.arguments, plain.options)
    from cloud_sync.cli.application import app

    gc.freeze()
    gc.enable()
    app(prog_name="cloud-sync")
    return None
