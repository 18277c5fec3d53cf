"""Carries out `cloud-sync reconcile`."""

from __future__ import annotations

import os
from shlex import quote

from cloud_sync.archive.audit import Depth
from cloud_sync.cli.advice import for_environment
from cloud_sync.cli.check_progress import STOPPING, warning_caller
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.errors import ExitCode
from cloud_sync.pipeline.reconciling import Reconciliation, Repair, reconcile
from cloud_sync.summary.render import count, duration_text, size_text
from cloud_sync.tracker.plan import Policy
from cloud_sync.tracker.repair_plan import Action
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.chosen import chosen_wiring

TOLD = (Action.REOPEN, Action.ADOPT, Action.DISCARD, Action.LOOK)
REPAIRS = (Action.REOPEN, Action.ADOPT, Action.DISCARD)


def run_reconcile(
    to: str | None, env: str | None, *, apply: bool, json: bool, quiet: bool, verbose: bool
) -> int:
    """Show the plan, or carry it out; the exit code."""
    set_up_logging(verbose=verbose)
    wiring = chosen_wiring(load_config({"to": to}, os.environ), os.environ, env)
    stop = Stop(SystemClock(), work="the repair")
    names = wiring.run_options(Policy(), None)
    with stopped_by_signals(stop, STOPPING), wiring.vault_to_repair(apply=apply) as vault:
        if not quiet and not json:
            say(f"Holding the tracker against {wiring.location} …")
        done = reconcile(
            vault,
            warning_caller(stop),
            lambda repair: _tell(repair, env, json=json, quiet=quiet, verbose=verbose),
            run_id=names.new_run_id(),
            owner=names.owner,
            apply=apply,
            depth=Depth.IN_DOUBT if wiring.in_a_folder else Depth.RECORDS,
        )
    if json:
        result_json(reconciliation_json(done))
    elif not quiet or done.actions[Action.LOOK]:
        result(for_environment(reconciliation_text(done), env))
    return int(ExitCode.DIFFERENCE_FOUND if done.actions[Action.LOOK] else ExitCode.DONE)


def _tell(repair: Repair, env: str | None, *, json: bool, quiet: bool, verbose: bool) -> None:
    decision = repair.decision
    if decision.action is Action.FOREIGN:
        if verbose and json:
            result_json({"event": "foreign", "key": repair.key, "size": repair.size})
        elif verbose:
            say(one_line(f"foreign  {repair.key}: {repair.size} bytes"))
        return
    if json:
        result_json(repair_json(repair) | {"hint": for_environment(decision.hint, env)})
    elif not quiet or decision.action is Action.LOOK:
        result(one_line(f"{decision.action.value:8} {decision.message}"))
        if decision.action is Action.LOOK:
            result(one_line(f"         next: {for_environment(decision.hint, env)}"))


def repair_json(repair: Repair) -> dict[str, object]:
    """The object of one decision that changes something, or that is for a person."""
    decision = repair.decision
    return {
        "event": "repair",
        "action": decision.action.value,
        "code": decision.code,
        "media_id": repair.media_id,
        "file_number": repair.file_number,
        "key": repair.key,
        "size": repair.size,
        "message": decision.message,
        "hint": decision.hint,
    }


def reconciliation_json(done: Reconciliation) -> dict[str, object]:
    """The last object of `reconcile --json`."""
    return {
        "event": "reconcile_summary",
        "archive": done.archive,
        "applied": done.applied,
        "checked": done.checked,
        "objects": done.objects,
        **{action.value: done.actions[action] for action in TOLD},
        "adopted_bytes": done.adopted_bytes,
        "foreign": done.actions[Action.FOREIGN],
        "foreign_bytes": done.foreign_bytes,
        "duration_seconds": round(done.duration_seconds, 3),
    }


def reconciliation_text(done: Reconciliation) -> str:
    """The end for a person."""
    repairs = sum(done.actions[action] for action in REPAIRS)
    lines = [_headline(done, repairs)]
    lines.append(
        f"  looked at {count(done.checked, 'archived file', 'archived files')}, "
        f"{count(done.objects, 'object', 'objects')} in {duration_text(done.duration_seconds)}"
    )
    words = {
        Action.REOPEN: "missing, due again; cloud-sync sync fetches them",
        Action.ADOPT: f"found in the archive ({size_text(done.adopted_bytes)}); "
        "cloud-sync sync completes their media without fetching them",
        Action.DISCARD: "abandoned uploads",
        Action.LOOK: "for you to look at, see above",
    }
    for action, meaning in words.items():
        if done.actions[action]:
            lines.append(f"  {action.value:9} {done.actions[action]} {meaning}")
    if foreign := done.actions[Action.FOREIGN]:
        lines.append(
            f"  foreign   {count(foreign, 'object', 'objects')} ({size_text(done.foreign_bytes)}) "
            "of others, untouched; --verbose names them"
        )
    lines.append(f"  lies in   {done.archive}")
    if repairs and not done.applied:
        lines.append(
            "Nothing was changed. To repair: "
            f"cloud-sync reconcile --to {quote(done.archive)} --apply"
        )
    return "\n".join(lines)


def _headline(done: Reconciliation, repairs: int) -> str:
    if repairs:
        return f"{count(repairs, 'repair', 'repairs')} {'made' if done.applied else 'planned'}."
    if done.actions[Action.LOOK]:
        return "Nothing that can be repaired from here."
    return "Tracker and archive agree."
