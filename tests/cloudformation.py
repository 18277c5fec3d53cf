"""Deploys a cloud assembly into the emulator with the deployer that users have."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from cloud_sync.aws.stack_changes import StackEvent
from cloud_sync.aws.stacks import Stacks
from cloud_sync.emulator.template import accepted
from ministack import Ministack


def deploy_assembly(emulator: Ministack, assembly: Path, stacks: list[str]) -> dict[str, str]:
    """Deploy the stacks in the order given; the outputs of the last.

    The templates go in as they were synthesised, less what the emulator is known to refuse.
    """
    outputs: dict[str, str] = {}
    with closing(Stacks(client_options=emulator.options)) as deployer:
        if not deployer.bootstrapped():
            deployer.bootstrap(unwatched)
        for stack in stacks:
            outputs = deployer.deploy(assembly, stack, unwatched, prepare=as_taken)
    return outputs


def as_taken(template: dict[str, Any]) -> dict[str, Any]:
    """What the emulator takes of a template."""
    return accepted(template).template


def unwatched(_event: StackEvent) -> None:
    """Look away: who waits for the outputs needs no news."""
