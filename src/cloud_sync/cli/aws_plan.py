"""What a deployment is made from: the place, the choices, the package, and the templates."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli.aws_deployables import ARCHIVE, COPIES, Deployable
from cloud_sync.cli.terminal import say
from cloud_sync.config.load import environment_table
from cloud_sync.deployment import choices
from cloud_sync.deployment.choices import Choices
from cloud_sync.deployment.node import use_packaged_node
from cloud_sync.errors import UsageError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for. `options` are None where nothing was given."""

    env: str
    options: Mapping[str, Any]
    account: str | None
    region: str | None
    function_code: Path | None
    what: Deployable = ARCHIVE


@dataclass(frozen=True, slots=True)
class Plan:
    """What is deployed, and where. `before` are the choices of what is deployed now."""

    env: str
    account: str
    region: str
    choices: Choices
    before: Mapping[str, Any]
    assembly: Path
    stacks: Stacks = field(repr=False)
    what: Deployable = ARCHIVE

    def prepare(self, template: dict[str, Any]) -> dict[str, Any]:
        """The template as it is deployed: whole, but for an emulator on this machine, where what
        it does not know is left out and named.
        """
        if not self.stacks.emulated:
            return template
        from cloud_sync.emulator.template import accepted

        taken = accepted(template)
        for each in taken.left_out:
            say(f"warning: {each.name} ({each.type}) is left out: {each.reason}")
        return taken.template

    @property
    def place(self) -> str:
        """Where, as a person would say it."""
        return f"account {self.account}, region {self.region}"


@contextmanager
def opened(
    env: str, account: str | None, region: str | None, what: Deployable = ARCHIVE
) -> Iterator[tuple[Stacks, str, str, dict[str, object], str]]:
    """The stacks of the account and region, and the file's further choices with their origin.

    Account and region may stand in the file's table. UsageError where the credentials are another
    account's than the one that was named.
    """
    table, origin = environment_table(os.environ, env, copies=what is COPIES)
    expected, chosen = table.pop("account", None), table.pop("region", None)
    region = region or (str(chosen) if chosen else None)
    with closing(Stacks(client_options={"region_name": region} if region else {})) as stacks:
        there, where = stacks.account_and_region()
        for wanted, said in ((account, "--account"), (expected, origin)):
            if wanted is not None and str(wanted) != there:
                raise UsageError(
                    f"the credentials are those of account {there}, and {said} names {wanted}",
                    kept="nothing was changed",
                    hint="set AWS_PROFILE to a profile of that account: aws configure "
                    "list-profiles",
                )
        yield stacks, there, where, table, origin


@contextmanager
def planned(wanted: Wanted, tell: Say, ready: Callable[[Stacks], None]) -> Iterator[Plan]:
    """Settle the choices, build the package and write the templates.

    `ready` is called before all that takes long, and raises where the place is not prepared.
    """
    use_packaged_node()
    what = wanted.what
    with opened(wanted.env, wanted.account, wanted.region, what) as opening:
        stacks, account, region, table, origin = opening
        before = deployed_choices(stacks, wanted.env, what)
        chosen = choices.settled(wanted.options, table, origin, before, what.known)
        # what cannot be is told before anything is made
        what.kind(name=wanted.env, function_code=Path.cwd(), **chosen.values)
        ready(stacks)
        code = wanted.function_code or _built(tell, emulated=stacks.emulated)
        environment = what.kind(name=wanted.env, function_code=code, **chosen.values)
        with tempfile.TemporaryDirectory(prefix="cloud-sync-assembly-") as folder:
            tell("Writing the templates …")
            what.synthesise(environment, Path(folder))
            yield Plan(wanted.env, account, region, chosen, before, Path(folder), stacks, what)


def deployed_choices(stacks: Stacks, env: str, what: Deployable = ARCHIVE) -> dict[str, Any]:
    """What the last whole deployment chose; empty before the first.

    The choices of the stack that is deployed last are the ones that hold.
    """
    for stack in what.stacks(env):
        text = (stacks.outputs(stack) or {}).get(choices.OUTPUT)
        if text is not None:
            return choices.understood(text, stack, what.known)
    return {}


def _built(tell: Say, *, emulated: bool) -> Path:
    """The functions' package, from the cache where it was built from the same code before.

    In an emulator the functions run on this machine, and not on Lambda's processors.
    """
    from cloud_sync.deployment.package import HERE, LAMBDA, cached_package
    from cloud_sync.wiring.cache import cache_folder

    platform = HERE if emulated else LAMBDA
    return cached_package(cache_folder(os.environ) / "functions", tell, platform).folder
