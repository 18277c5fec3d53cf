"""`python -m cloud_sync.deployment`: writes the cloud assembly that `cdk deploy --app` takes."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.node import use_packaged_node
from cloud_sync.errors import CloudSyncError

E = TypeVar("E")


def parser(
    kind: type[Any] = Environment,
    program: str = "python -m cloud_sync.deployment",
    description: str | None = __doc__,
) -> ArgumentParser:
    """One option for each choice of an environment, and the folder to write into."""
    made = ArgumentParser(prog=program, description=description)
    made.add_argument("--output", type=Path, default=Path("cdk.out"), help="folder to write into")
    for each in fields(kind):
        option = "--" + each.name.replace("_", "-")
        meaning = each.metadata["help"]
        if isinstance(each.default, bool):
            made.add_argument(option, action="store_true", help=meaning)
        elif each.default == ():
            made.add_argument(
                option, action="append", default=[], help=f"{meaning}; may be given again"
            )
        elif each.default is MISSING:
            read = Path if each.name == "function_code" else str
            made.add_argument(option, required=True, type=read, help=meaning)
        else:
            made.add_argument(
                option,
                type=type(each.default),
                default=each.default,
                help=f"{meaning} (default: {each.default})" if each.default else meaning,
            )
    return made


def synthesised(
    options: ArgumentParser,
    arguments: Sequence[str],
    kind: Callable[..., E],
    write: Callable[[E, Path], None],
) -> int:
    """Read the choices and write what follows from them; the exit code of the command line."""
    chosen = vars(options.parse_args(arguments))
    output: Path = chosen.pop("output")
    chosen = {
        name: tuple(value) if isinstance(value, list) else value for name, value in chosen.items()
    }
    try:
        environment = kind(**chosen)
        use_packaged_node()
        write(environment, output)
    except CloudSyncError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    sys.stdout.write(f"{output}\n")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Synthesise the archive's stacks."""
    return synthesised(parser(), arguments, Environment, _write)


def _write(environment: Environment, output: Path) -> None:
    from cloud_sync.deployment.app import synthesise

    synthesise(environment, output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
