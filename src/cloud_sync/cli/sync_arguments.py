"""The command `sync` with options that another command was given for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud_sync.cli.sync_run import SyncRequest, policy_of
from cloud_sync.config.load import Config, load_config
from cloud_sync.config.quantities import parse_count

CONFIGURED = (
    "to",
    "concurrency",
    "max_duration",
    "wait_for_login",
    "bandwidth_limit",
    "storage_plan",
)
"""The options of `sync` that are settings as well."""


def sync_command() -> Any:
    """The command as the command line knows it; some versions of typer bring a click of theirs."""
    import typer

    from cloud_sync.cli.application import app

    return typer.main.get_command(app).commands["sync"]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SyncArguments:
    """What options of `sync` come to: the settings, and the deployed environment if any."""

    config: Config
    env: str | None


def checked_arguments(arguments: Sequence[str], environment: Mapping[str, str]) -> SyncArguments:
    """The options, read as `sync` reads them.

    What `sync` itself would refuse when its time has come is refused here, and now.
    """
    context = sync_command().make_context("cloud-sync sync", list(arguments))
    given = context.params
    request = SyncRequest(
        flags={name: given[name] for name in CONFIGURED},
        since=given["since"],
        until=given["until"],
        media_type=given["media_type"],
    )
    policy_of(request)
    if given["limit"]:
        parse_count(given["limit"])
    return SyncArguments(load_config(request.flags, environment), given["env"])
