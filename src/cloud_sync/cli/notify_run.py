"""Carries out `cloud-sync notify test`."""

from __future__ import annotations

import os

from cloud_sync.cli.terminal import result, result_json, set_up_logging
from cloud_sync.config.load import load_config
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.wiring.notify_trial import Tried, trials


def run_notify_test(*, json: bool, quiet: bool, verbose: bool) -> int:
    """Try one target after the other; 1 where any did not take what it was sent.

    UsageError where no target is configured. No URL is shown.
    """
    set_up_logging(verbose=verbose)
    tried: list[Tried] = []
    for each in trials(load_config({}, os.environ)):
        tried.append(each)
        if json:
            result_json(trial_json(each))
        elif not (quiet and each.taken):
            result(trial_text(each))
    if not tried:
        raise UsageError(
            "testing messages: none of notify, notify_wake and healthcheck is set",
            hint='put notify = "ntfy://my-topic" into config.toml, or set CLOUD_SYNC_NOTIFY',
        )
    return int(ExitCode.DONE if all(each.taken for each in tried) else ExitCode.FAILED)


def trial_json(tried: Tried) -> dict[str, object]:
    """A line of `notify test --json`."""
    return {
        "event": "notify_test",
        "setting": tried.setting,
        "position": tried.position,
        "scheme": tried.scheme,
        "severity": tried.severity,
        "taken": tried.taken,
        "message": tried.message,
    }


def trial_text(tried: Tried) -> str:
    """The same for a person."""
    place = f"{tried.setting} {tried.position} ({tried.scheme}), {tried.severity}"
    return f"{place}: {'taken' if tried.taken else f'not taken; {tried.message}'}"
