"""Options that several commands share, each defined once."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print details; never secrets. Adds tracebacks.")
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="DEST",
        help="The archive: a folder, or s3://bucket/prefix. Default: the configured, only or last.",
        show_default=False,
    ),
]
Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="The archive of this deployed environment instead: dev, staging or prod.",
        show_default=False,
    ),
]


def examples(*lines: str) -> str:
    """An epilog that shows worked examples, one a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
